"""Steps from what a model wrote to what is compared, with the names and rules of lm-evaluation-harness.

A step takes the answers of one question (one, or as many as were drawn) and gives answers again; `take_first` and
`majority_vote` choose among them. What is behind `take_first` is one answer and no list of them.
"""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from sinan.types import Sample

INVALID = "[invalid]"

Answers = Any
"""A list of answers, or one answer."""


class Filter(Protocol):
    """One step. Frozen dataclasses, so that a version can be hashed."""

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """The answers of one question, changed."""
        ...


@dataclass(frozen=True)
class Regex:
    """What the pattern finds: match number `group_select` (-1: the last), stripped; of several groups the first that
    is not empty. `fallback` where it finds nothing."""

    regex_pattern: str = r"#### (\-?[0-9\.\,]+)"
    group_select: int = 0
    fallback: str = INVALID

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """One reading per answer."""
        return [self._read(answer if isinstance(answer, str) else "") for answer in answers]

    def _read(self, text: str) -> str:
        found = re.findall(self.regex_pattern, text)
        if not found:
            return self.fallback
        match = _selected(found, self.group_select)
        return self.fallback if match is None else match


@dataclass(frozen=True)
class MultiChoiceRegex:
    """The letter of a choice: by the pattern, else by a choice's text, else by `: A`; given as `(A)`.

    The choices are those in the sample's metadata under `choices`, or its own.
    """

    regex_pattern: str = r"#### (\-?[0-9\.\,]+)"
    group_select: int = 0
    fallback: str = INVALID
    ignore_case: bool = False
    ignore_punctuation: bool = False
    regexes_to_ignore: tuple[str, ...] | None = None

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """One reading per answer."""
        choices = sample.metadata.get("choices", sample.choices)
        texts = [self._plain(choice.strip()) for choice in choices]
        letters = {text: f"({chr(ord('A') + place)})" for place, text in enumerate(texts)}
        either = "|".join(sorted(map(re.escape, texts), key=len, reverse=True))
        named = "|".join(chr(ord("A") + place) for place in range(len(texts)))
        return [self._read(answer if isinstance(answer, str) else "", letters, either, named) for answer in answers]

    def _read(self, text: str, letters: Mapping[str, str], either: str, named: str) -> str:
        marked = {name: f"({name})" for name in named.split("|")}
        ways: tuple[tuple[str, str, Mapping[str, str]], ...] = (
            (self.regex_pattern, text, {}),
            (either, self._plain(text), letters),
            (rf":[\s]*({named})", text, marked),
        )
        for pattern, where, known in ways:
            found = re.findall(pattern, where)
            match = _selected(found, self.group_select) if found else None
            if match:
                return known.get(match, match)
        return self.fallback

    def _plain(self, text: str) -> str:
        for pattern in self.regexes_to_ignore or ():
            text = re.sub(pattern, "", text)
        text = text.lower() if self.ignore_case else text
        return text.translate(_punctuation()) if self.ignore_punctuation else text


@dataclass(frozen=True)
class RegexPos:
    """The tags of a written list of (token, tag) pairs; `fallback` where there are none."""

    regex_pattern: str = r"\['(.*?)'\]"
    group_select: int = 0
    fallback: tuple[str, ...] = ("invalid",)

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """A list of tags per answer."""
        return [self._tags(answer) for answer in answers]

    def _tags(self, answer: Any) -> list[str]:
        pairs = re.findall(r"\('([^']*)', '([^']*)'\)", answer) if isinstance(answer, str) else answer
        return [tag for _, tag in pairs] or list(self.fallback)


@dataclass(frozen=True)
class TakeFirst:
    """The first answer; of one answer, which is a text by then, its first letter."""

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """One answer."""
        return answers[0]


@dataclass(frozen=True)
class TakeFirstK:
    """The first k answers. Where there are fewer, that is an error of the task."""

    k: int

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """k answers. Raises ValueError."""
        if len(answers) < self.k:
            raise ValueError(f"take_first_k needs {self.k} answers and there are {len(answers)}: raise `repeats`")
        return answers[: self.k]


@dataclass(frozen=True)
class MajorityVote:
    """The most frequent answer, in a list of its own; of equals the one that came first."""

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """A list of one answer."""
        return [Counter(answers).most_common(1)[0][0]]


@dataclass(frozen=True)
class Each:
    """A method of text on every answer: `strip`, `lower` or `upper`."""

    method: str

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """As many answers."""
        return [getattr(answer, self.method)() for answer in answers]


@dataclass(frozen=True)
class Map:
    """What a table has for an answer; `default_value` for any other."""

    mapping_dict: Mapping[Any, Any] = field(default_factory=dict)
    default_value: Any = None

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """As many answers."""
        return [self.mapping_dict.get(answer, self.default_value) for answer in answers]


_LABELS = {
    "person": "PER",
    "location": "LOC",
    "organization": "ORG",
    "counties": "LOC",
    "places": "LOC",
    "people": "PER",
    "persons": "PER",
    "company": "ORG",
    "country": "LOC",
    "continent": "LOC",
    "time": "DATE",
    "date": "DATE",
    "per": "PER",
    "loc": "LOC",
    "org": "ORG",
}


@dataclass(frozen=True)
class FormatSpan:
    """Named entities, however a model labels them, as `label: entity $ label: entity`."""

    def __call__(self, answers: Answers, sample: Sample) -> Answers:
        """As many answers."""
        return [self._entities(self._labels(answer.lower())) for answer in answers]

    def _labels(self, text: str) -> str:
        for name, label in _LABELS.items():
            text = re.sub(rf"\b{name}\s*:", f"{label}:", text)
        return "$".join(text.split("$$")).rstrip("$")

    def _entities(self, text: str) -> str:
        found = re.findall(r"\b(PER|LOC|ORG|DATE):\s*([^$]+)", text.replace("\n", "$").strip())
        entities = [(label.lower(), one.strip()) for label, named in found for one in named.split(",")]
        return " $ ".join(f"{label}: {entity}" for label, entity in entities if entity.lower() != "none")


BY_NAME: dict[str, Callable[..., Filter]] = {
    "regex": Regex,
    "regex_pos": RegexPos,
    "multi_choice_regex": MultiChoiceRegex,
    "take_first": TakeFirst,
    "take_first_k": TakeFirstK,
    "majority_vote": MajorityVote,
    "remove_whitespace": lambda: Each("strip"),
    "lowercase": lambda: Each("lower"),
    "uppercase": lambda: Each("upper"),
    "map": Map,
    "format_span": FormatSpan,
}
"""Made with the settings that a task gives."""


def _selected(found: Sequence[Any], select: int) -> str | None:
    """One match; None where all its groups are empty. Raises IndexError where there are not so many."""
    match = found[select]
    if isinstance(match, tuple):
        full = [group for group in match if group]
        return full[0].strip() if full else None
    return str(match).strip()


@cache
def _punctuation() -> dict[int, None]:
    """Every sign of punctuation in Unicode, to be dropped."""
    return dict.fromkeys(i for i in range(sys.maxunicode) if unicodedata.category(chr(i)).startswith("P"))
