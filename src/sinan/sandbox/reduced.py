"""Reduced isolation, where there are no user namespaces (most containers): Landlock, the system call filter and limits.

Weaker in that programs share the machine's processes (which they can neither see nor signal) and a folder on its disk
(which is watched, not bounded), and in that the names and sizes of files outside can be asked for.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sinan.sandbox import filter as refused
from sinan.sandbox.inside import fence
from sinan.sandbox.jail import Jail
from sinan.sandbox.spawning import Spawning
from sinan.sandbox.view import DEVICES, environment, interpreter, system, unreachable
from sinan.sandbox.watch import Broken

LEAST = 3
"""The version of Landlock from which a file cannot be emptied that may only be read: Linux 6.2."""


def start(name: str, preload: Sequence[str], uid: int | None, landlock: int | None = None) -> Jail:
    """A worker with these modules loaded; `uid` is the user to become where we are root.

    `landlock` takes an older version than the kernel offers. Raises Broken.
    """
    version = min(fence.version(), fence.version() if landlock is None else landlock)
    if version < LEAST:
        raise Broken(f"the kernel offers version {version} of Landlock; version {LEAST} is needed (Linux 6.2)")
    if uid is not None and (hidden := unreachable()):
        raise Broken(
            f"{hidden[0]} can be read by root alone, and programs are run as another user: use a Python that everybody "
            "may read, or run sinan as an ordinary user"
        )
    folder = tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True)
    if uid is not None:
        os.chown(folder.name, uid, uid)
    box = str(Path(folder.name).resolve() / "box")
    standing = {
        "namespaces": False,
        "box": box,
        "preload": list(preload),
        "filter": refused.program(reduced=True, owner=uid is None).hex(),
        "signals": refused.signals(),
        "others": 3,
        "alone": uid is not None,
        "landlock": version,
        "readable": [*system(), *interpreter()],
        "devices": list(DEVICES),
    }
    variables = environment() | {"HOME": f"{box}/work", "TMPDIR": f"{box}/tmp"}
    return Jail(Spawning(lambda inner, info: inner, variables, uid), standing, "reduced", folder=folder)
