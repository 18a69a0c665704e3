"""Who attacks: root where the tests are root, and an ordinary user, each in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sinan
from sinan.sandbox import view

ORDINARY = 12_345
"""A user with no entry in any list."""
WHO = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)
HERE = Path(__file__).parent


def script(who: str, name: str, *arguments: str, without: Sequence[str] = ()) -> Any:
    """What a script of this folder printed as JSON, run as that user, without some things that the kernel offers."""
    folder = _public()
    command = [_interpreter(), *([str(folder / "without.py"), ",".join(without)] if without else [])]
    command += [str(folder / name), *arguments]
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
    }
    as_user = {"user": ORDINARY, "group": ORDINARY, "extra_groups": ()} if _drops(who) else {}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/", timeout=120, **as_user)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _drops(who: str) -> bool:
    return who == "ordinary" and os.geteuid() == 0


@cache
def _public() -> Path:
    """A copy of the sandbox, and of this folder, that everybody may read; a user may not enter our own."""
    folder = Path(tempfile.mkdtemp(prefix="sinan-public-"))
    source = Path(sinan.__file__).parent
    (folder / "sinan").mkdir()
    for name in ("__init__.py", "errors.py"):
        shutil.copy(source / name, folder / "sinan" / name)
    shutil.copytree(source / "sandbox", folder / "sinan" / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    for path in HERE.glob("*.py"):
        shutil.copy(path, folder / path.name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


@cache
def _interpreter() -> str:
    """This one where everybody may run it, else the system's."""
    if os.geteuid() or not view.unreachable():
        return sys.executable
    for name in ("/usr/local/bin/python3", "/usr/bin/python3"):
        if Path(name).exists() and _new_enough(name) and _runs(name):
            return name
    pytest.skip("no Python from 3.11 here that an ordinary user may run")


def _new_enough(name: str) -> bool:
    return _ask(name, "import sys; print(sys.version_info >= (3, 11))") == "True"


def _runs(name: str) -> bool:
    return _ask(name, "print(1)", user=ORDINARY) == "1"


def _ask(name: str, code: str, **options: Any) -> str:
    try:
        return subprocess.run([name, "-c", code], capture_output=True, text=True, cwd="/", **options).stdout.strip()
    except OSError:
        return ""


def removed() -> None:
    """The public copy goes when the tests end."""
    if _public.cache_info().currsize:
        shutil.rmtree(_public(), ignore_errors=True)


def lines(found: dict[str, Sequence[str]]) -> str:
    """For a failed assertion."""
    return "\n".join(f"{name}: {'; '.join(through)}" for name, through in found.items() if through)
