"""Model-written code in the sandbox, beside a bare subprocess for each program: how many a second, and at what cost."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from processes import PYTHON, Violation, in_turn

from sections import Size
from sinan.sandbox import Program, Sandbox, open_sandbox

TITLE = "Model-written code: executions a second"
PROGRAMS = {"trivial": "print(6 * 7)", "imports numpy": "import numpy\nprint(int(numpy.arange(43)[-1]))"}
BARS = {"trivial": 150, "imports numpy": 70}
COUNTS = {"small": 12, "usual": 400, "long": 2_000}
THREADS = 2


def lines(size: Size) -> Iterator[str]:
    count, times = COUNTS[size], 1 if size == "small" else 3
    began = time.perf_counter()
    sandbox = open_sandbox()
    opened = time.perf_counter() - began
    yield (
        f"{count:,} programs in {THREADS} threads, a quarter of it bare, best of {times}, in turn. Isolation: "
        f"{sandbox.isolation}; opening the sandbox, with every attack on it, took {opened:.1f} s.\n"
    )
    yield "| program | bare subprocess /s | sandbox /s | bar | sandbox / bare | one alone, median ms |"
    yield "|---|" + "--:|" * 5
    for name, text in PROGRAMS.items():
        calls = [partial(_rate, _bare, text, count // 4), partial(_rate, partial(_jailed, sandbox), text, count)]
        bare, jailed = (max(column) for column in in_turn(times, *calls))
        alone = _median(partial(_jailed, sandbox, text), min(count, 100))
        yield (f"| {name} | {bare:.0f} | {jailed:.0f} | {BARS[name]} | {jailed / bare:.1f} | {1000 * alone:.1f} |")


def _rate(run: Callable[[str], str], text: str, count: int) -> float:
    """Programs a second, each of which printed what it should."""
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(run, [text] * THREADS))  # whatever is made once is made
        began = time.perf_counter()
        printed = set(threads.map(run, [text] * count))
        took = time.perf_counter() - began
    if printed != {"42\n"}:
        raise Violation(f"a program printed something else: {printed}")
    return count / took


def _median(call: Callable[[], str], count: int) -> float:
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[count // 2]


def _bare(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.py").write_text(text)
        command = (PYTHON, "main.py")
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True).stdout


def _jailed(sandbox: Sandbox, text: str) -> str:
    return sandbox.run(Program({"main.py": text}, ("python", "main.py"))).stdout
