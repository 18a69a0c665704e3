"""Full isolation: bubblewrap makes the jail, and the worker in it makes a room of fresh namespaces for each program."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from sinan.sandbox.view import BOX, DEVICES, ENVIRONMENT, interpreter, system

STAGE = "/tmp"
"""Where a root shows a jail what its unprivileged user could not reach; in a mount namespace that nobody else sees."""
NOBODY = 65534
"""Who everybody is inside."""


def bubblewrap() -> str | None:
    """Where the program is, if it is installed."""
    return shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")


def spawn(uid: int | None, cgroups: Sequence[str], control: socket.socket, info: int, errors: IO[bytes]) -> "_Process":
    """Start a worker in a jail; where `uid` is given, as that user, which takes a root."""
    worker = Path(__file__).with_name("worker.py").read_text("utf-8")
    inside = [sys.executable, "-s", "-P", "-c", worker, str(control.fileno())]
    staged = interpreter() if uid is not None else []
    jail = [*_arguments(staged, info), "--", *inside]
    if uid is not None:
        launcher = Path(__file__).with_name("launcher.py").read_text("utf-8")
        order = {
            "argv": jail,
            "environment": ENVIRONMENT,
            "uid": uid,
            "cgroups": list(cgroups),
            "stage": STAGE,
            "staged": staged,
        }
        jail = [sys.executable, "-I", "-S", "-c", launcher, json.dumps(order)]
    return subprocess.Popen(
        jail,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        pass_fds=(control.fileno(), info),
        cwd="/",
        start_new_session=True,
    )


_Process = subprocess.Popen[bytes]


def _arguments(staged: Sequence[str], info: int) -> Iterator[str]:
    """The command line of bubblewrap. No --dev: it would bring a second user namespace, in which no room can be made,
    and a /dev that can be written."""
    yield from (str(bubblewrap()), "--unshare-all", "--unshare-user", "--new-session", "--info-fd", str(info))
    yield from ("--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox", "--cap-add", "CAP_SYS_ADMIN")
    for path in system():
        yield from _shown(path, path)
    for number, path in enumerate(staged):
        yield from _shown(f"{STAGE}/{number}", path)
    if not staged:
        for path in interpreter():
            yield from _shown(path, path)
    yield from ("--proc", "/proc", "--dir", BOX, "--dir", "/tmp", "--dir", "/dev/shm")
    for device in DEVICES:
        yield from ("--dev-bind", f"/dev/{device}", f"/dev/{device}")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"/dev/{name}")
    yield from ("--symlink", "/proc/self/fd", "/dev/fd", "--remount-ro", "/", "--chdir", BOX)


def _shown(source: str, path: str) -> tuple[str, ...]:
    if os.path.islink(path):
        return ("--symlink", os.readlink(path), path)
    return ("--ro-bind", source, path)
