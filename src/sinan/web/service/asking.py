"""The process that asks models for one job, begun by a worker; or for an estimate or a trial, begun by the site.

It is told everything on standard input, in one line of JSON: what to ask, the keys, which networks it may reach. What
it has to say it writes to standard output, a line of JSON each. It has no other secret, and ends when whoever began it
does: the kernel kills it with its parent, and standard input ends.
"""

import asyncio
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from sinan import settings
from sinan.asked import in_loop
from sinan.engine import CellTally, EndpointPace, Tally
from sinan.errors import (
    BudgetReached,
    DataError,
    MissingExtra,
    ModelError,
    SandboxUnavailable,
    SinanError,
    StoreError,
    UsageError,
)
from sinan.evaluate import Watch, evaluate, foresee
from sinan.models import open_model, reach, refusal
from sinan.statistics.scales import in_percent, less_is_better
from sinan.types import Benchmark, Message, Outcome, Prompt, Run, SampleResult, Sampling
from sinan.web.config import network
from sinan.web.service import orders
from sinan.web.service.asked_again import Again

Say = Callable[[dict[str, Any]], None]

EVERY_S = 1.0
CELLS = 200
"""Estimates that are told while a run goes on."""
SHARE = 0.05
"""Of the time at the most that running estimates may take from asking."""
NOTICES = 200
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """The whole life of it."""
    _die_with_parent()
    told = orjson.loads(sys.stdin.buffer.readline())
    say = _speaker(list(told["keys"].values()))
    settings.only_keys(told["keys"])
    reach.limit(network(one) for one in told["networks"])
    threading.Thread(target=_end_with_input, daemon=True).start()
    work = {"evaluation": _evaluation, "estimate": _estimate, "trial": _trial}[told["what"]]
    try:
        work(told, say)
    except SinanError as error:
        say({"error": refusal.one_line(str(error)), "kind": _kind(error)})


def _die_with_parent() -> None:
    """The kernel kills this process when its parent dies, however it does."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died in between
        os._exit(1)


def _end_with_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _speaker(keys: Sequence[str]) -> Say:
    """Lines to whoever began us; whatever else is printed here goes to standard error. No key is ever among them."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()
    forms = [form.encode() for key in keys if len(key) >= 4 for form in (key, orjson.dumps(key)[1:-1].decode())]

    def say(what: dict[str, Any]) -> None:
        line = orjson.dumps(what, option=orjson.OPT_SERIALIZE_NUMPY, default=str)
        for form in forms:
            line = line.replace(form, b"***")
        with lock:
            out.write(line + b"\n")

    return say


def _kind(error: SinanError) -> str:
    """What a worker makes of it: `user` for what will not change by itself, `busy` for the machine's own troubles."""
    if isinstance(error, BudgetReached):
        return "budget"
    if isinstance(error, ModelError):
        return "model"
    if isinstance(error, StoreError):
        return "machine"
    return "user" if isinstance(error, UsageError | DataError | MissingExtra | SandboxUnavailable) else "machine"


def _evaluation(told: dict[str, Any], say: Say) -> None:
    from sinan import store

    runs = Path(told["runs"])
    try:
        store.begun(runs, told["run"]).lock().release()
    except StoreError:
        say({"busy": True})
        return
    watch = Teller(say)
    spec, again = orders.spec(told["order"], told["files"]), None
    if "again" in told["order"]:
        again = Again.of(runs, told["order"]["again"])
        spec = again.spec(spec)
    limits = {name: told["limits"].get(name) for name in ("max_cost", "max_tokens", "max_time")}
    how = {"runs": runs, "into": told["run"], "cache": False, "concurrency": told["order"].get("concurrency")}
    how["only"] = again.keys() if again else None
    try:
        run = in_loop(_interruptible(evaluate(spec, **how, **limits, watch=watch), watch))
    except (KeyboardInterrupt, asyncio.CancelledError):
        watch.flush()
        say({"interrupted": True})
        return
    except BaseException:
        watch.flush()
        raise
    say({"ended": run.status} | ({"again": again.found(store.RunFolder(runs / run.id))} if again else {}))


async def _interruptible(work: Any, watch: "Teller") -> Any:
    """SIGTERM ends a run cleanly once it has begun; before that, and the second time, at once."""
    loop, task, heard = asyncio.get_running_loop(), asyncio.current_task(), []

    def on_signal(number: int, frame: object) -> None:
        heard.append(number)
        if task is None or not watch.running or len(heard) > 1:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(task.cancel)

    signal.signal(signal.SIGTERM, on_signal)
    return await work


class Teller(Watch):
    """Tells whoever began this process how the run goes on, once a second at the most."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._tally: Tally | None = None
        self._paces: Sequence[EndpointPace] = ()
        self._expected = self._notices = self._answered = 0
        self._began = self._told = time.monotonic()
        self._estimated, self._took = 0.0, 0.0
        self._cells: list[dict[str, Any]] = []
        self._waiting: asyncio.TimerHandle | None = None
        self.running = False

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """What it is about to ask."""
        self._line(f"{len(benchmarks)} benchmarks: {', '.join(one.id for one in benchmarks[:20])}")

    def fetching(self, done: int, total: int) -> None:
        """Data are at hand."""
        if done == total:
            self._line(f"data: {total} of {total} files")

    def notice(self, line: str) -> None:
        """For the log."""
        self._line(line)

    def began(self, run: str, path: Path, expected: int, tally: Tally, paces: Sequence[EndpointPace]) -> None:
        """The folder is there."""
        self._tally, self._paces, self._expected, self.running = tally, paces, expected, True
        self._began = time.monotonic()
        self._say({"began": run})
        already = f", {tally.resumed} of them answered before" if tally.resumed else ""
        self._line(f"asking: {expected} samples{already}")
        self._tell()

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """Told now, or soon."""
        self._answered += 1
        if result.score.outcome is Outcome.FAILED:
            self._line(f"failed: {result.benchmark} {result.question.sample.id}: {result.score.explanation}")
        if self._waiting is not None and self._answered > 1:
            return
        wait = self._told + EVERY_S - time.monotonic() if self._answered > 1 else 0  # the first is told at once
        if wait <= 0:
            self._tell()
        else:
            self._waiting = asyncio.get_running_loop().call_later(wait, self._tell)

    def ended(self, run: Run) -> None:
        """The last numbers, as they are stored."""
        self.running = False
        self._cells = [
            _shown(one.benchmark, one.model, one.kind or one.metric, one.estimate, one.outcomes) for one in run.results
        ]
        self._estimated = float("inf")
        self.flush()

    def flush(self) -> None:
        """Say how it stands."""
        if self._tally is not None:
            self._tell()

    def _line(self, text: str) -> None:
        self._notices += 1
        if self._notices <= NOTICES:
            self._say({"log": refusal.one_line(text)[:500]})

    def _tell(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        assert self._tally is not None
        self._told, cells = time.monotonic(), self._tally.cells.values()
        self._estimate()
        seconds = self._told - self._began
        outcomes = {name.value: sum(cell.outcomes[name.value] for cell in cells) for name in Outcome}
        done = sum(outcomes.values())
        rate = self._answered / seconds if seconds > 1 and self._answered else None
        progress = {
            "expected": self._expected,
            "done": done,
            "answered": self._answered,
            "outcomes": {name: count for name, count in outcomes.items() if count},
            "tokens": sum(cell.tokens_in + cell.tokens_out for cell in cells),
            "cost_usd": self._tally.cost_usd,
            "seconds": seconds,
            "per_s": rate,
            "left_s": max(0, self._expected - done) / rate if rate else None,
            "pace": [pace.told for pace in self._paces][:8],
            "cells": self._cells,
        }
        self._say({"progress": progress})

    def _estimate(self) -> None:
        """Running estimates, as often as they cost little."""
        at = time.monotonic()
        if self._tally is None or at < self._estimated + self._took / SHARE:
            return
        self._cells = [
            _shown(benchmark, model, "", cell.estimate(), cell.outcomes)
            for (benchmark, model), cell in list(self._tally.cells.items())[:CELLS]
        ]
        self._estimated = time.monotonic()
        self._took = self._estimated - at


def _shown(benchmark: str, model: str, kind: str, estimate: Any, outcomes: Any) -> dict[str, Any]:
    low, high = estimate.ci or (None, None)
    return {
        "benchmark": benchmark,
        "model": model,
        "value": estimate.value,
        "low": low,
        "high": high,
        "n": estimate.n,
        "in_percent": in_percent(kind, [estimate]),
        "less_is_better": less_is_better(kind),
        "outcomes": {name: count for name, count in outcomes.items() if count},
    }


def _estimate(told: dict[str, Any], say: Say) -> None:
    spec = orders.spec(told["order"], told["files"])
    found = asyncio.run(foresee(spec, runs=Path(told["runs"]), concurrency=told["order"].get("concurrency")))
    say({"estimate": found.to_json()["estimate"] | {"at_most": found.at_most}})


def _trial(told: dict[str, Any], say: Say) -> None:
    say({"trial": asyncio.run(_tried(orders.spec(told["order"], {}).models[0]))})


async def _tried(spec: str) -> dict[str, Any]:
    """One small question."""
    model = open_model(spec, timeout=15.0)
    try:
        await model.open(EndpointPace(model.endpoint, concurrency=1) if model.endpoint else None)
        question = "What is 2 + 3? Answer with the number."
        prompt = Prompt(messages=(Message("user", question),)) if model.form == "chat" else Prompt(text="2 + 3 =")
        began = time.perf_counter()
        found = await model.generate(prompt, Sampling(temperature=None, max_tokens=64))
        seconds = time.perf_counter() - began
    finally:
        await model.close()
    return {"answer": found.text[:300], "seconds": seconds, "reasoning": bool(found.reasoning)}


if __name__ == "__main__":
    main()
