"""A model by its name: which provider, which options, and that looking costs nothing."""

import importlib.metadata
import subprocess
import sys
from types import SimpleNamespace

import pytest

import sinan.models
from sinan.errors import UnknownName, UsageError
from sinan.types.availability import Availability


@pytest.mark.parametrize("spec", ["", "needle", "needle/", "/m", "?base_url=x"])
def test_a_name_without_both_halves_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match="PROVIDER/NAME"):
        sinan.models.open_model(spec)


def test_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"opnai is no provider here\. Nearest: openai"):
        sinan.models.open_model("opnai/x")


def test_a_key_is_refused_for_every_provider() -> None:
    with pytest.raises(UsageError, match="never part of a model's name"):
        sinan.models.open_model("needle/m?api_key=abc")


def test_providers_of_other_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = SimpleNamespace(
        open_model=lambda name, options, timeout: (name, dict(options), timeout),
        status=lambda: [Availability("mine", True, "here")],
    )
    entry = SimpleNamespace(name="mine", load=lambda: mine)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry])
    assert "mine" in sinan.models.names() and "openai" in sinan.models.names()
    assert sinan.models.open_model("mine/a/b?x=1%2F2&y=", 5) == ("a/b", {"x": "1/2", "y": ""}, 5)
    assert Availability("mine", True, "here") in sinan.models.statuses()


def test_a_provider_that_cannot_be_loaded_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def load():
        raise ImportError("no module named x")

    entry = SimpleNamespace(name="broken", load=load)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry])
    lines = {line.name: line for line in sinan.models.statuses()}
    assert not lines["broken"].available and "no module named x" in lines["broken"].detail


def test_listing_providers_loads_no_client() -> None:
    code = "import sinan, sinan.models, sys; sinan.models.statuses(); print('aiohttp' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
