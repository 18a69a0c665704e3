"""One draw of one sample in two runs: the causes of its two verdicts, the earliest first."""

from sinan.causes.ending import cut, ends_differ, over_the_limit, shortened, stops, would_not_fit
from sinan.causes.judging import Judging, read, same_answer
from sinan.causes.request import asked_otherwise, numeric
from sinan.causes.side import Answer, Reason, Side
from sinan.types import CAUSES, Cause


def causes(a: Side, b: Side, x: Answer, y: Answer) -> tuple[tuple[Cause, ...], str]:
    """The causes of a difference between two answers, and in a line what shows them. There is always one."""
    judging = Judging.of(a, b, x, y)
    reasons = _alike(a, b, x, y, judging) if same_answer(x.completion, y.completion) else _unlike(a, b, x, y, judging)
    reasons = reasons or [Reason("unknown", _evidence(x, y))]
    reasons.sort(key=lambda reason: CAUSES.index(reason.cause))
    found = tuple(dict.fromkeys(reason.cause for reason in reasons))
    return found, "; ".join(dict.fromkeys(f"{r.cause}: {r.detail}" if r.detail else r.cause for r in reasons))


def _alike(a: Side, b: Side, x: Answer, y: Answer, judging: Judging | None) -> list[Reason]:
    """The same answer: it was read or judged otherwise, or the right answer is another."""
    target = _target(x, y)
    if judging is not None:
        needed = judging.needed()
        reasons = [target or Reason("data", "the question differs")] if "target" in needed else []
        if "scorer" in needed:
            reasons.append(judging.reading())
        if reasons:
            return reasons
    if target is not None:
        return [target]
    if a.judges and b.judges:
        return [Reason("judge", f"{a.judges} ruled {read(x.row)}, {b.judges} {read(y.row)}")]
    if x.row["answer"] != y.row["answer"] and not x.compares:
        return [Reason("extraction", f"of the same completion a reads {read(x.row)}, b {read(y.row)}")]
    return [Reason("scorer", f"a takes {read(x.row)}, b {read(y.row)}")]


def _unlike(a: Side, b: Side, x: Answer, y: Answer, judging: Judging | None) -> list[Reason]:
    """Two answers: they may differ for a reason of the request, and be judged otherwise as well."""
    if judging is None:
        return [*_answered(a, b, x, y, None), *_untested(a, b, x, y)]
    needed = judging.needed()
    reasons = _answered(a, b, x, y, judging) if "completion" in needed else []
    if "target" in needed and (target := _target(x, y)) is not None:
        reasons.append(target)
    if "scorer" in needed:
        reasons.append(judging.reading())
    return reasons or _answered(a, b, x, y, judging)


def _answered(a: Side, b: Side, x: Answer, y: Answer, judging: Judging | None) -> list[Reason]:
    """Why the model answered otherwise."""
    if (short := shortened(a, b, x, y)) is not None:
        return [short]
    asked = asked_otherwise(a, b, x, y)
    if (stopped := _stopped(a, b, x, y, judging, alone=not asked)) is not None:
        return [stopped[0]] if stopped[1] else [*asked, stopped[0]]
    if asked:
        return asked
    temperature = a.sampling.get("temperature")
    drawn = "the model's own choice of temperature" if temperature is None else f"temperature {temperature:g}"
    return [Reason("chance", numeric(x, y) or f"the same request, at {drawn}")]


def _stopped(
    a: Side, b: Side, x: Answer, y: Answer, judging: Judging | None, *, alone: bool
) -> tuple[Reason, bool] | None:
    """That an end came too early, and whether this is all that it takes. `alone`: nothing else was asked otherwise."""
    if x.compares or y.compares or not ends_differ(a, b):
        return None
    if (over := over_the_limit(a, b, x, y)) is not None:
        return over, would_not_fit(a, b, x, y)
    if judging is None:
        return None
    found = [
        (Reason("stop", f"{side}'s answer, cut where {where} stops, gets {where}'s verdict"), whole or alone)
        for side, where, own, other in (("a", "b", x, b), ("b", "a", y, a))
        if (short := cut(own.completion, stops(other))) is not None and short.text != own.completion.text
        for whole in (True, False)
        if judging.reaches(side == "a", short, whole=whole)
    ]
    return max(found, key=lambda one: one[1], default=None)


def _untested(a: Side, b: Side, x: Answer, y: Answer) -> list[Reason]:
    """What may have been judged otherwise, where no answer could be judged by both."""
    reasons = [target] if (target := _target(x, y)) is not None else []
    if x.compares != y.compares:
        detail = (
            f"log-likelihoods are not words, so neither can be judged again: a takes {read(x.row)}, b {read(y.row)}"
        )
        return [*reasons, Reason("extraction", detail)]
    if a.judges != b.judges:
        return [*reasons, Reason("judge", f"judged by {a.judges or 'a rule'} | {b.judges or 'a rule'}")]
    scorers = a.told("scorer"), b.told("scorer")
    if (scorers[0] != scorers[1] or a.metric.of != b.metric.of) and x.row["outcome"] != y.row["outcome"]:
        cause: Cause = "scorer" if x.compares or x.row["answer"] == y.row["answer"] else "extraction"
        reasons.append(Reason(cause, "the scorers differ; the answers could not be judged again"))
    return reasons


def _target(x: Answer, y: Answer) -> Reason | None:
    if x.row["target"] == y.row["target"]:
        return None
    return Reason("data", f"target: {x.row['target']!r} | {y.row['target']!r}")


def _evidence(x: Answer, y: Answer) -> str:
    same = [name for name in ("prompt_hash", "target", "answer", "explanation") if x.row[name] == y.row[name]]
    return f"request and answer show no difference (alike: {', '.join(same) or 'nothing'})"
