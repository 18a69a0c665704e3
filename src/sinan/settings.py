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
def _file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as settings: {error}") from None


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "sinan"


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sinan"


def load() -> Settings:
    """The settings in force now. Raises UsageError where a sinan.toml is broken."""
    table = _file(_user_folder() / "sinan.toml") | _file(Path("sinan.toml").absolute())
    keys = table.get("keys", {})
    if not isinstance(keys, dict) or not all(isinstance(v, str) for v in keys.values()):
        raise UsageError('sinan.toml: [keys] must be a table of NAME = "secret"')
    cache_folder = os.environ.get("SINAN_CACHE") or table.get("cache") or _user_cache()
    mirror = os.environ.get("SINAN_MIRROR") or table.get("mirror") or None
    return Settings(Path(str(cache_folder)).expanduser(), str(mirror) if mirror else None, dict(keys))
