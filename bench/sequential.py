"""The study of stopping early, on tables of known scores; and the figure of docs/stopping-early.md.

    python bench/sequential.py [--orders 20] [--figure docs/stopping-early.png] [MATRIX.csv ...]

Without a table: those of BENCH_MATRICES (paths, separated as in PATH), or of ../shared/data/irt. `make bench` writes
the same study to RESULTS.md. Everything is drawn from SEED.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sinan.datasets.outcomes import outcomes
from sinan.statistics import item_response
from sinan.statistics.sequential import replay
from sinan.statistics.sequential.betting import Bets, Numbers
from sinan.statistics.sequential.study import Study, study

SEED = 20261127
HERE = Path(__file__).parent
INK, MUTED, BRONZE, VERDIGRIS, CINNABAR, PAPER = "#1d1c1a", "#6f6a60", "#8a5a1f", "#1f6f5f", "#b0382b", "#faf8f4"


@dataclass(frozen=True)
class Peeking:
    """Two models that have the same score, looked at after every question."""

    method: str
    questions: int
    told_apart: float
    """Share of the runs in which they were ever called different."""


@dataclass(frozen=True)
class Adaptive:
    """Previews of models that the items were not fitted on."""

    held_out: str
    asked: int
    covered: float
    """Share of the nominal 95 % intervals that hold the full score."""
    bias: float
    runs: int


def matrices() -> list[Path]:
    named = os.environ.get("BENCH_MATRICES")
    if named:
        return [Path(one) for one in named.split(os.pathsep)]
    return sorted((HERE / "../../shared/data/irt").glob("*/correctness.csv"))


def scores(path: Path) -> tuple[str, Numbers]:
    table = outcomes(path)
    return table.benchmark.removesuffix("_matrix"), table.values


def peeking(runs: int, questions: int = 500, discordant: int = 100) -> Iterator[Peeking]:
    """Bets, and McNemar's z at 1.96 from the twentieth question that tells the models apart."""
    rng = np.random.default_rng([SEED, 3])
    half = discordant // 2
    values = np.array([1.0] * half + [-1.0] * half + [0.0] * (questions - discordant))
    drawn = rng.permuted(np.tile(values, (runs, 1)), axis=1)
    bets, apart = Bets(questions, np.zeros((runs, 2)), -1, 1), np.zeros(runs, dtype=bool)
    for t in range(questions - 1):
        bets.observe(drawn[:, t, None] * np.array([1, -1]))
        apart |= (bets.log_e >= math.log(2 / 0.05)).any(1)
    yield Peeking("bets", questions, float(apart.mean()))
    differing = np.abs(drawn).cumsum(1)
    z = drawn.cumsum(1) / np.sqrt(np.maximum(differing, 1))
    yield Peeking(
        "McNemar at 5 %, after each question", questions, float(((differing >= 20) & (np.abs(z) > 1.96)).any(1).mean())
    )


def adaptive(values: Numbers, counts: Sequence[int], models: int) -> Iterator[Adaptive]:
    """Questions chosen by information, for models that were left out of the fit: random ones, and the strongest."""
    rng = np.random.default_rng([SEED, 4])
    for name, folds in {
        "random models": np.array_split(rng.permutation(len(values)), 4),
        "the strongest fifth": [np.argsort(values.sum(1))[-max(1, len(values) // 5) :]],
    }.items():
        found: dict[int, list[tuple[bool, float]]] = {count: [] for count in counts}
        for fold in folds:
            items, _ = item_response.fit(values[np.setdiff1d(np.arange(len(values)), fold)])
            for model in fold[:models]:
                for count, seen in _previews(items, values[model], counts):
                    low, high = seen.interval
                    full = float(values[model].mean())
                    found[count].append((low <= full <= high, seen.score - full))
        for count, own in found.items():
            covered, bias = np.mean(own, axis=0)
            yield Adaptive(name, count, float(covered), float(bias), len(own))


def _previews(
    items: item_response.Items, own: Numbers, counts: Sequence[int]
) -> Iterator[tuple[int, item_response.Preview]]:
    asked: list[int] = []
    for count in range(1, max(counts) + 1):
        item = item_response.next_item(items, asked, own[asked])
        assert item is not None
        asked.append(item)
        if count in counts:
            yield count, item_response.preview(items, asked, own[asked])


def missed(values: Numbers, orders: int) -> tuple[int, int]:
    """Confidence sequences that ever left the full score out, of how many."""
    found = replay.missed(values, replay.orders(values.shape[1], orders, SEED))
    return int(found.sum()), found.size


def figure(studies: dict[str, Study], path: Path) -> None:
    """Left: questions used by gap, near ties too. Right: requests of every job, the complete ranking too."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    colours = dict(zip(studies, (BRONZE, VERDIGRIS, CINNABAR, MUTED, INK), strict=False))
    drawn, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.6), facecolor=PAPER, width_ratios=(1, 1.25))
    for at, (name, found) in enumerate(studies.items()):
        colour, mark = colours.get(name, INK), "os^Dv"[at % 5]
        left.plot(
            [str(_bounds(gap)) for gap in found.gaps],
            [100 * gap.used for gap in found.gaps],
            color=colour,
            marker=mark,
            label=f"{name}: {found.models} models, {found.questions:,} questions",
        )
    left.set_xlabel("points between the two full scores")
    left.set_title("Which of two models is better", loc="left", color=INK)
    left.legend(frameon=False, fontsize=8)
    jobs = list(dict.fromkeys(job.job for found in studies.values() for job in found.jobs))[::-1]
    for at, (name, found) in enumerate(studies.items()):
        own = {job.job: 100 * job.used for job in found.jobs}
        places = [y for y, job in enumerate(jobs) if job in own]
        right.scatter(
            [own[jobs[y]] for y in places], places, color=colours.get(name, INK), marker="os^Dv"[at % 5], s=26
        )
    right.set_yticks(range(len(jobs)), jobs, fontsize=8)
    right.set_title("Other jobs", loc="left", color=INK)
    right.set_xlabel("% of the requests of asking everything")
    left.set_ylabel("% of the questions, on average")
    right.set_xlim(0, 102)
    left.set_ylim(0, 102)
    for axes in (left, right):
        axes.set_facecolor(PAPER)
        axes.grid(axis="y" if axes is left else "x", color="#ddd7cb", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=MUTED)
    drawn.tight_layout()
    drawn.savefig(path, dpi=140)


def _bounds(gap: object) -> str:
    return f"{100 * gap.least:g}-{100 * gap.most:g}"  # type: ignore[attr-defined]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", type=Path)
    parser.add_argument("--orders", type=int, default=20)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    studies = {}
    for path in options.tables or matrices():
        name, values = scores(path)
        studies[name] = found = study(values, options.orders, SEED)
        for job in found.jobs:
            print(
                f"{name}: {job.job}: {100 * job.used:.1f} %, {job.contradicted} of {job.verdicts} contradicted",
                flush=True,
            )
    if options.figure:
        figure(studies, options.figure)
    return 0 if studies else 1


if __name__ == "__main__":
    sys.exit(main())
