"""Translations against their references: BLEU, chrF, chrF++ and TER of the whole corpus, by sacrebleu.

The numbers of a run are sacrebleu's `corpus_*` over all samples, with its own tokenisation; no mean of sentences.
Papineni et al. 2002; Popović 2015 and 2017; Snover et al. 2006; Post, arXiv:1804.08771, on why settings must be told:
sacrebleu's signature is kept with every verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sinan.scoring.answer_text import answer_text
from sinan.scoring.edit_similarity import levenshtein
from sinan.scoring.golds import golds
from sinan.scoring.overlap import Overlap
from sinan.scoring.verdict import measured
from sinan.statistics import corpus
from sinan.types import Completion, Metric, Sample, Score

AT_MOST = 160_000
"""Words of the answer times words of a reference up to which TER looks for shifts. Beyond that (texts of 400 words),
where it would take minutes, edits are counted without shifts: no fewer than TER counts."""


@dataclass(frozen=True)
class Translation:
    """The counts of a sample for each kind; its own score of the first kind, 1 for the whole (of TER edits by words),
    is the value."""

    kinds: tuple[str, ...] = ("bleu", "chrf", "ter")
    """Out of `statistics.corpus.WIDTHS`, the first before all."""
    whole: bool = True
    """Whether all that was said is the translation, and no mark is looked for."""

    def __post_init__(self) -> None:
        if not self.kinds or not set(self.kinds) <= set(corpus.WIDTHS):
            raise ValueError(f"kinds are out of {', '.join(corpus.WIDTHS)}, not {self.kinds}")

    @property
    def reports(self) -> tuple[Metric, ...]:
        """One metric for each kind."""
        return tuple(corpus.METRICS[kind].named(kind, kind) for kind in self.kinds)

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        for kind in self.kinds:
            corpus.scale(kind)
        if "ter" in self.kinds:
            levenshtein()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number; silence is counted as an empty translation."""
        reading, references = answer_text(completion, self.whole), list(golds(sample))
        text = str(reading.answer) if reading else ""
        values: dict[str, tuple[float, ...]] = {}
        evidence: dict[str, Any] = {"signatures": {k: corpus.signature(k, len(references)) for k in self.kinds}}
        for kind in self.kinds:
            if kind == "ter" and max(map(_words, references)) * _words(text) > AT_MOST:
                values[kind] = _without_shifts(references, text)
                evidence["ter"] = "without shifts: the texts are too long to look for them"
            else:
                values |= Overlap(kind)(references, text)
        value = corpus.score(self.kinds[0], values[self.kinds[0]]) / 100
        return measured(completion, reading, value, values, evidence)


def _words(text: str) -> int:
    return len(text.split())


def _without_shifts(references: Sequence[str], text: str) -> tuple[float, float]:
    """(fewest edits, mean words of the references), of texts that are read as TER reads them."""
    read = corpus.scale("ter").tokenizer
    said, wanted = read(text).split(), [read(reference).split() for reference in references]
    edits = min(levenshtein().distance(one, said) for one in wanted)
    return float(edits), sum(map(len, wanted)) / len(wanted)
