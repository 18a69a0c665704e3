"""Worked examples as lm-evaluation-harness draws them: a stream of randomness per task, in the order of its documents.

Its rule: `random.Random(1234)` for each task; for every document, in order, one `sample` of k from the pool. Where
examples come from the split that is asked, k + 1 are drawn, those equal to the document are dropped, and k are kept.
The draw of a document thus depends on how many came before it; here it is looked up by the sample's id, so that
neither the order of asking, nor a shard, nor a limit changes it.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence

from sinan.errors import UsageError
from sinan.types import Sample

SEED = 1234

Same = Callable[[Sample, Sample], bool]
"""Whether an example of the pool is the document that is asked."""


def same_question(document: Sample, example: Sample) -> bool:
    """Question, choices and target agree."""
    return (document.question, document.choices, document.target) == (example.question, example.choices, example.target)


class Replayed:
    """A way to choose worked examples (`types.benchmark.FewShot`)."""

    def __init__(
        self,
        documents: Callable[[str], Iterable[Sample]],
        *,
        drop: bool = False,
        first_n: bool = False,
        seed: int = SEED,
        same: Same = same_question,
    ) -> None:
        """`documents`: (group of a sample) -> the samples of its task in order, before any limit; read lazily, once.
        `drop`: the pool is the split that is asked, so the document itself is dropped. `first_n`: the first of the
        pool instead of a draw."""
        self._documents, self._drop, self._first_n, self._seed, self._same = documents, drop, first_n, seed, same
        self._tasks: dict[tuple[str, int, int], _Draws] = {}

    def __repr__(self) -> str:
        return f"Replayed(drop={self._drop}, first_n={self._first_n}, seed={self._seed})"

    def __call__(self, seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        """The examples of a sample; the run's seed plays no part. Raises UsageError where the pool is too small."""
        if self._first_n:
            return self._first(sample, pool, k)
        task = sample.group, k, len(pool)
        draws = self._tasks.get(task)
        if draws is None:
            drawn = k + 1 if self._drop else k
            refuse_few(pool, drawn)
            draws = self._tasks[task] = _Draws(self._drawn(self._documents(sample.group), pool, k, drawn))
        return [pool[place] for place in draws.of(sample.unit or sample.id)]

    def _first(self, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        kept: list[Sample] = []
        for example in pool:
            if len(kept) == k:
                break
            if not (self._drop and self._same(sample, example)):
                kept.append(example)
        refuse_few(kept, k)
        return kept

    def _drawn(
        self, documents: Iterable[Sample], pool: Sequence[Sample], k: int, drawn: int
    ) -> Iterator[tuple[str, tuple[int, ...]]]:
        """(id, places in the pool) of every document, in order."""
        stream, places = random.Random(self._seed), range(len(pool))
        for document in documents:
            found = stream.sample(places, drawn)
            if self._drop:
                found = [place for place in found if not self._same(document, pool[place])][:k]
                if len(found) < k:  # the pool holds the document more than once: drawn anew, without it
                    others = [place for place in places if not self._same(document, pool[place])]
                    refuse_few(others, k)
                    found = stream.sample(others, k)
            yield document.id, tuple(found)


class _Draws:
    """The draws of one task, made as far as they were asked for."""

    def __init__(self, drawn: Iterator[tuple[str, tuple[int, ...]]]) -> None:
        self._drawn = drawn
        self._known: dict[str, tuple[int, ...]] = {}

    def of(self, sample_id: str) -> tuple[int, ...]:
        """Raises UsageError where the task has no such document."""
        while sample_id not in self._known:
            following = next(self._drawn, None)
            if following is None:
                raise UsageError(f"no worked examples can be drawn for {sample_id}: it is no document of its task")
            self._known[following[0]] = following[1]
        return self._known[sample_id]


def refuse_few(pool: Sequence[object], k: int) -> None:
    """Raises UsageError where fewer than `k` are there."""
    if len(pool) < k:
        raise UsageError(f"{k} worked examples are to be drawn, and there are {len(pool)}")
