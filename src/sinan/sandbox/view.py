"""What a program sees of this machine: the system's programs and libraries, this interpreter, a few devices."""

import os
import site
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

BOX = "/box"
SYSTEM: tuple[str, ...] = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/include",
    "/usr/local/bin",
)
SYSTEM += ("/usr/local/lib", "/bin", "/lib", "/lib64", "/nix/store", "/etc/alternatives", "/etc/ld.so.cache")
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": BOX,
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # sets are in the same order every time
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENSSL_CONF": "/dev/null",  # Node ends where it may not read the system's
    # a program has one thread for arithmetic, as many run at once
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def system() -> Iterator[str]:
    """Folders and files of the system that programs need, where they are; no other part of /etc, and no home."""
    yield from (path for path in SYSTEM if Path(path).exists())
    yield from (str(path) for path in sorted(Path("/etc").glob("java-*")))


def interpreter() -> list[str]:
    """What this interpreter consists of outside the system's folders: its own, and its virtual environment's."""
    prefixes = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)}
    inner = ("bin", "lib", "lib64", "pyvenv.cfg")
    found = {str(Path(prefix, name)) for prefix in prefixes for name in inner if Path(prefix, name).exists()}
    found |= {path for path in _of_the_user() if Path(path).exists()}
    return sorted(path for path in found if not path.startswith("/usr/") or path.startswith("/usr/local/"))


def lies_under(folder: str) -> bool:
    """Whether a part of the interpreter does, by its own path or by where links lead."""
    return any(path.startswith(f"{folder}/") for part in interpreter() for path in (part, os.path.realpath(part)))


def _of_the_user() -> list[str]:
    """Where packages lie that were installed with `pip install --user`, if this interpreter looks there."""
    return [site.getusersitepackages()] if site.ENABLE_USER_SITE else []


def environment() -> dict[str, str]:
    """All of a program's environment."""
    base = {"PYTHONUSERBASE": site.getuserbase()} if any(map(os.path.exists, _of_the_user())) else {}
    return ENVIRONMENT | base


def unreachable() -> list[str]:
    """Those parts of the interpreter that another user of this machine may not read."""
    return [path for path in interpreter() if not _public(Path(path))]


def _public(path: Path) -> bool:
    """Whether everybody may read it, and enter every folder on the way, links included."""
    ways = [Path(os.path.abspath(path)), path.resolve()]  # noqa: PTH100  links are to be kept here
    if not all(folder.stat().st_mode & stat.S_IXOTH for way in ways for folder in way.parents):
        return False
    needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return path.stat().st_mode & needed == needed
