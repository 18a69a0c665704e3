"""What a comparison says, in words: the verdict, why there is none, and what each cause is.

Every sentence is a text with `{places}` and what stands in them, so that a page can say it in another language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from sinan.statistics.scales import percent, plain
from sinan.types import Cause, Comparison

PARTS = frozenset({"prompt", "few-shot rule", "scorer", "solver", "judge", "form"})
"""What a difference is put down to where nothing else was done otherwise; else it is the whole protocol's."""

CAUSES: Mapping[Cause, str] = {
    "data": "the question or the right answer is another",
    "model": "another model, other weights, or another server",
    "prompt": "the question's own wording, the header or the system prompt is another",
    "few-shot": "other worked examples, another order, or another number of them",
    "template": "messages in place of text, or another chat template",
    "tokens": "the same text as other tokens",
    "sampling": "temperature, seed and the like are others",
    "stop": "one answer is the other cut short, by a stop string or the limit on tokens",
    "chance": "the same request was answered otherwise",
    "extraction": "another answer was read from the same completion",
    "scorer": "the same answer, or the same log-likelihoods, were judged otherwise",
    "judge": "models judged the same answer, and did not rule alike",
    "unknown": "nothing that is stored tells",
}
"""What differs, in one line."""


@dataclass(frozen=True)
class Said:
    """A sentence: `str()` of it is English."""

    text: str
    values: Mapping[str, Union[str, "Said"]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format_map({name: str(value) for name, value in self.values.items()})


def verdict(one: Comparison) -> Said:
    """The verdict, and whether it is of any weight."""
    small = one.equivalence is not None and one.equivalence.within
    if one.verdict == "not comparable":
        return of_protocols(one) if one.compares == "protocols" else Said("not comparable")
    if one.verdict in ("better", "worse"):
        told = f"a is {one.verdict}"
        return Said(f"{told}, by less than {{margin}}", {"margin": margin(one)}) if small else Said(told)
    if one.verdict == "equivalent":
        return Said("equivalent: less than {margin} apart", {"margin": margin(one)})
    equal = "the two may as well be equal" if one.paired.ci else "no interval can be given"
    return Said(f"undecided: {equal}")


def of_protocols(one: Comparison) -> Said:
    """What asking or judging one model in another way comes to."""
    names = [d.what for d in one.protocol_differences if d.sort == "protocol" and d.what != "protocol"]
    if not (0 < len(names) <= 2 and PARTS.issuperset(names)):
        names = ["protocol"]
    what = "the {what} and the {other} make" if len(names) == 2 else "the {what} makes"
    parts = dict(zip(("what", "other"), map(Said, names), strict=False))
    if one.finding in ("better", "worse"):
        return Said(f"{what} a difference of {{difference}} for this model", {**parts, "difference": difference(one)})
    if one.finding == "equivalent":
        return Said(f"{what} a difference of less than {{margin}} for this model", {**parts, "margin": margin(one)})
    return Said(f"{what} no difference that could be told from chance", parts)


def why_not(one: Comparison) -> Said:
    """Why two cells are not comparable."""
    if one.targets or any(d.what == "data" and d.unfair for d in one.protocol_differences):
        return Said("they were judged by other questions or right answers")
    if one.compares == "protocols":
        return Said("of one model under two protocols neither is the better one")
    return Said("two models that were not asked and judged alike")


def margin(one: Comparison) -> Said:
    """Below which a difference does not matter."""
    if one.equivalence is None:
        return Said("")
    epsilon = one.equivalence.epsilon
    if not one.in_percent:
        return Said("{n}", {"n": f"{epsilon:g}"})
    return Said("{n} point" if epsilon == 0.01 else "{n} points", {"n": f"{100 * epsilon:g}"})


def difference(one: Comparison) -> str:
    """`+2.0`; a dash where there is none."""
    value = one.paired.difference
    shown = percent if one.in_percent else plain
    return "-" if value is None else f"{'+' * (value > 0)}{shown(value)}"
