"""One question to one judge, and what the judge ruled. A judge that gives no verdict has failed: nothing is guessed."""

import asyncio
import math
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sinan.errors import NoVerdict, Unsupported
from sinan.scoring.judges.fence import fence
from sinan.scoring.judges.ruling import NoRuling, Ruling
from sinan.scoring.verdict import said
from sinan.types import Completion, Message, Model, Prompt, Sampling

T = TypeVar("T")


class Form(typing.Protocol):
    """How a verdict is given: `ByObject`, `ByMark`. Frozen dataclasses, so that a version can be hashed."""

    def schema(self) -> Mapping[str, Any] | None:
        """What a model's side can be held to; None where the form is no JSON."""
        ...

    def read(self, text: str, check: str, judged: Sequence[str]) -> Ruling:
        """The ruling. Raises NoRuling."""
        ...


@dataclass(frozen=True)
class Case:
    """What a judge is asked about one answer, or one pair in one order."""

    user: str
    form: Form
    system: str = ""
    check: str = ""
    judged: tuple[str, ...] = ()
    """The texts that are judged: what is copied from them is no verdict."""
    name: str = ""
    """Which of several cases of one judgement it is: `first`, `second`, `turn 2`."""
    labels: tuple[str, ...] = ()
    """Where log-likelihoods decide: the labels that are weighed, as the judge would write them."""

    def prompt(self, judge: Model) -> Prompt:
        """As the judge takes it."""
        if judge.form == "base":
            head = f"{self.system}\n\n" if self.system else ""
            return Prompt(text=f"{head}{self.user}\n", continuations=self.labels)
        system = (Message("system", self.system),) if self.system else ()
        return Prompt(messages=(*system, Message("user", self.user)), continuations=self.labels)


def fenced(
    form: Form,
    system: str,
    task: str,
    shown: Mapping[str, str],
    asked: Callable[[str], str],
    judged: tuple[str, ...],
    draw: int,
    *more: str,
    name: str = "",
    labels: tuple[str, ...] = (),
) -> Case:
    """A case whose texts stand fenced off, each under its name, before the task and the form of the verdict.

    `shown`: name -> text; a reference that is empty is left out. `asked` says what is to be given back, from the check
    code. `more`: what else tells this judgement from others. The rest is as of `Case`.
    """
    made = fence(system, task, *more, *shown.values(), draw=draw)
    blocks = [made.around(block, text) for block, text in shown.items() if text or block != "REFERENCE"]
    user = "\n\n".join([*blocks, task, asked(made.check)])
    return Case(user, form, system, made.check, judged, name, labels)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one case."""

    judge: str
    case: str
    ruling: Ruling
    text: str
    """All that the judge wrote, thoughts apart."""
    draw: int = 0
    attempt: int = 0
    """How often the judge had given no verdict before."""

    def to_json(self) -> dict[str, Any]:
        """For the evidence of a score."""
        ruling = self.ruling
        more = {
            "case": self.case,
            "numbers": dict(ruling.numbers),
            "draw": self.draw,
            "attempt": self.attempt,
            "wrote": self.text,
        }
        return {"judge": self.judge, "verdict": ruling.label} | {name: value for name, value in more.items() if value}


async def ruled(
    judge: Model, case: Callable[[int], Case], sampling: Sampling, tries: int, draw: int = 0, draws: int = 1
) -> Heard:
    """The judge's ruling on one of `draws` draws. A judge that gives no verdict is asked again, `tries` times in all:
    each time `case` gives the question of another number, with another check code, so that no cache answers it.
    Raises NoVerdict where there is none in the end, and other ModelErrors where there is no answer."""
    for attempt in range(tries):
        number = draw + attempt * draws
        try:
            return replace(await heard(judge, case(number), sampling, number), draw=draw, attempt=attempt)
        except NoVerdict:
            if attempt + 1 == tries:
                raise
    raise ValueError(f"a judge is asked once at least, not {tries} times")


async def heard(judge: Model, case: Case, sampling: Sampling, draw: int = 0) -> Heard:
    """The judge's ruling. Raises NoVerdict where there is none, and other ModelErrors where there is no answer."""
    if case.labels:
        return await _weighed(judge, case, draw)
    schema = case.form.schema() if "schema" in judge.capabilities else None
    completion = await judge.generate(case.prompt(judge), replace(_drawn(judge, sampling, draw), schema=schema))
    text = said(completion)
    try:
        return Heard(judge.name, case.name, _read(completion, text, case), text, draw)
    except NoRuling as why:
        excerpt = " ".join(text.split())
        wrote = f"; it wrote: {excerpt[:160]}{'…' if len(excerpt) > 160 else ''}" if excerpt else ""
        raise NoVerdict(f"the judge {judge.name} gave no verdict: {why}{wrote}") from None


def _read(completion: Completion, text: str, case: Case) -> Ruling:
    if completion.finish_reason == "refusal":
        raise NoRuling("it declined to judge")
    if completion.finish_reason == "length":
        raise NoRuling("its answer was cut at the token limit")
    return case.form.read(text, case.check, case.judged)


async def _weighed(judge: Model, case: Case, draw: int) -> Heard:
    """How likely the judge is to say the first label, out of the labels."""
    if "loglikelihood" not in judge.capabilities:
        raise Unsupported(
            f"the judge {judge.name} gives no log-likelihoods, by which this protocol weighs verdicts. Remedy: a judge "
            "that does (vllm/..., hf/...), or a protocol that reads verdicts"
        )
    completion = await judge.loglikelihood(case.prompt(judge))
    values = [likelihood.value for likelihood in completion.loglikelihoods]
    best = max(values, default=math.nan)
    if len(values) != len(case.labels) or not math.isfinite(best):
        raise NoVerdict(f"the judge {judge.name} gave no log-likelihoods of its verdicts: {values}")
    weights = [math.exp(value - best) for value in values]
    chances = {label: weight / math.fsum(weights) for label, weight in zip(case.labels, weights, strict=True)}
    return Heard(judge.name, case.name, Ruling(case.labels[values.index(best)], chances), "", draw)


def _drawn(judge: Model, sampling: Sampling, draw: int) -> Sampling:
    """A seed of its own for each draw, where seeds are understood: one seed for all would make them one."""
    if sampling.temperature == 0 or "seed" not in judge.capabilities:
        return sampling
    return replace(sampling, seed=(sampling.seed or 0) + draw)


async def together(calls: Sequence[Awaitable[T]]) -> list[T]:
    """All results, in order. An error is raised when all calls have ended, since those on their way are paid for and
    have to be counted; that a judge gave no verdict only where nothing else went wrong."""
    came = await asyncio.gather(*calls, return_exceptions=True)
    errors = [one for one in came if isinstance(one, BaseException)]
    if errors:
        raise next((one for one in errors if not isinstance(one, NoVerdict)), errors[0])
    return [one for one in came if not isinstance(one, BaseException)]
