"""What a PyTorch network remembers of the tokens it has read, in the form that transformers' models take.

`Past` is read only: keys and values that were computed before, one row for all or one row each. `Slots` grows by a
token per step, in place, and its rows come and go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Layers = list[tuple[Any, Any]]
"""(keys, values) by layer, each (rows, kv heads, tokens, head width)."""


@dataclass(frozen=True, slots=True)
class Past:
    """Keys and values of what stands before the tokens that are read now."""

    layers: Layers
    lengths: tuple[int, ...]
    """Tokens of each row; one number where all rows share one beginning."""

    @property
    def end(self) -> int:
        """Tokens that the tensors hold, padding of shorter rows included."""
        return int(self.layers[0][0].shape[2])

    @property
    def bytes(self) -> int:
        """Memory that the tensors take."""
        return sum(part.numel() * part.element_size() for layer in self.layers for part in layer)


def stacked(pasts: Sequence[Past]) -> Past:
    """Rows with different beginnings as one, the shorter ones padded at their end."""
    end, first = max(past.end for past in pasts), pasts[0]
    layers: Layers = []
    for number, (keys, values) in enumerate(first.layers):
        both = []
        for which, like in enumerate((keys, values)):
            whole = like.new_zeros((len(pasts), like.shape[1], end, like.shape[3]))
            for row, past in enumerate(pasts):
                whole[row, :, : past.end] = past.layers[number][which][0]
            both.append(whole)
        layers.append((both[0], both[1]))
    return Past(layers, tuple(past.lengths[0] for past in pasts))


def reading(layers: int, past: Past | None, keep: bool) -> Any:
    """A cache for one pass: it gives every layer what stands before, and keeps what is new where it is wanted."""
    kind, layer = _classes()
    return kind(layers=[layer(past.layers[i] if past else None, past.end if past else 0, keep) for i in range(layers)])


def read(cache: Any) -> Layers:
    """The keys and values that one pass has computed."""
    return [(layer.keys, layer.values) for layer in cache.layers]


@cache
def _classes() -> tuple[Any, Any]:
    import torch
    from transformers.cache_utils import Cache, DynamicLayer

    class Reading(DynamicLayer):  # type: ignore[misc]
        def __init__(self, before: tuple[Any, Any] | None, length: int, keep: bool) -> None:
            super().__init__()
            self.before, self.length, self.keep = before, length, keep

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if self.keep:
                self.keys, self.values = key_states, value_states
            if self.before is None:
                return key_states, value_states
            rows = key_states.shape[0]
            keys, values = (part.expand(rows, -1, -1, -1) for part in self.before)
            return torch.cat([keys, key_states], dim=2), torch.cat([values, value_states], dim=2)

        def get_seq_length(self, *_: Any) -> int:
            return self.length

    return Cache, Reading


class Slots:
    """Rows of a generation: each row has its own length, and what lies behind it in the tensors is leftovers."""

    def __init__(self, layers: int, rows: int) -> None:
        self._layers, self._rows = layers, rows
        self.tensors: Layers = []
        self.lengths: list[int] = []

    def put(self, past: Past, tail: Layers, row: int, length: int) -> None:
        """A new last row: what stands before it, then `length` tokens of row `row` of `tail`."""
        before = past.lengths[0] if past.layers else 0
        self._reserve(tail, before + length)
        slot = len(self.lengths)
        for number, layer in enumerate(tail):
            for which in (0, 1):
                mine = self.tensors[number][which]
                if before:
                    mine[slot, :, :before] = past.layers[number][which][0, :, :before]
                mine[slot, :, before : before + length] = layer[which][row, :, :length]
        self.lengths.append(before + length)

    def clear(self, rows: int) -> None:
        """Forget all, and hold `rows` from now on."""
        self._rows, self.tensors, self.lengths = rows, [], []

    def drop(self, slot: int) -> None:
        """A row leaves; the last one takes its place."""
        last = len(self.lengths) - 1
        if slot != last:
            end = self.lengths[last]
            for keys, values in self.tensors:
                keys[slot, :, :end], values[slot, :, :end] = keys[last, :, :end], values[last, :, :end]
            self.lengths[slot] = self.lengths[last]
        self.lengths.pop()

    def step(self) -> Any:
        """A cache that takes one token for every row. The lengths grow by one."""
        import torch

        kind, layer = _step_classes()
        n = len(self.lengths)
        device = self.tensors[0][0].device
        self._reserve(self.tensors, max(self.lengths) + 1)
        places, rows = torch.tensor(self.lengths, device=device), torch.arange(n, device=device)
        self.lengths = [length + 1 for length in self.lengths]
        end = max(self.lengths)
        return kind(layers=[layer(keys, values, rows, places, end) for keys, values in self.tensors])

    def _reserve(self, like: Layers, capacity: int) -> None:
        """Room for `capacity` tokens in every row; grows by half at least, so that growing stays rare."""
        held = self.tensors[0][0].shape[2] if self.tensors else 0
        if capacity <= held:
            return
        size, n = max(capacity, held + held // 2, 64), len(self.lengths)
        grown: Layers = []
        for number in range(self._layers):
            both = []
            for which in (0, 1):
                shape = like[number][which].shape
                whole = like[number][which].new_zeros((self._rows, shape[1], size, shape[3]))
                if held:
                    whole[:n, :, :held] = self.tensors[number][which][:n]
                both.append(whole)
            grown.append((both[0], both[1]))
        self.tensors = grown


@cache
def _step_classes() -> tuple[Any, Any]:
    from transformers.cache_utils import Cache, DynamicLayer

    class Step(DynamicLayer):  # type: ignore[misc]
        def __init__(self, keys: Any, values: Any, rows: Any, places: Any, end: int) -> None:
            super().__init__()
            self.slots, self.rows, self.places, self.end = (keys, values), rows, places, end

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            keys, values = self.slots
            keys[self.rows, :, self.places] = key_states[:, :, 0]
            values[self.rows, :, self.places] = value_states[:, :, 0]
            n = len(self.rows)
            return keys[:n, :, : self.end], values[:n, :, : self.end]

        def get_seq_length(self, *_: Any) -> int:
            return self.end - 1

    return Cache, Step
