"""Two large runs compared: how long the whole command takes, and what memory.

A thousand answers of each of two models are scored for real; their rows are then repeated under ids of their own and in
an order of their own, so that the files are those of two long runs. What comes out is known from how they were made.
"""

import json
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from evaluated import scratch, settings
from processes import PYTHON, SINAN, Took, Violation, in_turn, measured, median

from sections import Size

TITLE = "Two long runs compared"
QUESTIONS = 1_000
COUNTS = {"small": (2_000,), "usual": (10_000, 1_000_000), "long": (10_000, 1_000_000, 2_000_000)}
RIGHT = {"a": 0.70, "b": 0.68}
SEED = 6
ROWS = "ROW_GROUP_SIZE 10_000"
"""As runs are written."""


def lines(size: Size) -> Iterator[str]:
    yield (
        "`sinan compare A B --json`, whole processes, medians of three: rows of each run, how many of them end "
        "differently, seconds, peak memory. The difference and the flips are checked.\n"
    )
    yield "| rows of each run | differ | wall s | CPU s | peak MB |"
    yield "|--:|--:|--:|--:|--:|"
    with scratch() as folder:
        verdicts = {name: _verdicts(name) for name in RIGHT}
        runs = [_scored(folder, name, own) for name, own in verdicts.items()]
        for count in COUNTS[size]:
            pair = [_repeated(folder, run, count // QUESTIONS) for run in runs]
            compare = partial(measured, *SINAN, "compare", *pair, "--runs", "long", "--json", cwd=folder)
            (took,) = in_turn(1 if size == "small" else 3, partial(compare, env=settings(folder)))
            differ = _checked(took[0], verdicts, count)
            figures = (median(took, of) for of in (lambda t: t.wall, lambda t: t.cpu, lambda t: t.peak_mb))
            wall, cpu, peak = figures
            yield f"| {count:,} | {differ:,} | {wall:.2f} | {cpu:.2f} | {peak:.0f} |"


def _verdicts(name: str) -> list[bool]:
    drawn = random.Random(f"{SEED} {name}")
    return [drawn.random() < RIGHT[name] for _ in range(QUESTIONS)]


def _scored(folder: Path, name: str, verdicts: list[bool]) -> Path:
    """A run of recorded answers."""
    rows = [
        {"id": f"q{i:04}", "question": f"What is {i} plus one?", "answer": str(i + 1), "response": f"It is {i + ok}."}
        for i, ok in enumerate(verdicts)
    ]
    file = folder / name / "questions.jsonl"
    file.parent.mkdir()
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--answer", "response", "--scorer", "number", "-m", name, "--json")
    took = measured(*SINAN, "score", str(file), *options, cwd=folder, env=settings(folder))
    return folder / "runs" / json.loads(took.out)["run"]


def _repeated(folder: Path, run: Path, times: int) -> str:
    """A run whose every row stands there so many times; its id."""
    about = json.loads((run / "run.json").read_text())
    name = f"{times}x-{run.name}"
    long = folder / "long" / name
    long.mkdir(parents=True)
    about |= {"id": name, "expected": QUESTIONS * times}
    (long / "run.json").write_text(json.dumps(about))
    (long / "journal.jsonl").touch()
    query = (
        f"SELECT * REPLACE (sample_id || '/' || i AS sample_id, '{name}' AS run) "
        f"FROM '{run / 'samples.parquet'}', range({times}) AS times(i) ORDER BY hash(sample_id || '{name}', i)"
    )
    copied = f"COPY ({query}) TO '{long / 'samples.parquet'}' (FORMAT parquet, COMPRESSION zstd, {ROWS})"
    # In a process of its own: what this one has taken would count as the peak of those that it begins.
    measured(PYTHON, "-c", "import duckdb, sys; duckdb.execute(sys.argv[1])", copied)
    return name


def _checked(took: Took, verdicts: dict[str, list[bool]], count: int) -> int:
    """How many rows differ, where everything is as it was made."""
    (one,) = json.loads(took.out)["comparisons"]
    a, b = verdicts.values()
    times = count // QUESTIONS
    flips = {
        "a_only": times * sum(x and not y for x, y in zip(a, b, strict=True)),
        "b_only": times * sum(y and not x for x, y in zip(a, b, strict=True)),
    }
    if one["flips"] != flips or one["n"] != count or abs(one["difference"] - (sum(a) - sum(b)) / QUESTIONS) > 1e-12:
        raise Violation(f"comparing: {one['flips']} and {one['difference']} of {one['n']} where {flips} is right")
    return int(one["differ"])
