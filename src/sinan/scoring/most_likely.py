"""Which choice does the model think most likely? The answer is the letter of the largest log-likelihood."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Sample, Score


@dataclass(frozen=True)
class MostLikely:
    """Right if the choice with the largest log-likelihood is the target; of equals the first."""

    normalise: str = ""
    """`chars` divides by the number of characters of the choice (acc_norm), `bytes` by its UTF-8 bytes."""

    def __post_init__(self) -> None:
        if self.normalise not in ("", "chars", "bytes"):
            raise ValueError(f"normalise is `chars`, `bytes` or empty, not {self.normalise!r}")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        values = [likelihood.value for likelihood in completion.loglikelihoods]
        if not values or len(values) != len(sample.choices):
            return nothing(completion, f"{len(values)} log-likelihoods for {len(sample.choices)} choices")
        weighed = [value / self._size(choice) for value, choice in zip(values, sample.choices, strict=True)]
        best = max(range(len(weighed)), key=lambda i: (-math.inf if math.isnan(weighed[i]) else weighed[i], -i))
        by = f" per {self.normalise.removesuffix('s')}" if self.normalise else ""
        reading = Reading(sample.letters[best], f"the largest log-likelihood{by}")
        score = verdict(completion, reading, reading.answer == sample.target)
        return score if self.normalise else replace(score, values=_calibration(values, best, sample))

    def _size(self, choice: str) -> int:
        if not self.normalise:
            return 1
        return max(1, len(choice) if self.normalise == "chars" else len(choice.encode("utf-8", "surrogatepass")))


def _calibration(values: Sequence[float], best: int, sample: Sample) -> Mapping[str, float | tuple[float, ...]]:
    """What `statistics.calibration` is made from, by the softmax of the log-likelihoods: `brier`, the sum of squares
    over the options, and `ece`, the probability of the chosen one and whether it is right."""
    if not all(map(math.isfinite, values)) or sample.target not in sample.letters:
        return {}
    weights = [math.exp(value - values[best]) for value in values]
    chances = [weight / math.fsum(weights) for weight in weights]
    brier = math.fsum((chance - (i == sample.gold)) ** 2 for i, chance in enumerate(chances))
    return {"brier": brier, "ece": (chances[best], float(best == sample.gold))}
