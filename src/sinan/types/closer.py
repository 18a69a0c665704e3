"""What a page shows of a comparison beyond its difference: groups, outcomes, and what the answers took."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sinan.types.comparison import PairedDifference


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """The pairs of one group, compared by themselves."""

    name: str
    paired: PairedDifference
    flips: tuple[int, int]
    """Draws that are right in a only, and in b only."""
    differ: int
    """Draws that end differently."""
    adjusted_p: float | None = None
    """By Holm's way, within the family of the groups."""

    @property
    def sign(self) -> int:
        """1 where a is surely the larger one here, -1 where b is, else 0."""
        return self.paired.sign_at(self.adjusted_p)

    def to_json(self) -> dict[str, Any]:
        """For a page."""
        paired = self.paired
        told = {name: getattr(paired, name) for name in "value_a value_b difference stderr p_value method n".split()}
        flips = {"a_only": self.flips[0], "b_only": self.flips[1]}
        told |= {"name": self.name, "ci": list(paired.ci) if paired.ci else None, "adjusted_p": self.adjusted_p}
        return told | {"flips": flips, "differ": self.differ, "sign": self.sign}


@dataclass(frozen=True, slots=True)
class Spent:
    """What the answers to the same questions took in either run."""

    what: str
    """`tokens_in`, `tokens_out`, `latency_s` or `cost_usd`."""
    mean_a: float
    """For one answer, over pairs that have the number in both."""
    mean_b: float
    total_a: float
    total_b: float
    pairs: int
    ratio: float | None
    """Median over questions of a's to b's."""
    ci: tuple[float, float] | None
    method: str

    def to_json(self) -> dict[str, Any]:
        """For a page."""
        return {name: getattr(self, name) for name in self.__slots__} | {"ci": list(self.ci) if self.ci else None}


@dataclass(frozen=True, slots=True)
class Closer:
    """A closer look at one comparison."""

    groups: tuple[GroupDifference, ...]
    """In the order of their names; none where the questions have no groups."""
    outcomes: Mapping[tuple[str, str], int]
    """(outcome in a, outcome in b) -> pairs of draws."""
    spent: tuple[Spent, ...]
    file: str = ""
    """Name of the file with all draws that differ."""

    def to_json(self) -> dict[str, Any]:
        """For a page."""
        pairs = sorted(self.outcomes.items(), key=lambda one: (-one[1], one[0]))
        return {
            "groups": [one.to_json() for one in self.groups],
            "outcomes": [{"a": a, "b": b, "count": count} for (a, b), count in pairs],
            "spent": [one.to_json() for one in self.spent],
        }
