"""A benchmark proves itself: the right answer scores 1; silence, and the right answer to another question, do not."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sinan.errors import SinanError
from sinan.types import Completion, Outcome, Protocol, Sample
from sinan.types.score import waits

MOST = 2000
"""Questions that are tried."""
SECONDS = 20.0
EXAMPLES = 5
BY_ANSWER = ("choice", "number", "text")
"""Shapes of files whose right answer can be written down and given."""


def tested(protocol: Protocol, shape: str, read: Callable[[], Iterable[Sample]], rows: int) -> Mapping[str, Any]:
    """How many were tried, of how many the right answer scored 1, and how often silence or another's answer did.
    `why`: what was not tried, and why; empty where it was."""
    why = _untestable(protocol, shape)
    if why:
        return _told(why)
    began, counts = time.monotonic(), {"tried": 0, "gold": 0, "silence": 0, "shuffled": 0, "shuffled_tried": 0}
    examples: list[str] = []
    step = max(1, rows // MOST)
    before: Sample | None = None
    for sample in islice(read(), 0, None, step):
        if time.monotonic() - began > SECONDS:
            break
        try:
            measured = _try(protocol, sample, before, counts, examples)
        except SinanError as error:
            return _told(str(error))
        if measured:
            return _told("its scorer measures a degree; nothing is right or wrong")
        before = sample
    return _told("", examples, **counts)


def _told(why: str, examples: Iterable[str] = (), **counts: int) -> dict[str, Any]:
    none = {"tried": 0, "gold": 0, "silence": 0, "shuffled": 0, "shuffled_tried": 0}
    return {"why": why, "examples": list(examples)} | none | counts


def _untestable(protocol: Protocol, shape: str) -> str:
    if waits(protocol.scorer):
        return "its answers are judged by programs or by models, which are not run here"
    if shape not in BY_ANSWER or type(protocol.scorer).__name__ == "Collected":
        return "a right answer cannot be written down for questions of this kind"
    return ""


def _try(
    protocol: Protocol, sample: Sample, before: Sample | None, counts: dict[str, int], examples: list[str]
) -> bool:
    """Try one question. True where nothing is right or wrong."""
    whole = bool(getattr(protocol.scorer, "whole", False))
    score = protocol.scorer(sample, _says(sample.target, whole))
    if score.outcome == Outcome.MEASURED:
        return True
    counts["tried"] += 1
    counts["gold"] += score.value == 1
    if score.value != 1 and len(examples) < EXAMPLES:
        examples.append(sample.id[:200])
    counts["silence"] += protocol.scorer(sample, Completion("", "stop")).value == 1
    for wrong in _others(sample, before):
        counts["shuffled_tried"] += 1
        counts["shuffled"] += protocol.scorer(sample, _says(wrong, whole)).value == 1
    return False


def _others(sample: Sample, before: Sample | None) -> Iterator[str]:
    """An answer that is right elsewhere, and not here."""
    if sample.choices:
        yield sample.letters[(sample.gold + 1) % len(sample.choices)]
    elif before is not None and not before.choices:
        here = {one.strip().casefold() for one in sample.metadata.get("golds", (sample.target,))}
        if before.target.strip().casefold() not in here:
            yield before.target


def _says(answer: str, whole: bool) -> Completion:
    return Completion(answer if whole else f"ANSWER: {answer}", "stop")
