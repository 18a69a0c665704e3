"""What a program sees of this machine: the system's programs and libraries, this interpreter, a few devices."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

BOX = "/box"
SYSTEM = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/include",
    "/usr/local/bin",
)
SYSTEM += ("/usr/local/lib", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": BOX,
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # sets are in the same order every time
    "PYTHONDONTWRITEBYTECODE": "1",
    # a program has one thread for arithmetic, as many run at once
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""All of a program's environment."""


def system() -> Iterator[str]:
    """Folders and files of the system that programs need, where they are; no other part of /etc, and no home."""
    yield from (path for path in SYSTEM if Path(path).exists())
    yield from (str(path) for path in sorted(Path("/etc").glob("java-*")))


def interpreter() -> list[str]:
    """What this interpreter consists of outside the system's folders: its own, and its virtual environment's."""
    prefixes = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)}
    inner = ("bin", "lib", "lib64", "pyvenv.cfg")
    found = {str(Path(prefix, name)) for prefix in prefixes for name in inner if Path(prefix, name).exists()}
    return sorted(path for path in found if not path.startswith("/usr/") or path.startswith("/usr/local/"))
