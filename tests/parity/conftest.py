"""The files of ../shared/data as a mirror, where they are."""

import pytest

from tests.parity.data import SHARED


@pytest.fixture(scope="session")
def mirror():
    if not (SHARED / "MANIFEST.md").is_file():
        pytest.skip("the data files are not beside the checkout")
    patch = pytest.MonkeyPatch()
    patch.setenv("SINAN_MIRROR", str(SHARED))
    yield SHARED
    patch.undo()


@pytest.fixture
def mirrored(mirror, monkeypatch):
    monkeypatch.setenv("SINAN_MIRROR", str(mirror))
