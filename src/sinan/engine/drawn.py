"""One random order of a benchmark's questions, drawn from a seed before anything is asked.

All forms of a question stand together and are one place of the order. The place of a question is a hash of the seed,
the benchmark and its id: whoever has the three can draw the order again, and no list of questions has to be kept.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sinan.engine import plan
from sinan.types import Benchmark, RunSpec


@dataclass(frozen=True)
class DrawnOrder:
    """The order, whole."""

    seed: int
    units: tuple[str, ...]
    """Of each place its question: the unit of its samples, or the only sample's id."""
    samples: Sequence[plan.Placed]
    """As they are asked."""
    sizes: tuple[int, ...]
    """Samples of each unit."""

    def __len__(self) -> int:
        return len(self.units)

    @cached_property
    def sha256(self) -> str:
        """Of the ids in their order, one a line."""
        return hashlib.sha256("\n".join(self.units).encode("utf-8", "surrogatepass")).hexdigest()


def drawn(benchmark: Benchmark, spec: RunSpec) -> DrawnOrder:
    """The order that the seed of `spec` gives for the questions that it asks of the benchmark."""
    units: dict[str, list[plan.Placed]] = {}
    for place, (subset, sample) in enumerate(plan.samples(benchmark, spec)):
        units.setdefault(sample.unit or sample.id, []).append((place, subset, sample))
    order = shuffled(units, benchmark.id, spec.seed)
    samples = [one for unit in order for one in units[unit]]
    return DrawnOrder(spec.seed, tuple(order), samples, tuple(len(units[unit]) for unit in order))


def shuffled(units: Iterable[str], benchmark: str, seed: int) -> list[str]:
    """The units of a benchmark, each once, in the order that the seed gives."""
    return sorted(units, key=lambda unit: (_lot(seed, benchmark, unit), unit))


def _lot(seed: int, benchmark: str, unit: str) -> bytes:
    return hashlib.sha256(f"{seed}/{benchmark}/{unit}".encode("utf-8", "surrogatepass")).digest()
