"""The two nouns of this room: one run's cell, and one answer in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sinan.store import description
from sinan.store.record import Record
from sinan.types import Cause, Cell, Completion, Metric, Question, RunSpec


class Reason(NamedTuple):
    """A cause, and what shows it."""

    cause: Cause
    detail: str


@dataclass(frozen=True)
class Side:
    """One cell of one run: how it asked and judged."""

    run: str
    about: Mapping[str, Any]
    """run.json."""
    entry: Mapping[str, Any]
    """The cell in it."""
    metric: Metric
    """What the cell's result is."""
    asked: Cell | None = None
    """The cell as the catalogue has it today; None where it cannot be had."""

    @property
    def benchmark(self) -> str:
        """Its id."""
        return str(self.entry["benchmark"])

    @property
    def model(self) -> str:
        """Its name."""
        return str(self.entry["model"])

    @cached_property
    def spec(self) -> RunSpec:
        """What the user asked for."""
        return description.spec_from_json(self.about)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What decided the model's answers besides the request; empty where the run does not say."""
        known = {model["name"]: model.get("identity") or {} for model in self.about["models"]}
        return known.get(self.model, {})

    @property
    def sampling(self) -> Mapping[str, Any]:
        """How completions were drawn."""
        return self.entry.get("sampling") or {}

    def told(self, part: str) -> str | None:
        """One of `description.EVIDENCE`; None where the run is of a sinan that did not write it."""
        if part == "scorer" and (again := self.about.get("scored_from", {}).get("scorers", {}).get(self.benchmark)):
            return str(again)
        value = self.entry.get(part)
        return value if isinstance(value, str) else None

    @property
    def judges(self) -> str:
        """The models that judged the cell; empty where none did."""
        named = self.about.get("judges") or () if self.entry.get("judged") else ()
        return ", ".join(judge["name"] for judge in named)

    @property
    def fingerprint(self) -> str | None:
        """The hash of a file of one's own."""
        value = (self.about.get("files") or {}).get(self.benchmark)
        return value if isinstance(value, str) else None

    @cached_property
    def data(self) -> Mapping[tuple[str, str], str]:
        """(repository, path) -> sha256 of every data file of the run."""
        return {(one["repo"], one["path"]): one["sha256"] for one in self.about.get("data") or ()}

    def value(self, row: Record) -> Any:
        """What the metric reads of a row; None where the row has no such number."""
        return row["scores"].get(self.metric.of) if self.metric.of else row["score"]


@dataclass(frozen=True)
class Answer:
    """One draw of one sample in one run."""

    row: Record
    completion: Completion
    question: Question | None = None
    """As it is asked today; None where that is not what was asked then."""

    @property
    def compares(self) -> bool:
        """Whether it is made of log-likelihoods rather than of words."""
        return bool(self.completion.loglikelihoods)


def data_differ(a: Side, b: Side) -> bool:
    """Whether the files that questions were read from are known to be others."""
    return a.fingerprint != b.fingerprint or any(b.data.get(name, sha) != sha for name, sha in a.data.items())


def apart(a: str, b: str, room: int = 56) -> tuple[str, str]:
    """Two texts on one line each, short, from a little before the place where they part."""
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    start = max(0, at - room // 3) if max(len(a), len(b)) > room else 0
    start = next((i for i in range(start, at) if start and not a[i - 1].isalnum()), start)
    return _short(a, start, room), _short(b, start, room)


def _short(text: str, start: int, room: int) -> str:
    shown = " ".join(text[start : start + room].split())
    return ("..." if start else "") + shown + ("..." if start + room < len(text) else "")
