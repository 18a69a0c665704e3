"""Attacks on the sandbox: run where it is opened, to find out what it is worth here, and by the tests."""

from sinan.sandbox.attacks.attack import Attack, Run, got_through
from sinan.sandbox.attacks.bait import Bait
from sinan.sandbox.attacks.bombs import BOMBS
from sinan.sandbox.attacks.doors import DOORS
from sinan.sandbox.attacks.processes import PROCESSES
from sinan.sandbox.attacks.reach import REACH

__all__ = ["ATTACKS", "Attack", "Bait", "Run", "got_through"]

ATTACKS: tuple[Attack, ...] = (*REACH, *PROCESSES, *DOORS, *BOMBS)
