"""Which recorded answer belongs to which question.

    id, and the recorded question says nothing else  ->  `id`, or `end of id` (`112` for `test/112`, one ends so)
    the question's text, whole                       ->  `question`
    a prompt that holds the question's text          ->  `prompt`: worked examples before it, a cue behind it
    its place                                        ->  `place`: exactly as many rows, without ids, in the same order

A number is a weak name: a file that was shuffled, or that answers other questions, counts its rows from 0 too. So the
recorded text decides against an id where it is the text of another question.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sinan.datasets.outputs import Output
from sinan.types import Sample

NAMES = ("id", "task_id", "question_id", "pid", "key", "uid", "index", "idx", "example_id", "unique_id")
"""Metadata of a sample that published answers may name it by."""
SHORTEST = 12
"""Characters of a question that is looked for inside a prompt: a shorter one may stand there by chance."""
BEGINNING = 32
"""Characters by which a question is looked for first."""
_START = re.compile(r"(?<![^\W_])\S")


@dataclass(frozen=True)
class Matches:
    """The rows that answer each question, by its place, and how each row was found."""

    rows: Sequence[Sequence[int]]
    how: Mapping[int, str]
    """Row -> `id`, `end of id`, `question`, `prompt` or `place`; a row that answers no question is not in it."""
    reworded: int
    """Rows found by their id or place, whose recorded question is in other words than ours."""


def match(rows: Sequence[Output], samples: Iterable[Sample]) -> Matches:
    """Find the question of every row. Several rows may answer one question."""
    asked = _Asked(samples)
    found, how, reworded = defaultdict[int, list[int]](list), dict[int, str](), set[int]()
    alike = defaultdict[tuple[int, ...], list[int]](list)
    for number, row in enumerate(rows):
        places, way, other_words = asked.find(row)
        if other_words:
            reworded.add(number)
        if way:
            how[number] = way
        if len(places) == 1:
            found[places[0]].append(number)
        elif places:
            alike[places].append(number)
    for places, numbers in alike.items():  # questions in the very same words: in the order of the file
        each, over = divmod(len(numbers), len(places))
        for position, number in enumerate(numbers):
            if over:
                del how[number]
            else:
                found[places[position // each]].append(number)
    for place, numbers in found.items():  # another set that counts from 0 as well, in the same folder
        strange = reworded.intersection(numbers)
        if 0 < len(strange) < len(numbers):
            found[place] = [number for number in numbers if number not in strange]
            for number in strange:
                del how[number]
    if len(rows) == len(asked):
        for place in _left_in_place(rows, found, how):
            found[place], how[place] = [place], "place"
            if rows[place].question:
                reworded.add(place)
    return Matches([found[place] for place in range(len(asked))], how, len(reworded & how.keys()))


def _left_in_place(rows: Sequence[Output], found: Mapping[int, list[int]], how: Mapping[int, str]) -> list[int]:
    """The rows without a question of their own that stand where an answer is missing, in a file that is known to be in
    order: nothing in it says what was asked, or most rows were found and all of them at their place."""
    free = [n for n in range(len(rows)) if n not in how and not found.get(n) and not rows[n].id]
    unknown = not how and not any(row.question for row in rows)
    known = 2 * len(how) > len(rows) and all(numbers in ([], [place]) for place, numbers in found.items())
    return free if unknown or known else []


class _Asked:
    """The questions, by all that an answer may be known by."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._texts: list[str] = []
        self._ids: dict[str, int] = {}
        self._by_text = defaultdict[str, list[int]](list)
        names, ends = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for place, sample in enumerate(samples):
            text = plain(sample.question)
            self._texts.append(text)
            self._by_text[text].append(place)
            self._ids[sample.id] = place
            ends[sample.id.rpartition("/")[2]].append(place)
            for name in set(_names(sample)):
                names[name].append(place)
        self._names, self._ends = _single(names), _single(ends)
        self._beginnings = defaultdict[str, list[str]](list)
        for text in self._by_text:
            if len(text) >= SHORTEST:
                self._beginnings[text[:BEGINNING]].append(text)
        self._lengths = sorted(Counter(map(len, self._beginnings)), reverse=True)

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, row: Output) -> tuple[tuple[int, ...], str, bool]:
        """The places of the question (several, if they are in the same words), how it was found, and whether it was
        asked in other words."""
        text = plain(row.question)
        named, way = self._named(row.id)
        same = self._by_text.get(text, ()) if text else ()
        if named is not None and (not text or named in same or (not same and self._says(named, text))):
            return (named,), way, False
        if same:
            return tuple(same), "question", False
        if inside := self._inside(text):
            return tuple(self._by_text[inside]), "prompt", False
        return ((named,), way, True) if named is not None else ((), "", False)

    def _named(self, name: str) -> tuple[int | None, str]:
        for known, way in ((self._ids, "id"), (self._names, "id"), (self._ends, "end of id")):
            if name in known:
                return known[name], way
        return None, ""

    def _says(self, place: int, text: str) -> bool:
        """Whether a recorded text holds the question, or is a part of it."""
        return self._texts[place] in text or text in self._texts[place]

    def _inside(self, text: str) -> str:
        """The question that a prompt ends with: worked examples stand before it. Of two the longer one."""
        best = (0, 0, "")
        for start in _START.finditer(text):
            for length in self._lengths:
                for question in self._beginnings.get(text[start.start() : start.start() + length], ()):
                    end = start.start() + len(question)
                    alone = len(question) >= BEGINNING or not _goes_on(text, end)
                    if alone and text.startswith(question, start.start()):
                        best = max(best, (end, len(question), question))
        return best[2]


def _single(places: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The names that only one question has."""
    return {name: of[0] for name, of in places.items() if len(of) == 1 and name}


def _goes_on(text: str, end: int) -> bool:
    """Whether a place is inside a word or a number."""
    return end < len(text) and text[end - 1 : end + 1].isalnum()


def _names(sample: Sample) -> Iterable[str]:
    return (str(value) for key, value in sample.metadata.items() if key in NAMES and isinstance(value, str | int))


def plain(text: str) -> str:
    """The text with single blanks."""
    return " ".join(text.split())
