"""Which layer this machine offers, found out once per process."""

import os
import threading
from functools import partial

from sinan.errors import SandboxUnavailable
from sinan.sandbox import filter as refused
from sinan.sandbox import full
from sinan.sandbox.jail import Jail
from sinan.sandbox.sandbox import Sandbox, closing_at_exit

UIDS, UIDS_EACH = 0x70000000, 64
"""Above all that systems give out, below what fits 31 bits: users that own nothing anywhere."""
_lock = threading.Lock()
_open: dict[int, Sandbox] = {}


def open_sandbox() -> Sandbox:
    """The sandbox of this process. Raises SandboxUnavailable, with the remedy, where no layer holds."""
    with _lock:
        if os.getpid() not in _open:
            _open[os.getpid()] = closing_at_exit(_opened())
        return _open[os.getpid()]


def _opened() -> Sandbox:
    if not refused.known():
        raise SandboxUnavailable("code is not run on this machine: there is no system call filter for its processor")
    if full.bubblewrap() is None:
        raise SandboxUnavailable("code is not run without a sandbox; bubblewrap is not installed: install bubblewrap")
    return Sandbox(_full, "full")


def _full(slot: int, preload: list[str]) -> Jail:
    standing = {"preload": preload, "filter": refused.program().hex(), "others": 4}
    return Jail(partial(full.spawn, _uid(slot), ()), standing, "full")


def _uid(slot: int) -> int | None:
    """The user that a slot's programs are on this machine; None where we are not root, and they are us."""
    if os.geteuid() != 0:
        return None
    return UIDS + os.getpid() % (1 << 22) * UIDS_EACH + slot % UIDS_EACH
