"""How likely was the one continuation, and would the model have written it? As in LAMBADA."""

from dataclasses import dataclass

from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Outcome, Sample, Score


@dataclass(frozen=True)
class GreedyMatch:
    """`acc`: every token of the target is the most likely one. `perplexity`: the target's log-likelihood, whole."""

    metrics: tuple[str, ...] = ("acc", "perplexity")
    """Which of the two are wanted; the first is the score's value."""

    def __post_init__(self) -> None:
        if not self.metrics or not set(self.metrics) <= {"acc", "perplexity"}:
            raise ValueError(f"metrics are out of acc, perplexity, not {self.metrics}")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        if len(completion.loglikelihoods) != 1:
            return nothing(completion, f"{len(completion.loglikelihoods)} log-likelihoods for one target")
        found = completion.loglikelihoods[0]
        known = {"acc": float(found.greedy), "perplexity": found.value}
        values = {name: known[name] for name in self.metrics}
        if self.metrics[0] == "perplexity":
            return Score(found.value, Outcome.MEASURED, None, "log-likelihood of the target", values)
        reading = Reading(sample.target if found.greedy else "", "whether the target is the most likely text")
        score = verdict(completion, reading, found.greedy)
        return Score(score.value, score.outcome, score.answer, score.explanation, values)
