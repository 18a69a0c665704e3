"""Floor 1: runs on disk. The journal is the truth; everything else in a run's folder can be rebuilt from it."""

from sinan.store.cache import ResponseCache
from sinan.store.folder import RunFolder, begun, create, find, fresh_id, listed, now
from sinan.store.journal import DiskJournal
from sinan.store.unfinished import unfinished

__all__ = [
    "DiskJournal",
    "ResponseCache",
    "RunFolder",
    "begun",
    "create",
    "find",
    "fresh_id",
    "listed",
    "now",
    "unfinished",
]
