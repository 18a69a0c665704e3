"""Which worked examples come before a question: pure functions of (seed, sample), never of order, shard or batch.

A rule is named as on the command line: `first`, `random`, `balanced`, `bm25`, `fixed:ID,ID`, `embedding:MODEL`. None
shows the question itself, though the pool may hold it. All forms of one question (its options rotated) see the same.
"""

import random as _random
from collections.abc import Sequence
from dataclasses import dataclass

from sinan.errors import UnknownName, UsageError
from sinan.prompts.bm25 import index
from sinan.prompts.replayed import Replayed as replayed
from sinan.types import Sample
from sinan.types.benchmark import FewShot

RULES = ("first", "random", "balanced", "bm25", "fixed:ID,ID", "embedding:MODEL")

__all__ = ["first", "random", "replayed"]


def first(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """The first k of the pool, the same for every sample."""
    return others(sample, pool)[:k]


def random(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """k of the pool, drawn anew for each sample from its own stream of randomness."""
    candidates = others(sample, pool)
    return _stream(seed, sample).sample(candidates, min(k, len(candidates)))


def balanced(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """k of the pool, drawn for each sample, with every target as often as any other, or once more; in random order.

    A target that the pool has too seldom is made up for by the others. Which targets come once more is drawn too.
    """
    draw = _stream(seed, sample)
    by_target: dict[str, list[Sample]] = {}
    for one in others(sample, pool):
        by_target.setdefault(one.target, []).append(one)
    classes = [by_target[target] for target in sorted(by_target)]
    for members in classes:
        draw.shuffle(members)
    draw.shuffle(classes)
    longest = max(map(len, classes), default=0)
    chosen = [members[turn] for turn in range(longest) for members in classes if turn < len(members)][:k]
    draw.shuffle(chosen)
    return chosen


def bm25(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """The k whose questions are the most like this one by BM25, the nearest last, beside the question."""
    candidates = others(sample, pool)
    scores = index(tuple(one.question for one in candidates)).scores(sample.question)
    return nearest(candidates, scores, k)


@dataclass(frozen=True)
class Fixed:
    """Examples by name, in this order, the same for every sample; those that a sample's pool does not have are left
    out, so that each subject of a benchmark can have its own."""

    ids: tuple[str, ...]

    def __call__(self, seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        """The first k of them."""
        by_id = {one.id: one for one in others(sample, pool)}
        return [by_id[name] for name in self.ids if name in by_id][:k]


@dataclass(frozen=True)
class Redrawn:
    """The rule `inner`, drawn anew for each form `seed1`, `seed2` and on of a question."""

    inner: FewShot

    def __repr__(self) -> str:
        return f"Redrawn({getattr(self.inner, '__qualname__', repr(self.inner))})"

    def __call__(self, seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        """The examples. Other forms see those of the question as it is."""
        number = sample.form.removeprefix("seed")
        again = sample.form.startswith("seed") and number.isdecimal()
        return self.inner(seed + int(number) * 1_000_003 if again else seed, sample, pool, k)


def rule(text: str) -> FewShot:
    """The rule of a name. Raises UsageError for one that is not known, or that lacks what it needs."""
    name, colon, what = text.partition(":")
    plain: dict[str, FewShot] = {"first": first, "random": random, "balanced": balanced, "bm25": bm25}
    if name in plain and not colon:
        return plain[name]
    if name == "fixed":
        ids = tuple(part.strip() for part in what.split(",") if part.strip())
        if not ids:
            raise UsageError("--few-shot fixed needs ids of worked examples: --few-shot fixed:ID,ID")
        if twice := [one for one in ids if ids.count(one) > 1]:
            raise UsageError(f"--few-shot {text}: {twice[0]} is named twice")
        return Fixed(ids)
    if name == "embedding":
        if not what:
            raise UsageError("--few-shot embedding needs a model: --few-shot embedding:FOLDER, or a name on the hub")
        from sinan.prompts.embedding import nearest_by

        return nearest_by(what)
    raise UnknownName(text, "rule for worked examples", RULES, f"Rules: {', '.join(RULES)}.")


def others(sample: Sample, pool: Sequence[Sample]) -> list[Sample]:
    """The pool without the question that is asked. Pools are kept apart from it; a mistake there must not leak."""
    name, question, choices = sample.unit or sample.id, sample.question, sorted(sample.choices)
    return [one for one in pool if one.id != name and not (one.question == question and sorted(one.choices) == choices)]


def nearest(candidates: Sequence[Sample], scores: Sequence[float], k: int) -> Sequence[Sample]:
    """The k with the highest scores, the highest last; of equals the one that stands first in the pool counts more."""
    order = sorted(range(len(candidates)), key=lambda place: (-scores[place], place))
    return [candidates[place] for place in reversed(order[:k])]


def _stream(seed: int, sample: Sample) -> _random.Random:
    return _random.Random(f"{seed}/{sample.unit or sample.id}")
