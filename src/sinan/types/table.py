"""What several models scored on the same questions: the numbers that comparisons and rankings are made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Models by items. An item is a question: its draws and forms are taken together in its value."""

    benchmark: str
    models: tuple[str, ...]
    items: tuple[str, ...]
    """Ids of the questions, each once."""
    values: "npt.NDArray[np.float64]"
    """(models, items); NaN where a model has no score of an item."""
    clusters: tuple[str, ...] = ()
    """Of each item what it shares with others (`Sample.cluster`), an item's own id where it stands alone; empty: every
    item stands alone."""
    groups: tuple[str, ...] = ()
    """Of each item its `Sample.group`; empty: nothing is grouped."""
    runs: tuple[str, ...] = ()
    """Of each model the run that it comes from."""
    draws: int = 1
    """Draws behind a value, at most."""
    version: str = ""
    protocol: str = ""
    metric: str = "accuracy"
    notes: tuple[str, ...] = ()
    """What a reader must know: what was left out, what counts as wrong."""

    @property
    def binary(self) -> bool:
        """Whether every value is a single verdict: 0 or 1, of one draw."""
        values: Any = self.values
        return self.draws == 1 and bool(((values == 0) | (values == 1) | (values != values)).all())

    def of(self, model: str) -> "npt.NDArray[np.float64]":
        """(items,) of one model. Raises ValueError for a model that is not there."""
        row: npt.NDArray[np.float64] = self.values[self.models.index(model)]
        return row
