"""Stopping early: what it saves on real correctness matrices, how often it is wrong, and where it saves nothing."""

from collections.abc import Iterator

import sequential
from processes import Violation

from sections import Size
from sinan.statistics.sequential.study import study

TITLE = "Stopping early"
ORDERS = {"small": 2, "usual": 20, "long": 100}
LARGE = 5_000
"""Questions from which on a table is tried in a quarter of the orders."""


def lines(size: Size) -> Iterator[str]:
    paths = sequential.matrices()
    if not paths:
        yield "No table of known scores is there: BENCH_MATRICES names some."
        return
    yield (
        f"Known scores replayed in random orders (seed {sequential.SEED}), alpha 5 %, looked at after every question. "
        "*requests*: of those of asking everything. *fewer*: times fewer requests than the same job took with nothing "
        "stored."
    )
    for path in paths:
        name, values = sequential.scores(path)
        orders = max(1, ORDERS[size] // (4 if values.shape[1] >= LARGE else 1))
        found = study(values, orders, sequential.SEED, newcomers=4 if values.shape[1] >= LARGE else 24)
        yield f"\n{name}: {found.models} models, {found.questions:,} questions, {orders} orders\n"
        yield "| job | requests | saving | contradicted by all questions | fewer |"
        yield "|---|--:|--:|--:|--:|"
        for job in found.jobs:
            fewer = f"x{job.fewer:.2f}" if job.fewer else ""
            share = f"{job.contradicted:,} of {job.verdicts:,}"
            yield f"| {job.job} | {100 * job.used:.1f} % | x{job.saving:.1f} | {share} | {fewer} |"
            if job.verdicts >= 100 and job.contradicted > 0.05 * job.verdicts:
                raise Violation(f"stopping: {name}, {job.job}: {share} verdicts contradicted")
        yield "\n| points between two full scores | pairs | questions used | contradicted |"
        yield "|---|--:|--:|--:|"
        for gap in found.gaps:
            bounds = f"{100 * gap.least:g} to {100 * gap.most:g}"
            yield f"| {bounds} | {gap.pairs:,} | {100 * gap.used:.1f} % | {gap.contradicted:,} |"
        missed, of = sequential.missed(values, ORDERS[size])
        share = f"{missed:,} of {of:,} ({100 * missed / of:.2f} %)"
        yield f"\nConfidence sequences that ever left the full score out: {share}.\n"
        if len(values) >= 20:
            yield from _adaptive(values, size)
    yield "\nTwo models with the same score on 500 questions, 100 of which tell them apart; ever called different:\n"
    yield "| method | runs | told apart |"
    yield "|---|--:|--:|"
    runs = {"small": 200, "usual": 5_000, "long": 20_000}[size]
    for one in sequential.peeking(runs):
        yield f"| {one.method} | {runs:,} | {100 * one.told_apart:.1f} % |"


def _adaptive(values: sequential.Numbers, size: Size) -> Iterator[str]:
    counts, models = ((20,), 1) if size == "small" else ((30, 60, 100), 10)
    yield "Adaptive previews, which are not guaranteed: nominal 95 % intervals of models left out of the fit\n"
    yield "| held out | questions asked | runs | covered | bias, points |"
    yield "|---|--:|--:|--:|--:|"
    for one in sequential.adaptive(values, counts, models):
        yield f"| {one.held_out} | {one.asked} | {one.runs} | {100 * one.covered:.0f} % | {100 * one.bias:+.1f} |"
