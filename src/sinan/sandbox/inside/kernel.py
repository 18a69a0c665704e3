"""The system calls that Python has no function for. All raise OSError."""

import ctypes
import os
import struct

NEW_PID, NEW_MOUNT, NEW_IPC = 0x20000000, 0x00020000, 0x08000000
NOSUID, NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE = 2, 4, 8, 4096, 0x4000, 0x40000
SUBREAPER, DUMPABLE, NO_NEW_PRIVS, SECCOMP, DROP_BOUND, AMBIENT = 36, 4, 38, 22, 24, 47
FILTER, CLEAR_ALL = 2, 4
libc = ctypes.CDLL(None, use_errno=True)


def _check(returned: int, what: str) -> int:
    if returned < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return returned


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2)."""
    texts = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _check(libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def unshare(flags: int) -> None:
    """New namespaces for this process, or, for NEW_PID, for its next child."""
    _check(libc.unshare(flags), "unshare")


def enter_namespace(descriptor: int, kind: int) -> None:
    """setns(2)."""
    _check(libc.setns(descriptor, kind), "setns")


def prctl(what: int, *values: int) -> None:
    """prctl(2)."""
    _check(libc.prctl(what, *(ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4])), f"prctl {what}")


def forsake() -> None:
    """No capability, now or after an exec, and no new privilege."""
    prctl(AMBIENT, CLEAR_ALL)
    capability = 0
    while libc.prctl(DROP_BOUND, capability, 0, 0, 0) == 0:  # refused without the right, and past the last
        capability += 1
    _check(libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)), "capset")
    prctl(NO_NEW_PRIVS, 1)


def install(code: bytes) -> None:
    """A seccomp filter, for this process and all that come of it."""
    lines = ctypes.create_string_buffer(code, len(code))
    known = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(lines)))
    _check(libc.prctl(SECCOMP, FILTER, ctypes.byref(known), 0, 0), "seccomp")


def call(number: int, *values: object) -> int:
    """syscall(2)."""
    return _check(libc.syscall(ctypes.c_long(number), *values), f"system call {number}")
