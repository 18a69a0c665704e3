"""Can a judge be trusted? Its agreement with people, its biases, and the mean of human labels as it helps to see it.

A bias is always the judge's beside the people's, on the same items: long answers may well be better, and a model's own
answers too, so that a judge who prefers them may be right. Where nobody labelled the items, only the preference can be
told, and it is named so.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import fmean, median

from sinan.statistics.agreement import Weights, estimate_ac1, estimate_kappa
from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.intervals import estimate_accuracy, mean_t
from sinan.statistics.krippendorff import Level, estimate_alpha
from sinan.statistics.mcnemar import exact_mcnemar
from sinan.statistics.prediction_powered import prediction_powered
from sinan.statistics.rogan_gladen import effective_judges
from sinan.types import Estimate
from sinan.types.judgement import Compared, JudgeAudit, Judgement, Measured

RESAMPLES = 1_000
MANY_LABELS = 50
FEW = "; few labels: the interval holds less often than it says"
_GRADES = 12
"""Different numbers up to which grades are taken for classes in their order."""


def audit(kind: Compared, rows: Sequence[Judgement], judge: str, own: str = "") -> JudgeAudit:
    """All that the rows can tell of one judge. `own`: the model that the judge is, as the rows name models."""
    judged = [row for row in rows if judge in row.judges]
    labelled = [row for row in judged if row.human]
    ruled = estimate_accuracy([float(judge in row.judges) for row in rows], 1)
    found = [
        Measured("verdicts", ruled, "share of items with a verdict; the others are left out of all below"),
        *_agreement(kind, labelled, judge),
        *(_position(judged, labelled, judge) if kind == "pairwise" else ()),
        *(_length_of_pairs if kind == "pairwise" else _length_of_answers)(judged, labelled, judge),
        *(_self_preference(kind, judged, labelled, judge, own) if own else ()),
        *_corrected(kind, judged, judge),
    ]
    return JudgeAudit(judge, tuple(one for one in found if one.estimate.n))


def people(rows: Sequence[Judgement]) -> Measured | None:
    """How far people agree among themselves: no judge can be held to more. None where no item has two of them."""
    names = sorted({name for row in rows for name in row.human})
    if not any(len(row.human) > 1 for row in rows):
        return None
    table = [[row.human.get(name) for row in rows] for name in names]
    return Measured("human_alpha", estimate_alpha(table, _level(rows)), "Krippendorff's alpha among people")


def panel(kind: Compared, rows: Sequence[Judgement], names: Sequence[str]) -> JudgeAudit:
    """All judges as one: the median of their verdicts, which of labels is the majority, on the items that all of them
    judged; and how many independent judges they are worth, k / (1 + (k - 1) rho), rho the mean correlation of their
    errors: judges that err together are few."""
    name = f"panel of {len(names)}"
    common = [row for row in rows if all(one in row.judges for one in names)]
    sides = _side if kind == "pairwise" else float
    of_all = [
        replace(row, judges={name: median(sides(row.judges[one]) for one in names)}, swapped={}) for row in common
    ]
    labelled = [row for row in common if row.human]
    labels = kind == "pairwise" or _level(rows) == "nominal"
    errors = [_error(row, one, labels) for row in labelled for one in names]
    worth = bootstrapped(errors, len(names), _effective, RESAMPLES)
    told = f"independent judges that {len(names)} of them are worth, by how their errors go together"
    found = audit(kind, of_all, name).measured
    return JudgeAudit(name, (*found, *([Measured("effective_judges", worth, told)] if worth.n else [])))


def _error(row: Judgement, judge: str, labels: bool) -> float:
    """Of labels, whether the judge is wrong: on which side it is wrong, the item says for all judges alike."""
    if labels:
        return float(_side(row.judges[judge]) != _side(_human(row)))
    return row.judges[judge] - _human(row)


def _effective(drawn: object) -> object:
    """(resamples, items, judges) -> one number for each resample."""
    import numpy as np

    errors = np.asarray(drawn)
    centred, k = errors - errors.mean(axis=1, keepdims=True), errors.shape[2]
    spread = np.sqrt((centred**2).mean(axis=1))
    scaled = np.where(spread[:, None] > 0, centred / np.where(spread == 0, 1, spread)[:, None], np.nan)
    correlations = np.einsum("rij,rik->rjk", scaled, scaled) / errors.shape[1]
    rho = (correlations.sum(axis=(1, 2)) - k) / (k * (k - 1))
    return effective_judges(k, rho)


def judges(rows: Iterable[Judgement]) -> list[str]:
    """The judges' names, in the order of the file."""
    return list(dict.fromkeys(name for row in rows for name in row.judges))


def _level(rows: Sequence[Judgement]) -> Level:
    values = {value for row in rows for value in (*row.human.values(), *row.judges.values())}
    if len(values) <= 3 and values <= {0.0, 0.5, 1.0}:
        return "nominal"
    return "ordinal" if len(values) <= _GRADES else "interval"


def _human(row: Judgement) -> float:
    """What people hold of an item: the mean of their labels."""
    return fmean(row.human.values())


def _agreement(kind: Compared, rows: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    """Of pairs of one person and the judge: an item that several people labelled has one for each of them."""
    if kind == "pairwise":  # of verdicts that were weighed the side that they are on
        rows = [replace(row, human=_sides(row.human), judges=_sides(row.judges)) for row in rows]
    flat, level = _pairs(rows, judge), _level(rows)
    most = max((len(row.human) for row in rows), default=1)
    same = [fmean(float(label == row.judges[judge]) for label in row.human.values()) for row in rows]
    yield Measured("accuracy", estimate_accuracy(same, 1), "share of items where the judge says what people say")
    if level != "interval":
        weights: Weights = "quadratic" if level == "ordinal" else ""
        told = f"Cohen's kappa{', quadratic weights' if weights else ''}: 0 is chance"
        yield Measured("kappa", estimate_kappa(flat, 1, weights, most), told)
    if level == "nominal":
        yield Measured("ac1", estimate_ac1(flat, 1, most), "Gwet's AC1: kappa where one label is rare")
    names = sorted({name for row in rows for name in row.human})
    table = [[row.human.get(name) for row in rows] for name in names] + [[row.judges[judge] for row in rows]]
    yield Measured("alpha", estimate_alpha(table, level), f"Krippendorff's alpha ({level}), people and judge")
    if level != "nominal":
        errors = [row.judges[judge] - _human(row) for row in rows]
        yield Measured("mean_error", _mean(errors), "judge minus people: above 0 is generous")


def _pairs(rows: Sequence[Judgement], judge: str) -> list[float]:
    """(person, judge), one after the other, as many for each item as the most that one has."""
    most, flat = max((len(row.human) for row in rows), default=1), list[float]()
    for row in rows:
        pairs = [(label, row.judges[judge]) for label in row.human.values()]
        for pair in pairs + [(math.nan, math.nan)] * (most - len(pairs)):
            flat.extend(pair)
    return flat


def _sides(labels: Mapping[str, float]) -> Mapping[str, float]:
    return {name: _side(value) for name, value in labels.items()}


def _side(value: float) -> float:
    return 0.5 if value == 0.5 else float(value > 0.5)


def _position(judged: Sequence[Judgement], labelled: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    """With both orders: how often the judge contradicts itself, and for which place. With one: the first place's share
    beside what people give to the same answers."""
    both = [(_side(row.judges[judge]), _side(row.swapped[judge])) for row in judged if judge in row.swapped]
    same = [float(a == b) for a, b in both]
    yield Measured("position_consistency", estimate_accuracy(same, 1), "share of pairs judged alike in both orders")
    # Preferred in the file's order is A first; in the other order A comes second.
    first = [float(a == 1.0 and b == 0.0) - float(a == 0.0 and b == 1.0) for a, b in both]
    yield Measured(
        "position_bias",
        _mean(first, -1.0, 1.0),
        "first place preferred in both orders, minus second",
        exact_mcnemar(first.count(1.0), first.count(-1.0)) if first else None,
    )
    excess = [row.judges[judge] - _human(row) for row in labelled]
    yield Measured(
        "first_place_excess", _mean(excess, -1.0, 1.0), "share for A, judge minus people, in the file's order"
    )


def _length_of_pairs(judged: Sequence[Judgement], labelled: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    def longer(row: Judgement, value: float) -> float:
        return value if row.lengths[0] > row.lengths[1] else 1.0 - value

    told = [row for row in judged if len(row.lengths) == 2 and row.lengths[0] != row.lengths[1]]
    preferred = [longer(row, _of_judge(row, judge)) for row in told]
    yield Measured("longer_preferred", estimate_accuracy(preferred, 1), "share for the longer answer, by the judge")
    excess = [longer(row, _of_judge(row, judge)) - longer(row, _human(row)) for row in told if row.human]
    yield Measured("length_bias", _mean(excess, -1.0, 1.0), "share for the longer answer, judge minus people")


def _length_of_answers(judged: Sequence[Judgement], labelled: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    rows = [(row.judges[judge] - _human(row), math.log1p(row.lengths[0])) for row in labelled if row.lengths]
    flat = [number for row in rows for number in row]
    yield Measured(
        "length_bias",
        bootstrapped(flat, 2, _correlations, RESAMPLES),
        "correlation of judge minus people with the logarithm of length",
    )


def _correlations(drawn: object) -> object:
    import numpy as np

    centred = np.asarray(drawn) - np.asarray(drawn).mean(axis=1, keepdims=True)
    x, y = centred[:, :, 0], centred[:, :, 1]
    below = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.where(below == 0, np.nan, (x * y).sum(axis=1) / np.where(below == 0, 1, below))


def _self_preference(
    kind: Compared, judged: Sequence[Judgement], labelled: Sequence[Judgement], judge: str, own: str
) -> Iterable[Measured]:
    if kind == "pointwise":
        yield _generosity(labelled, judge, own)
        return

    def of_own(row: Judgement, value: float) -> float:
        return value if row.models[0] == own else 1.0 - value

    mixed = [row for row in judged if len(row.models) == 2 and row.models.count(own) == 1]
    preferred = [of_own(row, _of_judge(row, judge)) for row in mixed]
    yield Measured("own_preferred", estimate_accuracy(preferred, 1), f"share for {own}'s answer, by the judge")
    excess = [of_own(row, _of_judge(row, judge)) - of_own(row, _human(row)) for row in mixed if row.human]
    yield Measured("self_preference", _mean(excess, -1.0, 1.0), f"share for {own}'s answer, judge minus people")


def _generosity(labelled: Sequence[Judgement], judge: str, own: str) -> Measured:
    """How much more generous to its own answers than to those of others: the difference of two means."""
    errors: dict[bool, list[float]] = {True: [], False: []}
    for row in labelled:
        if row.models:
            errors[row.models[0] == own].append(row.judges[judge] - _human(row))
    n, meaning = min(map(len, errors.values())), f"judge minus people, on {own}'s answers, minus that on others'"
    if n < 2:
        return Measured("self_preference", Estimate(None, None, None, "none", 0), meaning)
    theirs, others = mean_t(errors[True]), mean_t(errors[False])
    stderr = math.hypot(theirs[1] or 0.0, others[1] or 0.0)
    value, half = theirs[0] - others[0], 1.959963984540054 * stderr
    ci = (value - half, value + half) if stderr else None
    return Measured("self_preference", Estimate(value, stderr, ci, "normal" if ci else "none", n), meaning)


def _corrected(kind: Compared, judged: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    """The mean of human labels over all items, three ways; of each model where several are named, and of the
    difference between any two that answered the same items."""
    for model, rows, oriented in _shares(kind, judged):
        suffix = f" of {model}" if model else ""
        what = f"win rate of {model or 'A'}" if kind == "pairwise" else f"mean label{suffix}"
        ends = (0.0, 1.0) if kind == "pairwise" else (-math.inf, math.inf)
        people = [oriented(row, _human(row)) if row.human else None for row in rows]
        yield from _three_ways(people, [oriented(row, _of_judge(row, judge)) for row in rows], suffix, what, ends)
    if kind == "pointwise":
        for a, b in combinations(_models(judged), 2):
            yield from _difference(a, b, judged, judge)


def _three_ways(
    people: Sequence[float | None], judged: Sequence[float], suffix: str, what: str, ends: tuple[float, float]
) -> Iterable[Measured]:
    """By the judge alone, by people alone, and by both: of a label for each item, or None, and a verdict for each."""
    labelled = [(label, verdict) for label, verdict in zip(people, judged, strict=True) if label is not None]
    further = [verdict for label, verdict in zip(people, judged, strict=True) if label is None]
    human, known = [label for label, _ in labelled], [verdict for _, verdict in labelled]
    yield Measured(f"by_judge{suffix}", _mean([*known, *further], *ends), f"{what}, by the judge alone")
    if not human:
        return
    yield Measured(f"by_people{suffix}", _mean(human, *ends), f"{what}, by people alone")
    found = prediction_powered(human, known, further)
    told = f"{what}, by {len(human)} labels and {len(further)} verdicts (weight {found.weight:.2f})"
    told += FEW if len(human) < MANY_LABELS else ""
    if further:
        yield Measured(f"corrected{suffix}", _within(found.estimate, *ends), told)


def _difference(a: str, b: str, judged: Sequence[Judgement], judge: str) -> Iterable[Measured]:
    """The first model less the second, on the items that both answered; labelled where people labelled both."""
    by_item: dict[str, dict[str, Judgement]] = {}
    for row in judged:
        by_item.setdefault(row.id, {}).setdefault("".join(row.models), row)
    both = [(one[a], one[b]) for one in by_item.values() if a in one and b in one]
    if not both:
        return
    people = [_human(x) - _human(y) if x.human and y.human else None for x, y in both]
    verdicts = [_of_judge(x, judge) - _of_judge(y, judge) for x, y in both]
    yield from _three_ways(people, verdicts, f" of {a} - {b}", f"difference {a} - {b}", (-math.inf, math.inf))


def _models(rows: Sequence[Judgement]) -> list[str]:
    """Who wrote the answers, where they name more than one model."""
    names = sorted({model for row in rows for model in row.models})
    return names if len(names) > 1 else []


Oriented = Callable[[Judgement, float], float]


def _shares(kind: Compared, rows: Sequence[Judgement]) -> Iterable[tuple[str, Sequence[Judgement], Oriented]]:
    if kind == "pointwise":
        yield "", rows, lambda row, value: value
        for model in _models(rows):
            yield model, [row for row in rows if row.models == (model,)], lambda row, value: value
        return
    models = sorted({model for row in rows for model in row.models})
    if not models:
        yield "", rows, lambda row, value: value
    for model in models:
        own = [row for row in rows if row.models.count(model) == 1]
        yield model, own, lambda row, value, model=model: value if row.models[0] == model else 1.0 - value  # type: ignore[misc]


def _of_judge(row: Judgement, judge: str) -> float:
    """Over both orders, where both were asked."""
    return fmean([row.judges[judge], *([row.swapped[judge]] if judge in row.swapped else [])])


def _mean(values: Sequence[float], low: float = -math.inf, high: float = math.inf) -> Estimate:
    """With t's interval, as far as values can lie."""
    if not values:
        return Estimate(None, None, None, "none", 0)
    value, stderr, ci = mean_t(values)
    return _within(Estimate(value, stderr, ci if stderr else None, "t" if stderr else "none", len(values)), low, high)


def _within(estimate: Estimate, low: float, high: float) -> Estimate:
    """The interval without what cannot be: it covers the truth as often."""
    if estimate.ci is None:
        return estimate
    return replace(estimate, ci=(max(low, estimate.ci[0]), min(high, estimate.ci[1])))
