"""Where the data files of the tests are."""

from pathlib import Path

SHARED = Path(__file__).parents[2].parent / "shared/data"
