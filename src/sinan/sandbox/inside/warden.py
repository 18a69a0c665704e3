"""The warden of a room: furnishes it, writes the program's files, watches the program, and reports how it ended."""

import json
import os
import re
import resource
import select
import signal
import time
from pathlib import Path
from typing import Any

from sinan.sandbox.inside import fence, room
from sinan.sandbox.inside.kernel import DUMPABLE, SUBREAPER, prctl
from sinan.sandbox.inside.program import become
from sinan.sandbox.inside.report import REPORT, report

TICK_MS = 50
"""Between two looks at what a program takes."""
PAGE = resource.getpagesize()
NO_ROOM = {27, 28, 122}
"""EFBIG, ENOSPC, EDQUOT."""


def keep(order: dict[str, Any], descriptors: list[int]) -> None:
    """One run, from its order to its report. Never returns."""
    try:
        prctl(DUMPABLE, 0)  # nobody looks into this process
        prctl(SUBREAPER, 1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which the first of a room is not ended by; Python's own it heeds
        program = json.loads(_whole(descriptors[0]))
        os.dup2(descriptors[4], REPORT)
        for number, descriptor in enumerate(descriptors[1:4]):
            os.dup2(descriptor, number)
        os.closerange(3, REPORT)
        os.closerange(REPORT + 1, 4096)
        (room if order["namespaces"] else fence).furnish(order)
        told = _run(order, program)
    except BaseException as error:
        told = {"broken": f"{type(error).__name__}: {error}"}
    report(told)
    os._exit(0)


def _whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _run(order: dict[str, Any], program: dict[str, Any]) -> dict[str, Any]:
    try:
        for name, text in program["files"].items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", errors="surrogatepass", newline="") as file:
                file.write(text)
    except OSError as error:
        if error.errno in NO_ROOM:
            return {"ended": "disk", "code": None, "seconds": 0.0}
        raise
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        become(order, program)
    report("begun")
    ended, code = _attend(pid, order)
    return {"ended": ended, "code": code, "seconds": time.monotonic() - began}


def _attend(pid: int, order: dict[str, Any]) -> tuple[str, int | None]:
    """How the program ended. Others of its family are reaped on the way, and die with us."""
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    place = room if order["namespaces"] else fence
    most = order["memory_mb"] << 20
    while not poll.poll(TICK_MS):
        family = place.family()
        if _memory(family, exact=False) > most and _memory(family, exact=True) > most:
            return "memory", None
        if place.overfull(order):
            return "disk", None
        while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and dead.si_pid != pid:
            os.waitpid(dead.si_pid, 0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code and (code == -signal.SIGXFSZ or place.full(order)):
        return "disk", None
    return ("signal" if code < 0 else "exited"), code


def _memory(family: list[str], exact: bool) -> int:
    """Bytes that all these processes hold; pages that several share are counted once where it is exact."""
    return sum(_held(pid, exact) for pid in family)


def _held(pid: str, exact: bool) -> int:
    """Bytes of one process. One that hides its pages from us has them counted in full."""
    try:
        if exact:
            found = re.search(rb"^Pss:\s+(\d+)", Path("/proc", pid, "smaps_rollup").read_bytes(), re.MULTILINE)
            if found:
                return 1024 * int(found[1])
    except OSError:
        pass
    try:
        return PAGE * int(Path("/proc", pid, "statm").read_bytes().split()[1])
    except OSError:
        return 0  # gone meanwhile
