r"""Is the mathematics right? Reads the answer where it is boxed, marked, or comes last, and compares what it means:
`\frac{1}{2}` is `0.5`, `(x+1)^2` is `x^2+2x+1`, `1 < x \le 3` is `(1, 3]`. docs/mathematics.md says what is equal.

What writing and exact arithmetic can tell is told at once. The rest is compared in worker processes that are killed at
their deadline: then the sample is unparsed, with the reason, and never wrong.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from sinan.errors import MissingExtra
from sinan.scoring.golds import golds
from sinan.scoring.mathematics.compared import quick
from sinan.scoring.mathematics.pool import Broken, Reply, shared
from sinan.scoring.mathematics.reading import read_answer
from sinan.scoring.mathematics.same import in_words
from sinan.scoring.verdict import nothing, said, verdict
from sinan.types import Completion, Outcome, Reading, Sample, Score


@dataclass(frozen=True)
class Math:
    """Right if the answer that was read means the same as the target, or as one of several golds."""

    deadline: float = 2.0
    """Seconds of processor time that one comparison may take. All but those that hang take milliseconds."""
    within: float = 0.0
    """How far off an answer may be where the target is written as a decimal."""

    blocking: ClassVar[bool] = True

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises MissingExtra where a comparison needs math-verify and it is not installed."""
        text = said(completion)
        offset = len(completion.text) - len(text)
        wanted = golds(sample)
        reading = read_answer(text, offset, any(map(in_words, wanted)), completion.finish_reason == "length")
        if reading is None or reading.answer is None:
            return nothing(completion)
        reply = self._with_any(wanted, reading.answer)
        if reply.same is None:
            return _undecided(completion, reading, reply.why)
        return replace(verdict(completion, reading, reply.same), evidence={"compared by": reply.by})

    def _with_any(self, wanted: Sequence[str], answer: str) -> Reply:
        """The first that is the same; undecided where none is and one comparison could not be made."""
        undecided = None
        for gold in wanted:
            reply = self._compared(gold, answer)
            if reply.same:
                return reply
            undecided = reply if reply.same is None and undecided is None else undecided
        return undecided or reply

    def _compared(self, gold: str, answer: str) -> Reply:
        found = quick(gold, answer, self.within)
        if found is not None:
            return Reply(found.same, found.by)
        if importlib.util.find_spec("math_verify") is None:
            raise MissingExtra("comparing mathematics", "math-verify[antlr4_13_2]", "math")
        try:
            return shared().compare(gold, answer, self.deadline, self.within)
        except Broken as error:
            return Reply(None, "", f"failed: {error}")


def _undecided(completion: Completion, reading: Reading, why: str) -> Score:
    """No verdict: unparsed where that is the answer's doing, failed where it is ours."""
    if why.startswith("failed: "):
        return Score(None, Outcome.FAILED, None, why.removeprefix("failed: "), readings=(reading,))
    score = nothing(completion, f"{reading.rule}: {why}")
    return replace(score, outcome=Outcome.UNPARSED, explanation=f"{reading.rule}: {why}", readings=(reading,))
