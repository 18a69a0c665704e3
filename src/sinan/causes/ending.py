"""Is one answer the other one cut short? By a stop string, or by the limit on tokens."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sinan.causes.request import STOPPING
from sinan.causes.side import Answer, Reason, Side
from sinan.types import Completion


def ends_differ(a: Side, b: Side) -> bool:
    """Whether the two runs end answers by other rules."""
    return any(a.sampling.get(name) != b.sampling.get(name) for name in STOPPING)


def shortened(a: Side, b: Side, x: Answer, y: Answer) -> Reason | None:
    """That one answer is the other up to where its run's rule ended it; None where it is not."""
    if x.compares or y.compares or not ends_differ(a, b):
        return None
    return _shorter(a, b, x.completion, y.completion, "a") or _shorter(b, a, y.completion, x.completion, "b")


def _shorter(of: Side, other: Side, short: Completion, long: Completion, name: str) -> Reason | None:
    if not long.text.startswith(short.text.rstrip()):
        return None
    stop = cut(long, stops(of))
    if stop is not None and stop.text.rstrip() == short.text.rstrip() and stops(of) != stops(other):
        return Reason("stop", f"{name} stops at {_met(long.text, stops(of))!r}")
    limit, longer = of.sampling.get("max_tokens"), other.sampling.get("max_tokens")
    if short.finish_reason == "length" and limit != longer:
        return Reason("stop", f"{name} is cut at {limit} tokens (max_tokens {_pair(of, other, name)})")
    return None


def stops(side: Side) -> tuple[str, ...]:
    """The stop strings of a run's cell."""
    given: Any = side.sampling.get("stop") or ()
    return (given,) if isinstance(given, str) else tuple(given)


def cut(completion: Completion, at: Sequence[str]) -> Completion | None:
    """The completion up to the first of these strings; None where it has none of them."""
    places = [place for place in map(completion.text.find, at) if place >= 0]
    return replace(completion, text=completion.text[: min(places)], finish_reason="stop") if places else None


def over_the_limit(a: Side, b: Side, x: Answer, y: Answer) -> Reason | None:
    """That one run's limit left no room for an answer, where the other's did; whatever else differs."""
    limits = a.sampling.get("max_tokens"), b.sampling.get("max_tokens")
    cut_short = [one.row["outcome"] == "truncated" for one in (x, y)]
    if limits[0] == limits[1] or cut_short[0] == cut_short[1]:
        return None
    return Reason(
        "stop", f"{'a' if cut_short[0] else 'b'} is cut before its answer (max_tokens {limits[0]} | {limits[1]})"
    )


def would_not_fit(a: Side, b: Side, x: Answer, y: Answer) -> bool:
    """Whether the whole answer is longer than what the run that cut its own short allows."""
    of, whole = (a, y) if x.row["outcome"] == "truncated" else (b, x)
    limit, took = of.sampling.get("max_tokens"), whole.row["tokens_out"]
    return isinstance(limit, int) and isinstance(took, int) and took > limit


def _met(text: str, at: Sequence[str]) -> str:
    return min((place, stop) for stop in at if (place := text.find(stop)) >= 0)[1]


def _pair(of: Side, other: Side, name: str) -> str:
    values = [of.sampling.get("max_tokens"), other.sampling.get("max_tokens")]
    return " | ".join(str(value) for value in (values if name == "a" else values[::-1]))
