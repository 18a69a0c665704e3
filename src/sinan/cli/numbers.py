"""Numbers of a metric as text: a share in percent, anything else as it is."""

from collections.abc import Mapping, Sequence

from sinan.statistics.scales import in_percent, percent, plain
from sinan.types import CellResult, Estimate, Further

__all__ = ["interval", "percent", "plain", "reported", "shares", "size", "value"]


def interval(estimate: Estimate, shares: bool = True) -> str:
    """`[64.4, 76.8]`."""
    shown = percent if shares else plain
    return f"[{shown(estimate.ci[0])}, {shown(estimate.ci[1])}]" if estimate.ci else "[not estimable]"


def size(estimate: Estimate) -> str:
    """`198`, or `198, clusters 92, DEFF 2.8`."""
    if estimate.clusters is None:
        return f"{estimate.n:,}"
    effect = "" if estimate.deff is None else f", DEFF {estimate.deff:.2g}"
    return f"{estimate.n:,}, clusters {estimate.clusters:,}{effect}"


def value(estimate: Estimate, shares: bool) -> str:
    """The number itself."""
    return percent(estimate.value) if shares else plain(estimate.value)


def reported(results: Sequence[CellResult]) -> list[tuple[CellResult, Further]]:
    """Every metric of every cell, those of one cell one after the other."""
    return [(result, one) for result in results for one in result.reported]


def shares(results: Sequence[CellResult]) -> Mapping[str, bool]:
    """Metric -> whether it is shown in percent, the same wherever it is shown."""
    by_name: dict[str, list[Further]] = {}
    for _, one in reported(results):
        by_name.setdefault(one.metric, []).append(one)
    return {name: in_percent(own[0].kind or name, [one.estimate for one in own]) for name, own in by_name.items()}
