"""A scorer that asks judges: one or a panel of them, each once or several times, and says where they do not agree."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sinan.errors import Unsupported, UsageError
from sinan.scoring.judges.asking import Case, Heard, ruled, together
from sinan.scoring.judges.kind import Kind, Opinion, Value
from sinan.scoring.judges.pairwise import Pairwise
from sinan.scoring.judges.reference import Reference
from sinan.scoring.judges.rubric import Rubric
from sinan.scoring.verdict import nothing
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Model, Sample, Sampling, Score

OWN = (Reference, Rubric, Pairwise)
"""The kinds of this room; a benchmark may bring its own."""
WROTE = 8_000
"""Characters of a judge's words that are kept with a score."""


@dataclass(frozen=True)
class Judged:
    """What the judges hold: of labels the majority, of numbers the mean; first over a judge's draws, then over judges.

    All judges have to rule: one that fails fails the sample, since a panel of another size is another panel.
    """

    inner: Kind = Reference()
    draws: int = 1
    """How often each judge is asked."""
    tries: int = 2
    """How often a judge is asked for a verdict before it has failed."""
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=4096)
    """Of the judges. The JSON schema of the verdict is added where a judge can be held to one."""
    whole: ClassVar[bool] = True
    """A judge reads all that was said, so that no mark of an answer has to be asked for."""

    def __post_init__(self) -> None:
        if self.draws < 1 or (self.draws > 1 and self.sampling.temperature == 0):
            raise ValueError("several draws of a judge need a temperature above 0: at 0 they are all the same")

    @property
    def reports(self) -> tuple[Metric, ...]:
        """Those of the kind, and how often judges, or the draws of one, do not agree."""
        names = ("disagreement", *(("self_disagreement",) if self.draws > 1 else ()))
        return (*self.inner.metrics, *(average.named(name, name) for name in names))

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        try:
            self.inner.cases(sample, Completion("an answer", "stop"), 0)
        except UsageError as error:
            return str(error)
        return ""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """Raises Unsupported: there is nobody to ask."""
        raise Unsupported("these answers are scored by a judge. Remedy: name one, with --judge MODEL")

    async def judge(self, sample: Sample, completion: Completion, judges: Sequence[Model]) -> Score:
        """The score. Raises ModelError where a judge does not answer or gives no verdict."""
        if not any(text.strip() for text in (completion.text, *completion.turns)):
            lost = self.inner.unanswered(sample)
            return replace(nothing(completion), value=lost.value, values=lost.values)
        if not judges:
            return self(sample, completion)
        panel = await together([self._asked(judge, sample, completion) for judge in judges])
        opinions = [[self.inner.opinion(own, sample, completion) for own in draws] for draws in panel]
        return self._score(opinions, [one for draws in panel for own in draws for one in own])

    async def _asked(self, judge: Model, sample: Sample, completion: Completion) -> list[list[Heard]]:
        """The rulings of one judge on all cases, draw by draw."""
        first = self.inner.cases(sample, completion, 0)
        asked = [(draw, place) for draw in range(self.draws) for place in range(len(first))]

        def case(place: int) -> Callable[[int], Case]:
            return lambda number: self.inner.cases(sample, completion, number)[place]

        calls = [ruled(judge, case(place), self.sampling, self.tries, draw, self.draws) for draw, place in asked]
        came = await together(calls)
        return [[one for one in came if one.draw == draw] for draw in range(self.draws)]

    def _score(self, opinions: Sequence[Sequence[Opinion]], rulings: Sequence[Heard]) -> Score:
        each = [_of_judge(self.inner, draws) for draws in opinions]
        label, value = _together(self.inner, each)
        values = _values([one for draws in opinions for one in draws])
        if len(each) > 1:
            values["disagreement"] = _apart(each, self.inner.numeric)
        if self.draws > 1:
            values["self_disagreement"] = sum(_apart(draws, self.inner.numeric) for draws in opinions) / len(opinions)
        score = self.inner.score(label, value, _explained(opinions, label))
        return replace(score, values={**score.values, **values}, evidence={"judges": _kept(rulings)})


def _of_judge(kind: Kind, draws: Sequence[Opinion]) -> Opinion:
    """What one judge holds over its draws."""
    if len(draws) == 1:
        return draws[0]
    label, value = _together(kind, draws)
    return Opinion(label, value)


def _together(kind: Kind, opinions: Sequence[Opinion]) -> tuple[str, float]:
    """The label that most have, empty where several have it as often, and its value; of numbers the mean."""
    mean = sum(one.value for one in opinions) / len(opinions)
    if kind.numeric:
        return f"{mean:g}", mean
    counted = Counter(one.label for one in opinions).most_common()
    most = [label for label, count in counted if count == counted[0][1]]
    label = most[0] if len(most) == 1 else ""
    agreeing = [one.value for one in opinions if one.label == label]
    return label, sum(agreeing) / len(agreeing) if agreeing else kind.worth("")


def _values(opinions: Sequence[Opinion]) -> dict[str, Value]:
    """Every number that all opinions have, as its mean; of rows of numbers, place by place."""
    return {name: _mean([one.values[name] for one in opinions]) for name in opinions[0].values}


def _mean(values: Sequence[Value]) -> Value:
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    means = tuple(sum(parts) / len(rows) for parts in zip(*rows, strict=True))
    return means if isinstance(values[0], tuple) else means[0]


def _apart(opinions: Sequence[Opinion], numeric: bool) -> float:
    """Whether labels differ; of numbers the distance between the greatest and the least."""
    values = [one.value for one in opinions]
    return max(values) - min(values) if numeric else float(len({one.label for one in opinions}) > 1)


def _explained(opinions: Sequence[Sequence[Opinion]], label: str) -> str:
    said = ["/".join(one.label for one in draws) for draws in opinions]
    if len(said) == 1:
        return f"judged {said[0]}"
    return f"judged {label or 'split'} by {len(said)}: {', '.join(said)}"


def _kept(rulings: Sequence[Heard]) -> list[Mapping[str, Any]]:
    rows = [one.to_json() for one in rulings]
    return [row | ({"wrote": row["wrote"][:WROTE]} if "wrote" in row else {}) for row in rows]
