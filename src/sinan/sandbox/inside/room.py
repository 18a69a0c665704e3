"""A room of fresh namespaces: processes, mounts and shared memory of its own."""

import os
from pathlib import Path
from typing import Any

from sinan.sandbox.inside.kernel import (
    BIND,
    NEW_IPC,
    NEW_MOUNT,
    NODEV,
    NOEXEC,
    NOSUID,
    PRIVATE,
    RECURSIVE,
    mount,
    unshare,
)

MIB = 1 << 20


def furnish(order: dict[str, Any]) -> None:
    """One bounded tmpfs for all that can be written, and a /proc of the room's own processes."""
    unshare(NEW_MOUNT | NEW_IPC)
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
    box, mib = Path(order["box"]), order["disk_mb"]
    mount("tmpfs", str(box), "tmpfs", NOSUID | NODEV, f"size={mib * MIB},nr_inodes={mib * 256 + 1024},mode=755")
    for name in ("work", "tmp", "shm"):
        (box / name).mkdir()
    for name, place in ((("tmp", "/tmp"),) if order["own_tmp"] else ()) + (("shm", "/dev/shm"),):
        (box / name).chmod(0o1777)
        mount(str(box / name), place, None, BIND)
    mount(str(box / "work"), str(box), None, BIND)  # over its own root, where the other two would be seen again
    os.chdir(box)


def family() -> list[str]:
    """The processes of the room but the warden, which is its first."""
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]  # noqa: PTH208  asked often


def overfull(order: dict[str, Any]) -> bool:
    """Whether more was written than may be: never, as the tmpfs is bounded."""
    return False


def full(order: dict[str, Any]) -> bool:
    """Whether nothing more can be written."""
    left = os.statvfs(order["box"])
    return left.f_bavail == 0 or left.f_favail == 0
