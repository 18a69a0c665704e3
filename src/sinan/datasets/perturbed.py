"""A dataset whose questions are asked as they are and once more for each perturbation that changes them.

The forms of a question are one unit: `ID` itself, then `ID~typos`, `ID~case` and so on; variants (`datasets.varied`)
are forms like them. What a form looks like depends
on the seed, the id and the kind alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from sinan.datasets.perturbations import OF_SAMPLES
from sinan.datasets.varied import change as of_variant
from sinan.types import Dataset, Sample


@dataclass(frozen=True)
class Perturbed:
    """Reads what `inner` reads, each question in all its forms."""

    inner: Callable[[str, int], Iterable[Sample]]
    kinds: tuple[str, ...]

    def __call__(self, subset: str, seed: int) -> Iterator[Sample]:
        """The forms, those of a question one after the other, the question itself first."""
        for sample in self.inner(subset, seed):
            yield from forms(sample, self.kinds, seed)


def forms(sample: Sample, kinds: Iterable[str], seed: int) -> list[Sample]:
    """The question and its other forms; a perturbation that changes nothing of it gives none. Those that change the
    prompt alone keep the sample as it is."""
    found = [sample]
    for kind in kinds:
        change = OF_SAMPLES.get(kind) or of_variant(kind)
        other = change(sample, Random(f"perturb/{seed}/{kind}/{sample.id}")) if change else sample
        if other is not None:
            found.append(replace(other, id=f"{sample.id}~{kind}"))
    return [replace(one, unit=sample.id, unit_size=len(found)) for one in found]


def perturbed(dataset: Dataset, kinds: tuple[str, ...]) -> Dataset:
    """The dataset with every question in all its forms. How many there are is known only once it is read."""
    return replace(dataset, read=Perturbed(dataset.read, kinds), size=None)
