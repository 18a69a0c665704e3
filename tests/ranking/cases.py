"""Reference cases, computed elsewhere with other libraries; they lie beside the checkout and not in it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sinan.types.votes import Votes

SHARED = Path(__file__).parents[2].parent / "shared"


def case(name: str) -> dict[str, Any]:
    """One case; the test is skipped where the file is not at hand."""
    file = SHARED / "design" / "reference_cases.json"
    if not file.is_file():
        pytest.skip("the reference cases are not beside this checkout")
    return next(one for one in json.loads(file.read_text())["cases"] if one["id"] == name)


def votes_of(a: Any, b: Any, won: Any, covariates: Any = None, **clusters: Any) -> Votes:
    """Votes as columns; models are named by their numbers."""
    x = np.zeros((len(a), 0)) if covariates is None else np.array(covariates, dtype=float).reshape(len(a), -1)
    models = tuple(map(str, range(int(max(*a, *b)) + 1)))
    numbered = {name: np.array(own) for name, own in clusters.items()}
    named = tuple(f"x{at}" for at in range(x.shape[1]))
    return Votes(models, np.array(a), np.array(b), np.array(won, dtype=float), x, named, numbered)


def counted(rows: Any) -> Votes:
    """Votes of rows (model, model, wins, losses[, ties])."""
    models = sorted({name for row in rows for name in row[:2]})
    expanded = [
        (models.index(one), models.index(other), won)
        for one, other, *counts in rows
        for count, won in zip(counts, (1.0, 0.0, 0.5), strict=False)
        for _ in range(count)
    ]
    a, b, won = zip(*expanded, strict=True)
    return votes_of(a, b, won)
