"""From a fork of the warden to the program: everything is given up, then the program is run."""

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from sinan.sandbox.inside import fence, play
from sinan.sandbox.inside.kernel import DUMPABLE, forsake, install, prctl
from sinan.sandbox.inside.report import REPORT, report

MIB = 1 << 20


def become(order: dict[str, Any], program: dict[str, Any]) -> None:
    """Run the program in this process. Never returns."""
    argv = program["argv"]
    try:
        os.setsid()
        prctl(DUMPABLE, 1)
        _bound(order)
        if not order["namespaces"]:
            fence.enclose(order)
        forsake()
        install(bytes.fromhex(order["filter"]))
        if not _forkable(program):
            _execute(argv)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as an interpreter begins
        main = play.prepared(argv[1:], str(Path.cwd()))
        os.close(REPORT)
    except MemoryError:
        report({"ended": "memory", "code": None, "seconds": 0.0})
    except BaseException as error:
        report({"broken": f"{type(error).__name__}: {error}"})
    else:
        os._exit(play.played(main))
    os._exit(1)


def _forkable(program: dict[str, Any]) -> bool:
    """Whether the worker's own interpreter can run it: a file in Python, none of whose neighbours is to stand for a
    module that is loaded here already."""
    argv, files = program["argv"], program["files"]
    neighbours = {name.split("/")[0].removesuffix(".py") for name in files}
    return argv[0] == "python" and len(argv) > 1 and argv[1] in files and not neighbours & sys.modules.keys()


def _execute(argv: list[str]) -> None:
    """Another program, or an interpreter of its own."""
    os.set_inheritable(REPORT, False)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # which Python ignores
    path = sys.executable if argv[0] == "python" else argv[0]
    try:
        os.execvp(path, [path, *argv[1:]])
    except (FileNotFoundError, PermissionError):
        report({"missing": argv[0]})
        os._exit(1)


def _bound(order: dict[str, Any]) -> None:
    """What the kernel itself holds a process to."""
    others = order["others"] if order["namespaces"] or order["alone"] else _tasks()
    limits = {
        resource.RLIMIT_CORE: 1,  # less than any; at 0 the machine's own handler of dumps would still be started
        resource.RLIMIT_DATA: order["memory_mb"] * MIB,
        resource.RLIMIT_FSIZE: order["disk_mb"] * MIB,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: order["processes"] + others,
        resource.RLIMIT_SIGPENDING: 1024,
    }
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, it is this one that goes


def _tasks() -> int:
    """How many processes and threads this user has already: the kernel counts them all."""
    total = 0
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                if path.stat().st_uid == os.getuid():
                    total += len(list((path / "task").iterdir()))
    return total
