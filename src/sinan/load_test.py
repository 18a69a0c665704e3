"""A load test, the whole way on one screen: from a model's name to the numbers of every level.

    name, levels -> model -> probe -> each level: prompts, a loop that sends, a tally -> spreads, verdicts -> a report

What is measured are requests that are sent once, by a client that says itself how well it kept up. Read on from here:
engine/load sends and tallies, models/streaming asks a server and watches the clock, prompts/synthetic writes prompts.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sinan import models
from sinan.datasets import written_prompts
from sinan.engine.load import Bounds, Lag, Tally, closed, opened
from sinan.errors import ModelUnusable, RequestRejected, UsageError
from sinan.models import parameters as generation
from sinan.models import streaming
from sinan.prompts.synthetic import Synthetic
from sinan.statistics.arrivals import poisson
from sinan.statistics.highest import highest
from sinan.statistics.percentiles import percentiles, spread
from sinan.types import Message, Model, Prompt, Sampling, Unpaced
from sinan.types.load import (
    IN_STREAMS,
    STATISTICS,
    TIMES,
    Arrivals,
    Ask,
    Client,
    Failure,
    Level,
    LoadSpec,
    LoadTest,
    Over,
    Target,
)

CONCURRENCY = (1, 8, 32)
"""Levels where none are given."""
MOST = 1024.0
"""Where a search ends that meets no limit, unless it is told otherwise."""
LEAST = 1 / 16
"""Where a search over rates ends below: this share of where it began. Slower ones take for ever to measure."""
FAILED = "failed<0.01"
"""A search keeps this as well: a server that refuses at once has the best latencies."""
LAG, LAG_SHARE = 0.005, 0.1
"""Seconds, or a share of the median, up to which the client's own delays are small beside what it measured."""
AT_ONCE = 1e-4
"""Seconds below which two chunks came together: no server computes a token in so little time."""


class Watch:
    """Hears how a load test goes on. This one says nothing."""

    def began(self, model: str, over: Over, at: float, bounds: Bounds, tally: Tally) -> None:
        """A level begins; `tally` goes on counting."""

    def measured(self, level: Level) -> None:
        """A level is over, or was interrupted."""

    def ended(self, test: LoadTest) -> None:
        """The test is over, or stopped; heard also where an error or a cancellation follows."""


async def run(spec: LoadSpec, watch: Watch | None = None) -> LoadTest:
    """Measure every level, or search for the highest that keeps the targets.

    Raises UsageError for what cannot be asked, and ModelUnusable where the first request already shows that none
    will succeed. Cancelling ends the test; what was measured until then is heard by `watch.ended`.
    """
    watch, spec = watch or Watch(), checked(spec)
    written = written_prompts.read(Path(spec.prompts)) if spec.prompts else []
    model = models.open_model(spec.model, spec.timeout)
    asker = streaming.asker(model, spec.stream, spec.timeout)
    _refuse_what_cannot_work(spec, model, asker, written)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(model.close)
        stack.push_async_callback(asker.close)
        await model.open(Unpaced())
        bench = _Bench(spec, model, asker, written, watch)
        await bench.probe()
        best: float | None = None
        status: Literal["complete", "stopped"] = "stopped"
        try:
            if spec.search:
                best = await bench.search(spec.search)
            else:
                await bench.sweep()
            status = "complete"
        finally:
            test = bench.report(best, status)
            watch.ended(test)
        return test


def target(text: str) -> Target:
    """`ttft_p95<0.5`, `e2e_p99<=4`, `failed<0.01`: seconds, or the share of requests that fail. Raises UsageError."""
    left, mark, right = text.replace(" ", "").partition("<")
    metric, _, statistic = left.partition("_")
    try:
        bound = float(right.removeprefix("="))
    except ValueError:
        bound = float("nan")
    known = (metric in TIMES and statistic in STATISTICS) or left == "failed"
    if not known or not mark or not 0 <= bound < 1e9:
        raise UsageError(
            f"--target {text}: write METRIC_STATISTIC<SECONDS with a metric out of {', '.join(TIMES)} and a statistic "
            f"out of {', '.join(STATISTICS)}, such as ttft_p95<0.5; or failed<0.01, the share of failed requests"
        )
    return Target(text, metric, statistic, bound, right.startswith("="))


def checked(spec: LoadSpec) -> LoadSpec:
    """The spec with its defaults filled in. Raises UsageError for what does not go together."""
    generation.check(spec.parameters)
    if "max_tokens" in spec.parameters:
        raise UsageError("-p max_tokens: the length of answers is part of the load; say --max-tokens N")
    if spec.concurrency and spec.rates:
        raise UsageError("--concurrency and --rate are two kinds of test: answers set the pace, or the clock does")
    if spec.prompts and spec.prefix_tokens:
        raise UsageError("--prefix-tokens is for prompts that are made up; --prompts gives them whole")
    if not spec.search:
        return spec if spec.rates else replace(spec, concurrency=spec.concurrency or CONCURRENCY)
    given: Sequence[float] = spec.rates if spec.search == "rate" else spec.concurrency
    other = spec.concurrency if spec.search == "rate" else spec.rates
    if other or len(given) > 2 or (len(given) == 2 and given[0] >= given[1]):
        raise UsageError(f"--search {spec.search}: --{spec.search} A says where to begin, --{spec.search} A,B to end")
    if not spec.targets:
        raise UsageError(f"--search {spec.search} needs a target to keep, such as --target 'ttft_p95<0.5'")
    failed = () if any(one.metric == "failed" for one in spec.targets) else (target(FAILED),)
    return replace(spec, targets=(*spec.targets, *failed))


def _refuse_what_cannot_work(spec: LoadSpec, model: Model, asker: streaming.Asker, written: Sequence[Prompt]) -> None:
    if model.form == "base" and any(prompt.messages for prompt in written):
        raise UsageError(f"{spec.prompts} holds messages, and {model.name} continues text; give it text prompts")
    for one in spec.targets:
        if one.metric in IN_STREAMS and not asker.streams:
            raise UsageError(f"--target {one.text}: {model.name} is not streamed here, so only e2e can be measured")


class _Bench:
    """A model that is ready to be measured, and the levels that were."""

    def __init__(
        self, spec: LoadSpec, model: Model, asker: streaming.Asker, written: Sequence[Prompt], watch: Watch
    ) -> None:
        self._spec, self._model, self._asker, self._written, self._watch = spec, model, asker, written, watch
        self._made_up = Synthetic(spec.seed, spec.prompt_tokens, spec.prefix_tokens)
        self._sampling = _sampling(spec)
        self.levels: list[Level] = []
        self._uncounted = False
        self._most: float | None = None

    async def probe(self) -> None:
        """One request that is not counted, and the warm-up. Raises ModelUnusable where no request can succeed."""
        failure = await self._probed()
        if failure and failure.rejected and isinstance(self._asker, streaming.Streaming) and self._asker.streams:
            self._asker.wants_usage = False  # older servers refuse the field that asks for their count
            second = await self._probed()
            self._asker.wants_usage = second is not None
            self._uncounted, failure = second is None, second
        if failure and failure.unusable:
            raise ModelUnusable(f"{self._model.name}: {failure.detail}")
        if self._spec.warmup:
            first = int(max(1, (self._spec.concurrency or self._spec.rates or (1,))[0]))
            bounds = Bounds(self._spec.warmup, None)
            await closed(lambda number: self._ask("warmup", number), first, bounds, Tally())

    async def _probed(self) -> Failure | None:
        try:
            return (await self._ask("probe", 0)()).failure
        except RequestRejected as error:
            raise UsageError(str(error)) from None

    async def sweep(self) -> None:
        """Every level that was asked for."""
        over: Over = "rate" if self._spec.rates else "concurrency"
        for at in self._spec.rates or self._spec.concurrency:
            await self._measure(over, at)

    async def search(self, over: Over) -> float | None:
        """The highest level that keeps the targets; one that says nothing (see `Level.answers`) ends the rise too."""
        given: Sequence[float] = self._spec.rates if over == "rate" else self._spec.concurrency
        start, most = given[0] if given else 1.0, given[1] if len(given) > 1 else MOST
        whole, self._most = over == "concurrency", max(start, most)
        trials = highest(start, 1.0 if whole else LEAST * start, self._most, whole=whole)
        at = next(trials)
        while True:
            level = await self._measure(over, at)
            try:
                at = trials.send(level.answers)
            except StopIteration as end:
                best: float | None = end.value
                return best

    async def _measure(self, over: Over, at: float) -> Level:
        """One level; of one that is interrupted, what there is."""
        spec, name = self._spec, f"{over}/{at:g}/{len(self.levels)}"
        count = requests(spec, over, at)
        bounds, lag, tally = Bounds(count, spec.duration), Lag(), Tally()
        self._watch.began(self._model.name, over, at, bounds, tally)
        try:
            async with lag:
                tally.began = time.perf_counter()
                if over == "rate":
                    arrivals = instants(at, f"{spec.seed}/arrivals/{at:g}", count)
                    await opened(lambda number: self._ask(name, number), arrivals, bounds, tally)
                else:
                    await closed(lambda number: self._ask(name, number), int(at), bounds, tally)
        finally:
            level = _level(over, at, tally, lag, self._asker.local).judged(spec.targets)
            if tally.sent:
                self.levels.append(level)
                self._watch.measured(level)
        return level

    def _ask(self, level: str, number: int) -> Ask:
        if self._written:
            prompt = self._written[number % len(self._written)]
        else:
            prompt = Prompt(text=self._made_up.text(level, number))
        if self._model.form == "chat" and not prompt.messages:
            prompt = Prompt(messages=(Message("user", prompt.text),))
        return self._asker.prepare(prompt, self._sampling)

    def report(self, best: float | None, status: Literal["complete", "stopped"]) -> LoadTest:
        """All of it, as it stands."""
        model, streams = self._model, self._asker.streams
        notes = tuple(_notes(self._spec, self.levels, self._asker, len(self._written), self._uncounted))
        at_end, levels = best is not None and best == self._most, tuple(self.levels)
        return LoadTest(self._spec, model.name, model.identity, streams, status, levels, best, at_end, notes)


def _sampling(spec: LoadSpec) -> Sampling:
    """What is not said is left to the server, the temperature too."""
    known = {name: spec.parameters.get(name) for name in ("temperature", "top_p", "seed")}
    stop = spec.parameters.get("stop", ())
    extra = {name: value for name, value in spec.parameters.items() if name not in (*known, "stop")}
    stops = (stop,) if isinstance(stop, str) else tuple(stop)
    return Sampling(**known, stop=stops, max_tokens=spec.max_tokens, extra=extra)


def default_requests(over: Over, at: float) -> int:
    """Of a level where nothing is said: four for each place in flight, or twenty seconds' worth; at least 20."""
    return max(20, 4 * int(at) if over == "concurrency" else round(20 * at))


def requests(spec: LoadSpec, over: Over, at: float) -> int | None:
    """Of a level; None where only time bounds it. A search sends at least 4 x the level: fewer are no measurement."""
    if spec.requests is None:
        return None if spec.duration else default_requests(over, at)
    return spec.requests if spec.duration or not spec.search else max(spec.requests, _fewest(at))


def _fewest(at: float) -> int:
    return round(4 * at)


def instants(rate: float, seed: str, count: int | None) -> Iterator[float]:
    """Arrivals, in seconds from the start of a level. Where their number is known they come at the rate exactly.

    The rate of a few random arrivals is itself random: 40 are off by a sixth. Stretched to the span that they should
    have, they are what a Poisson process gives on condition of that span.
    """
    drawn = poisson(rate, seed)
    if count is None:
        return drawn
    first = [*itertools.islice(drawn, count)]
    if len(first) < 2 or first[-1] <= 0:
        return iter(first)
    stretch = (len(first) - 1) / rate / first[-1]
    return (instant * stretch for instant in first)


def _level(over: Over, at: float, tally: Tally, lag: Lag, local: bool) -> Level:
    seconds = max(tally.ended - tally.began, 0.0)
    at_once = _came_at_once(tally)
    spreads = {name: spread(getattr(tally, name)) for name in (*TIMES, "tokens_in", "tokens_out")}
    if at_once:
        spreads |= dict.fromkeys(IN_STREAMS)
    counted = tally.server_counted + tally.chunk_counted
    by: dict[tuple[bool, bool], Literal["server", "chunks", "both", "nobody"]]
    by = {(True, True): "both", (True, False): "server", (False, True): "chunks", (False, False): "nobody"}
    arrivals = _arrivals(at, tally) if over == "rate" else None
    return Level(
        over,
        at,
        sent=tally.sent,
        ok=tally.ok,
        failures=tuple(sorted(tally.failures.values(), key=lambda one: -one.count)),
        unfinished=tally.sent - tally.ok - tally.failed,
        seconds=seconds,
        in_flight_mean=tally.busy / seconds if seconds else 0.0,
        in_flight_max=tally.in_flight_max,
        tokens_in_total=sum(tally.tokens_in) if tally.ok and len(tally.tokens_in) == tally.ok else None,
        tokens_out_total=sum(tally.tokens_out) if tally.ok and counted == tally.ok else None,
        counted_by=by[tally.server_counted > 0, tally.chunk_counted > 0],
        tokens_per_chunk=tally.chunk_tokens / tally.chunks if tally.chunks else None,
        spreads=spreads,
        client=_client(tally, lag, arrivals, local),
        arrivals=arrivals,
        at_once=at_once,
    )


def _came_at_once(tally: Tally) -> bool:
    """Whether something between the server and here kept the answers back until they were whole.

    Told by the gaps between chunks: hardly an answer has one (each that was streamed has at least one), though most
    hold several tokens.
    """
    several = 2 * len(tally.tpot) >= tally.ok > 0 and len(tally.tpot) > 0
    return several and sum(gap >= AT_ONCE for gap in tally.itl) <= 0.05 * tally.ok


def _arrivals(rate: float, tally: Tally) -> Arrivals:
    """The first arrival is at 0, so that n arrivals span n - 1 gaps."""
    gaps = tally.sent - 1
    scheduled = gaps / tally.last_due if tally.last_due > 0 else rate
    sent = gaps / tally.last_sent if gaps and tally.last_sent > 0 else scheduled
    late = percentiles(tally.late, (99, 100)) if tally.late else [0.0, 0.0]
    return Arrivals(rate, scheduled, sent, late[0], late[1])


def _client(tally: Tally, lag: Lag, arrivals: Arrivals | None, local: bool) -> Client:
    """It kept up where its own delays are small beside what it measured: 5 ms, or a tenth of the median."""
    p50, p99, most = percentiles(lag.lags, (50, 99, 100)) if lag.lags else (0.0, 0.0, 0.0)
    times = tally.ttft or tally.e2e
    allowed = max(LAG, LAG_SHARE * percentiles(times, (50,))[0] if times else 0.0)
    late = arrivals.late_p99 if arrivals else 0.0
    busy = lag.processor > 0.9 and not local
    return Client(p50, p99, most, lag.processor, kept_up=p99 <= allowed and late <= allowed and not busy)


def _notes(
    spec: LoadSpec, levels: Sequence[Level], asker: streaming.Asker, written: int, uncounted: bool
) -> Iterator[str]:
    """What a reader must know to read the numbers right."""
    yield from _doubts(spec, levels)
    if levels and levels[0].arrivals:
        yield "open loop: latencies count from the instant a request was due, whether or not it could be sent then"
    if not asker.streams:
        yield "not streamed: only whole answers are seen, so there is no ttft, tpot or itl"
    if asker.local:
        yield "the model runs inside this process: it and the test share one machine"
    if uncounted:
        yield "the server refuses stream_options; tokens out are counted as chunks, tokens in not at all"
    elif any(level.counted_by in ("chunks", "both") for level in levels):
        yield "the server did not count every answer's tokens; chunks are counted there, and may hold several tokens"
    per_chunk = [level.tokens_per_chunk for level in levels if level.tokens_per_chunk]
    if per_chunk and max(per_chunk) > 1.2:
        yield f"a chunk holds {max(per_chunk):.1f} tokens on average: itl is between chunks, tpot per token"
    if few := [level for level in levels if 0 < level.ok < 100]:
        yield f"p99 of {min(level.ok for level in few)} answers lies close to their maximum"
    if written and any(level.sent > written for level in levels):
        yield f"each of the {written} prompts was sent again and again: a cache of prompts makes the server look faster"
    if spec.prefix_tokens:
        yield f"all prompts begin with the same {spec.prefix_tokens} tokens or so: a cache of prefixes may help"


def _doubts(spec: LoadSpec, levels: Sequence[Level]) -> Iterator[str]:
    """Levels whose numbers are not what they seem."""
    if raised := [level for level in levels if spec.requests and level.sent > spec.requests]:
        sent = ", ".join(f"{level.sent:,} at {level.at:g}" for level in sorted(raised, key=lambda one: one.at))
        yield f"--requests {spec.requests} is too few to tell what so many do: a search sends 4 x the level ({sent})"
    if once := [level for level in levels if level.at_once]:
        yield (
            f"at {_places(once)} each stream came at once, as through a proxy that keeps answers back: when the first "
            "token was written is not known, so there is no ttft, tpot or itl"
        )
    if slow := [level for level in levels if not level.client.kept_up]:
        yield f"the client could not keep up at {_places(slow)}: part of these times is its own"
    if short := [level for level in levels if not level.reached and not level.unfinished]:
        why = "less than 95 % of the rate was sent" if short[0].arrivals else "fewer than 2 requests for each place"
        yield f"{_places(short)} was not reached ({why}): these are the numbers of a smaller load"
    if spec.search and (untold := [level for level in levels if level.kept and not level.answers]):
        yield f"the targets are kept at {_places(untold)}, yet that is no answer: the load was not what it should be"


def _places(levels: Sequence[Level]) -> str:
    return f"{levels[0].over} {', '.join(f'{level.at:g}' for level in levels)}"


def measure(spec: LoadSpec, watch: Watch | None = None) -> LoadTest:
    """`run` where no event loop runs."""
    return asyncio.run(run(spec, watch))
