"""What a metric's numbers mean to a reader: shares of one are shown in percent, and of a few kinds less is better."""

from collections.abc import Iterable

from sinan.types import Estimate

OF_THEIR_OWN = frozenset(
    "perplexity weighted_perplexity bits_per_byte bleu bleu-zh chrf chrf++ ter mcc kappa brier brier_score".split()
)
"""Kinds that are no share of anything."""
FROM_MINUS_ONE = frozenset("bias bias_ambiguous difference".split())
"""Kinds that are shares, but may be below 0."""
LESS_IS_BETTER = frozenset(
    "perplexity weighted_perplexity bits_per_byte ter brier brier_score ece error_rate fault_rate spread".split()
)


def in_percent(kind: str, estimates: Iterable[Estimate]) -> bool:
    """Whether a metric's numbers are shares. Of a kind that may hold anything, such as a mean, where all of these lie
    between 0 and 1."""
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    low = -1 if _plain(kind) in FROM_MINUS_ONE else 0
    return _plain(kind) not in OF_THEIR_OWN and all(low <= value <= 1 for value in values)


def less_is_better(kind: str) -> bool:
    """Whether the smaller of two numbers is the better one."""
    return _plain(kind) in LESS_IS_BETTER


def _plain(kind: str) -> str:
    """`f1:by_size` is of the kind `f1`: how groups are put together changes no scale."""
    return kind.partition(":")[0]


def percent(value: float | None) -> str:
    """A share as text: `71.0`; a dash where there is no number."""
    return "-" if value is None else f"{100 * value:.1f}"


def plain(value: float | None) -> str:
    """Any other number: `23.41`, `1,204`, `0.002173`: four digits that count."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
