"""The log-likelihood of a whole text, with the words and bytes that it is shared out over."""

import re
from dataclasses import dataclass

from sinan.scoring.verdict import nothing
from sinan.types import Completion, Outcome, Sample, Score

METRICS = ("word_perplexity", "byte_perplexity", "bits_per_byte")


@dataclass(frozen=True)
class Rolling:
    """`word_perplexity`: (log-likelihood, words); `byte_perplexity` and `bits_per_byte`: (log-likelihood, bytes).

    The score's value is the log-likelihood, in nats. Words are what stands between white space, as
    lm-evaluation-harness counts them: white space at an end has an empty word behind it.
    """

    metrics: tuple[str, ...] = METRICS
    counted: str = "target"
    """What words and bytes are counted of: the sample's `target`, or a key of its metadata, where the text that was
    asked is not the one that was published."""

    def __post_init__(self) -> None:
        if not self.metrics or not set(self.metrics) <= set(METRICS):
            raise ValueError(f"metrics are out of {', '.join(METRICS)}, not {self.metrics}")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number."""
        if len(completion.loglikelihoods) != 1:
            return nothing(completion, f"{len(completion.loglikelihoods)} log-likelihoods for one text")
        text = sample.target if self.counted == "target" else str(sample.metadata[self.counted])
        value = completion.loglikelihoods[0].value
        over = {"word_perplexity": words(text)}
        size = len(text.encode("utf-8", "surrogatepass"))
        values = {name: (value, float(over.get(name, size))) for name in self.metrics}
        return Score(value, Outcome.MEASURED, None, "log-likelihood of the text", values)


def words(text: str) -> int:
    """One more than there are stretches of white space."""
    return len(re.split(r"\s+", text))
