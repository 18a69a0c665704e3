"""Settings: the environment first, then `sinan.toml` of the working folder, then of the user's configuration folder.

sinan.toml:
    mirror = "../data"          # SINAN_MIRROR: a folder or URL of files found by sha256
    cache = "~/.cache/sinan"    # SINAN_CACHE
    [keys]
    OPENAI_API_KEY = "..."      # any key that a provider asks for by its environment name
"""

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sinan.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """What the user configured. `repr` never shows keys."""

    cache: Path
    mirror: str | None
    keys: dict[str, str] = field(repr=False, default_factory=dict)

    def key(self, name: str) -> str | None:
        """A secret by its environment name (`OPENAI_API_KEY`); None where it is not set or empty."""
        return os.environ.get(name) or self.keys.get(name) or None


@cache
def _file(path: Path) -> dict[str, Any]:
    """The table of a sinan.toml, its paths resolved against its own folder. Raises UsageError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as settings: {error}") from None
    for name in ("cache", "mirror"):
        if name in table:
            table[name] = _place(path, name, table[name])
    keys = table.setdefault("keys", {})
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise UsageError(f'{path}: [keys] must be a table of NAME = "secret"')
    return table


def _place(path: Path, name: str, value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise UsageError(f"{path}: {name} must be a text that names a folder")
    return value if value.startswith(("http://", "https://")) else str(path.parent / Path(value).expanduser())


def _home() -> Path:
    """The user's folder; where there is none (a container without HOME), the working folder."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def load() -> Settings:
    """The settings in force now. Raises UsageError where a sinan.toml is broken."""
    user = _file(Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config") / "sinan" / "sinan.toml")
    here = _file(Path("sinan.toml").absolute())
    table = user | here
    own_cache = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "sinan"
    cache_folder = Path(os.environ.get("SINAN_CACHE") or table.get("cache") or own_cache)
    mirror = os.environ.get("SINAN_MIRROR") or table.get("mirror") or None
    return Settings(cache_folder.expanduser(), mirror, user.get("keys", {}) | here.get("keys", {}))
