"""A long run: whether its memory stays flat, what it writes, and how long it takes to open."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import work
from evaluated import bare, command, scratch, settings
from evaluated import size as bytes_of
from processes import SINAN, Violation, environment, in_turn, measured
from server import Behaviour
from stand_in import StandIn, serving

from sections import Size

TITLE = "A long run"
COUNTS = {"small": 2_000, "usual": 100_000, "long": 1_000_000}
CONCURRENCY = 64


@dataclass(frozen=True)
class Memory:
    """Resident memory of a run at one moment, in MB."""

    answered: int
    parent: float
    children: float


def lines(size: Size) -> Iterator[str]:
    count = COUNTS[size]
    with serving(Behaviour("kilobyte")) as stand, scratch() as folder:
        some = work.write(folder / "some.jsonl", "kilobyte", range(count // 5))
        loop = bare(stand, some, CONCURRENCY)
        some.unlink()
        file = work.write(folder / "questions.jsonl", "kilobyte", range(count))
        wall, memory, accuracy = _run(stand, file, folder, size)
        if accuracy != work.expected(range(count)):
            raise Violation(f"million: accuracy {accuracy!r} where {work.expected(range(count))!r} is right")
        journal, parquet = bytes_of(folder / "runs", "*.jsonl"), bytes_of(folder / "runs", "samples.parquet")
        opening = _opening(folder, size)
    content = sum(len(work.kilobyte(i).prompt) + len(work.reply("kilobyte", i)) for i in range(count))
    early = next((m for m in memory if m.answered >= count // 10), memory[-1])
    late = next((m for m in reversed(memory) if m.answered < count), memory[0])
    yield (
        f"{count:,} questions of one kilobyte, no latency, {CONCURRENCY} in flight, without a cache. *bare*: the loop "
        "of the throughput section over a fifth of them. *content*: prompts and answers.\n"
    )
    yield "| what | |"
    yield "|---|--:|"
    yield f"| wall s | {wall:.1f} |"
    yield f"| samples a second, whole command | {count / wall:,.0f} |"
    yield f"| ... of the bare loop while it asks | {count // 5 / loop.active:,.0f} |"
    yield f"| ... sinan / bare, seconds a sample | {wall / count / (loop.active / (count // 5)):.2f} |"
    yield f"| resident MB at {early.answered:,} answers | {early.parent:.0f} |"
    yield f"| resident MB at {late.answered:,} answers | {late.parent:.0f} |"
    yield f"| ... bytes for each answer in between | {_growth(early, late):.0f} |"
    yield f"| resident MB at most, samples.parquet being written | {max(m.parent for m in memory):.0f} |"
    yield f"| ... of all its processes together, at most | {max(m.parent + m.children for m in memory):.0f} |"
    yield f"| journal bytes / content bytes | {journal / content:.2f} |"
    yield f"| samples.parquet bytes / content bytes | {parquet / content:.2f} |"
    for name, seconds in opening:
        yield f"| `{name}` s, whole process | {seconds:.2f} |"


def _run(stand: StandIn, file: Path, folder: Path, size: Size) -> tuple[float, list[Memory], float]:
    """Wall seconds, the memory as it went, the accuracy."""
    stand.forget()
    asked = command(stand, [file], "--concurrency", str(CONCURRENCY), "--no-cache")
    memory, began = [], time.perf_counter()
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(asked, cwd=folder, env=environment(settings(folder)), stdout=out)
        while process.poll() is None:
            answered = stand.stats()["answered"]
            parent, children = _resident(process.pid)
            if parent:
                memory.append(Memory(answered, parent, children))
            try:
                process.wait(0.05 if size == "small" else 1.0)
            except subprocess.TimeoutExpired:
                pass
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(asked)} ended with {process.returncode}")
    document = json.loads((folder / "out").read_text())
    return wall, memory, document["results"][0]["value"]


def _growth(early: Memory, late: Memory) -> float:
    """Bytes of memory that each further answer took."""
    return (late.parent - early.parent) * 2**20 / max(1, late.answered - early.answered)


def _resident(pid: int) -> tuple[float, float]:
    """MB of a process, and of its children together; 0 of one that has ended."""
    children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in _text(path).split()]
    return _one(pid), sum(map(_one, children))


def _one(pid: int) -> float:
    found = [line for line in _text(Path(f"/proc/{pid}/status")).splitlines() if line.startswith("VmRSS")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _opening(folder: Path, size: Size) -> list[tuple[str, float]]:
    """What it takes to look at the run again: medians, in turn."""
    commands = {"sinan show last": (), "sinan show last --samples --json": ("--samples", "--json")}
    calls = [partial(measured, *SINAN, "show", "last", *more, cwd=folder) for more in commands.values()]
    taken = in_turn(1 if size == "small" else 3, *calls)
    return [(name, median(took.wall for took in column)) for name, column in zip(commands, taken, strict=True)]
