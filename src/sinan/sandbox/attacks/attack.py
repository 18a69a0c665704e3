"""One attack: a program, and how to see whether it got through."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from sinan.sandbox.attacks.bait import Bait
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Ended, Ran

Run = Callable[[Program, Limits], Ran]

PRELUDE = '''
import ctypes, json, os, sys
bait = json.load(open("bait.json"))
libc = ctypes.CDLL(None, use_errno=True)

def tried(what, act, *values):
    """Do it, and say so where it worked."""
    try:
        got = act(*values)
    except Exception:
        return None
    print("THROUGH:", what, repr(got)[:200], flush=True)

def called(name, *values):
    """A system call by its name; an error is raised."""
    values = [ctypes.c_long(v) if isinstance(v, int) else v for v in values]
    returned = libc.syscall(ctypes.c_long(bait["calls"][name]), *values)
    if returned < 0:
        raise OSError(ctypes.get_errno(), name)
    return returned

def read(path):
    with open(path, "rb") as file:
        return file.read(4096)
'''
"""What every attack begins with. A line that begins with THROUGH says that something worked."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A program that must not get through."""

    name: str
    """What it tries, as a sentence about the program goes on: `reads the user's files`."""
    code: str
    """Python, after PRELUDE."""
    limits: Limits = Limits(seconds=30.0, memory_mb=256, processes=16, output_bytes=10_000, disk_mb=8)
    ends: tuple[Ended, ...] = ("exited",)
    """How it must end; one that exits must have come to its last line."""
    then: str = ""
    """Another program, run after it: what is left of the first must not be seen."""
    fails_bare: bool = True
    """Whether it gets through without a sandbox, on a machine that it does not harm: the tests see to that."""


def got_through(attack: Attack, run: Run, bait: Bait) -> list[str]:
    """What an attack achieved, each in words; empty where it was stopped."""
    found = []
    for code in filter(None, (attack.code, attack.then)):
        files = {"main.py": f'{PRELUDE}\n{code}\nprint("tried")\n', "bait.json": json.dumps(bait.told())}
        ran = run(Program(files, ("python", "main.py")), attack.limits)
        found += [line.removeprefix("THROUGH: ") for line in ran.stdout.splitlines() if line.startswith("THROUGH: ")]
        if bait.marker in ran.stdout or bait.marker in ran.stderr:
            found.append("told a secret")
        if ran.ended not in attack.ends:
            found.append(f"ended by {ran.ended} ({ran.exit_code}): {ran.stderr.strip()[-200:]}")
        if ran.ended == "exited" and not ran.stdout.endswith("tried\n"):
            found.append(f"was not tried to its end: {ran.stderr.strip()[-200:]}")
    return found + bait.taken()
