"""Where a run came from: the versions that a reader needs in order to repeat it."""

import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import sinan

ENGINES = ("aiohttp", "duckdb", "numpy", "tokenizers", "torch", "transformers", "vllm")
"""Libraries that can touch an answer or a number."""


@cache
def provenance() -> dict[str, Any]:
    """sinan's version and commit, Python, platform and the versions of the libraries that take part."""
    return {
        "sinan": sinan.__version__,
        "git_commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in ENGINES if (version := _version(name))},
    }


def _commit() -> str | None:
    """The checkout's commit, with `+` where files differ from it; None for an installed package."""
    root = Path(sinan.__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=5, check=True)
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
