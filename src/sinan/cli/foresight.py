"""What the numbers of a run will leave open, said before it asks anything: of two models on few questions."""

from collections.abc import Callable, Iterator, Sequence

from sinan.evaluate import Watch
from sinan.statistics.power import DISCORDANCE, NOISE, Level, detectable, few_questions, variance_left
from sinan.statistics.scales import in_percent, less_is_better
from sinan.types import Benchmark, RunSpec

FINE = 0.05
"""Where smaller differences than this can be told, nothing is said."""


class Open(Watch):
    """Hears what is asked, and keeps what that will leave open."""

    def __init__(self, spec: RunSpec) -> None:
        self._of, self.left_open = left_open(spec), ""

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """What the targets turned out to be."""
        self.left_open = self._of(benchmarks)


def left_open(spec: RunSpec) -> Callable[[Sequence[Benchmark]], str]:
    """What a run of `spec` over these benchmarks will leave open, in one line; empty where that is little, and where
    nobody compares two models: three or more are a table, and no question of which of two is better."""

    def told(benchmarks: Sequence[Benchmark]) -> str:
        if len(spec.models) != 2:
            return ""
        sizes = sorted(_sizes(spec, benchmarks))
        if not sizes:
            return ""
        n, name = sizes[0]
        left = variance_left(NOISE, spec.draws, spec.draws)
        if detectable(n, DISCORDANCE, Level(), left) <= FINE:
            return ""
        more = f" (the smallest of {len(benchmarks)} benchmarks)" if len(benchmarks) > 1 else ""
        return few_questions(n, name + more, left=left)

    return told


def _sizes(spec: RunSpec, benchmarks: Sequence[Benchmark]) -> Iterator[tuple[int, str]]:
    """Questions of each benchmark that are asked, where they are known and the result is a share of them."""
    for one in benchmarks:
        kind = one.metric.kind or one.metric.name
        known = [n for n in (one.dataset.size, spec.limit) if n is not None]
        if known and in_percent(kind, ()) and not less_is_better(kind):
            yield min(known), one.id
