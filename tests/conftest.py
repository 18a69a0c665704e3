"""No test takes answers from the user's own cache, or leaves any there."""

import os

import pytest


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory, monkeypatch):
    if "SINAN_CACHE" not in os.environ:
        monkeypatch.setenv("SINAN_CACHE", str(tmp_path_factory.mktemp("cache")))
