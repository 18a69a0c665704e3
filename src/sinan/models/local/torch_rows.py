"""One text on its way: its tokens so far, and when it ends."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import RequestRejected
from sinan.models.local.line import Job, Line
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
class Row:
    """One prompt on its way."""

    job: Job[Ask, Continued]
    choose: Chooser
    ids: list[int] = field(default_factory=list)
    thought: int | None = None
    """Tokens up to the end of thought, once it is there."""
    forced: deque[int] = field(default_factory=deque)

    @property
    def ask(self) -> Ask:
        """What was asked."""
        return self.job.ask

    def next(self, best: int | None, logits: Any) -> int:
        """The next token; `best` is the most likely one, where it is known, `logits` (vocabulary,)."""
        if self.forced:
            return self.forced.popleft()
        if best is not None and self.choose.plain:
            return best
        return self.choose([*self.ask.ids, *self.ids], logits)


def no_number(name: str) -> RequestRejected:
    """The network's output is no number: what follows from it is no answer, right or wrong."""
    return RequestRejected(
        f"{name}: the network gives no number for this text (NaN). Try dtype=bfloat16 or float32; or its weights are "
        "broken"
    )


class Ending:
    """Ends texts: at a token that ends all texts, at a stop string, at the limit."""

    def __init__(self, decode: Decode, ends: frozenset[int], name: str) -> None:
        """`ends`: ids that end a text."""
        self._decode, self._ends, self._name = decode, ends, name

    def begun(self, line: "Line[Ask, Continued]", jobs: Sequence[Job[Ask, Continued]]) -> list[Row]:
        """A row for each job; what cannot be sampled so is answered at once."""
        out = []
        for job in jobs:
            try:
                out.append(Row(job, chooser(self._name, job.ask.how)))
            except RequestRejected as error:
                line.answer([(job, error)])
        return out

    def again(self, row: Row) -> Row:
        """The same row before its first token."""
        return Row(row.job, chooser(self._name, row.ask.how))

    def too_long(self, row: Row) -> RequestRejected:
        """Memory does not bear the prompt, not even alone."""
        return RequestRejected(
            f"{self._name} has no memory for a prompt of {len(row.ask.ids)} tokens. Use a smaller dtype, a device with "
            "more memory, or a shorter prompt."
        )

    def no_number(self) -> RequestRejected:
        """The network gives nothing that a token could be chosen by."""
        return no_number(self._name)

    def cut(self, row: Row) -> Continued:
        """What there is of a row that goes on no further."""
        return self._done(row, "length", len(row.ids))

    def take(self, row: Row, token: int) -> Continued | None:
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

    def _think(self, row: Row, end: str) -> None:
        """Look whether the thought has ended, and end it where it has gone on for too long."""
        if end in self._tail(row, [end]):
            row.thought = len(row.ids)
        elif row.ask.thinking is not None and len(row.ids) >= row.ask.thinking and not row.forced:
            row.forced.extend(row.ask.end_ids)

    def _tail(self, row: Row, texts: Sequence[str]) -> str:
        """The end of a row's text, as long as any of the texts could need."""
        window = max(len(text.encode("utf-8", "replace")) for text in texts) + 4
        return self._decode(row.ids[-window:])

    def _stopped(self, row: Row) -> bool:
        """Whether a stop string stands in the answer. Only the end is decoded until one shows there."""
        tail = self._tail(row, row.ask.stop)
        return any(stop in tail for stop in row.ask.stop) and any(stop in self._parts(row)[1] for stop in row.ask.stop)

    def _parts(self, row: Row) -> tuple[str, str]:
        """Thoughts and answer."""
        text, end = self._decode(row.ids), row.ask.think_end
        if not end or end not in text:
            return "", text
        thoughts, _, answer = text.rpartition(end)
        return thoughts, answer.lstrip()

    def _done(self, row: Row, reason: FinishReason, tokens: int) -> Continued:
        thoughts, answer = self._parts(row)
        places = [place for place in (answer.find(stop) for stop in row.ask.stop) if place >= 0]
        return Continued(answer[: min(places)] if places else answer, reason, tokens, thoughts, row.thought)
