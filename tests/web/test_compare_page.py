"""Compare: who may see it, that it says what `sinan compare` says, and nothing that a model wrote is more than text."""

import time

import pytest

import sinan


@pytest.fixture
def names(site):
    return sorted(path.name for path in site.runs.iterdir())  # small and large


@pytest.fixture
def ada(client):
    return client.as_("ada")


def made(who, address):
    """What is told once the comparison is made."""
    deadline = time.monotonic() + 60
    while (answer := who.http.get(address)).status_code == 503 and time.monotonic() < deadline:
        assert int(answer.headers["Retry-After"]) > 0
    return who.get(address)


def test_without_runs_it_offers_those_that_may_be_seen(client, ada, names):
    text = ada.get("/compare")
    assert all(f'value="{name}"' in text for name in names)
    assert client.as_("eva").get("/compare.json")["candidates"] == []
    assert "No run that you may see" in client.as_("eva").get("/compare")


def test_a_run_of_several_models_is_compared_within_itself(ada, names):
    (small,) = [name for name in names if "small" in name]
    told = made(ada, f"/compare.json?runs={small}")
    assert {(one["model_a"], one["model_b"]) for one in told["comparisons"]} == {("needle/xs", "needle/s")}
    text = ada.get(f"/compare?runs={small}")
    assert "needle/xs" in text
