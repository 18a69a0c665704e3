"""One question with its answer, and where questions come from."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.types.message import Image

LONGEST_NAME = 64
ORIGINAL = "original"
"""The form of a question that is the question itself."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One question of a benchmark."""

    id: str
    """Unique within its benchmark."""
    question: str
    target: str
    """The right answer; for multiple choice its letter."""
    choices: tuple[str, ...] = ()
    """The options' texts, without letters; empty where the answer is free."""
    group: str = ""
    """Subject, level, language: results are also given by group."""
    images: tuple[Image, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Anything else: kept with the result, and open to prompt templates."""
    unit: str = ""
    """What is one question asked in several forms (its options rotated) has one unit, and counts once. Empty: `id`."""
    unit_size: int = 1
    """Samples of the unit."""
    cluster: str = ""
    """What it shares with other samples, so that their scores depend on each other: the passage that several questions
    are about, the dialogue that turns belong to, the picture. Error bars take all of a cluster together. Empty: it
    stands alone."""

    @property
    def form(self) -> str:
        """Which form of its unit it is; empty where it is no form of anything."""
        return form_of(self.id, self.unit)

    @property
    def letters(self) -> str:
        """One letter per choice: `ABCD` for four. Empty where there are no choices."""
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(self.choices)]

    @property
    def gold(self) -> int:
        """Index of the right choice. Raises ValueError where the target is not a letter of a choice."""
        return self.letters.index(self.target)


NO_CLUSTER = "none"


def shared_by(sample: Sample, column: str) -> str:
    """What `column` says that a sample shares with others: `group`, `image`, or a field of its metadata. `none`, and a
    sample without it, share nothing. A long text goes by its hash."""
    if column == NO_CLUSTER:
        return ""
    if column == "group":
        return sample.group
    if column == "image" and sample.images:
        return " ".join(image.sha256[:16] for image in sample.images)
    value = sample.metadata.get(column)
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_NAME else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def form_of(sample_id: str, unit: str) -> str:
    """`typos` of `ID~typos`, and `original` of a unit's own id."""
    if not unit:
        return ""
    return ORIGINAL if sample_id == unit else sample_id.removeprefix(f"{unit}~")


@dataclass(frozen=True, slots=True)
class Source:
    """A file somebody published, pinned: the same bytes everywhere, for ever."""

    repo: str
    """`owner/name` on GitHub."""
    revision: str
    """Full commit hash."""
    path: str
    """Path inside the repository."""
    sha256: str

    @property
    def url(self) -> str:
        """Where the bytes are published."""
        from urllib.parse import quote

        return f"https://raw.githubusercontent.com/{self.repo}/{self.revision}/{quote(self.path)}"


@dataclass(frozen=True)
class Dataset:
    """Where samples come from. Nothing is read until `read` is iterated."""

    read: Callable[[str, int], Iterable[Sample]]
    """(subset, seed) -> samples in a fixed order. Files ignore the seed; generated items depend on (seed, i) alone."""
    subsets: tuple[str, ...] = ("",)
    """Subset names in order; the one empty name where there are none."""
    size: int | None = None
    """Number of samples over all subsets, where it is known beforehand."""
    sources: Callable[[str], Sequence[Source]] = lambda subset: ()
    """The files a subset needs (its worked examples included)."""
    pool: Callable[[str, int], Sequence[Sample]] = lambda subset, seed: ()
    """(subset, seed) -> samples that few-shot examples are chosen from; never the ones evaluated."""
    fingerprint: str = ""
    """What else decides the content: the sha256 of a file of one's own. Part of the benchmark's version."""

    @property
    def files(self) -> tuple[Source, ...]:
        """The files of all subsets, each once."""
        return tuple(dict.fromkeys(source for subset in self.subsets for source in self.sources(subset)))
