"""What may be said of a decision: as JSON, and in words that are made from the JSON alone."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sinan.engine.prefix import Prefix
from sinan.stopping.declared import Declared
from sinan.types.sequential import SURE, Claim, Decision, Followed

if TYPE_CHECKING:
    from sinan.stopping.adaptive import Chosen

UNSURE = "undecided"


def head(declared: Declared, seed: int, met: bool) -> dict[str, Any]:
    """What all verdicts have in common. `met`: whether nothing more is wanted."""
    about = {"kind": declared.kind, "rules": list(declared.rules), "alpha": declared.alpha, "seed": seed, "met": met}
    known = {"board": dict(declared.board)} if declared.board else {}
    return about | known | {"estimand": SURE, "guaranteed": declared.kind != "adaptive"}


def entry(benchmark: str, rule: str, prefix: "Prefix | Chosen", decision: Decision) -> dict[str, Any]:
    """One decision, with what was needed for it and everything that it takes to make it again."""
    main = decision.claims[0] if decision.claims else Claim("", UNSURE)
    open_ = any(claim.verdict == UNSURE for claim in decision.claims)
    verdict = decision.further.get("verdict") or main.verdict
    if decision.kind == "place":
        verdict = decision.further.get("verdict") or (UNSURE if open_ else "placed")
    return {
        "rule": rule,
        "kind": decision.kind,
        "benchmark": benchmark,
        "verdict": verdict,
        "log_e": _finite(main.log_e),
        "alpha": decision.alpha,
        "epsilon": decision.epsilon,
        "questions": decision.questions,
        "used": max((one.observed for one in decision.models), default=0),
        "order": prefix.order.sha256 if decision.guaranteed else None,
        "over": decision.over or prefix.whole,
        "claims": [_claim(claim) for claim in decision.claims],
        "models": [_model(prefix, one) for one in decision.models],
        "notes": list(decision.notes),
        "further": dict(decision.further),
    }


def _claim(claim: Claim) -> dict[str, Any]:
    row = {"about": claim.about, "verdict": claim.verdict, "log_e": _finite(claim.log_e), "detail": claim.detail}
    return row | ({"certain": True} if claim.log_e == math.inf else {})


def _finite(number: float | None) -> float | None:
    """JSON has no infinity: what is certain because nothing else is possible any more says so in its own key."""
    return number if number is not None and math.isfinite(number) else None


def _model(prefix: "Prefix | Chosen", one: Followed) -> dict[str, Any]:
    """`used`: questions heard; `asked`: draws that ended; `beyond`: of these, those that came too late to be heard."""
    return {
        "model": one.model,
        "used": one.observed,
        "failed": one.failed,
        "asked": prefix.noted[one.model],
        "beyond": prefix.late(one.model),
        "full": prefix.full,
        "value": one.value,
        "ci": None if one.interval is None else list(one.interval),
    }


def lines(stopping: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of a terminal must know, a line for each verdict."""
    for one in stopping["verdicts"]:
        yield f"{_whose(one)} {_so_far(one)}: {_found(one)}"
        yield from one["notes"]
    beyond = sum(model["beyond"] for one in _lines_once(stopping["verdicts"]) for model in one["models"])
    if beyond:
        late = "1 answer came too late to count for a verdict; it is kept"
        yield late if beyond == 1 else f"{beyond:,} answers came too late to count for a verdict; they are kept"
    if stopping["met"] and stopping["guaranteed"]:
        left = any(model["used"] < one["questions"] for one in stopping["verdicts"] for model in one["models"])
        yield f"sure means: of {stopping['estimand']}" + ". Ask the rest: sinan run --resume RUN" * left


def _lines_once(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Several rules about one cell count its answers once."""
    return list({(one["benchmark"], *(m["model"] for m in one["models"])): one for one in verdicts}.values())


def _whose(one: Mapping[str, Any]) -> str:
    return " and ".join([one["benchmark"]] + ([one["models"][0]["model"]] if len(one["models"]) == 1 else []))


def _so_far(one: Mapping[str, Any]) -> str:
    used, of = max((model["used"] for model in one["models"]), default=0), one["questions"]
    if used == of:
        return f"asked to the end, {of:,} questions"
    return f"{'stopped' if one['over'] else 'is'} at {used:,} of {of:,}"


def _found(one: Mapping[str, Any]) -> str:
    """`above 0.7 (sure at 95 %)`; what is not sure is said as such."""
    if one["kind"] == "adaptive":
        (model,) = one["models"]
        low, high = model["ci"]
        return f"{100 * model['value']:.1f} foreseen of all, nominal 95 % [{100 * low:.1f}, {100 * high:.1f}]"
    if one["verdict"] == UNSURE:
        return f"undecided ({one['rule']})"
    detail = one["claims"][0]["detail"] if one["kind"] == "precision" else ""
    sure = f"{'at' if one['kind'] == 'precision' else 'sure at'} {100 * (1 - one['alpha']):.4g} %"
    about = f"{_about(one)}: " if one["kind"] in ("duel", "best") else ""
    return f"{about}{one['verdict']} ({one['rule']}, {sure}){' ' + detail if detail else ''}"


def _about(one: Mapping[str, Any]) -> str:
    """Whom a verdict of several models is about: of a race those that have it."""
    claims = one["claims"]
    return ", ".join(c["about"] for c in claims if one["kind"] == "duel" or c["verdict"] == one["verdict"])
