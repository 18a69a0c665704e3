"""A picture on disk as a noun: its hash, and its type by what its first bytes say rather than by its name."""

from pathlib import Path

from sinan.datasets.download import file_sha256
from sinan.errors import BadFile
from sinan.types import Image


def picture(path: Path) -> Image:
    """The picture of a file. Raises BadFile where it is none of PNG, JPEG, GIF, WebP."""
    with path.open("rb") as file:
        kind = media_type(file.read(16))
    if kind is None:
        raise BadFile(f"{path} is no picture of a known kind (PNG, JPEG, GIF or WebP)")
    return Image(str(path), file_sha256(path), kind)


def media_type(head: bytes) -> str | None:
    """Of a picture, by its first bytes; None where it is none of a known kind."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None
