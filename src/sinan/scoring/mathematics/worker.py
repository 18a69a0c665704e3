"""The nursery and its workers: processes that compare what may hang, and that can be killed without loss.

    python -c 'from sinan.scoring.mathematics.worker import main; main()'   with a socket as standard input

The nursery imports what they need once, SymPy not before it is asked for, and then only forks: a worker that was
killed is replaced in milliseconds. A worker reads one JSON line per comparison and answers with one. What it may do
is little: memory, files and processes are limited, an audit hook ends it where it would start a program, write a file
or open a connection, and a timer of the kernel ends it where one comparison takes more processor time than its
deadline.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space of a worker."""
_FORBIDDEN = ("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "subprocess.", "socket.",
              "ctypes.", "pty.", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link",
              "os.symlink", "os.truncate", "os.kill", "shutil.", "urllib.", "http.")  # fmt: skip


def main() -> None:
    """Serves the socket that is standard input until it is closed; then every worker ends."""
    control = socket.socket(fileno=0)
    _import()
    children: set[int] = set()
    control.sendall(b"ready\n")
    while message := _received(control):
        line, descriptor = message
        verb, _, number = line.partition(" ")
        if verb == "library":
            control.sendall(b"ready\n" if _import_library() else b"missing\n")
        elif verb == "fork" and descriptor is not None:
            children.add(_forked(control, descriptor, children))
        elif verb == "end":
            control.sendall(f"{_ended(int(number), children)}\n".encode())
    for child in children:
        os.kill(child, signal.SIGKILL)


def _ended(child: int, children: set[int]) -> int:
    """How a worker that is ended now, or was before, ended: minus the number of the signal."""
    if child not in children:
        return 0
    children.discard(child)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _received(control: socket.socket) -> tuple[str, int | None] | None:
    """One line and the descriptor that came with it; None at the end, which is also when the parent is another one: a
    process that it forked may hold the socket open. (A signal at the parent's end would come when its thread ends.)"""
    parent = os.getppid()
    while not select.select([control], [], [], 2.0)[0]:
        if os.getppid() != parent:
            return None
    data, descriptors, _, _ = socket.recv_fds(control, 64, 1)
    if not data:
        return None
    return data.decode().strip(), descriptors[0] if descriptors else None


def _import() -> None:
    """What a worker needs, once for all of them."""
    from sinan.scoring.mathematics import compared

    compared.thorough("\\sqrt{2}", "\\sqrt{3}")


def _import_library() -> bool:
    """What a worker needs for formulas that the grammar does not know, a second or two. Whether it is installed."""
    from sinan.scoring.mathematics import compared

    try:
        import numpy as np

        assert np  # SymPy imports it late, and a worker could not
        compared.by_library("\\sum_{n=1}^{\\infty} \\frac{1}{n^{3}}", "\\int_0^1 x \\, dx")
    except ImportError:
        return False
    return True


def _forked(control: socket.socket, descriptor: int, children: set[int]) -> int:
    child = os.fork()
    if child:
        os.close(descriptor)
        control.sendall(f"{child}\n".encode())
        return child
    try:
        control.close()
        connection = socket.socket(fileno=descriptor)
        _die_with_parent()
        _limit()
        _serve(connection)
    finally:
        os._exit(0)


def _die_with_parent() -> None:
    """On Linux the kernel ends this process with its parent, however the parent ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _limit() -> None:
    for name, limit in (("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0), ("RLIMIT_NPROC", 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (limit, limit))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    sys.setrecursionlimit(10_000)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event.startswith(_FORBIDDEN):
        os._exit(77)


def _serve(connection: socket.socket) -> None:
    stream = connection.makefile("rwb")
    for line in stream:
        asked = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, asked["deadline"])
        answer = _answered(asked)
        signal.setitimer(signal.ITIMER_PROF, 0)
        stream.write(json.dumps(answer).encode() + b"\n")
        stream.flush()


def _answered(asked: dict[str, Any]) -> dict[str, Any]:
    from sinan.scoring.mathematics.compared import needs_library, thorough
    from sinan.scoring.mathematics.forms import Undecided

    try:
        if "math_verify" not in sys.modules and needs_library(asked["gold"], asked["answer"]):
            return {"needs": "library"}
        found = thorough(asked["gold"], asked["answer"], asked["within"])
        return {"same": found.same, "by": found.by}
    except Undecided as why:
        return {"why": f"the values cannot be compared: {why}"}
    except MemoryError:
        return {"why": "the comparison needed too much memory"}
    except ImportError as error:
        return {"missing": str(error.name)}
    except Exception as error:  # whatever a library raises for what a model wrote
        return {"same": False, "by": f"no formula: {type(error).__name__}"}
