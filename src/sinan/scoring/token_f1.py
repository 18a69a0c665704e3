"""How many words do the answer and a gold share? SQuAD's F1, for Chinese too; the best of several golds counts.

F1 is the harmonic mean of precision (shared by the answer's tokens) and recall (shared by the gold's), a token counted
as often as it occurs in both; texts without tokens agree only with each other (SQuAD 2.0, arXiv:1806.03822).
Tokens are words after SQuAD's normalisation. Of Chinese they are, by `chinese`: `characters` (each by itself, Latin
words whole: as MLQA and DRCD count), `words` (jieba's), or `cmrc` (characters, of which only the longest run that both
texts have is shared: as CMRC 2018 counts).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sinan.scoring.answer_text import answer_text
from sinan.scoring.golds import golds
from sinan.scoring.normal_text import characters, chinese, english, is_chinese
from sinan.scoring.segments import words
from sinan.scoring.verdict import measured
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Sample, Score

WAYS = ("characters", "words", "cmrc")


@dataclass(frozen=True)
class TokenF1:
    """A number in [0, 1]."""

    chinese: str = "characters"
    whole: bool = False
    """Whether all that was said is the answer, and no mark is looked for."""
    reports: ClassVar[tuple[Metric, ...]] = (average.named("f1", "f1"),)

    def __post_init__(self) -> None:
        if self.chinese not in WAYS:
            raise ValueError(f"chinese is one of {', '.join(WAYS)}, not {self.chinese!r}")

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        if self.chinese == "words":
            words("")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The best F1 over the golds."""
        reading, wanted = answer_text(completion, self.whole), golds(sample)
        text, in_chinese = str(reading.answer) if reading else "", is_chinese(*wanted)
        value = max(self._f1(text, gold, in_chinese) for gold in wanted)
        return measured(completion, reading, value, {"f1": value})

    def _f1(self, text: str, gold: str, in_chinese: bool) -> float:
        said, wanted = self._tokens(text, in_chinese), self._tokens(gold, in_chinese)
        if not said or not wanted:
            return float(said == wanted)
        run = in_chinese and self.chinese == "cmrc"
        shared = longest_run(said, wanted) if run else sum((Counter(said) & Counter(wanted)).values())
        return 2 * shared / (len(said) + len(wanted))

    def _tokens(self, text: str, in_chinese: bool) -> list[str]:
        if not in_chinese:
            return english(text).split()
        return words(chinese(text)) if self.chinese == "words" else characters(text)


def longest_run(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest stretch of tokens that both have, in time that grows with their lengths: the one is walked
    through the suffix automaton of the other (Blumer et al. 1985)."""
    following, shorter, lengths = _automaton(b)
    state = length = best = 0
    for token in a:
        while state and token not in following[state]:
            state = shorter[state]
            length = lengths[state]
        if token in following[state]:
            state, length = following[state][token], length + 1
        best = max(best, length)
    return best


def _automaton(tokens: Sequence[str]) -> tuple[list[dict[str, int]], list[int], list[int]]:
    """Of each state: where each token leads, the state of the longest suffix that ends elsewhere too, and the length of
    its longest stretch."""
    following: list[dict[str, int]] = [{}]
    shorter, lengths, last = [-1], [0], 0
    for token in tokens:
        new, state = len(lengths), last
        following.append({})
        shorter.append(0)
        lengths.append(lengths[last] + 1)
        while state >= 0 and token not in following[state]:
            following[state][token] = new
            state = shorter[state]
        if state >= 0:
            old = following[state][token]
            if lengths[old] == lengths[state] + 1:
                shorter[new] = old
            else:
                copy = len(lengths)
                following.append(dict(following[old]))
                shorter.append(shorter[old])
                lengths.append(lengths[state] + 1)
                shorter[old] = shorter[new] = copy
                while state >= 0 and following[state].get(token) == old:
                    following[state][token] = copy
                    state = shorter[state]
        last = new
    return following, shorter, lengths
