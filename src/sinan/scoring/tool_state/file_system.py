"""`GorillaFileSystem`: directories and files in memory, with a working directory. Nothing touches a disk."""

import copy
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

FORBIDDEN = frozenset('|/\\?%*:"><')
LARGEST, DEEPEST = 10_000, 100
"""Files and directories in all and within each other, so that copies of copies cannot fill the memory."""
Answer = dict[str, Any]


class FileSystem:
    """A directory is a dict by name, a file its content. All functions but `cd` and `find` work where one is."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._name, self._root = "", dict[str, Any]()
        for name, node in list(given.get("root", {}).items())[:1]:
            self._name, self._root = name, _tree(node)
        self._here: list[str] = []

    @property
    def state(self) -> Mapping[str, Any]:
        """All names and contents; where one is, is no part of it."""
        return {"name": self._name, "root": self._root}

    def pwd(self) -> Answer:
        """The path of the working directory."""
        return {"current_working_directory": "/" + "/".join([self._name, *self._here])}

    def ls(self, a: bool = False) -> Answer:
        """The names in the working directory."""
        return {"current_directory_content": [name for name in self._now() if a or not name.startswith(".")]}

    def cd(self, folder: str) -> Answer:
        """One folder up or down, or to the root."""
        wanted = folder.rstrip("/") or "/"
        if wanted == "/":
            self._here = []
        elif wanted == "..":
            return {} if self._up() else {"error": "cd: this is the root already"}
        elif "/" in wanted:
            return {"error": f"cd: {wanted}: one folder at a time"}
        elif wanted != ".":
            if not isinstance(self._now().get(wanted), dict):
                return {"error": f"cd: {wanted}: no such directory"}
            self._here.append(wanted)
        return {"current_working_directory": self._here[-1] if self._here else self._name}

    def mkdir(self, dir_name: str) -> Answer | None:
        """A new directory."""
        return self._made("mkdir", dir_name, {})

    def touch(self, file_name: str) -> Answer | None:
        """A new, empty file."""
        return self._made("touch", file_name, "")

    def echo(self, content: str, file_name: str | None = None) -> Answer | None:
        """Writes to a file that is there, or to the terminal."""
        if not file_name or file_name == "None":
            return {"terminal_output": content}
        if not isinstance(self._now().get(file_name), str):
            return {"error": f"echo: {file_name}: no such file"}
        self._now()[file_name] = str(content)
        return None

    def cat(self, file_name: str) -> Answer:
        """The content of a file."""
        return self._of("cat", file_name, lambda content: {"file_content": content})

    def find(self, path: str = ".", name: str | None = None) -> Answer:
        """Every path below a directory whose last part holds the name."""
        start = self._at(path)
        if start is None:
            return {"error": f"find: {path}: no such directory"}
        wanted = "" if name in (None, "None") else str(name)
        return {"matches": [at for at, last in _paths(start, path.rstrip("/")) if wanted in last]}

    def wc(self, file_name: str, mode: str = "l") -> Answer:
        """Lines, words or characters of a file."""
        kind = {"l": "lines", "w": "words", "c": "characters"}.get(mode)
        if kind is None:
            return {"error": f"wc: {mode}: no such mode"}
        return self._of("wc", file_name, lambda text: {"count": _count(text, kind), "type": kind})

    def sort(self, file_name: str) -> Answer:
        """The lines of a file in order; the file stays as it is."""
        return self._of("sort", file_name, lambda text: {"sorted_content": "\n".join(sorted(text.splitlines()))})

    def grep(self, file_name: str, pattern: str) -> Answer:
        """The lines of a file that hold a text."""
        return self._of(
            "grep", file_name, lambda text: {"matching_lines": [line for line in text.splitlines() if pattern in line]}
        )

    def du(self, human_readable: bool = False) -> Answer:
        """The bytes of all files below the working directory."""
        size: float = sum(len(one.encode("utf-8", "replace")) for one in _files(self._now()))
        if not human_readable:
            return {"disk_usage": f"{size} bytes"}
        unit = next((place for place in range(5) if size < 1024 ** (place + 1)), 5)
        return {"disk_usage": f"{size / 1024**unit:.2f} {('B', 'KB', 'MB', 'GB', 'TB', 'PB')[unit]}"}

    def tail(self, file_name: str, lines: int = 10) -> Answer:
        """The last lines of a file."""
        return self._of(
            "tail", file_name, lambda text: {"last_lines": "\n".join(text.splitlines()[-lines:] if lines > 0 else [])}
        )

    def diff(self, file_name1: str, file_name2: str) -> Answer:
        """The lines in which two files differ."""
        here = self._now()
        one, other = here.get(file_name1), here.get(file_name2)
        if not (isinstance(one, str) and isinstance(other, str)):
            return {"error": f"diff: {file_name1} or {file_name2}: no such file"}
        pairs = zip_longest(one.splitlines(), other.splitlines(), fillvalue="")
        return {"diff_lines": "\n".join(f"- {a}\n+ {b}" for a, b in pairs if a != b)}

    def mv(self, source: str, destination: str) -> Answer:
        """Into a directory of that name, or to another name."""
        return self._placed("mv", source, destination)

    def cp(self, source: str, destination: str) -> Answer:
        """A copy in a directory of that name, or under another name."""
        if sum(1 for _ in _paths(self._root, "")) * 2 > LARGEST:
            return {"error": "cp: no space left"}
        return self._placed("cp", source, destination)

    def rm(self, file_name: str) -> Answer:
        """A file or directory with all that is in it, gone."""
        if file_name not in self._now():
            return {"error": f"rm: {file_name}: no such file or directory"}
        del self._now()[file_name]
        return {"result": f"{file_name} removed"}

    def rmdir(self, dir_name: str) -> Answer:
        """An empty directory, gone."""
        if not isinstance(self._now().get(dir_name), dict):
            return {"error": f"rmdir: {dir_name}: no such directory"}
        if self._now()[dir_name]:
            return {"error": f"rmdir: {dir_name}: not empty"}
        del self._now()[dir_name]
        return {"result": f"{dir_name} removed"}

    def _now(self) -> dict[str, Any]:
        here = self._root
        for name in self._here:
            here = here[name]
        return here

    def _up(self) -> bool:
        return bool(self._here and self._here.pop())

    def _at(self, path: str) -> dict[str, Any] | None:
        here: Any = self._root if path.startswith("/") else self._now()
        for name in path.strip("/").split("/"):
            here = here if name in (".", "") else here.get(name) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else None

    def _made(self, command: str, name: str, node: Any) -> Answer | None:
        if not name or FORBIDDEN & set(name):
            return {"error": f"{command}: {name}: not a name"}
        if name in self._now() or len(self._here) >= DEEPEST:
            return {"error": f"{command}: {name}: is there already, or is too deep"}
        self._now()[name] = node
        return None

    def _of(self, command: str, name: str, answer: Any) -> Answer:
        content = self._now().get(name)
        if not isinstance(content, str):
            return {"error": f"{command}: {name}: no such file"}
        found: Answer = answer(content)
        return found

    def _placed(self, command: str, source: str, destination: str) -> Answer:
        here = self._now()
        if source not in here:
            return {"error": f"{command}: {source}: no such file or directory"}
        into = here.get(destination)
        place, name = (into, source) if isinstance(into, dict) else (here, destination)
        deep = len(self._here) + _depth(here[source]) >= DEEPEST
        if into is here[source] or name in place or "/" in destination or deep:
            return {"error": f"{command}: {destination}: cannot be written to"}
        place[name] = copy.deepcopy(here[source])
        if command == "mv":
            del here[source]
        done = "moved" if command == "mv" else "copied"
        return {"result": f"{source} {done} to {destination}{f'/{source}' if place is into else ''}"}


def _count(text: str, kind: str) -> int:
    return len(text if kind == "characters" else text.split() if kind == "words" else text.splitlines())


def _depth(node: Any) -> int:
    return 1 + max(map(_depth, node.values()), default=0) if isinstance(node, dict) else 0


def _tree(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _tree(one) if one["type"] == "directory" else str(one["content"])
        for name, one in node.get("contents", {}).items()
    }


def _paths(node: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, one in node.items():
        yield f"{before}/{name}", name
        if isinstance(one, dict):
            yield from _paths(one, f"{before}/{name}")


def _files(node: Mapping[str, Any]) -> Iterator[str]:
    for one in node.values():
        if isinstance(one, dict):
            yield from _files(one)
        else:
            yield one
