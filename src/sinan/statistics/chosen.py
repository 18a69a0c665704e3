"""Stored numbers made again as a reader wants them: another interval, another level, further numbers of the draws."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sinan.errors import UsageError
from sinan.statistics import repeats
from sinan.statistics.intervals import estimate_accuracy, of_full_run
from sinan.statistics.proportions import LEVEL
from sinan.types import CellResult, Estimate, Metric
from sinan.types.metric import FULL_RUN


def chosen(
    metrics: Sequence[Metric], how: str = "wilson", level: float = LEVEL, further: Sequence[str] = ()
) -> tuple[Metric, ...]:
    """The metrics, and those of the kinds `further` (`pass@5`, `G-Pass@4_0.5`). `how` and `level` are for shares;
    other metrics keep their own interval. Raises UsageError for a kind that is no number of draws."""
    try:
        added = [repeats.by_kind(kind) for kind in further]
    except KeyError as error:
        raise UsageError(
            f"--metric {error.args[0]} is none that draws have. They are: pass@k, pass^k, majority@k, avg@k, "
            "G-Pass@k_0.5, mG-Pass@k"
        ) from None
    names = {metric.name for metric in metrics}
    return tuple(_with(one, how, level) for one in (*metrics, *(one for one in added if one.name not in names)))


def refuse_empty(results: Sequence[CellResult], kinds: Sequence[str]) -> None:
    """Raises UsageError for a kind of which no cell has a number, such as `pass@11` of ten draws."""
    for kind in kinds:
        name = repeats.by_kind(kind).name
        found = [one.estimate.n for result in results for one in result.reported if one.metric == name]
        if results and not any(found):
            raise UsageError(
                f"--metric {kind}: no question of this run has so many draws with a score of 0 or 1; each was drawn "
                f"{max(result.k for result in results)} times"
            )


def of_population(result: CellResult, population: int) -> CellResult:
    """The cell's numbers for a benchmark of so many questions, all of it; groups stay as they are. Raises UsageError
    where more were asked. One that was stopped by a rule has the interval of its full run already."""
    if result.population is not None:
        return result
    if any(one.estimate.n > population for one in result.reported):
        raise UsageError(
            f"--population {population}: {result.benchmark} was asked {result.estimate.n} questions, which is more"
        )

    def whole(estimate: Estimate) -> Estimate:
        return of_full_run(estimate, population, FULL_RUN)

    further = tuple(replace(one, estimate=whole(one.estimate)) for one in result.further)
    return replace(result, estimate=whole(result.estimate), further=further)


def _with(metric: Metric, how: str, level: float) -> Metric:
    if metric.estimate is not estimate_accuracy:
        return metric
    made = partial(estimate_accuracy, level=level, how=how)
    return replace(metric, estimate=made, clustered=made, kind=metric.kind or metric.name)
