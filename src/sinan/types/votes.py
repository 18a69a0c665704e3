"""Votes: which of two answers was better. What an arena collects, and judges of pairs give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Votes:
    """N votes between M models, as columns."""

    models: tuple[str, ...]
    """Each once."""
    a: "npt.NDArray[np.int64]"
    """(N,) place of the first model in `models`."""
    b: "npt.NDArray[np.int64]"
    """(N,) of the second; never that of `a`."""
    won: "npt.NDArray[np.float64]"
    """(N,) 1 where a is better, 0 where b is, 0.5 for a tie."""
    covariates: "npt.NDArray[np.float64]"
    """(N, q) what else differs between the two answers, a less b."""
    named: tuple[str, ...] = ()
    """(q,) what the covariates are."""
    clusters: Mapping[str, "npt.NDArray[np.int64]"] = field(default_factory=dict)
    """Field -> (N,) numbers from 0: votes on one prompt, or by one judge, are not independent."""
    against_itself: int = 0
    """Votes that were dropped because both answers are of one model."""
    notes: tuple[str, ...] = ()

    @property
    def ties(self) -> int:
        """Votes for neither."""
        return int((self.won == 0.5).sum())
