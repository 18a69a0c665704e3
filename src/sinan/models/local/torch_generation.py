"""Continues many prompts at once, token by token: who is finished leaves, and who waits takes the place.

A request's tokens depend on its prompt and its seed, never on its neighbours: every row has its own cache, positions
and draws.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from sinan.models.local.line import Line
from sinan.models.local.torch_cache import Past, Slots
from sinan.models.local.torch_memory import Budget, is_out_of_memory, release
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_prefixes import Kept
from sinan.models.local.torch_rows import Ask, Continued, Ending, Row
from sinan.models.local.wholes import Ids


class Generation:
    """Continues prompts with one network."""

    def __init__(self, network: Network, kept: Kept, budget: Budget, rows: int, ending: Ending) -> None:
        """`rows`: how many go on at one time at most."""
        self._network, self._kept, self._budget = network, kept, budget
        self._ending, self._rows_limit = ending, rows

    def work(self, line: "Line[Ask, Continued]") -> None:
        """Until nothing is waiting and nobody is on the way."""
        import torch

        waiting: deque[Row] = deque()
        going: list[Row] = []
        slots = Slots(self._network.layers, self._rows_limit)
        with torch.inference_mode():
            while True:
                waiting.extend(self._ending.begun(line, line.take()))
                self._leave_gone(going, slots)
                if waiting and len(going) <= self._rows_limit * 3 // 4:
                    self._enter(line, waiting, going, slots)
                if not going:
                    if not waiting:
                        return
                    continue
                self._step(line, going, slots, waiting)

    def _leave_gone(self, going: list[Row], slots: Slots) -> None:
        """Rows that nobody waits for any more."""
        for slot in reversed(range(len(going))):
            if going[slot].job.gone:
                self._leave(slot, going, slots)

    def _leave(self, slot: int, going: list[Row], slots: Slots) -> None:
        slots.drop(slot)
        last = going.pop()
        if slot < len(going):
            going[slot] = last

    # Reading prompts.

    def _enter(self, line: Any, waiting: deque[Row], going: list[Row], slots: Slots) -> None:
        """Prompts that there is room for are read, and choose their first token."""
        entering: list[Row] = []
        while waiting and len(going) + len(entering) < self._rows_limit:
            row = waiting.popleft()
            if not row.job.gone:
                entering.append(row)
        prefixes = self._kept.find([row.ask.ids[:-1] for row in entering])
        order = sorted(range(len(entering)), key=lambda i: (prefixes[i], -len(entering[i].ask.ids)))
        batch: list[Row] = []
        for at, i in enumerate(order):
            batch.append(entering[i])
            prefix = prefixes[i]
            following = order[at + 1] if at + 1 < len(order) else None
            longest = len(batch[0].ask.ids) - len(prefix)
            if following is None or prefixes[following] != prefix or (len(batch) + 1) * longest > self._budget.tokens:
                self._read(line, batch, prefix, waiting, going, slots)
                batch = []

    def _read(
        self, line: Any, batch: list[Row], prefix: Ids, waiting: deque[Row], going: list[Row], slots: Slots
    ) -> None:
        """One pass over prompts behind one beginning; where memory does not bear it, its halves."""
        try:
            table = self._prompts(batch, prefix, slots)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._kept.clear()
            release(self._network.device)
            self._budget.burst(sum(len(row.ask.ids) for row in batch))
            del slots.lengths[len(going) :]
            if len(batch) == 1 and going:  # it is read again when somebody has left
                self._rows_limit = len(going)
                waiting.appendleft(batch[0])
                return
            if len(batch) == 1:
                line.answer([(batch[0].job, self._ending.too_long(batch[0]))])
                return
            half = len(batch) // 2
            self._read(line, batch[:half], prefix, waiting, going, slots)
            self._read(line, batch[half:], prefix, waiting, going, slots)
            return
        going.extend(batch)
        self._choose(line, table, range(len(going) - len(batch), len(going)), going, slots)

    def _prompts(self, batch: Sequence[Row], prefix: Ids, slots: Slots) -> Any:
        """Logits after each prompt; their keys and values go to the slots."""
        import torch

        network, before = self._network, len(prefix)
        past = self._kept.past(prefix)
        tails = [row.ask.ids[before:] for row in batch]
        width = max(map(len, tails))
        ids = torch.tensor([[*tail, *[0] * (width - len(tail))] for tail in tails], device=network.device)
        positions = torch.arange(before, before + width, device=network.device)[None]
        mask = None
        if past is not None:
            mask = torch.ones((1, width, before + width), dtype=torch.bool, device=network.device).tril_(before)
        states, new = network.extend(ids, positions, mask, past, keep=True)
        ends = torch.tensor([len(tail) - 1 for tail in tails], device=network.device)
        table = network.logits(states[torch.arange(len(batch), device=network.device), ends])
        for number, tail in enumerate(tails):
            slots.put(past or Past([], (0,)), new, number, len(tail))
        return table

    # Going on.

    def _step(self, line: Any, going: list[Row], slots: Slots, waiting: deque[Row]) -> None:
        """One more token for every row."""
        import torch

        network = self._network
        lengths = torch.tensor(slots.lengths, device=network.device)
        try:
            cache = slots.step()
            ids = torch.tensor([[row.ids[-1]] for row in going], device=network.device)
            mask = torch.arange(int(lengths.max()) + 1, device=network.device)[None] <= lengths[:, None]
            table = network.logits(network.decode(ids, lengths[:, None], mask, cache))
        except Exception as error:
            if not is_out_of_memory(error) or len(going) == 1:
                raise
            self._retreat(going, slots, waiting)
            return
        self._choose(line, table, range(len(going)), going, slots)

    def _retreat(self, going: list[Row], slots: Slots, waiting: deque[Row]) -> None:
        """Half of the rows begin again later: their draws are made anew from their seeds, to the same tokens."""
        self._rows_limit = max(1, len(going) // 2)
        again = [self._ending.again(row) for row in going]
        going.clear()
        slots.clear(self._rows_limit)
        waiting.extendleft(reversed(again))
        self._kept.clear()
        release(self._network.device)

    def _choose(self, line: Any, table: Any, at: Sequence[int], going: list[Row], slots: Slots) -> None:
        """A token for each of the rows `at`, whose logits are the rows of `table`; who is finished leaves."""
        import torch

        best = table.argmax(-1)
        none = torch.full_like(best, -1)  # where there is no number, and no token to be had; looked up in one go
        best = torch.where(table.gather(1, best[:, None])[:, 0].isfinite(), best, none).tolist()
        finished: list[tuple[int, Continued | Exception]] = []
        for number, slot in enumerate(at):
            row = going[slot]
            if best[number] < 0:
                finished.append((slot, self._ending.no_number()))
                continue
            done = self._ending.take(row, row.next(best[number], table[number]))
            if done is not None:
                finished.append((slot, done))
        line.answer([(going[slot].job, done) for slot, done in finished])
        for slot, _ in reversed(finished):
            self._leave(slot, going, slots)
