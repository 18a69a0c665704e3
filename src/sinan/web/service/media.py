"""Pictures that questions show, found by the hash of their content and by nothing that a reader or a run may say.

A picture lies in the run's own folder, among the pinned files of a benchmark of the catalogue, or beside a file of the
operator's own questions. Paths in the description of a run that came from elsewhere are never opened.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from sinan import catalog
from sinan.datasets import questions
from sinan.datasets.download import cached
from sinan.datasets.pictures import media_type
from sinan.errors import SinanError
from sinan.store import RunFolder

MOST_BYTES = 20 << 20
MOST_SAMPLES = 20_000
OWN_FILES = (".jsonl", ".csv", ".parquet")
"""Of questions: data, and no code."""


def found(folder: RunFolder, about: Mapping[str, Any], trusted: bool, sha256: str) -> tuple[bytes, str] | None:
    """The bytes and the type, as their first bytes say; None where the picture is not here. `trusted`: whether the run
    was made on this machine by its operator."""
    for path in _places(folder, about, trusted, sha256):
        try:
            if path.stat().st_size > MOST_BYTES:
                continue
            content = path.read_bytes()
        except OSError:
            continue
        kind = media_type(content[:16])
        if kind is not None and hashlib.sha256(content).hexdigest() == sha256:
            return content, kind
    return None


def _places(folder: RunFolder, about: Mapping[str, Any], trusted: bool, sha256: str) -> Iterator[Path]:
    yield folder.path / "media" / sha256
    known = set(catalog.names())
    for name in dict.fromkeys(cell["benchmark"] for cell in about["cells"]):
        if name in known:
            yield from _of_catalogue(name, sha256)
    for target in about["spec"]["targets"] if trusted else ():
        path = Path(target)
        if path.suffix.lower() in OWN_FILES and path.is_file():
            stat = path.stat()
            yield from (Path(one) for one in [_of_file(path, stat.st_mtime_ns, stat.st_size).get(sha256)] if one)


def _of_catalogue(name: str, sha256: str) -> Iterator[Path]:
    try:
        sources = catalog.load(name).dataset.files
    except SinanError:
        return
    yield from (cached(source) for source in sources if source.sha256 == sha256)


@lru_cache(8)
def _of_file(path: Path, mtime_ns: int, size: int) -> dict[str, str]:
    """sha256 -> path of the pictures beside a file of questions."""
    try:
        dataset, _ = questions(path)
        read = (sample for subset in dataset.subsets for sample in dataset.read(subset, 0))
        return {image.sha256: image.path for sample in islice(read, MOST_SAMPLES) for image in sample.images}
    except SinanError:
        return {}
