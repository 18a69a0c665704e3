"""Continues many prompts at once, token by token: who is finished leaves, and who waits takes the place.

A request's tokens depend on its prompt and its seed, never on its neighbours: every row has its own cache, positions
and draws.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import RequestRejected
from sinan.models.local.line import Job, Line
from sinan.models.local.torch_cache import Past, Slots
from sinan.models.local.torch_memory import Budget, is_out_of_memory, release
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_prefixes import Kept
from sinan.models.local.torch_sampling import Chooser, How, chooser
from sinan.models.local.wholes import Ids
from sinan.types.completion import FinishReason

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One prompt and how to continue it."""

    ids: Ids
    max_tokens: int
    stop: tuple[str, ...] = ()
    """Texts that end the answer; they hold for what follows `think_end`, where that is set."""
    how: How = How()
    think_end: str | None = None
    thinking: int | None = None
    """Tokens of thought after which the end of thought is forced."""
    end_ids: Ids = ()
    """The end of thought as tokens."""


@dataclass(frozen=True, slots=True)
class Continued:
    """What came of one prompt."""

    text: str
    finish_reason: FinishReason
    tokens: int
    reasoning: str = ""
    reasoning_tokens: int | None = None


@dataclass
class _Row:
    """One prompt on its way."""

    job: Job[Ask, Continued]
    choose: Chooser
    ids: list[int] = field(default_factory=list)
    thought: int | None = None
    """Tokens up to the end of thought, once it is there."""
    forced: deque[int] = field(default_factory=deque)

    @property
    def ask(self) -> Ask:
        return self.job.ask


class Generation:
    """Continues prompts with one network."""

    def __init__(
        self, network: Network, kept: Kept, budget: Budget, rows: int, decode: Decode, ends: frozenset[int], name: str
    ) -> None:
        """`rows`: how many go on at one time at most; `ends`: ids that end a text."""
        self._network, self._kept, self._budget = network, kept, budget
        self._decode, self._ends, self._name = decode, ends, name
        self._rows_limit = rows

    def work(self, line: "Line[Ask, Continued]") -> None:
        """Until nothing is waiting and nobody is on the way."""
        import torch

        waiting: deque[_Row] = deque()
        going: list[_Row] = []
        slots = Slots(self._network.layers, self._rows_limit)
        with torch.inference_mode():
            while True:
                waiting.extend(self._begun(line, line.take()))
                self._leave_gone(going, slots)
                if waiting and len(going) <= self._rows_limit * 3 // 4:
                    self._enter(line, waiting, going, slots)
                if not going:
                    if not waiting:
                        return
                    continue
                self._step(line, going, slots, waiting)

    def _begun(self, line: "Line[Ask, Continued]", jobs: Sequence[Job[Ask, Continued]]) -> list[_Row]:
        out = []
        for job in jobs:
            try:
                out.append(_Row(job, chooser(self._name, job.ask.how)))
            except RequestRejected as error:
                line.answer([(job, error)])
        return out

    def _leave_gone(self, going: list[_Row], slots: Slots) -> None:
        """Rows that nobody waits for any more."""
        for slot in reversed(range(len(going))):
            if going[slot].job.gone:
                self._leave(slot, going, slots)

    def _leave(self, slot: int, going: list[_Row], slots: Slots) -> None:
        slots.drop(slot)
        last = going.pop()
        if slot < len(going):
            going[slot] = last

    # Reading prompts.

    def _enter(self, line: Any, waiting: deque[_Row], going: list[_Row], slots: Slots) -> None:
        """Prompts that there is room for are read, and choose their first token."""
        entering: list[_Row] = []
        while waiting and len(going) + len(entering) < self._rows_limit:
            row = waiting.popleft()
            if not row.job.gone:
                entering.append(row)
        prefixes = self._kept.find([row.ask.ids[:-1] for row in entering])
        order = sorted(range(len(entering)), key=lambda i: (prefixes[i], -len(entering[i].ask.ids)))
        batch: list[_Row] = []
        for at, i in enumerate(order):
            batch.append(entering[i])
            prefix = prefixes[i]
            following = order[at + 1] if at + 1 < len(order) else None
            longest = len(batch[0].ask.ids) - len(prefix)
            if following is None or prefixes[following] != prefix or (len(batch) + 1) * longest > self._budget.tokens:
                self._read(line, batch, prefix, waiting, going, slots)
                batch = []

    def _read(
        self, line: Any, batch: list[_Row], prefix: Ids, waiting: deque[_Row], going: list[_Row], slots: Slots
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
                told = (
                    f"{self._name} has no memory for a prompt of {len(batch[0].ask.ids)} tokens. Use a smaller dtype, "
                )
                line.answer([(batch[0].job, RequestRejected(f"{told}a device with more memory, or a shorter prompt."))])
                return
            half = len(batch) // 2
            self._read(line, batch[:half], prefix, waiting, going, slots)
            self._read(line, batch[half:], prefix, waiting, going, slots)
            return
        going.extend(batch)
        self._choose(line, table, range(len(going) - len(batch), len(going)), going, slots)

    def _prompts(self, batch: Sequence[_Row], prefix: Ids, slots: Slots) -> Any:
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

    def _step(self, line: Any, going: list[_Row], slots: Slots, waiting: deque[_Row]) -> None:
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

    def _retreat(self, going: list[_Row], slots: Slots, waiting: deque[_Row]) -> None:
        """Half of the rows begin again later: their draws are made anew from their seeds, to the same tokens."""
        self._rows_limit = max(1, len(going) // 2)
        again = [_Row(row.job, chooser(self._name, row.ask.how)) for row in going]
        going.clear()
        slots.clear(self._rows_limit)
        waiting.extendleft(reversed(again))
        self._kept.clear()
        release(self._network.device)

    def _choose(self, line: Any, table: Any, at: Sequence[int], going: list[_Row], slots: Slots) -> None:
        """A token for each of the rows `at`, whose logits are the rows of `table`; who is finished leaves."""
        best = table.argmax(-1).tolist()
        finished = []
        for number, slot in enumerate(at):
            row = going[slot]
            if row.forced:
                token = row.forced.popleft()
            elif row.choose.plain:
                token = best[number]
            else:
                token = row.choose([*row.ask.ids, *row.ids], table[number])
            done = self._take(row, token)
            if done is not None:
                finished.append((slot, done))
        line.answer([(going[slot].job, done) for slot, done in finished])
        for slot, _ in reversed(finished):
            self._leave(slot, going, slots)

    def _take(self, row: _Row, token: int) -> Continued | None:
        """Add a token to a row; what came of it where it ends."""
        if token in self._ends:
            return self._done(row, "stop", len(row.ids) + 1)
        row.ids.append(token)
        ask = row.ask
        if ask.think_end and row.thought is None:
            self._think(row, ask.think_end)
        elif ask.stop and self._stopped(row):
            return self._done(row, "stop", len(row.ids))
        if len(row.ids) >= ask.max_tokens:
            return self._done(row, "length", len(row.ids))
        return None

    def _think(self, row: _Row, end: str) -> None:
        """Look whether the thought has ended, and end it where it has gone on for too long."""
        if end in self._tail(row, [end]):
            row.thought = len(row.ids)
        elif row.ask.thinking is not None and len(row.ids) >= row.ask.thinking and not row.forced:
            row.forced.extend(row.ask.end_ids)

    def _tail(self, row: _Row, texts: Sequence[str]) -> str:
        """The end of a row's text, as long as any of the texts could need."""
        window = max(len(text.encode("utf-8", "replace")) for text in texts) + 4
        return self._decode(row.ids[-window:])

    def _stopped(self, row: _Row) -> bool:
        """Whether a stop string stands in the answer. Only the end is decoded until one shows there."""
        tail = self._tail(row, row.ask.stop)
        return any(stop in tail for stop in row.ask.stop) and any(stop in self._parts(row)[1] for stop in row.ask.stop)

    def _parts(self, row: _Row) -> tuple[str, str]:
        """Thoughts and answer."""
        text, end = self._decode(row.ids), row.ask.think_end
        if not end or end not in text:
            return "", text
        thoughts, _, answer = text.rpartition(end)
        return thoughts, answer.lstrip()

    def _done(self, row: _Row, reason: FinishReason, tokens: int) -> Continued:
        thoughts, answer = self._parts(row)
        places = [place for place in (answer.find(stop) for stop in row.ask.stop) if place >= 0]
        return Continued(answer[: min(places)] if places else answer, reason, tokens, thoughts, row.thought)
