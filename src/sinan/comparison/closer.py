"""A closer look at two cells beside each other: where they differ, how their answers ended, and what they took.

The groups are a family of their own: of all that are looked at, with 95 % none is called different by chance alone
(Holm). That is for finding where a difference lies; the verdict is that of the whole.
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.comparison.rows import Numbers, Sides
from sinan.statistics.median_ratio import median_ratio
from sinan.statistics.multiplicity import holm
from sinan.store.beside import TAKEN, Counts, Joined
from sinan.types.closer import Closer, GroupDifference, Spent

MOST = 200
"""Groups that are tested: of more each would have to differ by so much that none would be found."""


def closer(joined: Joined, sides: Sides, numbers: Numbers, counts: Counts, bare: bool, file: str) -> Closer:
    """`bare`: no interval or test holds."""
    spent = tuple(_spent(joined, counts.alone, numbers.clusters is not None))
    return Closer(_groups(joined, sides, numbers, bare), joined.outcomes(), spent, file)


def _groups(joined: Joined, sides: Sides, numbers: Numbers, bare: bool) -> tuple[GroupDifference, ...]:
    counts = joined.by_group()
    found = []
    for name, own in numbers.by_group() if 1 < len(counts) <= MOST else ():
        paired = own.paired(sides)
        a, b, differ = counts.get(name, (0, 0, 0))
        found.append(GroupDifference(name, paired.bare() if bare else paired, (a, b), differ))
    tested = [one.paired.p_value for one in found if one.paired.p_value is not None]
    adjusted = iter(holm(tested))
    return tuple(one if one.paired.p_value is None else replace(one, adjusted_p=next(adjusted)) for one in found)


def _spent(joined: Joined, alone: bool, clustered: bool) -> Iterator[Spent]:
    for what in TAKEN:
        found = joined.taken(what, alone, clustered)
        a, b, draws = (found[name] for name in ("a", "b", "draws"))
        if not (a.any() or b.any()):
            continue
        totals, pairs = (float(a @ draws), float(b @ draws)), int(draws.sum())
        ratio = median_ratio(a, b, found.get("cluster"))
        means = totals[0] / pairs, totals[1] / pairs
        yield Spent(what, *means, *totals, pairs, ratio.value, ratio.ci, ratio.method)
