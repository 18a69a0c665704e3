"""A text changed for reading that still knows where each of its characters stood in what the model wrote."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Replacement = str | Callable[[re.Match[str]], str]


class Edit(NamedTuple):
    """A stretch of the text that stands for another stretch of the text before it."""

    start: int
    end: int
    old_start: int
    old_end: int


@dataclass(frozen=True)
class Folded:
    """A text, and the way back: edits, each over the text that was there before. Nothing is kept per character, so
    that a text that was hardly changed costs hardly more than itself."""

    text: str
    offset: int = 0
    """Of the first text: where it begins in the completion."""
    before: "Folded | None" = None
    edits: tuple[Edit, ...] = ()
    """In order, apart from each other; empty where the texts have the same length."""

    def translated(self, table: dict[int, str | int]) -> "Folded":
        """Signs for signs, one by one."""
        return self if self.text.isascii() else Folded(self.text.translate(table), before=self)

    def sub(self, pattern: re.Pattern[str], by: Replacement) -> "Folded":
        """Every match replaced; `by` is a template as of `re`, or a function."""
        made = (lambda match: match.expand(by)) if isinstance(by, str) else by
        return self._changed([(m.start(), m.end(), made(m)) for m in pattern.finditer(self.text)])

    def keep(self, pattern: re.Pattern[str]) -> "Folded":
        """Of every match only its first group, which stays the very stretch that it was."""
        cuts = []
        for match in pattern.finditer(self.text):
            cuts += [(match.start(), match.start(1), ""), (match.end(1), match.end(), "")]
        return self._changed(cuts)

    def _changed(self, parts: list[tuple[int, int, str]]) -> "Folded":
        if not parts:
            return self
        pieces, edits, at, done = [], [], 0, 0
        for start, end, new in parts:
            pieces += [self.text[done:start], new]
            at += start - done
            edits.append(Edit(at, at + len(new), start, end))
            at, done = at + len(new), end
        return Folded("".join([*pieces, self.text[done:]]), before=self, edits=tuple(edits))

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the completion that a stretch of this text was made from."""
        if self.before is None:
            return start + self.offset, end + self.offset
        if start >= end:
            place = self._old(start)[0]
            return self.before.origin(place, place)
        return self.before.origin(self._old(start)[0], self._old(end - 1)[1])

    def _old(self, place: int) -> tuple[int, int]:
        """Where one character stood."""
        index = bisect_right(self.edits, place, key=lambda edit: edit.start) - 1
        if index < 0:
            return place, place + 1
        edit = self.edits[index]
        if place < edit.end:
            return edit.old_start, edit.old_end
        old = place - edit.end + edit.old_end
        return old, old + 1
