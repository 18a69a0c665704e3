"""What HTTP client libraries and JSON libraries cost by themselves: why sinan stands on the ones that it has.

The libraries are looked for in the interpreter that BENCH_CLIENTS names, else in this one.
"""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import work
from evaluated import scratch
from processes import PYTHON, in_turn, measured
from server import Behaviour
from stand_in import StandIn, serving

from sections import Size

TITLE = "HTTP clients and JSON"
HERE = Path(__file__).parents[1]
INTERPRETER = os.environ.get("BENCH_CLIENTS", PYTHON)
NOT_INSTALLED = 3
CLIENTS = (
    ("hand-written protocol, asyncio", "by_hand", "asyncio"),
    ("hand-written protocol, uvloop", "by_hand", "uvloop"),
    ("aiohttp, asyncio", "aiohttp", "asyncio"),
    ("aiohttp, uvloop", "aiohttp", "uvloop"),
    ("pyreqwest, asyncio", "pyreqwest", "asyncio"),
    ("pyreqwest, uvloop", "pyreqwest", "uvloop"),
    ("niquests, asyncio", "niquests", "asyncio"),
    ("httpx, asyncio", "httpx", "asyncio"),
    ("httpx2, asyncio", "httpx2", "asyncio"),
)
SLOW = {"httpx", "httpx2", "niquests"}
COUNTS = {32: 1_280, 256: 5_120}
"""Questions by concurrency: one to two seconds of waiting."""
EXITS = {"small": 3, "usual": 50, "long": 50}


def lines(size: Size) -> Iterator[str]:
    share, times = (10, 1) if size == "small" else (1, 3)
    counts = {concurrency: count // share for concurrency, count in COUNTS.items()}
    told = " and ".join(f"{count:,} at {concurrency}" for concurrency, count in counts.items())
    yield (
        f"Questions with four options, 50 ms each, in a bare loop: {told} in flight; imports left out. Medians of "
        f"{times}, in turn; the slow ones ({', '.join(sorted(SLOW))}) once, with a quarter of the questions.\n"
    )
    yield "| client | in flight | wall / ideal | CPU µs a request | / hand-written, asyncio |"
    yield "|---|--:|--:|--:|--:|"
    with serving(Behaviour("choice", 0.05)) as stand, scratch() as folder:
        for concurrency, count in counts.items():
            whole = work.write(folder / "whole.jsonl", "choice", range(count))
            quarter = work.write(folder / "quarter.jsonl", "choice", range(count // 4))
            yield from _clients(stand, whole, quarter, concurrency, times)
        yield from _exits(stand, quarter, EXITS[size])
    yield from _codecs(20 if size == "small" else 2_000)


def _clients(stand: StandIn, whole: Path, quarter: Path, concurrency: int, times: int) -> Iterator[str]:
    fast = [each for each in CLIENTS if each[1] not in SLOW]
    calls = [partial(_took, stand, whole, concurrency, *each[1:]) for each in fast]
    taken = dict(zip(fast, in_turn(times, *calls), strict=True))
    slow = [each for each in CLIENTS if each[1] in SLOW]
    taken |= {each: [_took(stand, quarter, concurrency, *each[1:])] for each in slow}
    least = median(took["cpu"] / took["requests"] for took in taken[CLIENTS[0]] if took)
    for each in CLIENTS:
        runs = [took for took in taken[each] if took is not None]
        if not runs:
            yield f"| {each[0]} | {concurrency} | not installed | | |"
            continue
        cpu = median(took["cpu"] / took["requests"] for took in runs)
        stretch = median(took["wall"] / (took["requests"] * 0.05 / concurrency) for took in runs)
        yield f"| {each[0]} | {concurrency} | {stretch:.2f} | {1e6 * cpu:.0f} | {cpu / least:.1f} |"


def _took(stand: StandIn, file: Path, concurrency: int, client: str, loop: str) -> dict[str, float] | None:
    """None where it is not installed."""
    command = (INTERPRETER, str(HERE / "client_loops.py"), client, loop, stand.url, str(file), str(concurrency))
    took = measured(*command, may_fail=True)
    if took.code == NOT_INSTALLED:
        return None
    if took.code and not took.out:  # one that printed its figures and broke on its way out is counted below
        raise SystemExit(f"{' '.join(command)} ended with {took.code}: {took.error[-500:]}")
    figures: dict[str, float] = json.loads(took.out)
    return figures


def _exits(stand: StandIn, file: Path, times: int) -> Iterator[str]:
    """Whether a process that used pyreqwest comes to a clean end, on either event loop."""
    for loop in ("asyncio", "uvloop"):
        command = (INTERPRETER, str(HERE / "client_loops.py"), "pyreqwest", loop, stand.url, str(file), "64")
        ended = [measured(*command, may_fail=True) for _ in range(times)]
        if ended[0].code == NOT_INSTALLED:
            continue
        broken = [took for took in ended if took.code]
        said = f", with code {broken[0].code}: `{_first_line(broken[0].error)}`" if broken else "."
        yield f"\nOf {times} processes that used pyreqwest on {loop}, {len(broken)} did not end cleanly{said}"


def _first_line(error: str) -> str:
    lines = [line for line in error.splitlines() if line.strip()]
    return next((line for line in lines if "Fatal" in line or "panicked" in line), lines[0] if lines else "no message")


def _codecs(times: int) -> Iterator[str]:
    yield "\n| JSON | write a record µs | / orjson | read a reply µs | / orjson |"
    yield "|---|--:|--:|--:|--:|"
    found = json.loads(measured(INTERPRETER, str(HERE / "json_codecs.py"), str(times)).out)
    for name in ("json", "orjson", "msgspec"):
        if name not in found:
            yield f"| {name} | not installed | | | |"
            continue
        ratios = [found[name][at] / found["orjson"][at] if "orjson" in found else None for at in (0, 1)]
        shown = [f"{1e6 * found[name][at]:.2f} | {_ratio(ratios[at])}" for at in (0, 1)]
        yield f"| {name} | {' | '.join(shown)} |"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
