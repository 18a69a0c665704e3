"""What the way of asking does to a score: variance components of questions asked in several variants.

Two-way analysis of variance without replication, T variants by n questions (Fisher 1925; Searle, Casella, McCulloch
1992, chapter 4):

    v_variant = max(0, (MS_variant - MS_e) / n)   variants that move all questions alike
    v_item    = max(0, (MS_item - MS_e) / T)      questions of different difficulty
    v_resid   = MS_e                              questions that a variant moves each in its own way, and chance

With variants taken for a random choice of those that might have been, SE^2 of the mean over variants and questions is
v_variant / T + v_item / n + v_resid / (T n). On these same questions a score under one variant varies by v_variant +
v_resid / n with the choice of the variant. From few variants v_variant is known badly: T - 1 degrees of freedom.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Components:
    """Of a table of scores, variants by questions."""

    means: tuple[float, ...]
    """Of each variant, in the order of the table."""
    items: int
    var_variant: float
    var_item: float
    var_resid: float

    @property
    def mean(self) -> float:
        """Over variants and questions."""
        return math.fsum(self.means) / len(self.means)

    @property
    def spread(self) -> float:
        """The best variant's mean less the worst one's."""
        return max(self.means) - min(self.means)

    @property
    def stderr(self) -> float:
        """Of the mean, for other variants and other questions."""
        variants = len(self.means)
        by_item = self.var_item / self.items + self.var_resid / (variants * self.items)
        return math.sqrt(self.var_variant / variants + by_item)

    @property
    def moved_by(self) -> float:
        """Standard deviation of a score under one variant, by the choice of the variant; the questions stay."""
        return math.sqrt(self.var_variant + self.var_resid / self.items)

    @property
    def shares(self) -> tuple[float, float, float] | None:
        """Of variants, questions and the rest in the variance of a single score; None where nothing varies."""
        total = self.var_variant + self.var_item + self.var_resid
        if total <= 0:
            return None
        return self.var_variant / total, self.var_item / total, self.var_resid / total

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        shares = self.shares
        return {
            "mean": self.mean,
            "spread": self.spread,
            "n": self.items,
            "var_variant": self.var_variant,
            "var_item": self.var_item,
            "var_resid": self.var_resid,
            "shares": None if shares is None else dict(zip(("variant", "item", "resid"), shares, strict=True)),
            "se_mean_random_variants": self.stderr,
            "sd_of_one_variant": self.moved_by,
        }


def components(scores: "np.ndarray[Any, Any] | Sequence[Sequence[float]]") -> Components:
    """Of (variants, questions), at least two of each. Raises ValueError for fewer."""
    import numpy as np

    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"variance components need at least 2 variants and 2 questions, not a table of {table.shape}")
    variants, items = table.shape
    of_variants, of_items, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    rest = table - of_variants[:, None] - of_items[None, :] + mean
    ms_variant = items * ((of_variants - mean) ** 2).sum() / (variants - 1)
    ms_item = variants * ((of_items - mean) ** 2).sum() / (items - 1)
    ms_rest = (rest**2).sum() / ((variants - 1) * (items - 1))
    return Components(
        tuple(map(float, of_variants)),
        items,
        max(0.0, float(ms_variant - ms_rest) / items),
        max(0.0, float(ms_item - ms_rest) / variants),
        float(ms_rest),
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference between two models on the same variants, and what the choice of a variant could do to it."""

    difference: float
    """a - b, the mean over variants and questions."""
    by_variant: tuple[float, ...]
    components: Components
    """Of the differences."""

    @property
    def sign_holds(self) -> int:
        """Variants on which the difference has the sign of the mean difference."""
        return sum(one * self.difference > 0 for one in self.by_variant)

    @property
    def could_explain(self) -> float | None:
        """1.96 standard deviations of a difference by the choice of one variant, as a share of the difference: at most
        1, which says that the choice alone could make it. None where there is no difference."""
        if self.difference == 0:
            return None
        return min(1.0, 1.959963984540054 * self.components.moved_by / abs(self.difference))

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        return {
            "difference": self.difference,
            "by_variant": list(self.by_variant),
            "sign_holds": self.sign_holds,
            "of": len(self.by_variant),
            "spread": self.components.spread,
            "sd_of_one_variant": self.components.moved_by,
            "could_explain": self.could_explain,
            "n": self.components.items,
        }


def explained(a: "np.ndarray[Any, Any]", b: "np.ndarray[Any, Any]") -> Explained:
    """Of two tables (variants, questions) of the same variants and questions. Raises ValueError as `components`."""
    found = components(a - b)
    return Explained(found.mean, found.means, found)
