"""The key of an answer in the response cache: a hash of all that decides the answer, and of nothing else.

Two questions with one key ask the same model the very same thing for the same draw. Draws never share an answer, not
even at temperature 0: they are there to be independent. Where an answer is drawn at random, neither do two samples
with one prompt, nor two seeds of a run. Where it is not, a sample's id, its benchmark and the run's seed play no part.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sinan.types import Cell, Question, Sampling, Solver
from sinan.types.message import canonical

if TYPE_CHECKING:
    from hashlib import _Hash

FORMAT = 3
"""Raised when a request is written, or an answer read, in another way than before: older answers are asked again."""


class Keys:
    """The keys of a run's questions. What is the same for a whole cell is hashed once."""

    def __init__(self, versions: Mapping[str, str] | None = None) -> None:
        """`versions`: benchmark id -> version; it stands for the code of a solver that is not sinan's own."""
        self._versions = versions or {}
        self._begun: dict[int, _Begun] = {}

    def key(self, cell: Cell, question: Question, sampling: Sampling) -> bytes | None:
        """32 bytes; `sampling` as it is sent. The model is open: its identity is taken at a cell's first question.

        None where the answer must not be kept, because something that decides it cannot be named: a solver without
        a repr or a version, an identity or a parameter that JSON has no form for.
        """
        begun = self._begun.get(id(cell))
        if begun is None:
            begun = self._begun[id(cell)] = _begin(cell, self._versions)
        sent = begun.sampling if sampling is cell.sampling else _canonical(sampling.to_json())
        if begun.digest is None or sent is None:
            return None
        prompt = question.prompt_hash or question.prompt.hash
        seed = "" if sampling.temperature == 0 else question.seed
        digest = begun.digest.copy()
        digest.update(f"{len(prompt)}:{prompt}/{question.draw}/{seed}/".encode("utf-8", "surrogatepass"))
        digest.update(sent)
        return digest.digest()


@dataclass(frozen=True, slots=True)
class _Begun:
    """The part of a key that a cell's questions share."""

    cell: Cell
    """Kept, so that no other cell can get its id."""
    digest: "_Hash | None"
    sampling: bytes | None
    """The cell's own, canonical."""


def _begin(cell: Cell, versions: Mapping[str, str]) -> _Begun:
    solver = _named(cell.protocol.solver, versions.get(cell.benchmark))
    parts = _canonical([FORMAT, cell.model.name, dict(cell.model.identity), solver])
    digest = hashlib.sha256(parts) if parts is not None and solver is not None else None
    return _Begun(cell, digest, _canonical(cell.sampling.to_json()))


def _named(solver: Solver, version: str | None) -> list[str] | None:
    """Class, settings and, for what is not sinan's own, the version of the code. None where one cannot be told."""
    kind, settings = type(solver), repr(solver)
    own = kind.__module__.startswith("sinan.")
    if re.search(r" at 0x[0-9a-fA-F]+", settings) or (version is None and not own):
        return None
    return [f"{kind.__module__}.{kind.__qualname__}", settings, "" if own or version is None else version]


def _canonical(value: Any) -> bytes | None:
    """One form for equal content, whatever the order of its keys; two forms for 1, 1.0, True and "1"."""
    try:
        return canonical(value)
    except (TypeError, ValueError, RecursionError):
        return None
