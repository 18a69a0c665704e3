"""kill -9 at random instants: whether anything that was durable is lost, asked again, or counted twice.

Each run is done undisturbed first. Then the same command is killed once to three times, at instants drawn uniformly
from the undisturbed run's length, and given again until it comes to its end.
"""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import work
from evaluated import command, scratch, settings
from processes import Violation, environment, measured
from server import Behaviour
from stand_in import StandIn, serving

from sections import Size

TITLE = "kill -9"
KILLS = {"small": 2, "usual": 20, "long": 200}
APART = 2_000
"""Between the first numbers of two files: no question is in both."""


@dataclass(frozen=True)
class Plan:
    """One run, drawn at random."""

    cells: tuple[int, ...]
    """Questions of each file."""
    draws: int
    concurrency: int
    seconds: float
    """Median latency, such that the run takes one to three seconds."""
    cache: bool

    @property
    def expected(self) -> int:
        return sum(self.cells) * self.draws

    @property
    def options(self) -> tuple[str, ...]:
        cache = () if self.cache else ("--no-cache",)
        return ("--concurrency", str(self.concurrency), "--samples", str(self.draws), *cache)


@dataclass
class Toll:
    """What all kills came to."""

    runs: int = 0
    kills: int = 0
    early: int = 0
    """Kills before anything was durable."""
    late: int = 0
    """Processes that came to their end before their kill."""
    durable: int = 0
    """Records that were durable at a kill, over all kills."""
    answers: int = 0
    """Draws that the runs had."""
    again: int = 0
    """Requests for draws that were in flight, or not yet read, at a kill."""


@dataclass
class Life:
    """The processes of one run, one after the other."""

    plan: Plan
    stand: StandIn
    folder: Path
    files: Sequence[Path]
    durable: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Line by sample id and draw, as read after the last kill."""
    requests: int = 0

    @property
    def command(self) -> tuple[str, ...]:
        return command(self.stand, self.files, *self.plan.options)

    def killed(self, after: float) -> bool:
        """One process, killed after so many seconds; False where it came to its end first."""
        self.stand.forget()
        process = subprocess.Popen(
            self.command, cwd=self.folder, env=environment(settings(self.folder)), stdout=subprocess.DEVNULL
        )
        try:
            code = process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code not in (0, -9):
            raise Violation(f"a run ended with {code} after an earlier kill ({self.plan})")
        self.stand.left_alone()
        self._none_again(whole=code == 0 and not self.plan.cache)
        self._none_lost()
        return code == -9

    def finished(self) -> None:
        """The same command once more, to the end."""
        self.stand.forget()
        measured(*self.command, cwd=self.folder, env=settings(self.folder))
        self.stand.left_alone()
        self._none_again(whole=not self.plan.cache)
        self._none_lost()

    @property
    def complete(self) -> bool:
        """Whether the run came to its end, even if its process was killed while it took its leave."""
        return any(json.loads(path.read_bytes())["status"] == "complete" for path in self._described())

    def results(self) -> Any:
        """results.json of the one run of the folder; raises Violation where there are more."""
        described = self._described()
        if len(described) != 1:
            raise Violation(f"the same command left {len(described)} runs: {[path.parent.name for path in described]}")
        return json.loads(described[0].with_name("results.json").read_bytes())

    def samples(self) -> int:
        """Rows of the final samples, each of them another draw of a question; raises Violation for one that is twice
        there."""
        import duckdb

        table = f"read_parquet('{self._described()[0].with_name('samples.parquet')}')"
        keys = "count(DISTINCT (benchmark, model, sample_id, draw))"
        with duckdb.connect() as connection:
            ((rows, different),) = connection.execute(f"SELECT count(*), {keys} FROM {table}").fetchall()
        if rows != different:
            raise Violation(f"{rows} final samples, of which {different} differ ({self.plan})")
        return int(rows)

    def _described(self) -> list[Path]:
        return sorted(self.folder.glob("runs/*/run.json"))

    def _none_again(self, whole: bool) -> None:
        """What the last process asked, against what was durable before it."""
        counts, kept = self.stand.counts(), Counter(int(sample) for sample, _ in self.durable)
        self.requests += sum(counts.values())
        for i in (at * APART + k for at, cell in enumerate(self.plan.cells) for k in range(cell)):
            open_ = self.plan.draws - kept[i]
            if counts.get(i, 0) > open_ or (whole and counts.get(i, 0) < open_):
                raise Violation(f"question {i}: {open_} draws open, asked {counts.get(i, 0)} times ({self.plan})")

    def _none_lost(self) -> None:
        """Read the journal again; raises Violation where a line of the last time is gone."""
        found = dict(self._lines())
        lost = [key for key, line in self.durable.items() if found.get(key) != line]
        if lost:
            raise Violation(f"{len(lost)} durable records are gone, the first {lost[0]} ({self.plan})")
        self.durable = found

    def _lines(self) -> Iterator[tuple[tuple[str, int], bytes]]:
        seen = set()
        for path in sorted(self.folder.glob("runs/*/journal*.jsonl")):
            with path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        continue
                    record = json.loads(line)
                    key = (record["sample_id"], record.get("draw", 0))
                    if key in seen:
                        raise Violation(f"two records of {key} in the journal ({self.plan})")
                    seen.add(key)
                    yield key, line


def lines(size: Size) -> Iterator[str]:
    toll, drawn = Toll(), random.Random("kills")
    while toll.kills < KILLS[size]:
        _one(_plan(drawn, size), drawn, toll)
        if sys.stderr.isatty():
            print(f"  {toll.kills} kills in {toll.runs} runs", end="\r", file=sys.stderr, flush=True)
    yield (
        "Runs of 1 to 3 files with 300 to 1,000 questions together, 1 or 2 draws, 1 to 64 in flight, with the cache "
        "and without; each killed at instants drawn uniformly from its length, then given again until it was done.\n"
    )
    yield "| what | |"
    yield "|---|--:|"
    yield f"| runs | {toll.runs} |"
    yield f"| draws in them | {toll.answers:,} |"
    yield f"| kills | {toll.kills} |"
    yield f"| ... before anything was durable | {toll.early} |"
    yield f"| processes that ended before their kill | {toll.late} |"
    yield f"| records durable at a kill, over all kills | {toll.durable:,} |"
    yield "| ... of them lost | 0 |"
    yield "| ... of them asked again | 0 |"
    yield "| final samples that are there twice, or missing | 0 |"
    yield "| runs whose results.json differs from the undisturbed one | 0 |"
    yield f"| requests beyond one for each draw: in flight when killed | {toll.again:,} |"


def _plan(drawn: random.Random, size: Size) -> Plan:
    total = drawn.randint(60, 150) if size == "small" else drawn.randint(300, 1_000)
    cuts = sorted(drawn.sample(range(1, total), drawn.randint(1, 3) - 1))
    cells = tuple(stop - start for start, stop in zip([0, *cuts], [*cuts, total], strict=True))
    draws, concurrency = drawn.randint(1, 2), drawn.randint(1, 64)
    seconds = min(0.2, drawn.uniform(0.3, 1.5) * concurrency / (total * draws))
    return Plan(cells, draws, concurrency, seconds, drawn.random() < 0.5)


def _one(plan: Plan, drawn: random.Random, toll: Toll) -> None:
    with serving(Behaviour("problem", plan.seconds, 0.7)) as stand, scratch() as folder:
        files = [
            work.write(folder / f"{'abc'[at]}.jsonl", "problem", range(at * APART, at * APART + cell))
            for at, cell in enumerate(plan.cells)
        ]
        calm, life = (Life(plan, stand, folder / name, files) for name in ("calm", "killed"))
        for each in (calm, life):
            each.folder.mkdir()
        wall = measured(*calm.command, cwd=calm.folder, env=settings(calm.folder)).wall
        for _ in range(drawn.randint(1, 3)):
            if not life.killed(drawn.uniform(0, wall)):
                toll.late += 1
                break
            toll.kills += 1
            toll.durable += len(life.durable)
            toll.early += not life.durable
            if life.complete:
                break
        if not life.complete:
            life.finished()
        if life.results() != calm.results():
            raise Violation(f"results.json differs from the undisturbed run's ({plan})")
        if life.samples() != plan.expected:
            raise Violation(f"{life.samples()} final samples where {plan.expected} were asked for ({plan})")
    toll.runs += 1
    toll.answers += plan.expected
    toll.again += life.requests - plan.expected
