"""Which letter an option's text stands for: `London` for B."""

import re
from collections.abc import Callable, Iterator

from sinan.scoring.denied import called_wrong, denied, supposed
from sinan.scoring.exact import normal

_IS_IT = re.compile(
    r"(?:\b(?:is|are|was|were|be|equals?|choose|pick|select|say|with)\b|['’]s\b|:|是|为|选|選|即)"
    r"\s{0,3}(?:the\s|an?\s)?[“\"'‘「《*_`($]{0,3}$",
    re.IGNORECASE,
)
_OR = re.compile(
    r"(?:\b(?:or|and|nor)\b|[,/&、]|和|或者?|还是|与|及)\s?(?:the\s|an?\s)?[“\"'‘「《*_`($]{0,3}$", re.IGNORECASE
)
_LAYOUT = re.compile(r"\s|\$|\\left|\\right|\\[,!;()\[\] ]")
_BRACES = re.compile(r"\{(\\?[a-z]+|\d)\}")
_LONGEST = 400
"""Characters of a sentence in which options are looked for."""
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？\n]")


class OptionTexts:
    """The options of one question. A text that two options share names neither. Most answers are letters, so the
    options are looked at only when one is not."""

    def __init__(self, choices: tuple[str, ...], letters: str) -> None:
        self._choices, self._letters = choices, letters
        self._known: dict[str, str] | None = None

    def letter(self, text: str) -> str | None:
        """The letter of the option that a text is; None where it is none."""
        if not self._choices or len(text) > self._longest():
            return None
        known = self._texts()
        return known.get(normal(text)) or known.get(squeezed(text))

    def beginning(self, text: str) -> tuple[str, int] | None:
        """The letter and length of the option that a text begins with, if what follows is no longer word."""
        for start, end, letter in self._mentions(text[:_LONGEST], 0):
            if start == 0:
                return letter, end
        return None

    def named(self, text: str, start: int) -> tuple[str, int, int] | None:
        """The only option that a sentence, which begins at `start`, says that it is: letter, start and end."""
        found = list(self._mentions(text, start))
        if any(_OR.search(text[max(0, at - 12) : at]) for at, _, _ in found[1:]):
            return None
        said = [one for one in found if self._is_it(text, *one[:2])]
        return (said[0][2], *said[0][:2]) if len({letter for *_, letter in said}) == 1 else None

    def _is_it(self, text: str, start: int, end: int) -> bool:
        before = text[max(0, start - 24) : start]
        return bool(_IS_IT.search(before)) and not (
            denied(text, start) or supposed(text, start) or called_wrong(text, end)
        )

    def _mentions(self, text: str, start: int) -> Iterator[tuple[int, int, str]]:
        """Every place where an option stands as a word of its own, none inside another."""
        texts = sorted((t for t in self._once(normal) if len(t) > 1 or not t.isascii()), key=len, reverse=True)
        if not texts or len(text) - start > _LONGEST:
            return
        either = "|".join(r"\s+".join(map(re.escape, one.split(" "))) for one in texts)
        for match in re.compile(rf"(?<![0-9A-Za-z])(?:{either})(?![0-9A-Za-z])", re.IGNORECASE).finditer(text, start):
            letter = self.letter(match[0])
            if letter:
                yield match.start(), match.end(), letter

    def _texts(self) -> dict[str, str]:
        if self._known is None:
            self._known = self._once(squeezed) | self._once(normal)
        return self._known

    def _once(self, form: Callable[[str], str]) -> dict[str, str]:
        """The forms that only one option has."""
        texts = [form(choice) for choice in self._choices]
        pairs = zip(texts, self._letters, strict=False)
        return {text: letter for text, letter in pairs if text and texts.count(text) == 1}

    def _longest(self) -> int:
        return 4 * max(map(len, self._choices)) + 100


def squeezed(text: str) -> str:
    """A formula without what does not change it: blanks, dollar signs, braces around one sign."""
    text = _LAYOUT.sub("", normal(text)).replace("dfrac", "frac").replace("tfrac", "frac").replace("°", "^\\circ")
    return _BRACES.sub(r"\1", text).rstrip(".")


def sentence(text: str) -> str:
    """The first sentence of a text."""
    return _SENTENCE_END.split(text, maxsplit=1)[0]


def last_sentence(text: str) -> int:
    """Where the last sentence of a text begins."""
    body, begin = text.rstrip(' \t\r\n*_`.!?。！？"”’)'), 0
    for match in _SENTENCE_END.finditer(body, max(0, len(body) - _LONGEST)):
        begin = match.end()
    return begin
