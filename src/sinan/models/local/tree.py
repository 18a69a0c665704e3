"""What prompts share: common beginnings, so that each is read once.

Many few-shot prompts begin with one header, below it questions, below each its choices. `headers` finds which
beginnings of a set of prompts are worth to be read once and kept; `Row` lays the continuations of one question side by
side behind their common trunk, so that one pass reads the trunk once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sinan.models.local.wholes import Ids, Whole

WORTH = 32  # tokens: below it, looking up and copying costs more than reading again


def common(a: Ids, b: Ids) -> int:
    """How many tokens two sequences share at their beginning."""
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def headers(prompts: Sequence[Ids], longest: int, gain: int = WORTH) -> list[int]:
    """For each prompt, how long its longest beginning is that others share and that is worth keeping: at most
    `longest` tokens, at least `WORTH` more than what a larger group shares, and `gain` that need not be read."""
    order = sorted(range(len(prompts)), key=prompts.__getitem__)
    shared = [0, *(common(prompts[a], prompts[b]) for a, b in pairwise(order))]
    out = [0] * len(prompts)
    open_ = [(0, len(order), 0)] if prompts else []
    while open_:
        first, end, depth = open_.pop()
        if end - first == 1:
            out[order[first]] = depth
            continue
        lowest = min(shared[first + 1 : end])
        more = min(lowest, longest) - depth
        if more >= WORTH and more * (end - first - 1) >= gain:
            depth += more
        bounds = [first, *(at for at in range(first + 1, end) if shared[at] == lowest), end]
        open_.extend((a, b, depth) for a, b in pairwise(bounds))
    return out


@dataclass(frozen=True, slots=True)
class Row:
    """Inputs with a common trunk, laid out in one line: the trunk, then what is left of each input."""

    trunk: Ids
    branches: tuple[Ids, ...]
    wants: tuple[tuple[int, int, Ids, int], ...]
    """(number of the whole, its branch, the ids that are counted, position of the first output that counts them)."""

    @property
    def tokens(self) -> int:
        """All that is read."""
        return len(self.trunk) + sum(map(len, self.branches))

    @property
    def free(self) -> int:
        """So many tokens of the trunk are read for their keys and values alone: no output of theirs is wanted."""
        return min([len(self.trunk), *(first for _, _, _, first in self.wants)])

    def places(self) -> Iterator[tuple[int, Ids, list[int]]]:
        """(number of the whole, the ids that are counted, places in the line of the outputs that count them)."""
        starts, at = [], len(self.trunk)
        for branch in self.branches:
            starts.append(at - len(self.trunk))
            at += len(branch)
        for number, branch_number, gold, first in self.wants:
            end = first + len(gold)
            inner = range(first, min(end, len(self.trunk)))
            shift = starts[branch_number] if branch_number >= 0 else 0
            outer = range(max(first, len(self.trunk)) + shift, end + shift)
            yield number, gold, [*inner, *outer]


def rows(wholes: Sequence[Whole], widest: int) -> Iterator[Row]:
    """The rows that read all wholes of one request; one, unless its branches would be more than `widest` tokens. What
    counts no token is left out."""
    inputs = sorted({whole.ids[:-1] for whole in wholes if len(whole.ids) > whole.context})
    if not inputs:
        return
    trunk = common(inputs[0], inputs[-1])
    batch: list[Ids] = []
    size = 0
    for one in inputs:
        more = len(one) - trunk
        if batch and size + more > widest:
            yield _row(wholes, batch)
            batch, size = [], 0
        batch.append(one)
        size += more
    yield _row(wholes, batch)


def _row(wholes: Sequence[Whole], inputs: Sequence[Ids]) -> Row:
    """`inputs` in order, so that one that is the beginning of others stands right before the first of these."""
    trunk = common(inputs[0], inputs[-1])
    branches: list[Ids] = []
    of: dict[Ids, int] = {}
    for one in reversed(inputs):
        rest = one[trunk:]
        if rest and not (branches and branches[-1][: len(rest)] == rest):
            branches.append(rest)
        of[one] = len(branches) - 1 if rest else -1
    wants = tuple(
        (number, of[whole.ids[:-1]], whole.ids[whole.context :], whole.context - 1)
        for number, whole in enumerate(wholes)
        if len(whole.ids) > whole.context and whole.ids[:-1] in of
    )
    return Row(inputs[0][:trunk], tuple(branches), wants)
