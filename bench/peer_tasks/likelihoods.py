"""A file of contexts and continuations as a benchmark of sinan: `sinan run likelihoods.py`, the file named by
LIKELIHOODS."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sinan.scoring import MostLikely
from sinan.solving import Likelihood
from sinan.statistics import accuracy
from sinan.types import Benchmark, Card, Dataset, Form, Prompt, Protocol, Sample

FILE = Path(os.environ["LIKELIHOODS"])


@dataclass(frozen=True)
class Continuations:
    """The context and its continuations as they stand in the file."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        return Prompt(text=sample.question, continuations=tuple(sample.choices))


def _read(subset: str, seed: int) -> Iterator[Sample]:
    with FILE.open() as lines:
        for number, row in enumerate(map(json.loads, lines)):
            yield Sample(str(number), row["context"], "ABCD"[row["gold"]], tuple(row["choices"]))


def benchmark() -> Benchmark:
    card = Card(FILE.stem, "Speed.", "own", ("en",), "", str(FILE))
    protocol = Protocol(Continuations(), Likelihood(), MostLikely())
    return Benchmark("likelihoods", card, Dataset(_read), accuracy, {"default": protocol})
