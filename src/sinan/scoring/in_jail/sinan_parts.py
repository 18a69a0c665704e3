"""In the sandbox: what every harness does. Stands on the standard library alone.

Standard input holds two parts: the length of the first in decimal digits, a line's end, the first part, and then all
the rest. The first is read before the program is started, the rest after.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any, NoReturn

DUMPABLE, CREATE_RULESET, RESTRICT_SELF = 4, 444, 446
MAKE_BLOCK_DEVICE, SCOPE_SIGNAL = 1 << 11, 1 << 1
libc = ctypes.CDLL(None, use_errno=True)


def exactly(descriptor: int, size: int) -> bytes:
    """So many bytes; fewer only where there are no more."""
    parts = []
    while size > 0 and (part := os.read(descriptor, min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def first() -> Any:
    """The first part, and not a byte beyond it."""
    digits = b""
    while (digit := os.read(0, 1)) not in (b"\n", b""):
        digits += digit
    return json.loads(exactly(0, int(digits)))


def rest() -> Any:
    """The second part."""
    return json.loads(exactly(0, 1 << 40))


def hidden() -> None:
    """No other process may look into this one: its memory and descriptors belong to root from here on."""
    libc.prctl(DUMPABLE, 0, 0, 0, 0)


def apart() -> None:
    """For the program: from here on it can neither look into a process that it did not start, nor send it a signal.

    A Landlock domain, whatever it forbids, keeps to itself. Where the kernel has none, `hidden` still holds.
    """
    libc.prctl(DUMPABLE, 1, 0, 0, 0)
    for scoped in (SCOPE_SIGNAL, None):
        rules = [MAKE_BLOCK_DEVICE] if scoped is None else [MAKE_BLOCK_DEVICE, 0, scoped]
        wanted = (ctypes.c_uint64 * len(rules))(*rules)
        ruleset = libc.syscall(CREATE_RULESET, wanted, ctypes.sizeof(wanted), 0)
        if ruleset >= 0:
            libc.syscall(RESTRICT_SELF, ruleset, 0)
            os.close(ruleset)
            return


def no_input() -> None:
    """Standard input becomes empty."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)


def end(token: str, report: dict[str, Any], *families: int) -> NoReturn:
    """Kill the program, say how it went on a line that only this process can write, and stop."""
    for family in families:
        try:
            os.killpg(family, signal.SIGKILL)
        except OSError:
            pass
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, f"\n{token} {json.dumps(report)}\n".encode())
    os._exit(0)
