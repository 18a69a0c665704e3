"""The sandbox: as many jails as there are processors, handed out one program at a time."""

import atexit
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sinan.errors import SandboxUnavailable
from sinan.sandbox.jail import Broken, Jail
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Isolation, Ran

NUMERIC = re.compile(r"\b(numpy|pandas|scipy|sklearn)\b")
"""Imports that take longer than most programs: a worker that has made them is forked for these."""
PRELOADED = {
    "plain": "bisect collections copy datetime functools heapq itertools json math operator random re string typing",
    "numeric": "collections functools itertools json math random re typing numpy numpy.random",
}

Start = Callable[[int, list[str]], Jail]
"""A jail for the slot of that number whose worker has those modules loaded."""


@dataclass(slots=True)
class _Slot:
    """One program at a time; its jails are started when they are first needed."""

    number: int
    jails: dict[str, Jail] = field(default_factory=dict)


class Sandbox:
    """Runs programs that nobody trusts. Thread-safe: as many at once as there are processors, others wait."""

    def __init__(self, start: Start, isolation: Isolation, slots: int | None = None) -> None:
        self.isolation = isolation
        self._start = start
        count = slots or len(os.sched_getaffinity(0))
        self._idle = [_Slot(number) for number in reversed(range(count))]
        self._free = threading.Semaphore(count)
        self._all = tuple(self._idle)

    def run(self, program: Program, limits: Limits = Limits()) -> Ran:  # noqa: B008  it cannot be changed
        """Run it to its end, or to a limit. Blocks. Raises SandboxUnavailable where the sandbox itself fails, or the
        command is not installed on this machine: neither says anything of the program."""
        kind = "numeric" if any(map(NUMERIC.search, program.files.values())) else "plain"
        with self._free:
            slot = self._idle.pop()
            try:
                return self._run(slot, kind, program, limits)
            finally:
                self._idle.append(slot)

    def close(self) -> None:
        """End every jail. Programs still running are ended with them."""
        for slot in self._all:
            for kind in list(slot.jails):
                slot.jails.pop(kind).end()

    def _run(self, slot: _Slot, kind: str, program: Program, limits: Limits) -> Ran:
        """A jail that breaks is replaced once: something may have ended it that has nothing to do with the program."""
        for last in (False, True):
            try:
                if kind not in slot.jails:
                    slot.jails[kind] = self._start(slot.number, PRELOADED[kind].split())
                return slot.jails[kind].run(program, limits)
            except FileNotFoundError as missing:
                raise SandboxUnavailable(
                    f"{program.argv[0]} was to be run, and is not installed on this machine: install it under /usr"
                ) from missing
            except Broken as error:
                if jail := slot.jails.pop(kind, None):
                    jail.end()
                if last:
                    raise SandboxUnavailable(f"the sandbox broke while it ran a program: {error}") from None
        raise AssertionError("unreachable")


def closing_at_exit(sandbox: Sandbox) -> Sandbox:
    """The same, closed when this process ends."""
    atexit.register(sandbox.close)
    return sandbox
