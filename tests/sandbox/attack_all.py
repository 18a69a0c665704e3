"""Runs every attack against one layer: `attack_all.py full|reduced [version of Landlock]`. Prints JSON: what got
through, by attack; how long the sandbox was."""

import functools
import json
import sys

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Sandbox, full, reduced
from sinan.sandbox.attacks import ATTACKS, Attack, Bait, got_through

layer, *version = sys.argv[1:]
start = {"full": full.start, "reduced": reduced.start}[layer]
if version:
    start = functools.partial(start, landlock=int(version[0]))
sandbox = Sandbox(start, layer, slots=1)


def achieved(attack: Attack, bait: Bait) -> list[str]:
    try:
        return got_through(attack, sandbox.run, bait)
    except SandboxUnavailable as error:
        return [f"broke the sandbox: {error}"]


with Bait() as bait:
    print(json.dumps({attack.name: achieved(attack, bait) for attack in ATTACKS}))
sandbox.close()
