"""A mirror is a folder, or an address, of files that are found by their sha256 and by nothing else.

Its index is every one of these that exists, merged: `manifest.json` ({"files": [{"path", "sha256"}]} or
{path: sha256}), `SHA256SUMS` (as written by sha256sum) and `MANIFEST.md` (table rows that hold a path and a hash).
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cache
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from sinan.errors import DataError

TIMEOUT_S = 15.0
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def is_url(where: str) -> bool:
    """Whether a mirror or an origin is an address."""
    return where.startswith(("http://", "https://"))


def find(where: str, sha256: str) -> str | None:
    """The path or address of the file with a hash in a mirror; None where the mirror has none."""
    path = index(where).get(sha256)
    if path is None:
        return None
    return f"{where.rstrip('/')}/{quote(path)}" if is_url(where) else str(Path(where).expanduser() / path)


@cache
def index(where: str) -> dict[str, str]:
    """sha256 -> path inside the mirror, read once per process. Raises DataError where there is no mirror."""
    if not is_url(where) and not Path(where).expanduser().is_dir():
        raise DataError(f"the mirror {where} is no folder. Set SINAN_MIRROR to the folder or address of the files.")
    texts = {name: text for name in _READERS if (text := _read(where, name)) is not None}
    if not texts:
        raise DataError(f"the mirror {where} has no index: none of {', '.join(_READERS)} is there.")
    return {
        sha256.lower(): _inside(where, name, path)
        for name, text in texts.items()
        for path, sha256 in _READERS[name](where, text)
    }


def _read(where: str, name: str) -> str | None:
    try:
        if not is_url(where):
            return (Path(where).expanduser() / name).read_text("utf-8")
        with urllib.request.urlopen(f"{where.rstrip('/')}/{name}", timeout=TIMEOUT_S) as answer:
            return str(answer.read().decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError) and error.code in (403, 404, 410):
            return None
        raise DataError(f"the mirror {where} cannot be read: {name}: {getattr(error, 'reason', error)}") from None


def _inside(where: str, name: str, path: str) -> str:
    """The path, if it stays inside the mirror."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "\0" in path:
        raise DataError(f"{name} of the mirror {where} names a file outside of it: {path}")
    return path


def _of_json(where: str, text: str) -> Iterator[tuple[str, str]]:
    try:
        manifest: Any = json.loads(text)
        files = manifest.get("files", manifest)
        rows = files.items() if isinstance(files, dict) else ((f["path"], f["sha256"]) for f in files)
        yield from ((str(path), sha256) for path, sha256 in rows if _SHA256.fullmatch(sha256))
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"manifest.json of the mirror {where} is no manifest: {error!r}") from None


def _of_sums(where: str, text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        sha256, _, path = line.partition(" ")
        if _SHA256.fullmatch(sha256):
            yield path.lstrip(" *").removeprefix("./"), sha256


def _of_markdown(where: str, text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        hashes = [cell for cell in cells if _SHA256.fullmatch(cell)]
        paths = [cell for cell in cells if cell and not _SHA256.fullmatch(cell)]
        if line.startswith("|") and hashes and paths and not paths[0].endswith(" files)"):
            yield paths[0], hashes[0]


_READERS = {"MANIFEST.md": _of_markdown, "SHA256SUMS": _of_sums, "manifest.json": _of_json}
