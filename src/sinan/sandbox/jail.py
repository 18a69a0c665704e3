"""One jail and its warm worker, as sinan's process holds them: starts it, hands it programs, ends it."""

import array
import contextlib
import json
import math
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any

from sinan.sandbox.cgroup import Group
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Isolation, Ran
from sinan.sandbox.watch import PATIENCE, Broken, Watch

SEALS = 0x1 | 0x2 | 0x4 | 0x8  # no more seals, no shrinking, no growing, no writing

Spawn = Callable[[socket.socket, int, IO[bytes]], subprocess.Popen[bytes]]
"""Starts a worker that holds the socket; its first process's pid, as JSON, goes to the descriptor."""


class Starved(Exception):
    """The jail was ended because the program in it took too much memory: the jail is gone, and this is a finding."""


class Jail:
    """A started worker. Not thread-safe: one program at a time. Raises Broken."""

    def __init__(
        self,
        spawn: Spawn,
        standing: dict[str, Any],
        isolation: Isolation,
        group: Group | None = None,
        folder: "tempfile.TemporaryDirectory[str] | None" = None,
    ) -> None:
        self.isolation = isolation
        self._group, self._folder = group, folder
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        ours.settimeout(PATIENCE)
        self._info, telling = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with theirs, _closing(telling):
            self._process = spawn(theirs, telling, self._errors)
        self._first: int | None = None
        try:
            self._send(standing, ())
            self._expect(b"ready")
            self._first = _first_process(self._info)
        except BaseException:
            self.end()
            raise

    def run(self, program: Program, limits: Limits) -> Ran:
        """One program, to its end or to a limit. Raises FileNotFoundError where its command is not there."""
        if self._group:
            self._group.bound(limits.memory_mb + limits.disk_mb)
        killed = self._group.killed() if self._group else 0
        try:
            ran = self._run(program, limits)
        except Broken:
            if self._starved(killed):  # the jail was ended for what the program took
                raise Starved from None
            raise
        if ran.exit_code == -signal.SIGKILL and self._starved(killed):
            return replace(ran, ended="memory", exit_code=None)
        return ran

    def _starved(self, killed: int) -> bool:
        return self._group is not None and self._group.killed() > killed

    def _run(self, program: Program, limits: Limits) -> Ran:
        payload = {"files": dict(program.files), "argv": program.argv}
        with contextlib.ExitStack() as stack:
            sealed = [stack.enter_context(_sealed(text)) for text in (json.dumps(payload), program.stdin)]
            pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
            readers = [stack.enter_context(os.fdopen(reader, "rb", 0)) for reader, _ in pipes]
            writers = [writer for _, writer in pipes]
            try:
                self._send(_order(limits), [*sealed, *writers])
            finally:
                for writer in writers:
                    os.close(writer)
            watch = Watch(readers, limits)
            watch.follow(self._stop)
        self._expect(b"done")
        return watch.ran(self.isolation)

    def end(self) -> None:
        """End the worker and all that runs in it."""
        self._control.close()
        first = self._first if self._first is not None else _first_process(self._info)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if first is not None:  # with which all others of the jail end; where they have, this finds nobody
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(first, signal.SIGKILL)
            os.close(first)
        os.close(self._info)
        self._errors.close()
        if self._group:
            self._group.remove()
        if self._folder:
            with contextlib.suppress(RecursionError):  # the worker, which was ended first, removes the deepest
                self._folder.cleanup()

    def _send(self, order: dict[str, Any], descriptors: Sequence[int]) -> None:
        rights = array.array("i", descriptors)
        try:
            self._control.sendmsg([json.dumps(order).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except OSError as error:
            raise Broken(self._said(error)) from None

    def _stop(self) -> None:
        with contextlib.suppress(OSError):
            self._control.send(b"end")

    def _expect(self, word: bytes) -> None:
        try:
            heard = self._control.recv(64)
        except OSError as error:
            raise Broken(self._said(error)) from None
        if heard != word:
            raise Broken(self._said(heard))

    def _said(self, otherwise: object) -> str:
        """Why the jail broke, in its own words where it left any."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"the worker answered {otherwise!r}"


def _first_process(info: int) -> int | None:
    """A descriptor of the jail's first process, if bubblewrap has told which it is."""
    try:
        return os.pidfd_open(int(json.loads(os.read(info, 4096))["child-pid"]))
    except (OSError, ValueError):
        return None


def _order(limits: Limits) -> dict[str, Any]:
    return {name: math.ceil(getattr(limits, name)) for name in ("memory_mb", "processes", "disk_mb")}


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _sealed(text: str) -> Iterator[int]:
    """A file in memory that nobody can change any more, read from its beginning."""
    import fcntl  # not everywhere, as this module is imported

    descriptor = os.memfd_create("sinan", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with _closing(descriptor):
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
        yield descriptor
