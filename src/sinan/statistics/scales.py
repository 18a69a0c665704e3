"""What a metric's numbers mean to a reader: shares of one are shown in percent, and of a few kinds less is better."""

from collections.abc import Iterable

from sinan.types import Estimate

OF_THEIR_OWN = frozenset(
    "perplexity weighted_perplexity bits_per_byte bleu chrf chrf++ ter mcc kappa brier brier_score".split()
)
"""Kinds that are no share of anything."""
LESS_IS_BETTER = frozenset("perplexity weighted_perplexity bits_per_byte ter brier brier_score ece".split())


def in_percent(kind: str, estimates: Iterable[Estimate]) -> bool:
    """Whether a metric's numbers are shares. Of a kind that may hold anything, such as a mean, where all of these lie
    between 0 and 1."""
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    return _plain(kind) not in OF_THEIR_OWN and all(0 <= value <= 1 for value in values)


def less_is_better(kind: str) -> bool:
    """Whether the smaller of two numbers is the better one."""
    return _plain(kind) in LESS_IS_BETTER


def _plain(kind: str) -> str:
    """`f1:by_size` is of the kind `f1`: how groups are put together changes no scale."""
    return kind.partition(":")[0]
