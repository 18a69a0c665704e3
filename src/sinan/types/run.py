"""A run: what was asked, what came of every sample, and the numbers at the end."""

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sinan.types.benchmark import Protocol
from sinan.types.completion import Completion, Model, Sampling
from sinan.types.message import Prompt
from sinan.types.metric import Estimate, Metric
from sinan.types.price import Price
from sinan.types.sample import Sample
from sinan.types.score import Score, waits
from sinan.types.sequential import Gate


@dataclass(frozen=True)
class RunSpec:
    """What a user asked for, before anything was looked up. Written to run.json; a resumed run reads it back."""

    targets: tuple[str, ...]
    models: tuple[str, ...]
    """`PROVIDER/NAME?KEY=VALUE`, without secrets."""
    limit: int | None = None
    shots: int | None = None
    draws: int = 1
    seed: int = 0
    protocol: str = "default"
    scorer: str | None = None
    """Overrides the guess for a file of questions."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Generation parameters that override the protocol's."""
    few_shot: str | None = None
    """How worked examples are chosen (`first`, `random`, `balanced`, `bm25`...); None: as the protocol says."""
    shots_as: str | None = None
    """How a chat shows worked examples: `turns` of the conversation, or one `text` with the question; None: as the
    protocol says."""
    system: str | None = None
    """A system prompt, put before the protocol's own."""
    prefill: str | None = None
    """The beginning of every answer, given to the model."""
    rotate: bool = False
    """Whether each question with options is asked once for every rotation of them, and right if all are."""
    perturb: tuple[str, ...] = ()
    """Perturbations: each question is asked as it is and once more for every one of them that changes it."""
    vary: tuple[str, ...] = ()
    """What is varied: each question is asked in `variants` variants of each of `prompt`, `order` and `seed`."""
    variants: int = 3
    """Of each source, the question as it is among them."""
    trust: bool = False
    """Whether code that a task file names may run."""
    judges: tuple[str, ...] = ()
    """Models that judge the answers where a scorer asks for it, written as models are."""
    cluster: str | None = None
    """Which column of a file says what questions share, `group`, or `none`; None: as the benchmark says, or a guess."""


@dataclass(frozen=True, slots=True)
class Question:
    """One draw of one sample, ready to be asked."""

    sample: Sample
    prompt: Prompt
    draw: int = 0
    seed: int = 0
    """Of this draw: a function of the run's seed, the sample and the draw, so that no order or neighbour decides."""
    prompt_hash: str = ""
    """`prompt.hash`, computed once for all draws."""
    shots: tuple[str, ...] = ()
    """Ids of the worked examples that the prompt shows."""
    position: int | None = None
    """Place in the benchmark's order, from 0; set where a metric depends on it."""


@dataclass(frozen=True)
class Judge:
    """A model in the role of a judge."""

    model: Model
    price: Price | None = None
    """None where it is not known what the model's tokens cost."""


@dataclass(frozen=True, slots=True)
class JudgeCost:
    """What the verdict on one answer took, or all verdicts of a cell."""

    calls: int = 0
    """Requests that were sent to judges."""
    cached: int = 0
    """Answers of judges that were taken from the response cache."""
    failed: int = 0
    """Answers left without a verdict because a judge gave none."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    """None where no price is known."""

    def __add__(self, other: "JudgeCost") -> "JudgeCost":
        costs = [one.cost_usd for one in (self, other) if one.cost_usd is not None]
        return JudgeCost(
            self.calls + other.calls,
            self.cached + other.cached,
            self.failed + other.failed,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            sum(costs) if costs else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Every field."""
        cost = None if self.cost_usd is None else round(self.cost_usd, 9)
        return {
            "calls": self.calls,
            "cached": self.cached,
            "failed": self.failed,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": cost,
        }


@dataclass(frozen=True)
class Cell:
    """One benchmark under one protocol for one model: the unit of results."""

    benchmark: str
    model: Model
    protocol: Protocol
    sampling: Sampling
    metrics: tuple[Metric, ...]
    """The first is what the cell's result is; the others are reported beside it."""
    questions: Iterable[Question]
    """Lazily: nothing is read or built before the engine is ready for it."""
    price: Price | None = None
    """None where it is not known what the model's tokens cost."""
    answer_tokens: float = 0.0
    """What an answer is expected to take: cells with long answers are asked first, so that the end of a run is not
    spent waiting for a few of them."""
    judges: tuple[Judge, ...] = ()
    """Whom the scorer asks; none where it judges by itself."""
    gate: Gate | None = None
    """Through which every question goes, where it is found out on the way how many are asked; None: all are."""

    @cached_property
    def waits(self) -> bool:
        """Whether verdicts take their time. Looked up once: it is asked for at every answer."""
        return waits(self.protocol.scorer)

    @property
    def metric(self) -> Metric:
        """What the cell's result is."""
        return self.metrics[0]


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What came of one draw of one sample."""

    benchmark: str
    model: str
    question: Question
    completion: Completion | None
    """None where no answer came. An answer whose scoring broke is kept: it was paid for."""
    score: Score
    attempts: int = 1
    cost_usd: float | None = None
    """What was paid for the answer; 0 for one from the cache, None where it cannot be said."""
    judging: JudgeCost | None = None
    """What the judges took; None where none was asked."""
    judged: bool = True
    """False for an answer that still waits for its verdict: it is kept, and is judged when the run goes on."""


@dataclass(frozen=True)
class CellResult:
    """The number of one cell, and everything needed to doubt it."""

    benchmark: str
    version: str
    protocol: str
    model: str
    metric: str
    estimate: Estimate
    k: int
    """Draws per sample."""
    outcomes: Mapping[str, int]
    """Draws by outcome; all are named."""
    groups: tuple[tuple[str, Estimate], ...]
    tokens_in: int
    tokens_out: int
    cost_usd: float | None = None
    further: tuple["Further", ...] = ()
    """What else is reported of the same answers."""
    kind: str = ""
    """What the metric is, where its name does not say it (`Metric.kind`)."""
    judges: tuple[str, ...] = ()
    """Names of the models that judged."""
    judging: JudgeCost | None = None
    """What they took; None where none was asked."""
    population: int | None = None
    """Questions of the whole, where a rule stopped the cell before its end: the estimate is of a random part, and its
    interval is a confidence sequence. None: the cell is no part."""
    spread: Mapping[str, Any] | None = None
    """What the variants of the questions do to the result; None where nothing was varied."""
    strata: tuple[tuple[str, Estimate], ...] = ()
    """As of `Further`."""

    def to_json(self) -> list[dict[str, Any]]:
        """The cell's entries of results.json, one for each metric. Tokens and cost, which are the whole cell's, stand
        in the first alone, so that they can be added up; the others say `further`."""
        head: dict[str, Any] = {
            "benchmark": self.benchmark,
            "version": self.version,
            "protocol": self.protocol,
            "model": self.model,
        }
        counted = {k: v for k, v in self.outcomes.items() if v or k not in ("measured", "collected")}
        cost = None if self.cost_usd is None else round(self.cost_usd, 9)
        first = self.reported[0]
        spent: dict[str, Any] = {"tokens_in": self.tokens_in, "tokens_out": self.tokens_out, "cost_usd": cost}
        if self.population is not None:
            head["population"] = self.population
        if self.judges:
            spent |= {"judges": list(self.judges), "judging": (self.judging or JudgeCost()).to_json()}
        if self.spread is not None:
            spent |= {"spread": dict(self.spread)}
        nothing: dict[str, Any] = {"tokens_in": 0, "tokens_out": 0, "cost_usd": None, "further": True}
        rows = [(first, spent), *((one, nothing) for one in self.further)]
        counts = {"k": self.k, "outcomes": counted, "extraction_rate": self.extraction_rate}
        return [head | one.to_json() | counts | last for one, last in rows]

    @property
    def extraction_rate(self) -> float | None:
        """Of the answers that were to be read, the share of which an answer could be: neither unparsed nor truncated
        nor refused. None where there were none."""
        read = self.outcomes.get("correct", 0) + self.outcomes.get("wrong", 0)
        total = read + sum(self.outcomes.get(name, 0) for name in ("unparsed", "truncated", "refused"))
        return read / total if total else None

    @property
    def reported(self) -> "tuple[Further, ...]":
        """All metrics of the cell, the one that is its result first."""
        return Further(self.metric, self.estimate, self.groups, self.kind, self.strata), *self.further

    def without_intervals(self) -> "CellResult":
        """The same, where it was decided on the way how many are asked: intervals that take no account of it are none,
        and neither are standard errors."""
        further = [replace(one, estimate=one.estimate.bare(), groups=_bare(one.groups)) for one in self.further]
        return replace(self, estimate=self.estimate.bare(), groups=_bare(self.groups), further=tuple(further))

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> "list[CellResult]":
        """The cells of all entries of a results.json."""
        found: list[CellResult] = []
        for row in rows:
            if row.get("further"):
                found[-1] = replace(found[-1], further=(*found[-1].further, Further.from_json(row)))
            else:
                found.append(cls._first(row))
        return found

    @classmethod
    def _first(cls, row: Mapping[str, Any]) -> "CellResult":
        return cls(
            benchmark=row["benchmark"],
            version=row["version"],
            protocol=row["protocol"],
            model=row["model"],
            metric=row["metric"],
            estimate=Estimate.from_json(row),
            k=row["k"],
            outcomes=row["outcomes"],
            groups=_groups(row),
            tokens_in=row["tokens_in"],
            tokens_out=row["tokens_out"],
            cost_usd=row["cost_usd"],
            kind=row.get("kind", ""),
            judges=tuple(row.get("judges", ())),
            judging=JudgeCost(**row["judging"]) if row.get("judging") else None,
            population=row.get("population"),
            spread=row.get("spread"),
            strata=_strata(row),
        )


@dataclass(frozen=True)
class Further:
    """One metric of a cell, whole and by group."""

    metric: str
    estimate: Estimate
    groups: tuple[tuple[str, Estimate], ...] = ()
    kind: str = ""
    """As of `CellResult`."""
    strata: tuple[tuple[str, Estimate], ...] = ()
    """Averages over the groups, by name: `macro`, where each group counts the same, `micro`, where each question does
    and the groups are strata."""

    def to_json(self) -> dict[str, Any]:
        """The part of an entry of results.json that is the metric's own."""
        return {
            "metric": self.metric,
            **({"kind": self.kind} if self.kind and self.kind != self.metric else {}),
            **self.estimate.to_json(),
            "groups": [{"name": name, **estimate.to_json()} for name, estimate in self.groups],
            **({"strata": {name: one.to_json() for name, one in self.strata}} if self.strata else {}),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Further":
        """The inverse of `to_json`."""
        return cls(row["metric"], Estimate.from_json(row), _groups(row), row.get("kind", ""), _strata(row))


def _bare(groups: tuple[tuple[str, Estimate], ...]) -> tuple[tuple[str, Estimate], ...]:
    return tuple((name, estimate.bare()) for name, estimate in groups)


def _groups(row: Mapping[str, Any]) -> tuple[tuple[str, Estimate], ...]:
    return tuple((group["name"], Estimate.from_json(group)) for group in row["groups"])


def _strata(row: Mapping[str, Any]) -> tuple[tuple[str, Estimate], ...]:
    return tuple((name, Estimate.from_json(one)) for name, one in row.get("strata", {}).items())


class Journal(typing.Protocol):
    """Where finished calls become durable before they count."""

    def append(self, result: SampleResult) -> None:
        """Hand over to the operating system at once. Raises `StoreError` where it cannot be written."""
        ...

    async def commit(self) -> None:
        """Return once everything appended before is on disk."""
        ...


class Cache(typing.Protocol):
    """Answers that were paid for before, by key; shared between runs and processes."""

    def get(self, key: bytes) -> Completion | None:
        """The answer, with `cached` set, or None. Never raises: a cache that cannot be read holds nothing."""
        ...

    def put(self, entries: Sequence[tuple[bytes, Completion]]) -> None:
        """Keep answers, all or none of them. Called off the event loop. Never raises: a cache that cannot be
        written keeps nothing more."""
        ...


@dataclass(frozen=True)
class Run:
    """A run as it stands when the command ends."""

    id: str
    path: str
    status: typing.Literal["complete", "partial", "stopped"]
    """`partial`: finished, but some calls failed for good. `stopped`: not everything was asked; can be resumed."""
    results: tuple[CellResult, ...]
    requests: Mapping[str, int]
    """`sent`, `cached`, `resumed` (answers taken from the journal), `retried`."""
    seconds: float
    expected: int | None = None
    """Results that the run has when it is complete: the numbers of a run that was stopped are of a part."""
    samples: Callable[[], Any] = field(repr=False, compare=False, default=lambda: None)
    """Gives one row per draw as a lazy DuckDB relation: nothing is read until it is asked for."""
    stopping: Mapping[str, Any] | None = None
    """Where a rule decided how much was asked: the rule, what it found, and what was needed for it."""

    @property
    def asked(self) -> int:
        """Results that are there, failures among them."""
        return sum(sum(result.outcomes.values()) for result in self.results)

    @property
    def failed(self) -> int:
        """Results without a score: calls that got no answer, and answers whose scoring broke."""
        return sum(result.outcomes["failed"] for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """The document of `sinan run --json`. Of a run that is not complete it says how much of it was asked."""
        return {
            "run": self.id,
            "path": self.path,
            "status": self.status,
            "results": [row for result in self.results for row in result.to_json()],
            "requests": dict(self.requests),
            "seconds": round(self.seconds, 3),
            **({} if self.stopping is None else {"stopping": dict(self.stopping)}),
        } | ({} if self.status == "complete" else {"asked": self.asked, "expected": self.expected})
