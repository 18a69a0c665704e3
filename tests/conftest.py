"""No test takes answers from the user's own cache or another test's: servers on loopback get each other's ports."""

import os

import pytest
from hypothesis import HealthCheck, settings

# A busy machine draws and runs slowly; neither says anything of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


# lm-evaluation-harness forks for its resamples; a fork of a process with threads may wait for ever.
os.environ["DISABLE_MULTIPROC"] = "1"


@pytest.fixture(autouse=True)
def cache_of_its_own(request, tmp_path_factory, monkeypatch):
    if "catalog" not in request.path.parent.name:  # there data files are shared, and no model is asked by a server
        monkeypatch.setenv("SINAN_CACHE", str(tmp_path_factory.mktemp("cache")))
