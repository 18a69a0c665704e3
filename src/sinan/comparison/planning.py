"""The plan of a comparison, before anything is asked: from what is given, what stored runs tell, or what is usual."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sinan import catalog
from sinan.comparison.earlier_pairs import Discordance, discordance, of_table
from sinan.datasets import download
from sinan.datasets.outcomes import head, outcomes
from sinan.datasets.questions import QUESTION
from sinan.engine import plan
from sinan.errors import SinanError, UsageError
from sinan.statistics import power as formulas
from sinan.statistics.planned import Plan
from sinan.types import Benchmark, RunSpec
from sinan.types.table import ScoreTable

WANTED = 0.03
"""The difference that is planned for where none is named."""
BOUNDS = {"correlation": (-1.0, 1.0), **dict.fromkeys(("discordance", "accuracy", "noise"), (0.0, 1.0))}


def power(
    target: str | Path | None = None,
    *,
    n: int | None = None,
    difference: float | None = None,
    samples: int | tuple[int, int] = 1,
    discordance: float | None = None,
    correlation: float | None = None,
    accuracy: float | None = None,
    omega2: float | None = None,
    sigma2_a: float | None = None,
    sigma2_b: float | None = None,
    noise: float | None = None,
    alpha: float = 0.05,
    chance: float = 0.8,
    comparisons: int = 1,
    deff: float | None = None,
    full: bool = False,
    population: int | None = None,
    costs: tuple[float, float] = (0.0, 1.0),
    runs: str | Path = Path("runs"),
) -> Plan:
    """How small a difference between two models `n` questions tell, and how many `difference` takes; both models answer
    the same questions, and nothing is asked.

    `target`: a benchmark, a file of questions, or a table of outcomes with a column for each model. `n`: questions
    (default: all of the target). `difference`: a share of one (default: 0.03). `samples`: draws of each question, of
    both models or of each. How often verdicts differ is `discordance`, or follows from `correlation` and `accuracy`;
    `omega2`, `sigma2_a` and `sigma2_b` are Miller's variances in their place; without any of them earlier runs in
    `runs` tell, else 0.2 is assumed. `noise`: the share of the variance that draws take away. `chance`: the power.
    `comparisons`: that are all to hold. `deff`: the design effect of clusters. `full` or `population`: the claim is
    about the benchmark's full run. `costs`: of a question, and of one draw of it.

    Raises UsageError for what cannot be planned, UnknownName for a target that is not known.
    """
    given = {
        "discordance": discordance,
        "correlation": correlation,
        "accuracy": accuracy,
        "omega2": omega2,
        "sigma2_a": sigma2_a,
        "sigma2_b": sigma2_b,
        "noise": noise,
        "deff": deff,
    }
    draws = (samples, samples) if isinstance(samples, int) else samples
    _refuse_impossible(n, population, draws, difference, costs, given)
    of = _target(target)
    size = of.size if of else None
    asked = size if n is None else n
    if asked is None and difference is None:
        what = "its number of questions is known only once its data are here" if of else "nothing says of what"
        raise UsageError(f"power: {what}. Remedy: a benchmark, -n QUESTIONS or --difference D")
    if full and population is None:
        population = _whole(size)
    if asked and (most := population or size) and asked > most:
        raise UsageError(f"-n {asked}: there are {most:,} questions")
    found = Plan(
        asked,
        WANTED if difference is None else difference,
        samples=draws,
        level=formulas.Level(alpha, chance, comparisons),
        population=population,
        benchmark=of.name if of else None,
        size=size,
        costs=costs,
        **_assumed(given, of, Path(runs)),
    )
    if difference is None and found.discordance is not None and found.discordance < WANTED:
        return replace(found, difference=None)  # nobody named it, and it cannot be
    assert found.needed is not None  # raises UsageError for one that cannot be
    return found


def _refuse_impossible(
    n: int | None,
    population: int | None,
    draws: tuple[int, int],
    difference: float | None,
    costs: tuple[float, float],
    given: Mapping[str, float | None],
) -> None:
    """Raises UsageError for a number that is none of its kind."""
    if any(count is not None and count < 1 for count in (n, population, *draws)):
        raise UsageError(f"n {n}, population {population}, samples {draws}: there is at least one of each")
    if difference is not None and not 0 < difference <= 1:
        raise UsageError(f"a difference of {difference:g}: a share of one, above 0. Remedy: 0.03 for three points")
    for name, value in given.items():
        low, high = BOUNDS.get(name, (0.0, math.inf))
        if value is not None and not low <= value <= high:
            raise UsageError(f"{name} {value:g} does not lie between {low:g} and {high:g}")
    if given["discordance"] == 0 or given["deff"] == 0 or not (costs[0] >= 0 and costs[1] > 0):
        raise UsageError("discordance, deff and the cost of a draw lie above 0")


def _whole(size: int | None) -> int:
    if size is None:
        raise UsageError("--full needs to know how many questions there are: name a benchmark, or --population N")
    return size


def _assumed(given: Mapping[str, float | None], of: "_Target | None", runs: Path) -> dict[str, Any]:
    """What verdicts or variances are planned with, and where that is from. Raises UsageError for two that exclude each
    other."""
    variances = [given[name] for name in ("omega2", "sigma2_a", "sigma2_b")]
    ways = [given["discordance"] is not None, given["correlation"] is not None, variances != [None] * 3]
    if sum(ways) > 1:
        raise UsageError("--discordance, --correlation and --omega2 are three ways to say one thing: give one of them")
    if (given["correlation"] is None) != (given["accuracy"] is None):
        raise UsageError("--correlation and --accuracy go together: the one tells nothing without the other")
    measured = _measured(of, runs)
    besides = _besides(given, measured)
    if ways[2]:
        if not any(variances):
            raise UsageError("--omega2 0: where nothing varies one question tells every difference")
        return besides | {"discordance": None, "variance": formulas.Variance(*(value or 0.0 for value in variances))}
    if ways[0]:
        return besides | {"discordance": given["discordance"], "discordance_from": "given"}
    if given["accuracy"] is not None and given["correlation"] is not None:
        value = formulas.discordance_of(given["accuracy"], given["correlation"])
        if value <= 0:
            raise UsageError("--correlation and --accuracy: by these no verdict differs, and there is nothing to tell")
        return besides | {"discordance": value, "discordance_from": "correlation and accuracy"}
    if measured:
        return besides | {"discordance": measured.value, "discordance_from": measured.to_json()}
    return besides | {"discordance": formulas.DISCORDANCE, "discordance_from": "assumed"}


def _besides(given: Mapping[str, float | None], measured: Discordance | None) -> dict[str, Any]:
    """What draws take away, and what clusters add: as given, else as measured, else as usual."""
    found: dict[str, Any] = {}
    if given["noise"] is not None:
        found |= {"noise": given["noise"], "noise_from": "given"}
    elif measured and measured.noise is not None:
        found |= {"noise": measured.noise, "noise_from": "earlier runs"}
    if given["deff"] is not None:
        return found | {"deff": given["deff"], "deff_from": "given"}
    if measured:
        return found | {"deff": measured.deff, "deff_from": "earlier runs"}
    return found | {"deff": 1.0, "deff_from": "assumed"}


def _measured(of: "_Target | None", runs: Path) -> Discordance | None:
    """What is known of the questions' verdicts."""
    if of is None:
        return None
    return of_table(of.table) if of.table else discordance(runs, of.name)


class _Target(NamedTuple):
    """What is planned for."""

    name: str
    size: int | None
    table: ScoreTable | None = None
    """Outcomes of models on its questions, where these are what was named."""


def _target(target: str | Path | None) -> _Target | None:
    if target is None:
        return None
    target = str(target)
    if table := _outcomes(target):
        return _Target(table.benchmark, len(table.items), table)
    found = catalog.resolve([target])
    if len(found) > 1:
        names = ", ".join(one.id for one in found[:4])
        raise UsageError(f"{target} is {len(found)} benchmarks ({names}, ...): plan for one of them at a time")
    return _Target(found[0].id, _size(found[0]))


def _outcomes(target: str) -> ScoreTable | None:
    """A table of outcomes, one column per model; None for anything else, such as a file of questions."""
    names = head(target)
    if names is None or {name.strip().lower() for name in names} & set(QUESTION):
        return None
    return outcomes(target)


def _size(benchmark: Benchmark) -> int | None:
    """None where the data would have to be fetched to count them."""
    if benchmark.dataset.size is not None:
        return benchmark.dataset.size
    try:
        if any(download.whereabouts(one) == "fetchable" for one in benchmark.dataset.files):
            return None
        return sum(1 for _ in plan.samples(benchmark, RunSpec((benchmark.id,), ())))
    except SinanError:
        return None
