"""How likely are continuations? Every token that prompts share is read once, logits are made where they are wanted.

    requests -> rows (a trunk and its branches) -> groups behind one kept beginning -> passes of like length

All rows of a pass stand behind one kept beginning, or each behind its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from sinan.errors import RequestRejected
from sinan.models.local.torch_cache import Past, stacked
from sinan.models.local.torch_memory import Budget, is_out_of_memory, release
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_prefixes import Kept
from sinan.models.local.torch_rows import no_number
from sinan.models.local.tree import Row, rows
from sinan.models.local.wholes import Ids, Whole
from sinan.types import LogLikelihood

LOGITS = 1 << 26  # numbers of one table of logits: 256 MB
FEW = 4  # rows behind one beginning that are worth a pass of their own

Answered = Callable[[Sequence[tuple[int, "tuple[LogLikelihood, ...] | Exception"]]], None]
"""Hears (number of the request, its values or what broke it), as soon as they are there."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row on its way: whose it is, and which beginning it stands behind."""

    request: int
    row: Row
    prefix: Ids

    @property
    def new(self) -> int:
        """Tokens to read."""
        return self.row.tokens - len(self.prefix)


class Likelihoods:
    """Log-likelihoods of one network."""

    def __init__(self, network: Network, kept: Kept, budget: Budget, name: str) -> None:
        self._network, self._kept, self._budget, self._name = network, kept, budget, name

    def run(self, requests: Sequence[tuple[Whole, ...]], answered: Answered) -> None:
        """All requests, in the order that suits; one value for each whole."""
        widest = self._budget.tokens // 2 if self._network.shares else 0
        parts = [(number, row) for number, wholes in enumerate(requests) for row in rows(wholes, widest)]
        prefixes = self._kept.find([row.trunk[: row.free] for _, row in parts])
        lines = [_Line(number, row, prefix) for (number, row), prefix in zip(parts, prefixes, strict=True)]
        answers = _Answers(self._name, requests, lines, answered)
        for batch in self._batches(lines):
            self._pass(batch, answers)

    def _batches(self, lines: Sequence[_Line]) -> Iterator[list[_Line]]:
        """Rows behind one beginning together, the longest first; where those are few, with others of like length."""
        groups: dict[Ids, list[_Line]] = {}
        for line in lines:
            groups.setdefault(line.prefix, []).append(line)
        mixed = [line for group in groups.values() if len(group) < FEW for line in group]
        for group in [*(group for group in groups.values() if len(group) >= FEW), mixed]:
            batch: list[_Line] = []
            for line in sorted(group, key=lambda one: -one.row.tokens):
                if batch and not self._fits(batch, line):
                    yield batch
                    batch = []
                batch.append(line)
            if batch:
                yield batch

    def _fits(self, batch: Sequence[_Line], line: _Line) -> bool:
        longest = max(line.new, *(one.new for one in batch))
        outputs = sum(len(gold) for one in (*batch, line) for _, _, gold, _ in one.row.wants)
        return (len(batch) + 1) * longest <= self._budget.tokens and outputs * self._network.vocabulary <= LOGITS

    def _pass(self, batch: Sequence[_Line], answers: "_Answers") -> None:
        """One pass; where memory does not bear it, its halves."""
        try:
            answers.add(batch, self._values(batch))
            self._budget.fitted()
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        tokens = sum(line.new for line in batch)
        self._kept.clear()
        release(self._network.device)
        self._budget.burst(tokens)
        if len(batch) == 1:
            answers.fail(
                batch[0].request,
                RequestRejected(
                    f"{self._name} has no memory for one request of {tokens} tokens. Use a smaller dtype, a device "
                    "with more memory, or shorter prompts."
                ),
            )
            return
        half = len(batch) // 2
        self._pass(batch[:half], answers)
        self._pass(batch[half:], answers)

    def _values(self, batch: Sequence[_Line]) -> list[tuple[int, int, float, int, bool]]:
        """(request, whole, log-likelihood, tokens, greedy) of every whole of the batch."""
        import torch

        places, gold, owners, sizes = _wanted(batch)
        with torch.inference_mode():
            states = self._states(batch)
            unique, inverse = np.unique(places, return_inverse=True)
            device = self._network.device
            table = states.reshape(-1, states.shape[-1])[torch.from_numpy(unique).to(device)]
            value, best = self._score(table, torch.from_numpy(inverse).to(device), torch.from_numpy(gold).to(device))
        starts = np.cumsum([0, *sizes[:-1]])
        sums = np.add.reduceat(value.astype(np.float64), starts)
        greedy = np.logical_and.reduceat(best == gold, starts)
        return [
            (request, whole, float(total), size, bool(top))
            for (request, whole), total, size, top in zip(owners, sums, sizes, greedy, strict=True)
        ]

    def _score(self, table: Any, rows: Any, gold: Any) -> tuple[Any, Any]:
        """Log-probabilities of `gold` after the states `table[rows]`, and the most likely tokens there."""
        import torch

        values, best = torch.empty(len(gold)), torch.empty(len(gold), dtype=torch.int64)
        step = max(1, LOGITS // self._network.vocabulary)
        for at in range(0, len(table), step):
            logits = self._network.logits(table[at : at + step]) if self._network.splits else table[at : at + step]
            norm, top = logits.logsumexp(-1), logits.argmax(-1)
            here = ((rows >= at) & (rows < at + step)).nonzero()[:, 0]
            mine = rows[here] - at
            values[here.cpu()] = (logits[mine, gold[here]] - norm[mine]).cpu()
            best[here.cpu()] = top[mine].cpu()
        return values.numpy(), best.numpy()

    def _states(self, batch: Sequence[_Line]) -> Any:
        """States of the new tokens, (rows, new tokens, width); logits where the network does not split."""
        import torch

        network = self._network
        width = max(line.new for line in batch)
        ids = np.zeros((len(batch), width), np.int64)
        for number, line in enumerate(batch):
            flat = [token for part in (line.row.trunk[len(line.prefix) :], *line.row.branches) for token in part]
            ids[number, : len(flat)] = flat
        tokens = torch.from_numpy(ids).to(network.device)
        past = self._past(batch)
        if past is None and not any(line.row.branches for line in batch):
            return network.states(tokens) if network.splits else network.plain(tokens).float()
        positions, mask = _layout(batch, width, past)
        states, _ = network.extend(tokens, positions.to(network.device), mask.to(network.device), past)
        return states

    def _past(self, batch: Sequence[_Line]) -> Past | None:
        """What stands before the rows: one for all, or one each."""
        if all(line.prefix == batch[0].prefix for line in batch):
            return self._kept.past(batch[0].prefix)
        pasts = [self._kept.past(line.prefix) for line in batch]
        some = next(past for past in pasts if past is not None)
        nothing = Past([(keys[:, :, :0], values[:, :, :0]) for keys, values in some.layers], (0,))
        return stacked([past or nothing for past in pasts])


def _wanted(batch: Sequence[_Line]) -> tuple[Any, Any, list[tuple[int, int]], list[int]]:
    """Places of the outputs in the table of all states, the ids that each counts, and whose they are."""
    width = max(line.new for line in batch)
    places: list[int] = []
    gold: list[int] = []
    owners: list[tuple[int, int]] = []
    sizes: list[int] = []
    for number, line in enumerate(batch):
        shift = number * width - len(line.prefix)
        for whole, ids, at in line.row.places():
            places.extend(place + shift for place in at)
            gold.extend(ids)
            owners.append((line.request, whole))
            sizes.append(len(ids))
    return np.array(places, np.int64), np.array(gold, np.int64), owners, sizes


def _layout(batch: Sequence[_Line], width: int, past: Past | None) -> tuple[Any, Any]:
    """Positions (rows or 1, new tokens) and who sees whom (rows or 1, new tokens, past and new tokens)."""
    import torch

    end = past.end if past else 0
    alike = past is None or len(past.lengths) == 1
    if alike and not any(line.row.branches for line in batch):
        mask = torch.ones((1, width, end + width), dtype=torch.bool).tril_(end)
        return torch.arange(end, end + width)[None], mask
    positions = np.zeros((len(batch), width), np.int64)
    mask_ = np.zeros((len(batch), width, end + width), bool)
    mask_[:, :, end:] = np.tri(width, dtype=bool)
    for number, line in enumerate(batch):
        before = len(line.prefix)
        mask_[number, :, :before] = True
        trunk = len(line.row.trunk) - before
        positions[number] = np.arange(before, before + width)
        at = trunk
        for branch in line.row.branches:
            positions[number, at : at + len(branch)] = np.arange(before + trunk, before + trunk + len(branch))
            mask_[number, at : at + len(branch), end + trunk : end + at] = False
            at += len(branch)
        positions[number, at:] = before  # padding: any position that exists
    return torch.from_numpy(positions), torch.from_numpy(mask_)


class _Answers:
    """Values as they come in; a request is answered when its last row is."""

    def __init__(
        self, name: str, requests: Sequence[tuple[Whole, ...]], lines: Sequence[_Line], answered: Answered
    ) -> None:
        self._name = name
        # What counts no token is certain.
        self._values: list[list[LogLikelihood]] = [[LogLikelihood(0.0, 0, True)] * len(wholes) for wholes in requests]
        self._left = [0] * len(requests)
        self._answered = answered
        for line in lines:
            self._left[line.request] += 1
        answered([(i, tuple(self._values[i])) for i, left in enumerate(self._left) if left == 0])

    def add(self, batch: Sequence[_Line], values: Sequence[tuple[int, int, float, int, bool]]) -> None:
        for request, whole, total, size, greedy in values:
            if isnan(total) and self._left[request] > 0:
                self.fail(request, no_number(self._name))
            elif self._left[request] > 0:
                self._values[request][whole] = LogLikelihood(total, size, greedy)
        done = []
        for line in batch:
            self._left[line.request] -= 1
            if self._left[line.request] == 0:
                done.append((line.request, tuple(self._values[line.request])))
                self._values[line.request] = []
        self._answered(done)

    def fail(self, request: int, error: Exception) -> None:
        self._left[request] = -1  # never 0 again, whatever else of it is worked out
        self._answered([(request, error)])
