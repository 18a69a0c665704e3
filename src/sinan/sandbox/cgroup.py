"""A control group for one jail, where this machine lets us make one: what the watchdog sees too late, or not at all
(the kernel's own memory, spent for pipes and tables), ends here."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

BESIDE_MB = 256
"""For the jail's own processes, and the pages of files that they read."""


@dataclass(slots=True)
class Group:
    """One group. Its limit covers everything in the jail."""

    folder: Path
    second: bool
    """Of version 2 of the interface."""
    limit_mb: int = 0

    def bound(self, mb: int) -> None:
        """Limit the memory of what runs in it, in MiB."""
        if mb != self.limit_mb:
            name = "memory.max" if self.second else "memory.limit_in_bytes"
            with contextlib.suppress(OSError):  # busy with more than that: the watchdog remains
                (self.folder / name).write_text(str((mb + BESIDE_MB) << 20))
                self.limit_mb = mb

    def killed(self) -> int:
        """How many processes were ended for want of memory."""
        with contextlib.suppress(OSError):
            told = (self.folder / ("memory.events" if self.second else "memory.oom_control")).read_text()
            found = re.search(r"^oom_kill (\d+)", told, re.MULTILINE)
            return int(found[1]) if found else 0
        return 0

    def remove(self) -> None:
        """Remove it; nothing may run in it any more."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def made(name: str) -> Group | None:
    """A new group under our own, or, with version 2, beside it, since there only leaves hold processes."""
    for parent, second in _parents():
        _sweep(parent)
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        group = Group(folder, second)
        if (folder / ("memory.max" if second else "memory.limit_in_bytes")).exists():
            return group
        group.remove()
    return None


def _sweep(parent: Path) -> None:
    """Remove the groups of those who were killed."""
    for folder in parent.glob("sinan-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _parents() -> list[tuple[Path, bool]]:
    """Where a group could be made: the folder, and whether it is of version 2."""
    with contextlib.suppress(OSError):
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        first = [Path("/sys/fs/cgroup/memory" + path) for _, names, path in lines if "memory" in names.split(",")]
        second = [Path("/sys/fs/cgroup" + path).parent for _, names, path in lines if not names]
        return [(path, False) for path in first] + [(path, True) for path in second]
    return []
