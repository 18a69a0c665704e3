"""Task files as they are: YAML with `include`, and functions named by `!function`, which are not touched here.

The loader makes plain values and nothing else. Files of strangers are bounded: in size, in depth of includes, and in
references to what was said before, with which a short file can stand for a very long one.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sinan.errors import BadFile, MissingExtra

LARGEST = 8 << 20
"""Bytes of one file."""
DEEPEST = 20
"""Files that include one another."""
REFERENCES = 1_000
"""`*name` and `<<` in one file."""
VALUES = 1_000_000
"""Values of one file, each counted as often as the file stands for it: a few references can stand for very many."""

_REFERENCE = re.compile(rb"(?:^|[\s\[{,:-])(?:\*[\w-]|<<)")


@dataclass(frozen=True, slots=True)
class Function:
    """A Python function that a task file names: `utils.process_docs`."""

    name: str
    folder: Path
    """Of the file that names it."""

    @property
    def file(self) -> Path | None:
        """The file beside the task file that defines it; None where it is of an installed module."""
        path = self.folder / (self.name.rpartition(".")[0].replace(".", "/") + ".py")
        return path if path.is_file() else None

    def __str__(self) -> str:
        return f"{self.name.rpartition('.')[2]} of {self.file or self.name.rpartition('.')[0]}"


@dataclass(frozen=True)
class TaskFile:
    """What a file says, with all that it includes."""

    values: dict[str, Any]
    files: tuple[Path, ...]
    """It and what it includes."""


def read(path: Path) -> TaskFile:
    """The file with its includes: what it says itself comes before what it includes, and of two includes the later.

    Raises BadFile naming the file at fault.
    """
    return _read(path, ())


def parse(content: bytes, path: Path) -> dict[str, Any]:
    """The values of one file. Raises BadFile."""
    import yaml

    if len(content) > LARGEST:
        raise BadFile(f"{path} is no task file: {len(content):,} bytes, of at most {LARGEST:,}")
    if len(_REFERENCE.findall(content)) > REFERENCES:
        raise BadFile(f"{path} is no task file: it refers to its own parts more than {REFERENCES:,} times")
    try:
        values = yaml.load(content, Loader=_loader(path.parent))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadFile(f"{path} cannot be read as YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise BadFile(f"{path} is no task file: it must be one table of keys and values")
    if _values(values, {}) > VALUES:
        raise BadFile(f"{path} is no task file: what it refers to makes more than {VALUES:,} values")
    return values


def _values(value: Any, known: dict[int, float]) -> float:
    """How many values there are, shared ones counted anew each time; one that is in itself has no end."""
    if not isinstance(value, dict | list | set | tuple):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf
        parts = [*value, *value.values()] if isinstance(value, dict) else list(value)
        known[id(value)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(value)]


def require() -> None:
    """Raises MissingExtra where YAML cannot be read."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        raise MissingExtra("a task file", "pyyaml", "lm-eval") from None


def _read(path: Path, above: tuple[Path, ...]) -> TaskFile:
    path = _whole(path)
    if path in above or len(above) > DEEPEST:
        raise BadFile(f"{above[-1]} includes {path}, which includes it in turn")
    try:
        if path.stat().st_size > LARGEST:
            raise BadFile(f"{path} is no task file: {path.stat().st_size:,} bytes, of at most {LARGEST:,}")
        content = path.read_bytes()
    except OSError as error:
        where = f" (included by {above[-1]})" if above else ""
        raise BadFile(f"{path}{where} cannot be read: {error.strerror}") from None
    values = parse(content, path)
    includes = values.pop("include", None)
    merged: dict[str, Any] = {}
    files = [path]
    for name in _names(includes, path):
        included = _read(path.parent / name, (*above, path))
        merged |= {key: value for key, value in included.values.items() if key != "task_list"}
        files += included.files
    return TaskFile(merged | values, tuple(dict.fromkeys(files)))


def _whole(path: Path) -> Path:
    """The whole path of a file. Raises BadFile for what can be no path, and for a device or a pipe, which may never
    end."""
    try:
        path = path.expanduser().resolve()
        if path.exists() and not path.is_file() and not path.is_dir():
            raise BadFile(f"{path} is no file")
        return path
    except (OSError, ValueError, RuntimeError) as error:
        raise BadFile(f"{str(path)!r:.200} cannot be read: {error}") from None


def _names(includes: Any, path: Path) -> list[str]:
    names = [] if includes is None else includes if isinstance(includes, list) else [includes]
    if not all(isinstance(name, str) and name for name in names):
        raise BadFile(f"{path}: include must name files, not {includes!r:.100}")
    return names


@cache
def _loader(folder: Path) -> Any:
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("TaskLoader", (base,), {})
    loader.add_constructor("!function", lambda at, node: Function(str(at.construct_scalar(node)), folder))
    return loader


def functions(values: Mapping[str, Any]) -> list[Function]:
    """Every function that the values name, at any depth."""
    found: list[Function] = []
    waiting: list[Any] = list(values.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, Function):
            found.append(value)
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return list(dict.fromkeys(found))
