"""A root's way into the jail: shows what an unprivileged user could not reach, then becomes that user."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from sinan.sandbox.inside.kernel import BIND, NEW_MOUNT, PRIVATE, RECURSIVE, mount, unshare


def launch(text: str) -> None:
    """Become what the order says. Does not return."""
    order: dict[str, Any] = json.loads(text)
    for group in order["cgroups"]:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    if order["staged"]:
        _stage(order["staged"], order["stage"])
    os.setgroups([])
    os.setresgid(order["uid"], order["uid"], order["uid"])
    os.setresuid(order["uid"], order["uid"], order["uid"])
    os.execve(order["argv"][0], order["argv"], os.environ)


def _stage(paths: list[str], where: str) -> None:
    """Bind each path at WHERE/its place in the list, in a mount namespace of our own.

    An interpreter in root's home cannot be reached by another user; bound here, it can.
    """
    unshare(NEW_MOUNT)
    mount(None, "/", None, RECURSIVE | PRIVATE)
    opened = [os.open(path, os.O_PATH) for path in paths]
    mount("tmpfs", where, "tmpfs", 0, "mode=755")
    for number, descriptor in enumerate(opened):
        place = Path(where, str(number))
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            place.mkdir()
        else:
            place.touch()
        mount(f"/proc/self/fd/{descriptor}", str(place), None, BIND | RECURSIVE)
        os.close(descriptor)
