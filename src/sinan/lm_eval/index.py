"""Which names the task files of a folder give: tasks, groups and tags.

An installed lm-evaluation-harness has some 14,000 files. Names nearly always stand on a line of their own, so that
only files in which they do not are parsed; the whole folder takes about a second, once for a process.
"""

import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sinan.errors import BadFile, UsageError
from sinan.lm_eval import yaml_files

Kind = Literal["task", "group", "tag"]


@dataclass(frozen=True)
class Entry:
    """One name."""

    name: str
    kind: Kind
    path: Path | None = None
    """None for a tag."""
    tasks: list[str] = field(default_factory=list)
    """Of a tag."""


Index = dict[str, Entry]


def folders(own: Path | None) -> list[Path]:
    """Where task files are: those of the installed package, then one's own, which come before them. Raises UsageError
    where one's own are no folder."""
    if own is not None and not own.is_dir():
        raise UsageError(f"SINAN_LM_EVAL_TASKS (lm_eval_tasks in sinan.toml) names no folder: {own}")
    spec = importlib.util.find_spec("lm_eval")
    places = [Path(place) / "tasks" for place in (spec.submodule_search_locations or ())] if spec else []
    return [place for place in places if place.is_dir()] + ([own] if own else [])


@cache
def index(folders: tuple[Path, ...]) -> Index:
    """All names. A name of a later folder is that folder's; within a folder the first file in order has it."""
    found: Index = {}
    for folder in folders:
        found |= _of_folder(folder)
    return found


_IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def _of_folder(folder: Path) -> Index:
    found: Index = {}
    heads: dict[Path, dict[str, Any]] = {}
    paths = [path for path in folder.glob("**/*.yaml") if not _IGNORED & set(path.parts)]
    for path in sorted(paths, key=Path.as_posix):
        try:
            head = _head(path, heads)
        except (BadFile, OSError, RecursionError):
            continue  # a file that is none of ours is told of only where it is asked for
        _enter(head, path, found)
    return found


def _enter(head: dict[str, Any], path: Path, found: Index) -> None:
    kind: Kind = "group" if "group" in head and "class" not in head else "task"
    name = head.get(kind)
    if not isinstance(name, str) or name in found:
        return
    found[name] = Entry(name, kind, path)
    if kind == "task":
        for tag in _listed(head.get("tag")):
            entry = found.setdefault(tag, Entry(tag, "tag"))
            entry.tasks.append(name)


def _listed(tags: Any) -> list[str]:
    return [tag for tag in (tags if isinstance(tags, list) else [tags]) if isinstance(tag, str)]


_KEYS = ("task", "group", "tag", "include", "class")
_LINE = re.compile(rb"""^["']?(task|group|tag|include|class)["']?[ \t]*:[ \t]*(.*?)[ \t]*\r?$""", re.M)
_PLAIN = re.compile(rb"""^(?:"([^"\\]+)"|'([^']+)'|([A-Za-z0-9_./+][^\s#:'"\[\]{}&*!|>%@`,]*))$""")


def _head(path: Path, known: dict[Path, dict[str, Any]]) -> dict[str, Any]:
    """What a file says of its name, with what it includes."""
    if path in known:
        return known[path]
    known[path] = {}  # a file that includes itself adds nothing
    content = path.read_bytes()
    own = _quickly(content)
    if own is None:
        yaml_files.require()
        own = {key: value for key, value in yaml_files.parse(content, path).items() if key in _KEYS}
    merged: dict[str, Any] = {}
    includes = own.pop("include", None)
    for name in includes if isinstance(includes, list) else [includes]:
        if isinstance(name, str):
            merged |= _head((path.parent / name).resolve(), known)
    known[path] = merged | own
    return known[path]


def _quickly(content: bytes) -> dict[str, Any] | None:
    """The keys where each has a plain text on its line; None where one has not."""
    found: dict[str, Any] = {}
    for key, value in _LINE.findall(content):
        match = _PLAIN.match(value)
        if match is None or (match[3] and _odd(match[3])):
            return None
        text = (match[1] or match[2] or match[3]).decode("utf-8", "replace")
        found[key.decode()] = text
    return found


def _odd(plain: bytes) -> bool:
    """Whether YAML would read it as something else than text."""
    return plain.lower() in (b"null", b"true", b"false", b"yes", b"no", b"on", b"off") or plain[:1].isdigit()
