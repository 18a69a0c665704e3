"""Follows one run from outside."""

import json
import os
import selectors
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

from sinan.sandbox.program import Limits
from sinan.sandbox.ran import Ended, Isolation, Ran

PATIENCE = 60.0
"""Seconds that a jail may take for what takes milliseconds, before it is taken to be broken."""
CHUNK = 1 << 16


class Broken(Exception):
    """The jail, not the program in it, failed."""


class Watch:
    """Follows one program from outside: reads what it says, and ends it where it takes too much."""

    def __init__(self, readers: Sequence[IO[bytes]], limits: Limits) -> None:
        self._limits = limits
        self._out, self._err, self._report = bytearray(), bytearray(), bytearray()
        self._readers = readers
        self._over: Ended | None = None
        self._began: float | None = None

    def follow(self, stop: Callable[[], None]) -> None:
        """To the end of everything that could still write. Raises Broken."""
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            for reader, into in zip(self._readers, (self._out, self._err, self._report), strict=True):
                os.set_blocking(reader.fileno(), False)
                selector.register(reader, selectors.EVENT_READ, into)
            while selector.get_map():
                events = selector.select(max(0.0, deadline - time.monotonic()))
                for key, _ in events:
                    self._read(selector, key.fileobj, key.data)
                if self._began is None and self._report.startswith(b'"begun"'):
                    self._began = time.monotonic()
                    deadline = self._began + self._limits.seconds
                full = max(len(self._out), len(self._err)) > self._limits.output_bytes
                late = time.monotonic() >= deadline
                if late and (self._began is None or self._over is not None):
                    raise Broken("the worker did not begin a program, or did not end it when told to")
                if self._over is None and (full or late):
                    self._over = "output" if full else "timeout"
                    deadline = time.monotonic() + PATIENCE
                    stop()

    def _read(self, selector: selectors.BaseSelector, reader: Any, into: bytearray) -> None:
        chunk = reader.read(CHUNK)
        if not chunk:
            selector.unregister(reader)
        elif self._over is None or into is self._report:
            into += chunk

    def ran(self, isolation: Isolation) -> Ran:
        """What was seen. Raises Broken, and FileNotFoundError where the command is not there."""
        lines = [json.loads(line) for line in self._report.splitlines()]
        told: dict[str, Any] = next((line for line in lines if isinstance(line, dict)), {})
        if "missing" in told:
            raise FileNotFoundError(told["missing"])
        if "broken" in told:
            raise Broken(str(told["broken"]))
        seconds = told.get("seconds", time.monotonic() - (self._began or time.monotonic()))
        most = self._limits.output_bytes
        out, err = (bytes(text[:most]).decode(errors="replace") for text in (self._out, self._err))
        if self._over is not None:
            return Ran(self._over, None, out, err, seconds, isolation)
        if not told:
            raise Broken("a program's room ended without a word")
        return Ran(told["ended"], told["code"], out, err, seconds, isolation)
