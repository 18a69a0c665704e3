"""What a run costs beside the least that it could: the bare loop of the same HTTP library, and what waiting alone
takes. Other harnesses do the same work in the same run where they are installed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import peers
import work
from evaluated import Ran, bare, evaluate, scratch
from processes import Violation, in_turn
from server import Behaviour
from stand_in import StandIn, serving

from sections import Size

TITLE = "Throughput"


@dataclass(frozen=True)
class Load:
    """One workload at one concurrency."""

    name: str
    work: str
    count: int
    seconds: float
    concurrency: int

    @property
    def ideal(self) -> float:
        """Seconds of waiting that no client can avoid."""
        return self.count * self.seconds / self.concurrency

    @property
    def label(self) -> str:
        """For a table."""
        return f"{self.name}, {self.concurrency} in flight"


def loads(size: Size) -> tuple[Load, ...]:
    problems, choices = (64, 256) if size == "small" else (1_319, 10_000)
    return (
        Load("W1", "problem", problems, 0.1, 32),
        Load("W1", "problem", problems, 0.1, 256),
        Load("W2", "choice", choices, 0.05, 256),
    )


def lines(size: Size) -> Iterator[str]:
    chosen, times = loads(size), 1 if size == "small" else 3
    yield (
        f"W1: {chosen[0].count:,} problems of about 80 words, each answered after 100 ms. W2: {chosen[2].count:,} "
        "questions with four options, 50 ms. *ideal*: nothing but the waiting. *bare*: a loop over the same HTTP "
        "library on the same kind of event loop that keeps and judges nothing. *active*: from the first request to "
        f"the last answer, as the server saw them. Without a cache, in fresh folders. Medians of {times}, in turn; "
        "every accuracy was checked to the last digit.\n"
    )
    yield (
        "| work | ideal s | bare s | sinan s | sinan / bare | bare active / ideal | sinan active / ideal "
        "| bare CPU ms a sample | sinan | sinan / bare | sinan peak MB | accuracy |"
    )
    yield "|---|" + "--:|" * 11
    others: list[str] = []
    for load in chosen:
        with serving(Behaviour(load.work, load.seconds)) as stand, scratch() as folder:
            file = work.write(folder / f"{load.name.lower()}.jsonl", load.work, range(load.count))
            sinan = partial(_sinan, load, stand, file)
            bares, ours = in_turn(times, partial(bare, stand, file, load.concurrency), sinan)
            yield _row(load, bares, ours)
            others += _others(load, stand, file, ours, size)
    yield from _table_of_others(others)


def _sinan(load: Load, stand: StandIn, file: Path) -> Ran:
    ran = evaluate(stand, file, "--concurrency", str(load.concurrency), "--no-cache")
    if ran.accuracy != work.expected(range(load.count)):
        raise Violation(f"{load.label}: accuracy {ran.accuracy!r} where {work.expected(range(load.count))!r} is right")
    return ran


def _row(load: Load, bares: Sequence[Ran], ours: Sequence[Ran]) -> str:
    (bare_wall, bare_cpu, bare_active, _), (wall, cpu, active, peak) = _medians(bares), _medians(ours)
    return (
        f"| {load.label} | {load.ideal:.2f} | {bare_wall:.2f} | {wall:.2f} | {wall / bare_wall:.2f} "
        f"| {bare_active / load.ideal:.2f} | {active / load.ideal:.2f} | {1000 * bare_cpu / load.count:.2f} "
        f"| {1000 * cpu / load.count:.2f} | {cpu / bare_cpu:.2f} | {peak:.0f} | {ours[0].accuracy:.6g} |"
    )


def _medians(runs: Sequence[Ran]) -> tuple[float, float, float, float]:
    """Wall, processor and active seconds, peak MB."""
    taken = [(ran.wall, ran.took.cpu, ran.active, ran.took.peak_mb) for ran in runs]
    wall, cpu, active, peak = map(median, zip(*taken, strict=True))
    return wall, cpu, active, peak


def _others(load: Load, stand: StandIn, file: Path, ours: Sequence[Ran], size: Size) -> Iterator[str]:
    """A row for each harness that is installed; one run each."""
    wall = _medians(ours)[0]
    for peer in peers.installed():
        if peer.slow and size != "long" and (load.work, load.concurrency) != ("problem", 32):
            continue
        stand.forget()
        try:
            with scratch() as folder:
                took, accuracy = peer.run(load.work, stand, file, load.concurrency, folder)
        except SystemExit as error:
            yield f"| {peer.name} | {load.label} | failed: {' '.join(str(error).split())[-200:]} |" + " |" * 7
            continue
        stats = stand.stats()
        yield (
            f"| {peer.name} | {load.label} | {took.wall:.1f} | {took.wall / wall:.1f} "
            f"| {stats['active'] / load.ideal:.2f} | {stats['in_flight_mean']:.1f} "
            f"| {1000 * took.cpu / load.count:.1f} | {took.peak_mb:.0f} | {stats['requests']:,} | {accuracy:.6g} |"
        )


def _table_of_others(rows: Sequence[str]) -> Iterator[str]:
    if not rows:
        yield "\nOther harnesses: none is installed in BENCH_PEERS."
        return
    yield "\nOther harnesses on the same work, in the same run; one run each.\n"
    yield (
        "| harness | work | wall s | / sinan | active / ideal | in flight, mean | CPU ms a sample | peak MB "
        "| requests | accuracy |"
    )
    yield "|---|---|" + "--:|" * 8
    yield from rows
