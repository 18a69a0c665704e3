"""No attack gets through: every attack, as root and as an ordinary user, against either layer."""

from functools import cache

import pytest

from sinan.sandbox.attacks import ATTACKS

from . import people

NAMES = [attack.name for attack in ATTACKS]
LAYERS = {"full": ("full",), "reduced": ("reduced",), "reduced on an older kernel": ("reduced", "3")}


@cache
def found(who, layer):
    return people.script(who, "attack_all.py", *LAYERS[layer])


@pytest.mark.parametrize("attack", NAMES)
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("who", people.WHO)
def test_a_program_is_stopped_that(who, layer, attack):
    assert found(who, layer)[attack] == []


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_the_users_own_interpreter_is_no_way_out_for_a_program_that(sandbox, attack):
    """As the tests above, with the interpreter and the libraries that the tests themselves run with."""
    from sinan.sandbox.attacks import Bait, got_through

    with Bait() as bait:
        assert got_through(attack, sandbox.run, bait) == []


def test_there_are_more_than_twenty_families():
    assert len(set(NAMES)) == len(NAMES) > 20


@cache
def bare():
    return people.script("ordinary", "attack_bare.py")


@pytest.mark.parametrize("attack", [attack.name for attack in ATTACKS if attack.fails_bare])
def test_without_a_sandbox_nothing_stops_a_program_that(attack):
    """Else the tests above would prove nothing."""
    assert bare()[attack]
