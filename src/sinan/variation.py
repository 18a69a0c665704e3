"""What the variants of questions (`--vary`) do to the results of a run: variance components by source, and whether
differences between models hold on every variant. Made from the run's rows when it ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from sinan import store
from sinan.datasets.varied import variants
from sinan.statistics.variance_components import components, explained
from sinan.store import frames
from sinan.types import CellResult
from sinan.types.sample import ORIGINAL, form_of

if TYPE_CHECKING:
    import numpy as np

Scores = Mapping[str, Mapping[str, float]]
"""Question -> variant -> score."""


def with_spread(
    folder: store.RunFolder, about: Mapping[str, Any], results: Sequence[CellResult]
) -> tuple[CellResult, ...]:
    """The results, each with what the variants do to it; as they are where nothing was varied."""
    sources, count = tuple(about["spec"].get("vary") or ()), about["spec"].get("variants", 3)
    if not sources:
        return tuple(results)
    entries = {(cell["benchmark"], cell["model"]): cell for cell in about["cells"]}
    scores = {
        (one.benchmark, one.model): _scores(folder, entries[one.benchmark, one.model])
        for one in results
        if (one.benchmark, one.model) in entries
    }
    of_source = {source: (ORIGINAL, *variants((source,), count)) for source in sources}
    found = []
    for one in results:
        own = scores.get((one.benchmark, one.model), {})
        others = {model: its for (benchmark, model), its in scores.items() if benchmark == one.benchmark}
        others.pop(one.model, None)
        spread = _spread(own, others, of_source)
        if one.population is not None:
            spread["notes"].append("stopped by a rule, after a part: standard errors take no account of when")
        found.append(replace(one, spread=spread))
    return tuple(found)


def _scores(folder: store.RunFolder, entry: Mapping[str, Any]) -> Scores:
    """What the cell's first metric reads of each row; rows without a number are left out."""
    of, found = (entry.get("metrics") or [{}])[0].get("of", ""), dict[str, dict[str, float]]()
    columns = ("sample_id", "unit", "score", "scores")
    for name, unit, score, scores in frames.of_cell(folder, entry["benchmark"], entry["model"], columns):
        value = orjson.loads(scores or "{}").get(of) if of else score
        if unit and isinstance(value, int | float):
            found.setdefault(unit, {})[form_of(name, unit)] = float(value)
    return found


def _spread(own: Scores, others: Mapping[str, Scores], of_source: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The object `spread` of results.json."""
    found: dict[str, Any] = {"sources": {}, "against": [], "notes": []}
    for source, names in of_source.items():
        units = _whole(names, own)
        if len(units) < 2:
            found["notes"].append(f"{source}: fewer than 2 questions have an answer in each variant")
            continue
        made = components(_table(own, units, names))
        means = dict(zip(names, made.means, strict=True))
        found["sources"][source] = {"variants": len(names), "means": means, **made.to_json()}
        if len(units) < len(own):
            found["notes"].append(f"{source}: {len(own) - len(units):,} questions lack a variant and are left out")
    for model, its in others.items():
        found["against"].append({"model": model, **_against(own, its, of_source)})
    return found


def _against(own: Scores, its: Scores, of_source: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The model minus another, by source, on the questions that both have in each variant."""
    found = {}
    for source, names in of_source.items():
        units = _whole(names, own, its)
        if len(units) >= 2:
            found[source] = explained(_table(own, units, names), _table(its, units, names)).to_json()
    # The question as it is stands among the variants of each source: it counts once.
    signs = [sign for number, one in enumerate(found.values()) for sign in _signs(one)[min(number, 1) :]]
    return {"sign_holds": max(signs.count(1), signs.count(-1)), "of": len(signs), "sources": found}


def _signs(one: Mapping[str, Any]) -> list[int]:
    return [(value > 0) - (value < 0) for value in one["by_variant"]]


def _whole(names: Sequence[str], *scores: Scores) -> list[str]:
    """Questions that have a score in each of these variants, from every one."""
    common: Iterable[str] = sorted(set.intersection(*(set(one) for one in scores)))
    return [unit for unit in common if all(name in one[unit] for one in scores for name in names)]


def _table(scores: Scores, units: Sequence[str], names: Sequence[str]) -> "np.ndarray[Any, Any]":
    """(variants, questions)."""
    import numpy as np

    return np.array([[scores[unit][name] for unit in units] for name in names])
