"""Workers of this process: started on first use, shared by all threads, ended with the process.

A worker that does not answer in time is killed and replaced; the others do not notice.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

_PROGRAM = "from sinan.scoring.mathematics.worker import main; main()"
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
_START_TIMEOUT = 120.0
_PATIENCE = 30.0
"""Seconds of wall time that a comparison may take beside four deadlines of processor time: the timer ends what
computes, this only what waits, so that a busy machine changes no verdict."""
_CPU_ENDED = {-27, -14, -24}
"""SIGPROF, SIGALRM, SIGXCPU."""


class Broken(Exception):
    """The workers cannot be had. A fault of this side: the sample fails."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`same` is None where there is no verdict; then `why` says so."""

    same: bool | None
    by: str = ""
    why: str = ""


class _Worker:
    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid, self.connection = pid, connection
        self.stream = connection.makefile("rb")

    def ask(self, message: bytes, patience: float) -> dict[str, Any] | None:
        """The answer; None where the worker ended. Raises TimeoutError."""
        self.connection.settimeout(patience)
        try:
            self.connection.sendall(message)
            line = self.stream.readline()
        except TimeoutError:
            raise
        except OSError:
            return None
        found: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return found

    def close(self) -> None:
        self.stream.close()
        self.connection.close()


class Pool:
    """At most `size` workers. Every method may be called from any thread."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size or max(1, min(8, os.cpu_count() or 1))
        self._free = threading.Semaphore(self.size)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._has_library = False

    def compare(self, gold: str, answer: str, deadline: float, within: float = 0.0) -> Reply:
        """The verdict of a worker. `deadline` is in seconds of processor time. Raises Broken."""
        asked = {"gold": gold, "answer": answer, "deadline": deadline, "within": within}
        message = json.dumps(asked).encode() + b"\n"
        with self._free:
            reply = self._once(message, deadline)
            # A worker may have been ended by something else than what it compared: that is seen by asking again.
            return reply or self._once(message, deadline) or Reply(None, why="the comparison broke its worker twice")

    def _once(self, message: bytes, deadline: float) -> Reply | None:
        worker, patience = self._worker(), 4 * deadline + _PATIENCE
        try:
            found = worker.ask(message, patience)
        except TimeoutError:
            self._end(worker)
            return Reply(None, why=f"comparing took longer than {patience:g} s, most of it waiting")
        except BaseException:
            self._end(worker)
            raise
        if found is None:
            timed = self._end(worker) in _CPU_ENDED
            return Reply(None, why=f"comparing took longer than {deadline:g} s") if timed else None
        if "needs" in found:
            self._end(worker)
            self._with_library()
            return self._once(message, deadline)
        with self._lock:
            self._idle.append(worker)
        if "missing" in found:
            raise Broken(f"{found['missing']} is not installed")
        return Reply(found.get("same"), found.get("by", ""), found.get("why", ""))

    def _with_library(self) -> None:
        """From now on workers have what formulas unknown to the grammar need; those without it are ended."""
        with self._lock:
            if self._has_library:
                return
            try:
                control = self._started()
                control.sendall(b"library\n")
                self._has_library = _line(control) == "ready"
            except OSError as error:
                raise Broken("the workers that compare mathematics cannot be started") from error
            if not self._has_library:
                raise Broken("math-verify is not installed")
            while self._idle:
                self._ended(self._idle.pop())

    def _worker(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            for _ in range(2):
                try:
                    return self._forked()
                except OSError:
                    self._stop()  # the nursery was killed: another one
            raise Broken("the workers that compare mathematics cannot be started")

    def _forked(self) -> _Worker:
        control = self._started()
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(control, [b"fork\n"], [theirs.fileno()])
            pid = _line(control)
        return _Worker(int(pid), ours)

    def _started(self) -> socket.socket:
        if self._control is None:
            ours, theirs = socket.socketpair()
            path = os.pathsep.join(filter(None, sys.path))
            with theirs:
                self._nursery = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=_ENVIRONMENT | {"PYTHONPATH": path, "PATH": os.environ.get("PATH", "")},
                )
            self._control = ours
            ours.settimeout(_START_TIMEOUT)
            if _line(ours) != "ready":
                raise OSError("the nursery did not start")
        return self._control

    def _end(self, worker: _Worker) -> int | None:
        """How the worker ended: minus the number of the signal."""
        with self._lock:
            return self._ended(worker)

    def _ended(self, worker: _Worker) -> int | None:
        worker.close()
        try:
            if self._control is None:
                return None
            self._control.sendall(f"end {worker.pid}\n".encode())
            return int(_line(self._control))
        except (OSError, ValueError):
            self._stop()
            return None

    def _stop(self) -> None:
        for worker in self._idle:
            worker.close()
        self._idle.clear()
        self._has_library = False
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._nursery is not None:
            self._nursery.kill()
            self._nursery.wait()
            self._nursery = None

    def close(self) -> None:
        """Ends the nursery and with it every worker; the pool can be used again."""
        with self._lock:
            self._stop()


def _line(control: socket.socket) -> str:
    found = b""
    while not found.endswith(b"\n"):
        data = control.recv(64)
        if not data:
            raise OSError("the nursery has ended")
        found += data
    return found.decode().strip()


_POOLS: dict[int, Pool] = {}
_CHOOSING = threading.Lock()


def shared() -> Pool:
    """The pool of this process; a forked process has its own."""
    with _CHOOSING:
        pool = _POOLS.get(os.getpid())
        if pool is None:
            pool = _POOLS[os.getpid()] = Pool()
            atexit.register(pool.close)
        return pool
