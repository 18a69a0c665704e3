"""Which layer this machine offers: found out by attacking each, once per process."""

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from sinan.errors import SandboxUnavailable
from sinan.sandbox import filter as refused
from sinan.sandbox.ran import Isolation
from sinan.sandbox.sandbox import Sandbox, Start, closing_at_exit

INSTALL = "install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap)"
NAMESPACES = (
    "allow user namespaces: on Ubuntu sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, on older Debian "
    "sysctl -w kernel.unprivileged_userns_clone=1, in a container docker run --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)
LINUX = "run the scoring of code on Linux (sinan score FILE scores recorded answers there)"


@dataclass(frozen=True, slots=True)
class Layer:
    """One way to isolate, and what it is worth on this machine."""

    isolation: Isolation
    tried: int
    """Attacks that were run against it."""
    through: tuple[str, ...]
    """Those that got through, each with what it achieved."""
    broken: str
    """Why it could not be set up; empty where it could."""

    @property
    def holds(self) -> bool:
        """Whether it can be used."""
        return not self.broken and not self.through

    def __str__(self) -> str:
        if self.broken:
            return f"{self.isolation} isolation cannot be set up ({self.broken})"
        if self.through:
            return f"{self.isolation} isolation does not hold here ({'; '.join(self.through[:3])})"
        return f"{self.isolation} isolation: {self.tried} attacks tried, none got through"


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found on this machine."""

    layers: tuple[Layer, ...]
    """In the order in which they were tried; the last is the one in use, where it holds."""
    remedy: str
    """What gives more isolation; empty where it is full."""
    sandbox: Sandbox | None


_lock = threading.Lock()
_found: dict[int, Examined] = {}


def open_sandbox() -> Sandbox:
    """The sandbox of this process: the best layer that withstands every attack on this machine. The first call takes
    a second or two, in which it is attacked. Raises SandboxUnavailable, with the remedy, where none does."""
    found = examine()
    if found.sandbox is None:
        reasons = "; ".join(map(str, found.layers))
        raise SandboxUnavailable(f"code is not run without a sandbox, and none holds here: {reasons}. {found.remedy}")
    return found.sandbox


def examine() -> Examined:
    """What the sandbox is worth on this machine; found out once per process."""
    with _lock:
        if os.getpid() not in _found:
            _found[os.getpid()] = _examined()
        return _found[os.getpid()]


def _examined() -> Examined:
    layers: list[Layer] = []
    for isolation, start in _offered():
        sandbox = Sandbox(start, isolation)
        layers.append(attacked(sandbox))
        if layers[-1].holds:
            return Examined(tuple(layers), _remedy() if isolation == "reduced" else "", closing_at_exit(sandbox))
        sandbox.close()
    return Examined(tuple(layers), _remedy(), None)


def _offered() -> Iterator[tuple[Isolation, Start]]:
    """Strongest first."""
    if sys.platform == "linux" and refused.known():
        from sinan.sandbox import full, reduced

        yield "full", full.start
        yield "reduced", reduced.start


def _remedy() -> str:
    if sys.platform != "linux" or not refused.known():
        return f"Only Linux on x86-64 and ARM64 offers what is needed: {LINUX}"
    from sinan.sandbox import full

    remedy = NAMESPACES if full.bubblewrap() else INSTALL
    return remedy[0].upper() + remedy[1:]


def attacked(sandbox: Sandbox) -> Layer:
    """Run every attack against it."""
    from sinan.sandbox.attacks import ATTACKS, Bait, got_through

    try:
        with Bait() as bait:
            found = ((attack.name, got_through(attack, sandbox.run, bait)) for attack in ATTACKS)
            through = [f"{name}: {', '.join(achieved[:3])}" for name, achieved in found if achieved]
    except (SandboxUnavailable, OSError) as error:
        return Layer(sandbox.isolation, 0, (), str(error.__cause__ or error))
    return Layer(sandbox.isolation, len(ATTACKS), tuple(through), "")
