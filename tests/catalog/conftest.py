"""The pinned data, where this machine has them: `shared/data` beside the project, or SINAN_MIRROR."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("SINAN_MIRROR") or Path(__file__).parents[2].parent / "shared/data")


@pytest.fixture(scope="session")
def data():
    if not (DATA / "SHA256SUMS").is_file():
        pytest.skip(f"the pinned data are not on this machine (looked in {DATA}; SINAN_MIRROR names another folder)")
    return DATA


@pytest.fixture(scope="session")
def mirrored(data, tmp_path_factory):
    """The catalogue reads from the mirror into a cache of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SINAN_MIRROR", str(data))
        patch.setenv("SINAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
