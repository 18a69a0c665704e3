"""Settings: the environment first, then `sinan.toml` of the working folder, then of the user's configuration folder.

sinan.toml:
    mirror = "../data"          # SINAN_MIRROR: a folder or URL of files found by sha256
    cache = "~/.cache/sinan"    # SINAN_CACHE
    lm_eval_tasks = "tasks"     # SINAN_LM_EVAL_TASKS: a folder of task files of lm-evaluation-harness
    [keys]
    OPENAI_API_KEY = "..."      # any key that a provider asks for by its environment name
    [prices."openai/NAME"]      # in USD for a million tokens; comes before the list that sinan brings
    input = 0.15
    output = 0.6
    [serve]                     # how `sinan serve` is run: web/config.py
"""

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sinan.errors import UsageError
from sinan.types.price import Price


@dataclass(frozen=True)
class Settings:
    """What the user configured. `repr` never shows keys."""

    cache: Path
    mirror: str | None
    keys: dict[str, str] = field(repr=False, default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    """By the model's name, as in results: `openai/NAME`."""
    lm_eval_tasks: Path | None = None
    """A folder of task files of lm-evaluation-harness."""
    serve: dict[str, Any] = field(default_factory=dict)
    """How the site is run, as it is written; read where the site is."""
    sealed: bool = False
    """Whether `keys` are all there are."""

    def key(self, name: str) -> str | None:
        """A secret by its environment name (`OPENAI_API_KEY`); None where it is not set or empty."""
        return (None if self.sealed else os.environ.get(name)) or self.keys.get(name) or None


_only: list[dict[str, str]] = []


def only_keys(keys: dict[str, str]) -> None:
    """From here on this process has these keys and no other, whatever the environment and the files say: it works for
    somebody else than whoever owns the machine."""
    _only[:] = [dict(keys)]


@cache
def _file(path: Path) -> dict[str, Any]:
    """The table of a sinan.toml, its paths resolved against its own folder. Raises UsageError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as settings: {error}") from None
    for name in ("cache", "mirror", "lm_eval_tasks"):
        if name in table:
            table[name] = _place(path, name, table[name])
    keys = table.setdefault("keys", {})
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise UsageError(f'{path}: [keys] must be a table of NAME = "secret"')
    if not isinstance(table.setdefault("serve", {}), dict):
        raise UsageError(f"{path}: [serve] must be a table")
    prices = table.setdefault("prices", {})
    if not isinstance(prices, dict):
        raise UsageError(f'{path}: prices must be tables, such as [prices."openai/NAME"] with input and output')
    table["prices"] = {model: _price(path, model, entry) for model, entry in prices.items()}
    return table


def _price(path: Path, model: str, entry: object) -> Price:
    """USD for a million tokens. Raises UsageError naming the file and the entry."""
    if not isinstance(entry, dict) or set(entry) != {"input", "output"}:
        found = ", ".join(entry) if isinstance(entry, dict) else type(entry).__name__
        raise UsageError(
            f'{path}: [prices."{model}"] needs input and output and nothing else, in USD for a million tokens '
            f"(found: {found or 'nothing'}). A model's name with a dot or a slash is put in quotes"
        )
    for name, value in entry.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise UsageError(f'{path}: [prices."{model}"] {name} must be a number from 0, not {value!r}')
    return Price(float(entry["input"]), float(entry["output"]))


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
    keys, prices = (user.get(name, {}) | here.get(name, {}) for name in ("keys", "prices"))
    tasks = os.environ.get("SINAN_LM_EVAL_TASKS") or table.get("lm_eval_tasks") or None
    own_tasks = Path(tasks).expanduser() if tasks else None
    serve = user.get("serve", {}) | here.get("serve", {})
    if _only:
        return Settings(cache_folder.expanduser(), mirror, _only[0], prices, own_tasks, {}, sealed=True)
    return Settings(cache_folder.expanduser(), mirror, keys, prices, own_tasks, serve)
