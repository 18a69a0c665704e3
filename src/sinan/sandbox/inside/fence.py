"""A room without namespaces: a folder of its own, and Landlock, which lets nothing else be opened for writing, and
little for reading. Its processes are seen and ended by their descent."""

import contextlib
import ctypes
import os
import shutil
import signal
import stat
import struct
import time
from pathlib import Path
from typing import Any

from sinan.sandbox.inside.kernel import NO_NEW_PRIVS, call, install, prctl

CREATE, ADD, RESTRICT = 444, 445, 446
"""landlock_create_ruleset, landlock_add_rule and landlock_restrict_self, the same on every processor."""
VERSION, BENEATH = 1, 1
EXECUTE, WRITE, READ, LIST = 1, 2, 4, 8
TRUNCATE, DEVICE = 1 << 14, 1 << 15
FILE = EXECUTE | WRITE | READ | TRUNCATE | DEVICE
"""Rights that a file can have; the others are of folders."""
SCOPED = 6
"""The version from which signals and abstract sockets stay inside."""
PATIENCE = 10.0
PAGE = 4096
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LOAD, EQUAL, RETURN, ALLOW, REFUSE = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050001


def version() -> int:
    """Which Landlock the kernel offers; 0 for none."""
    try:
        return call(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))
    except OSError:
        return 0


def furnish(order: dict[str, Any]) -> None:
    """A fresh folder, to work in and for what is temporary."""
    box = Path(order["box"])
    box.mkdir(mode=0o700)
    for name in ("work", "tmp"):
        (box / name).mkdir()
    os.chdir(box / "work")


def enclose(order: dict[str, Any]) -> None:
    """From here on, nothing can be opened but what the order shows."""
    prctl(NO_NEW_PRIVS, 1)
    abi = order["landlock"]
    handled = (1 << (13 + (abi >= 2) + (abi >= 3) + (abi >= 5))) - 1
    network, scope = (3 if abi >= 4 else 0), (3 if abi >= SCOPED else 0)
    attributes = struct.pack("=QQQ", handled, network, scope)[: 8 + 8 * (abi >= 4) + 8 * (abi >= SCOPED)]
    rules = call(CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path in filter(os.path.exists, order["readable"]):
        _allow(rules, path, (EXECUTE | READ | LIST) & handled)
    for path in order["devices"]:
        _allow(rules, path, (READ | WRITE) & handled)
    _allow(rules, order["box"], handled & ~DEVICE)
    call(RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)
    if abi < SCOPED:
        install(_signals_to_itself(order["signals"]))


def _allow(rules: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= FILE
    call(ADD, ctypes.c_int(rules), ctypes.c_int(BENEATH), struct.pack("=Qi", rights, descriptor), ctypes.c_uint32(0))
    os.close(descriptor)


def _signals_to_itself(numbers: list[int]) -> bytes:
    """A filter under which a program signals itself and its group alone: its children are not known beforehand."""
    lines = [(LOAD, 0, 0, 0)]
    for place, number in enumerate(numbers):
        lines.append((EQUAL, len(numbers) - place, 0, number))
    lines += [(RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 16), (EQUAL, 1, 0, os.getpid()), (EQUAL, 0, 1, 0)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def family() -> list[str]:
    """All processes that come of this one."""
    parents = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  asked often
        if name.isdigit():
            with contextlib.suppress(OSError):
                parents[name] = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1]
    found, fresh = [], {str(os.getpid())}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
        found += sorted(fresh)
    return found


def overfull(order: dict[str, Any]) -> bool:
    """Whether more was written than may be, or where nobody can look: in a folder without the right to read it, or
    under a path that is too long. A file counts a page even where it is empty."""
    most, total, left = int(order["disk_mb"]) << 20, 0, [str(order["box"])]
    while left and total <= most:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        total += max(PAGE, 512 * entry.stat(follow_symlinks=False).st_blocks)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone meanwhile
        except OSError:
            return True
    return total > most


full = overfull


def clear(standing: dict[str, Any]) -> None:
    """End what is left of a run, and remove its folder. Raises RuntimeError where something will not end."""
    deadline = time.monotonic() + PATIENCE
    while left := family():
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)
        if standing["alone"]:
            with contextlib.suppress(OSError):
                os.kill(-1, signal.SIGKILL)  # all of a user who has no other processes
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if time.monotonic() > deadline:
            raise RuntimeError("processes of a program could not be ended")
    _remove(standing["box"])


def _remove(box: str) -> None:
    """Remove a folder: as usual, and then what is left of it, where a program made it too deep for that, or folders in
    it that nobody may enter. Raises RuntimeError where it cannot be removed."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(box, ignore_errors=True)
    if not os.path.lexists(box):
        return
    try:
        Path(box).chmod(0o700)
        top = os.open(box, FOLDER)
        try:
            while names := os.listdir(top):  # noqa: PTH208  a descriptor
                for name in names:
                    _flatten(name, top)
        finally:
            os.close(top)
        Path(box).rmdir()
    except OSError as error:
        raise RuntimeError(f"a program's folder could not be removed: {error}") from None


def _flatten(name: str, top: int) -> None:
    """Remove one entry of the folder `top`, however deep: the folders in it are moved to `top`."""
    if not _is_folder(name, top):
        os.unlink(name, dir_fd=top)
        return
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, FOLDER, dir_fd=top)
    try:
        for inner in os.listdir(folder):  # noqa: PTH208  a descriptor
            if _is_folder(inner, folder):
                os.chmod(inner, 0o700, dir_fd=folder)
                os.rename(inner, f".{os.urandom(16).hex()}", src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
