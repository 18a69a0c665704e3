"""A dataset whose questions are asked once for every rotation of their options (circular evaluation: Liu et al.,
MMBench, arXiv:2307.06281): a model that answers by place rather than by content is seen through."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from sinan.errors import DataError
from sinan.types import Dataset, Sample


@dataclass(frozen=True)
class Rotated:
    """Reads what `inner` reads; in place of a question with n options its n forms `ID~0` to `ID~n-1`, which are one
    unit. Form r has the options moved up by r places, the first ones behind the last; form 0 is the question itself."""

    inner: Callable[[str, int], Iterable[Sample]]

    def __call__(self, subset: str, seed: int) -> Iterator[Sample]:
        """The forms, those of a question one after the other. Raises DataError for a target that is no letter of an
        option."""
        for sample in self.inner(subset, seed):
            yield from forms(sample)


def forms(sample: Sample) -> Iterator[Sample]:
    """All rotations of one question; a question without options as it is."""
    n = len(sample.choices)
    if n < 2:
        yield sample
        return
    if sample.target not in tuple(sample.letters):
        raise DataError(f"question {sample.id} cannot be rotated: its target {sample.target!r} is no option's letter")
    for by in range(n):
        yield replace(
            sample,
            id=f"{sample.id}~{by}",
            choices=(*sample.choices[by:], *sample.choices[:by]),
            target=sample.letters[(sample.gold - by) % n],
            unit=sample.id,
            unit_size=n,
        )


def rotated(dataset: Dataset) -> Dataset:
    """The dataset with every question in all its forms. How many there are is known only once it is read."""
    return replace(dataset, read=Rotated(dataset.read), size=None)
