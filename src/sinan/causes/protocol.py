"""What two cells did not do alike, whatever came of it."""

from collections.abc import Iterator
from typing import Any

from sinan.causes.side import Side, data_differ
from sinan.types import ProtocolDifference
from sinan.types.comparison import Sort

PARTS = {"prompt": "prompt", "few_shot": "few-shot rule", "solver": "solver", "scorer": "scorer"}
OF_CHANCE = ("seed", "draws", "limit")
"""Of what was asked for: what makes no comparison unfair."""


OF_THE_MODEL = "model's "


def differences(a: Side, b: Side) -> tuple[ProtocolDifference, ...]:
    """All of them. Between two models each that may move a score is unfair; of one model it is what is looked at."""
    other_models = a.model != b.model
    found = [
        ProtocolDifference(
            what, one, other, unfair=what == "data" or (other_models and what not in OF_CHANCE), sort=_sort(what)
        )
        for what, one, other in _found(a, b)
    ]
    named = {one.what for one in found} - set(OF_CHANCE)
    if not named - {"protocol", "identity"} and a.entry["version"] != b.entry["version"]:
        versions = a.entry["version"], b.entry["version"]
        found.append(ProtocolDifference("version of the benchmark (its code or files)", *versions, unfair=other_models))
    return tuple(found)


def _sort(what: str) -> Sort:
    if what == "data":
        return "data"
    return "chance" if what in OF_CHANCE else "model" if what.startswith(OF_THE_MODEL) else "protocol"


def _found(a: Side, b: Side) -> Iterator[tuple[str, str, str]]:
    for name in ("protocol", "form", "metric", "shots"):
        yield from _if_unlike(name, a.entry.get(name), b.entry.get(name))
    for name, what in PARTS.items():
        told = a.told(name), b.told(name)
        if None not in told:
            yield from _if_unlike(what, *told)
    yield from _if_unlike("judge", a.judges, b.judges)
    for name in ("system", "prefill", "rotate", "perturb", "vary", "variants"):
        yield from _if_unlike(name, getattr(a.spec, name), getattr(b.spec, name))
    if "loglikelihood" not in (a.told("needs"), b.told("needs")):  # nothing is drawn for likelihoods
        for name in sorted(a.sampling.keys() | b.sampling.keys()):
            yield from _if_unlike(name, a.sampling.get(name), b.sampling.get(name))
    for name in OF_CHANCE:
        yield from _if_unlike(name, getattr(a.spec, name), getattr(b.spec, name))
    if data_differ(a, b):
        yield "data", a.fingerprint or "other files", b.fingerprint or "other files"
    if a.model == b.model:
        for name in sorted(a.identity.keys() | b.identity.keys()):
            yield from _if_unlike(f"{OF_THE_MODEL}{name}", a.identity.get(name), b.identity.get(name))


def _if_unlike(what: str, one: Any, other: Any) -> Iterator[tuple[str, str, str]]:
    if one != other:
        yield what, _word(one), _word(other)


def _word(value: Any) -> str:
    return "none" if value in (None, "") else repr(value) if isinstance(value, list) else str(value)
