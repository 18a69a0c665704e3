"""A load test: what was asked, what one request told, and the numbers of one level of load.

Times are seconds everywhere; instants are those of `time.perf_counter`.
"""

from array import array
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from sinan.types.completion import Usage

Over = Literal["concurrency", "rate"]
"""What is raised from level to level: requests in flight (closed loop), or arrivals per second (open loop)."""


def _instants() -> "array[float]":
    return array("d")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request got no answer."""

    reason: str
    """In few words and without the particulars of one request: failures are counted by it."""
    detail: str
    """The same with what the server said."""
    unusable: bool = False
    """Whether no other request would fare better (wrong key, unknown model)."""
    rejected: bool = False
    """Whether the server understood the request and refuses what it asks (400, 422)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it."""

    sent: float
    ended: float
    """When the answer was whole, or known to have failed."""
    first: float | None = None
    """When the first chunk with content or reasoning came; None where the answer is not streamed."""
    gaps: "array[float]" = field(default_factory=_instants)
    """Seconds from each chunk with content or reasoning to the next."""
    chunks: int = 0
    """How many of them."""
    usage: Usage = Usage()
    """Tokens as the server counted them."""
    failure: Failure | None = None


Ask = Callable[[], Coroutine[Any, Any, Exchange]]
"""A request that is ready: called once, it is sent at once. Never raises but for a cancellation."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How `n` values lie. Percentiles by linear interpolation between the two nearest values."""

    n: int
    mean: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    max: float


STATISTICS = ("mean", "p50", "p75", "p90", "p95", "p99", "max")
TIMES = ("ttft", "tpot", "itl", "e2e")
"""Time to the first token, per further token, between two chunks, and of the whole answer."""
IN_STREAMS = ("ttft", "tpot", "itl")
"""Those that only a stream shows."""
PER_PLACE = 2
"""Requests for each place in flight below which a closed loop did not hold its level."""
SENT = 0.95
"""Share of the drawn rate below which an open loop did not."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a level keeps or misses."""

    text: str
    """As the user wrote it."""
    metric: str
    """Out of TIMES, or `failed`: the share of requests without an answer."""
    statistic: str
    """Out of STATISTICS; empty for `failed`."""
    bound: float
    inclusive: bool

    def kept_by(self, value: float | None) -> bool:
        """Where there is no number, nothing is kept."""
        return value is not None and (value < self.bound or (self.inclusive and value == self.bound))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a target at one level."""

    target: str
    value: float | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Failures:
    """How many requests failed for one reason, and the first of them in the server's words."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Whether an open loop sent what it was to send. Requests per second, but for the last two."""

    asked: float
    """Of the level."""
    scheduled: float
    """Of the arrivals that were drawn: their number over the time of the last of them."""
    sent: float
    """As it was done."""
    late_p99: float
    """Seconds between the instant that was drawn and the sending."""
    late_max: float


@dataclass(frozen=True, slots=True)
class Client:
    """How this side of the test fared: what tells a slow server from a slow client."""

    lag_p50: float
    """Seconds by which the event loop woke up late, asked every 10 ms. About 1 ms is the clock's own grain."""
    lag_p99: float
    lag_max: float
    processor: float
    """Share of one processor core that the thread of the event loop used. It can do no more at 1."""
    kept_up: bool


@dataclass(frozen=True, slots=True)
class Level:
    """The numbers of one level of load. Latencies are those of answered requests alone."""

    over: Over
    at: float
    sent: int
    ok: int
    failures: tuple[Failures, ...]
    unfinished: int
    """Requests that were given up because the test was interrupted."""
    seconds: float
    """From the first request to the end of the last."""
    in_flight_mean: float
    in_flight_max: int
    tokens_in_total: int | None
    tokens_out_total: int | None
    """None where nobody counted the tokens of every answer: a part is no sum."""
    counted_by: Literal["server", "chunks", "both", "nobody"]
    """Who counted the tokens of the answers."""
    tokens_per_chunk: float | None
    spreads: Mapping[str, Spread | None]
    """Of TIMES, and of `tokens_in` and `tokens_out` per request. None where nothing was measured."""
    client: Client
    arrivals: Arrivals | None = None
    """None in a closed loop."""
    verdicts: tuple[Verdict, ...] = ()
    at_once: bool = False
    """Whether answers were streamed but came in one piece, so that nothing is known of what only a stream shows."""

    @property
    def failed(self) -> int:
        """Requests without an answer."""
        return sum(one.count for one in self.failures)

    @property
    def kept(self) -> bool | None:
        """Whether every target is kept; None where there is none."""
        return all(verdict.kept for verdict in self.verdicts) if self.verdicts else None

    @property
    def reached(self) -> bool:
        """Whether the load was what the level says: two requests for each place in flight, or 95 % of the rate."""
        if self.arrivals is not None:
            return self.arrivals.sent >= SENT * self.arrivals.scheduled
        return self.sent >= PER_PLACE * self.at and self.in_flight_max >= self.at

    @property
    def answers(self) -> bool:
        """Whether a search may name this level: every target kept, under the load it says, by a client that kept up."""
        return bool(self.kept) and self.reached and self.client.kept_up

    def per_second(self, count: float | None) -> float | None:
        """A count over the level's time; None where there is no count or no time."""
        return count / self.seconds if count is not None and self.seconds > 0 else None

    @property
    def tokens_total(self) -> int | None:
        """In and out."""
        return None if None in (self.tokens_in_total, self.tokens_out_total) else _sum(self)

    def value(self, metric: str, statistic: str) -> float | None:
        """The number that a target is about; None where it was not measured."""
        if metric == "failed":
            return self.failed / (self.ok + self.failed) if self.ok + self.failed else None
        spread = self.spreads.get(metric)
        return None if spread is None else float(getattr(spread, statistic))

    def judged(self, targets: tuple[Target, ...]) -> "Level":
        """The level with what became of the targets."""
        values = [(target, self.value(target.metric, target.statistic)) for target in targets]
        return replace(self, verdicts=tuple(Verdict(t.text, value, t.kept_by(value)) for t, value in values))

    def to_json(self) -> dict[str, Any]:
        """As in the document of `sinan perf --json`."""
        return {
            self.over: self.at,
            "requests": {
                "sent": self.sent,
                "ok": self.ok,
                "failed": self.failed,
                "unfinished": self.unfinished,
                "failures": [asdict(one) for one in self.failures],
            },
            "seconds": self.seconds,
            "requests_per_s": self.per_second(self.ok),
            "output_tokens_per_s": self.per_second(self.tokens_out_total),
            "total_tokens_per_s": self.per_second(self.tokens_total),
            "in_flight": {"mean": self.in_flight_mean, "max": self.in_flight_max},
            **{name: None if spread is None else asdict(spread) for name, spread in self.spreads.items()},
            "came_at_once": self.at_once,
            "tokens_counted_by": self.counted_by,
            "tokens_per_chunk": self.tokens_per_chunk,
            "arrivals": None if self.arrivals is None else asdict(self.arrivals),
            "client": asdict(self.client),
            "reached": self.reached,
            "targets": [asdict(verdict) for verdict in self.verdicts],
            "kept": self.kept,
        }


def _sum(level: Level) -> int:
    return (level.tokens_in_total or 0) + (level.tokens_out_total or 0)


@dataclass(frozen=True)
class LoadSpec:
    """What a load test asks."""

    model: str
    concurrency: tuple[int, ...] = ()
    """Levels of a closed loop."""
    rates: tuple[float, ...] = ()
    """Levels of an open loop, in arrivals per second."""
    requests: int | None = None
    """Per level; None: `default_requests`, where no duration is given either."""
    duration: float | None = None
    """Seconds after which a level sends nothing more; what is in flight is waited for."""
    prompt_tokens: tuple[int, int] = (128, 128)
    """Shortest and longest prompt, about. Drawn uniformly."""
    prefix_tokens: int = 0
    """Tokens that all prompts begin with, about, on top of these."""
    prompts: str | None = None
    """A file of prompts instead."""
    max_tokens: int = 128
    parameters: Mapping[str, Any] = field(default_factory=dict)
    warmup: int = 0
    """Requests before the first level that are not counted."""
    stream: bool = True
    timeout: float = 600.0
    seed: int = 0
    targets: tuple[Target, ...] = ()
    search: Over | None = None

    def to_json(self) -> dict[str, Any]:
        """All but the model, whose name says where it is."""
        fields = asdict(self)
        del fields["model"]
        return fields | {"targets": [target.text for target in self.targets], "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class LoadTest:
    """A load test as it stands when the command ends."""

    spec: LoadSpec
    model: str
    """As in results."""
    identity: Mapping[str, Any]
    streamed: bool
    status: Literal["complete", "stopped"]
    levels: tuple[Level, ...]
    """In the order in which they were measured."""
    best: float | None = None
    """Of a search that came to its end: the highest level that keeps the targets; None where none does."""
    at_end_of_range: bool = False
    """Whether `best` is the highest that the search was to try, so that the limit may lie higher."""
    notes: tuple[str, ...] = ()
    """What a reader must know to read the numbers right."""

    @property
    def ok(self) -> int:
        """Answered requests of all levels."""
        return sum(level.ok for level in self.levels)

    def to_json(self) -> dict[str, Any]:
        """The document of `sinan perf --json`."""
        search: dict[str, Any] | None = None
        if self.spec.search:
            targets = [target.text for target in self.spec.targets]
            search = {"over": self.spec.search, "best": self.best, "at_end_of_range": self.at_end_of_range}
            search |= {"targets": targets, "measured": len(self.levels)}
        return {
            "model": self.model,
            "identity": dict(self.identity),
            "asked": self.spec.to_json(),
            "streamed": self.streamed,
            "status": self.status,
            "levels": [level.to_json() for level in self.levels],
            "search": search,
            "notes": list(self.notes),
        }
