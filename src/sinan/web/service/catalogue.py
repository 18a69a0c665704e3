"""The catalogue as the site holds it: read once in each process, and looked at again in the background.

A name that a reader sends is never handed to the catalogue as it is: a path would be a file to read, or to run. Only
ids that the catalogue itself lists, and their subsets, are looked up.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sinan import catalog
from sinan.hub import cards
from sinan.types import Benchmark
from sinan.web.failures import Missing

FRESH_S = 60.0
"""Whether data is here is looked at again after so long."""
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Names of languages by their codes."""


@dataclass(frozen=True)
class Shelf:
    """What there is, at one moment."""

    entries: tuple[cards.Entry, ...]
    suites: Mapping[str, tuple[str, ...]]
    measures: Mapping[str, str]
    """Of each benchmark, in a sentence."""


class _Kept:
    """The last look at the catalogue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None
        self._at, self._looking = 0.0, False

    def get(self) -> Shelf:
        with self._lock:
            if self._shelf is None:
                self._shelf, self._at = _read(), time.monotonic()
            elif time.monotonic() - self._at > FRESH_S and not self._looking:
                self._looking = True
                threading.Thread(target=self._again, daemon=True).start()
            return self._shelf

    def _again(self) -> None:
        try:
            found = _read()
            with self._lock:
                self._shelf, self._at = found, time.monotonic()
        finally:
            self._looking = False


def _read() -> Shelf:
    measures = {name: catalog.load(name).card.measures for name in catalog.names()}
    return Shelf(tuple(cards.entries()), cards.suites(), measures)


_kept = _Kept()


def shelf() -> Shelf:
    """The catalogue. The first call of a process takes a second; no other does."""
    return _kept.get()


def taken(name: str) -> bool:
    """Whether a name is that of a benchmark or a suite, however it is written."""
    folded = name.casefold().replace("-", "_")
    every = (*catalog.names(), *catalog.all_suites())
    return any(folded == one.casefold().replace("-", "_") for one in every)


def entry(name: str) -> cards.Entry | None:
    """The line of a benchmark; None for what the catalogue does not list."""
    return next((one for one in shelf().entries if one.id == name), None)


def benchmark(name: str) -> Benchmark:
    """A benchmark of the catalogue, or one of its subsets. Raises Missing."""
    own, _, subset = name.partition("/")
    if own not in catalog.names():
        raise Missing(f"{name[:80]} is no benchmark here, or none that you may see. All of them: /hub")
    found = catalog.load(own)
    if not subset:
        return found
    if subset not in found.dataset.subsets:
        raise Missing(f"{own} has no part {subset[:80]!r}. Its parts are listed at /hub/{own}")
    return catalog.load(f"{own}/{subset}")


def card(name: str) -> dict[str, Any]:
    """Everything about a benchmark of the catalogue, as `sinan hub show --json` tells it, with the version of each
    protocol. Raises Missing."""
    found = benchmark(name)
    line = entry(name.partition("/")[0])
    return _card(name, line.data if line else cards.data_state(found))


@lru_cache(maxsize=512)
def _card(name: str, state: str) -> dict[str, Any]:
    """`state`: where the data is; the example is there once the data is."""
    found = benchmark(name)
    told = cards.card(name)
    told["versions"] = {protocol: catalog.version(found, protocol) for protocol in found.protocols}
    return told
