"""The best layer that the machine offers is taken, what is reduced is labelled, and where none holds the run is refused
with the remedy."""

import json
import sys

import pytest

from sinan.errors import SandboxUnavailable
from sinan.hub import machine
from sinan.sandbox import Program, Sandbox, full, opening, reduced

from . import people


@pytest.mark.parametrize("who", people.WHO)
def test_isolation_is_full_where_namespaces_can_be_made(who):
    told = people.script(who, "examined.py")
    assert told == {"printed": "42\n", "isolation": "full", "layers": ["full"], "remedy": ""}


@pytest.mark.parametrize("who", people.WHO)
def test_isolation_is_reduced_and_labelled_where_namespaces_are_off(who):
    told = people.script(who, "examined.py", without=["namespaces"])
    assert (told["printed"], told["isolation"], told["layers"]) == ("42\n", "reduced", ["full", "reduced"])
    assert "user namespaces" in told["remedy"]


@pytest.mark.parametrize("who", people.WHO)
def test_without_any_layer_the_run_is_refused_with_the_remedy(who):
    told = people.script(who, "examined.py", without=["namespaces", "landlock"])
    assert told["exit_code"] == 2 and "printed" not in told
    assert told["refused"].startswith("code is not run without a sandbox, and none holds here: full isolation cannot")
    assert "Landlock" in told["refused"] and "llow user namespaces" in told["refused"]


def test_another_system_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    examined = opening._examined()
    assert examined.sandbox is None and examined.layers == ()
    assert "Linux" in examined.remedy


def test_without_bubblewrap_the_remedy_is_to_install_it(monkeypatch):
    monkeypatch.setattr(full, "bubblewrap", lambda: None)
    assert "apt-get install bubblewrap" in opening._remedy()
    assert opening.attacked(Sandbox(full.start, "full")).broken == "bubblewrap is not installed"


def test_a_layer_that_an_attack_gets_through_is_not_used(monkeypatch):
    from sinan.sandbox import attacks

    leak = attacks.Attack("computes a sum", "print('THROUGH: it is', 1 + 1)")
    monkeypatch.setattr(attacks, "ATTACKS", (leak,))
    sandbox = Sandbox(full.start, "full", slots=1)
    layer = opening.attacked(sandbox)
    sandbox.close()
    assert not layer.holds and layer.through == ("computes a sum: it is 2",)
    assert str(layer) == "full isolation does not hold here (computes a sum: it is 2)"


def test_an_attack_that_was_not_run_to_its_end_counts_as_through(monkeypatch):
    from sinan.sandbox import attacks

    monkeypatch.setattr(attacks, "ATTACKS", (attacks.Attack("is misspelt", "this is no Python"),))
    sandbox = Sandbox(full.start, "full", slots=1)
    assert "not tried to its end" in opening.attacked(sandbox).through[0]
    sandbox.close()


def test_an_older_landlock_than_is_needed_is_refused():
    with pytest.raises(Exception, match=r"version 2 of Landlock; version 3 is needed \(Linux 6.2\)"):
        reduced.start("sinan-test", (), None, landlock=2)


def test_a_compiler_is_no_verdict_where_what_it_writes_may_not_be_executed(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    sandbox = Sandbox(reduced.start, "reduced")
    assert not sandbox.has("g++") and not sandbox.has("clang-17")
    with pytest.raises(SandboxUnavailable, match=r"g\+\+ was to be run, which takes full isolation"):
        sandbox.run(Program({}, ("g++", "main.cpp")))


def test_the_sandbox_is_opened_once(sandbox):
    assert opening.open_sandbox() is sandbox


def test_doctor_tells_the_layer_and_how_many_attacks_were_tried(sandbox):
    line = machine._sandbox()
    assert line.available and not line.remedy
    assert line.detail == f"full isolation: {opening.examine().layers[-1].tried} attacks tried, none got through"


def test_doctor_tells_what_would_make_it_full(monkeypatch, sandbox):
    layers = (opening.Layer("full", 0, (), "bwrap: no"), opening.Layer("reduced", 36, (), ""))
    monkeypatch.setattr(machine.sandbox, "examine", lambda: opening.Examined(layers, "Do this", sandbox))
    line = machine._sandbox()
    assert line.available
    assert line.detail == (
        "full isolation cannot be set up (bwrap: no); reduced isolation: 36 attacks tried, none got through. "
        "For full isolation: Do this"
    )


def test_doctor_refuses_with_the_remedy(monkeypatch):
    layers = (opening.Layer("full", 0, (), "bwrap: no"),)
    monkeypatch.setattr(machine.sandbox, "examine", lambda: opening.Examined(layers, "Do this", None))
    line = machine._sandbox()
    assert (line.available, line.remedy) == (False, "Do this")
    assert json.dumps(line.detail)


def test_a_refusal_is_an_error_with_exit_code_2():
    assert SandboxUnavailable("x").exit_code == 2


@pytest.mark.parametrize("who", people.WHO)
def test_a_folder_of_any_depth_is_removed_where_namespaces_are_off(who):
    """Path names longer than the system takes, and more folders in one another than can be walked by recursion."""
    assert people.script(who, "deep.py") == {"printed": ["deep\n", "clean []\n"], "left": []}
