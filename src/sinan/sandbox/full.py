"""Full isolation: bubblewrap makes the jail, and the worker in it makes a room of fresh namespaces for each program."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from sinan.sandbox import cgroup
from sinan.sandbox import filter as refused
from sinan.sandbox.jail import Jail
from sinan.sandbox.spawning import Spawning
from sinan.sandbox.view import BOX, DEVICES, environment, interpreter, lies_under, system, unreachable
from sinan.sandbox.watch import Broken

STAGES = ("/mnt", "/media", "/srv", "/var/tmp", "/tmp")
"""Where a root may show a jail what its unprivileged user could not reach, in a mount namespace that nobody else sees:
the first of these folders that hides no part of the interpreter."""
NOBODY = 65534
"""Who everybody is inside."""
OTHERS = 3
"""Processes of the jail that are not the program's: bubblewrap's first, the worker, the warden."""


def bubblewrap() -> str | None:
    """Where the program is, if it is installed."""
    return shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")


def start(name: str, preload: Sequence[str], uid: int | None) -> Jail:
    """A jail with a worker that has these modules loaded; `uid` is the user to become where we are root.

    Raises Broken.
    """
    program = bubblewrap()
    if program is None:
        raise Broken("bubblewrap is not installed")
    staged = tuple(unreachable()) if uid is not None else ()
    stage = _stage()

    def command(inner: Sequence[str], info: int) -> Sequence[str]:
        return [program, *_arguments(staged, stage, info), "--", *inner]

    group = cgroup.made(name) if uid is not None else None
    groups = (str(group.folder),) if group else ()
    standing = {
        "namespaces": True,
        "box": BOX,
        "own_tmp": not lies_under("/tmp"),
        "preload": list(preload),
        "filter": refused.program().hex(),
        "others": OTHERS,
    }
    return Jail(Spawning(command, _environment(), uid, staged, stage, groups), standing, "full", group)


def _environment() -> dict[str, str]:
    """An interpreter under /tmp would be hidden by a folder of the room's own there: then /tmp can only be read, and
    temporary files lie elsewhere."""
    return environment() | ({"TMPDIR": "/dev/shm"} if lies_under("/tmp") else {})


def _stage() -> str:
    """Raises Broken."""
    for folder in STAGES:
        if Path(folder).is_dir() and not lies_under(folder):
            return folder
    raise Broken(f"this Python lies under each of {', '.join(STAGES)}, or they are not there")


def _arguments(staged: Sequence[str], stage: str, info: int) -> Iterator[str]:
    """The command line of bubblewrap. No --dev: it would bring a second user namespace, in which no room can be made,
    and a /dev that can be written."""
    yield from ("--unshare-all", "--unshare-user", "--new-session", "--info-fd", str(info), "--hostname", "sandbox")
    yield from ("--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-add", "CAP_SYS_ADMIN")
    for path in system():
        yield from _shown(path, path)
    for path in interpreter():
        yield from _shown(f"{stage}/{staged.index(path)}" if path in staged else path, path)
    yield from ("--proc", "/proc", "--dir", BOX, "--dir", "/tmp", "--dir", "/dev/shm")
    for device in DEVICES:
        yield from ("--dev-bind", device, device)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"/dev/{name}")
    yield from ("--symlink", "/proc/self/fd", "/dev/fd", "--remount-ro", "/", "--chdir", BOX)


def _shown(source: str, path: str) -> tuple[str, ...]:
    if Path(path).is_symlink():
        return ("--symlink", str(Path(path).readlink()), path)
    return ("--ro-bind", source, path)
