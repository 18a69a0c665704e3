"""Get a pinned file once, verified: from the cache, else from the mirror, else from where it is published.

The cache is content-addressed (`SINAN_CACHE`/data/ab/abcd...): a file is placed under its sha256 by an atomic
rename of a private temporary file, so that processes that race place the same bytes. It is hashed again whenever it
is read; a file that decayed is removed and fetched anew.
"""

import errno
import hashlib
import os
import shutil
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Literal

from sinan import settings
from sinan.datasets import mirror
from sinan.errors import DataError
from sinan.types import Source

TRIES = 3
TIMEOUT_S = 15.0
LARGEST = 4 << 30
"""Bytes; a server that sends more than any pinned file has is cut off."""


def fetch(source: Source) -> Path:
    """Where the bytes of a source lie on this machine, verified. Raises DataError where they cannot be had."""
    place = cached(source)
    if place.is_file():
        if file_sha256(place) == source.sha256:
            return place
        place.unlink(missing_ok=True)  # decayed or cut short: fetched again below
    where = settings.load().mirror
    found = mirror.find(where, source.sha256) if where else None
    origin = found or source.url
    with _temporary(place.parent) as temporary:
        try:
            _copy(origin, temporary)
        except OSError as error:
            raise DataError(_unreachable(source, place, where, found, error)) from None
        _verify(temporary, source, origin)
        temporary.chmod(0o644)
        temporary.replace(place)
    return place


def cached(source: Source) -> Path:
    """Where a source lies in the cache, there or not."""
    return settings.load().cache / "data" / source.sha256[:2] / source.sha256


def whereabouts(source: Source) -> Literal["here", "mirror", "fetchable"]:
    """Where a source would be taken from, without taking it: `here` is the cache, `fetchable` needs the network."""
    if cached(source).is_file():
        return "here"
    where = settings.load().mirror
    return "mirror" if where and mirror.find(where, source.sha256) else "fetchable"


def file_sha256(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify(path: Path, source: Source, origin: str) -> None:
    found = file_sha256(path)
    if found != source.sha256:
        raise DataError(
            f"{source.path} of {source.repo} is not what was pinned: expected sha256 {source.sha256}, "
            f"found {found} at {origin}. Remove or repair that file."
        )


def _unreachable(source: Source, place: Path, where: str | None, found: str | None, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the cache {place.parent} is full ({error.strerror}). Make room, or name another one: SINAN_CACHE=DIR."
    reason = getattr(error, "reason", None) or error
    if found and isinstance(error, FileNotFoundError):
        return (
            f"{source.path} of {source.repo} is in the index of the mirror {where}, but {found} is not there. Put the "
            f"file there; it is published at {source.url}"
        )
    if found:
        return f"{source.path} of {source.repo} cannot be read from the mirror: {found}: {reason}"
    mirrored = f"not in the mirror {where}" if where else "no mirror is set"
    return (
        f"{source.path} of {source.repo} is not on this machine, {mirrored}, and {source.url} "
        f"cannot be reached ({reason}). Put the file at {place}, or name a folder that holds it: SINAN_MIRROR=DIR."
    )


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=folder)
    except OSError as error:
        raise DataError(f"the cache {folder} cannot be written ({error}). Name another one: SINAN_CACHE=DIR.") from None
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(origin: str, target: Path) -> None:
    if not mirror.is_url(origin):
        shutil.copyfile(origin, target)
        return
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            with urllib.request.urlopen(origin, timeout=TIMEOUT_S) as answer, target.open("wb") as file:
                _stream(answer, file, origin)
                return
        except (OSError, HTTPException) as error:
            if last or not _may_pass(error):
                raise error if isinstance(error, OSError) else OSError(repr(error)) from None
            time.sleep(0.3)


def _stream(answer: BinaryIO, file: BinaryIO, origin: str) -> None:
    size = 0
    while block := answer.read(1 << 20):
        size += len(block)
        if size > LARGEST:
            raise DataError(f"{origin} sends more than {LARGEST} bytes, more than any pinned file has.")
        file.write(block)


def _may_pass(error: Exception) -> bool:
    """Whether another try may help: not for a missing file, an unknown host or a closed port."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code == 429 or error.code >= 500
    reason = getattr(error, "reason", error)
    return not isinstance(reason, socket.gaierror | ConnectionRefusedError | TimeoutError)
