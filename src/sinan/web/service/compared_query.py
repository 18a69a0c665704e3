"""What an address of a comparison asks for: runs and how they are compared, and which draws are shown."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, BeforeValidator, Field

from sinan.store import differing
from sinan.types import CAUSES
from sinan.web.failures import Failure
from sinan.web.service.compared import Asked

MOST_RUNS = 6
Cause = Literal["", *CAUSES]  # type: ignore[valid-type]
OUTCOMES = r"^(|[a-z]{1,20}>[a-z]{1,20})$"


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text holds no NUL")
    return text


def _or_none(value: Any) -> Any:
    return None if value == "" else value


Text = Annotated[str, AfterValidator(_no_nul), Field(max_length=300)]
Names = Annotated[list[Text], Query(max_length=40)]


def asking(
    runs: Annotated[
        list[Annotated[str, AfterValidator(_no_nul), Field(max_length=800)]],
        Query(max_length=40, description="Runs, with commas between them or one each."),
    ] = [],  # noqa: B006  FastAPI copies it
    benchmark: Annotated[Names, Query(description="Only these benchmarks.")] = [],  # noqa: B006
    model: Annotated[Names, Query(description="Only these models.")] = [],  # noqa: B006
    metric: Annotated[Names, Query(description="These metrics, or `all`; else each cell's first.")] = [],  # noqa: B006
    a: Annotated[Text, Query(description="This model of the one run, where several could be paired.")] = "",
    b: Annotated[Text, Query(description="That model of the other run.")] = "",
    equivalence: Annotated[
        float | None,
        BeforeValidator(_or_none),
        Query(gt=0, le=1e9, description="The margin below which a difference does not matter: 0.01 is one point."),
    ] = None,
    fdr: Annotated[
        bool, Query(description="Bound the share of wrong verdicts (Benjamini-Hochberg), not Holm.")
    ] = False,
    anyway: Annotated[
        bool, Query(description="Give a verdict also where two were not asked and judged alike.")
    ] = False,
) -> Asked:
    """What the address asks for."""
    names = tuple(dict.fromkeys(name for part in runs for name in part.split(",") if name))
    if len(names) > MOST_RUNS:
        raise Failure(f"{len(names)} runs; up to {MOST_RUNS} are compared on one page")
    chosen = ([one for one in many if one] for many in (benchmark, model, metric))
    of = [tuple(dict.fromkeys(many)) for many in chosen]
    return Asked(names, of[0], of[1], of[2], (a, b) if a and b else None, equivalence, fdr, anyway)


def wanting(
    only: Annotated[differing.Only, Query(description="Right in a only, in b only, in one of them, ...")] = "flips",
    group: Text = "",
    cause: Annotated[Cause, Query()] = "",
    outcomes: Annotated[str, Query(pattern=OUTCOMES, description="Such as `correct>wrong`.")] = "",
    q: Annotated[Text, Query(description="In the id, the right answer, or what was read.")] = "",
) -> differing.Wanted:
    """Which of the draws that differ."""
    one, _, other = outcomes.partition(">")
    return differing.Wanted(only, group or None, cause, (one, other) if other else None, q.strip())


Asking = Annotated[Asked, Depends(asking)]
Wanting = Annotated[differing.Wanted, Depends(wanting)]
At = Annotated[int, Query(ge=0, le=1000, description="Which of the comparisons is looked at closely.")]
