"""The sandbox: as many jails as there are processors, handed out one program at a time."""

import atexit
import itertools
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sinan.errors import SandboxUnavailable
from sinan.sandbox.jail import Jail, Starved
from sinan.sandbox.program import Limits, Program
from sinan.sandbox.ran import Isolation, Ran
from sinan.sandbox.view import ENVIRONMENT
from sinan.sandbox.watch import Broken

NUMERIC = re.compile(r"\b(numpy|pandas|scipy|sklearn)\b")
"""Imports that take longer than most programs: a worker that has made them is forked for these."""
COMPILER = re.compile(r"^(cc|c\+\+|gcc|g\+\+|clang|clang\+\+|rustc|go|ghc|swiftc|ld)(-\d+)?$")
"""They make what they wrote executable, which reduced isolation does not allow an ordinary user's programs."""
PRELOADED = {
    "plain": "bisect collections copy datetime functools heapq itertools json math operator random re string typing",
    "numeric": "collections functools itertools json math random re typing numpy numpy.random",
}

Start = Callable[[str, Sequence[str], int | None], Jail]
"""A jail of that name whose worker has those modules loaded; programs in it are that user, where we are root."""
UIDS, UIDS_EACH = 0x70000000, 64
"""Above all that systems give out, below what fits 31 bits: users that own nothing anywhere."""


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
        count = min(slots or len(os.sched_getaffinity(0)), UIDS_EACH // len(PRELOADED))
        self._idle = [_Slot(number) for number in reversed(range(count))]
        self._free = threading.Semaphore(count)
        self._all = tuple(self._idle)

    def run(self, program: Program, limits: Limits = Limits()) -> Ran:  # noqa: B008  it cannot be changed
        """Run it to its end, or to a limit. Blocks. Raises SandboxUnavailable where the sandbox itself fails, or the
        command is not installed on this machine: neither says anything of the program."""
        if not self.has(program.argv[0]):
            raise SandboxUnavailable(self._missing(program.argv[0]))
        kind = "numeric" if any(map(NUMERIC.search, program.files.values())) else "plain"
        with self._free:
            slot = self._idle.pop()
            try:
                return self._run(slot, kind, program, limits)
            finally:
                self._idle.append(slot)

    def has(self, program: str) -> bool:
        """Whether a command of that name could be run."""
        return not self._hinders(program) and self._installed(program)

    def _installed(self, program: str) -> bool:
        return program == "python" or shutil.which(program, path=ENVIRONMENT["PATH"]) is not None

    def close(self) -> None:
        """End every jail. Programs still running are ended with them."""
        for slot in self._all:
            for kind in list(slot.jails):
                slot.jails.pop(kind).end()

    def _hinders(self, program: str) -> bool:
        return self.isolation == "reduced" and os.geteuid() != 0 and COMPILER.search(program) is not None

    def _missing(self, name: str) -> str:
        if self._hinders(name):
            return f"{name} was to be run, which takes full isolation; here it is reduced: sinan doctor says why"
        return f"{name} was to be run, and is not installed on this machine: install it under /usr"

    def _started(self, slot: int, kind: str) -> Jail:
        number = slot * len(PRELOADED) + list(PRELOADED).index(kind)
        name = f"sinan-{os.getpid()}-{next(_names)}"
        return self._start(name, PRELOADED[kind].split(), _uid(number) if os.geteuid() == 0 else None)

    def _run(self, slot: _Slot, kind: str, program: Program, limits: Limits) -> Ran:
        """A jail that breaks is replaced once: something may have ended it that has nothing to do with the program."""
        for last in (False, True):
            try:
                if kind not in slot.jails:
                    slot.jails[kind] = self._started(slot.number, kind)
                return slot.jails[kind].run(program, limits)
            except FileNotFoundError as missing:
                raise SandboxUnavailable(self._missing(program.argv[0])) from missing
            except Starved:
                slot.jails.pop(kind).end()
                return Ran("memory", None, "", "", 0.0, self.isolation)
            except Broken as error:
                if jail := slot.jails.pop(kind, None):
                    jail.end()
                if last:
                    raise SandboxUnavailable(f"the sandbox broke while it ran a program: {error}") from error
            except BaseException:  # interrupted: the jail is amid something
                if jail := slot.jails.pop(kind, None):
                    jail.end()
                raise
        raise AssertionError("unreachable")


_names = itertools.count()


def _uid(number: int) -> int:
    """A user of our own for each jail; where the machine's users are few (a container), from their upper end.

    Raises Broken where there is none.
    """
    own = UIDS + os.getpid() % (1 << 22) * UIDS_EACH + number % UIDS_EACH
    ranges = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    if any(first <= own < first + count for first, _, count in ranges):
        return own
    first, _, count = max(ranges, key=lambda each: each[2])
    if count <= 2 * UIDS_EACH:
        raise Broken("root has no other users here: sinan cannot become one that owns nothing")
    return first + count - 2 - number % UIDS_EACH


def closing_at_exit(sandbox: Sandbox) -> Sandbox:
    """The same, closed when this process ends."""
    atexit.register(sandbox.close)
    return sandbox
