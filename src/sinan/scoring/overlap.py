"""How much of a text is in its references: the counts that BLEU, chrF, chrF++ and TER of a corpus are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sinan.statistics import corpus


@dataclass(frozen=True)
class Overlap:
    """The counts of one sample, for the metric of the same kind in `statistics.corpus`."""

    kind: str
    """`bleu`, `chrf`, `chrf++` or `ter`."""
    name: str = ""
    """In the score's `values`; empty: the kind."""

    def __call__(self, gold: Any, answer: Any) -> Mapping[str, tuple[float, ...]]:
        """`gold`: a text or a list of references; `answer`: a text, or a list of one."""
        said = answer[0] if isinstance(answer, list | tuple) else answer
        references = [str(one) for one in (gold if isinstance(gold, list | tuple) else [gold])]
        return {self.name or self.kind: corpus.counts(self.kind, str(said), references)}
