"""How much of a reference is in a summary, and the other way round: ROUGE-1, -2, -L and -Lsum, by rouge-score.

F-measures (Lin 2004), the best of several references for each. English is read as rouge-score does: lower case, letters
and digits, no stemming unless asked for. Chinese, where a reference is, in jieba's words without punctuation. For
ROUGE-Lsum sentences end at a line's end, as there; in Chinese at 。！？ too. Time of -L and -Lsum grows with the
product of both lengths: beyond `AT_MOST` the subsequence of -L is found by rapidfuzz (the same length), and -Lsum reads
the beginning of the answer only, which the evidence says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sinan.errors import MissingExtra
from sinan.scoring.answer_text import answer_text
from sinan.scoring.edit_similarity import levenshtein
from sinan.scoring.golds import golds
from sinan.scoring.normal_text import is_chinese
from sinan.scoring.segments import words
from sinan.scoring.verdict import measured
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Sample, Score

KINDS = ("rougeL", "rouge1", "rouge2", "rougeLsum")
AT_MOST = 1_000_000
"""Pairs of tokens that are compared one by one."""
_SENTENCE_END = re.compile(r"(?<=[。！？])(?=[^\n])")


@dataclass(frozen=True)
class Rouge:
    """F-measures in [0, 1]; the first kind is the value."""

    kinds: tuple[str, ...] = KINDS
    stem: bool = False
    """Porter's stems, English only."""

    def __post_init__(self) -> None:
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            raise ValueError(f"kinds are out of {', '.join(KINDS)}, not {self.kinds}")

    @property
    def reports(self) -> tuple[Metric, ...]:
        """One mean for each kind."""
        return tuple(average.named(kind, kind) for kind in self.kinds)

    @property
    def whole(self) -> bool:
        """All that was said is the summary."""
        return True

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        _rouge(False, self.stem)
        levenshtein()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The best F-measures over the golds."""
        reading, wanted = answer_text(completion, whole=True), golds(sample)
        text, in_chinese = str(reading.answer) if reading else "", is_chinese(*wanted)
        rouge = _rouge(in_chinese, self.stem and not in_chinese)
        found = [rouge(self.kinds, gold, text) for gold in wanted]
        values = {kind: max(one[kind] for one in found) for kind in self.kinds}
        cut = max(one["cut"] for one in found)
        evidence = {"rougeLsum": f"without the last {cut:.0f} tokens of the answer"} if cut else {}
        return measured(completion, reading, values[self.kinds[0]], values, evidence)


class _Rouge:
    """rouge-score with one way to find tokens."""

    def __init__(self, tokens: Any, in_chinese: bool) -> None:
        self._tokens, self._in_chinese = tokens, in_chinese

    def __call__(self, kinds: Sequence[str], gold: str, text: str) -> dict[str, float]:
        from rouge_score.rouge_scorer import RougeScorer

        wanted, said = self._tokens.tokenize(gold), self._tokens.tokenize(text)
        fits, cut = len(wanted) * len(said) <= AT_MOST, 0
        library = [kind for kind in kinds if fits or kind in ("rouge1", "rouge2")]
        gold, text = self._in_lines(gold), self._in_lines(text)
        scores = RougeScorer(library, tokenizer=self._tokens).score(gold, text) if library else {}
        found = {kind: float(score.fmeasure) for kind, score in scores.items()}
        if not fits and "rougeL" in kinds:
            found["rougeL"] = _subsequence(wanted, said)
        if not fits and "rougeLsum" in kinds:
            kept = max(1, AT_MOST // len(wanted))
            cut = len(said) - kept
            score = RougeScorer(["rougeLsum"], tokenizer=self._tokens).score(gold, self._first(text, kept))
            found["rougeLsum"] = float(score["rougeLsum"].fmeasure)
        return found | {"cut": float(cut)}

    def _in_lines(self, text: str) -> str:
        return _SENTENCE_END.sub("\n", text) if self._in_chinese else text

    def _first(self, text: str, tokens: int) -> str:
        """The lines of a text up to so many tokens."""
        lines = []
        for line in text.split("\n"):
            own = self._tokens.tokenize(line)
            lines.append(line if len(own) <= tokens else " ".join(own[:tokens]))
            tokens -= len(own)
            if tokens <= 0:
                break
        return "\n".join(lines)


class _ChineseTokens:
    """jieba's words that hold a letter or a digit, in lower case."""

    def tokenize(self, text: str) -> list[str]:
        return [word for word in words(text.lower()) if any(map(str.isalnum, word))]


@cache
def _rouge(in_chinese: bool, stem: bool) -> _Rouge:
    try:
        from rouge_score.tokenizers import DefaultTokenizer
    except ImportError:
        raise MissingExtra("ROUGE", "rouge-score", "text") from None
    return _Rouge(_ChineseTokens() if in_chinese else DefaultTokenizer(stem), in_chinese)


def _subsequence(wanted: Sequence[str], said: Sequence[str]) -> float:
    from rapidfuzz.distance import LCSseq

    shared = LCSseq.similarity(wanted, said)
    return 2 * shared / (len(wanted) + len(said)) if shared else 0.0
