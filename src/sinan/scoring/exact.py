"""Is the text the same? White space, case, width of signs and surrounding punctuation do not count."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from sinan.scoring.cascade import Found, known, reading
from sinan.scoring.folded import Folded
from sinan.scoring.golds import golds
from sinan.scoring.marks import fold, marked
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

_PAIRS = {
    "(": ")",
    "[": "]",
    '"': '"',
    "'": "'",
    "“": "”",
    "‘": "’",
    "「": "」",
    "『": "』",
    "《": "》",
    "【": "】",
    "$": "$",
}
_SIGNS = str.maketrans("‘’–—‐‑−", "''-----")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
RULES = ("whole", "marked", "line")


@dataclass(frozen=True)
class Exact:
    """Right if the whole answer is the target, or one of several golds; or else what follows its last answer mark; or
    else, where there are several lines and no mark, the last of them. What is read of a mark is its line, or its first
    sentence where only that is the target."""

    two_ways: ClassVar[bool] = True
    """Whether its scores hold `strict` beside the value."""
    rules: tuple[str, ...] = RULES
    """The cascade; `("whole", "marked")` is the strict reading by itself."""

    def __post_init__(self) -> None:
        known(dict.fromkeys(RULES), self.rules)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict; `strict` beside it."""
        text, wanted = told(completion), {normal(gold) for gold in golds(sample)}
        found = self._found(text, wanted, completion.finish_reason != "stop")
        read = reading(found, text)
        right = read is not None and read.answer is not None and normal(read.answer) in wanted
        return in_two_ways(verdict(completion, read, right))

    def _found(self, text: Folded, wanted: set[str], cut: bool) -> Found | None:
        body = text.text
        start, end = len(body) - len(body.lstrip()), len(body.rstrip())
        if start >= end:
            return None
        whole = Found(body[start:end], "the whole answer", start, end, True)
        if "whole" in self.rules and normal(body) in wanted:
            return whole
        found = _marked(text, wanted) if "marked" in self.rules else None
        if found is not None:
            return found
        last = body.rfind("\n", start, end) + 1
        if cut or not ("line" in self.rules or "whole" in self.rules):
            return None
        if last > start and "line" in self.rules:
            return Found(body[last:end].strip(), "the last line", last, end)
        return whole if "whole" in self.rules else None


def _marked(text: Folded, wanted: set[str]) -> Found | None:
    """In terms of the text itself, though it is looked for in its folded form."""
    folded = fold(text)
    mark = next(marked(folded.text), None)
    if mark is None:
        return None
    said = mark.text
    sentence = _SENTENCE_END.split(said, maxsplit=1)[0]
    if normal(said) not in wanted and normal(sentence) in wanted:
        said = sentence
    start, end = folded.origin(mark.start, mark.start + len(said))
    return Found(said, mark.rule, start - text.offset, end - text.offset, True)


def normal(text: str) -> str:
    """NFKC, one space for any white space, no case, no surrounding punctuation: what `Exact` compares."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_SIGNS).split())
    for _ in range(4):  # `**"Paris".**` is wrapped more than once
        bare = _unwrapped(text.strip("*_` ").rstrip(".,;:!?。、 "))
        if not bare or bare == text:
            break
        text = bare
    return text


def _unwrapped(text: str) -> str:
    """Without a pair of quotes or brackets around the whole; `(a) or (b)` has none."""
    if len(text) < 3 or _PAIRS.get(text[0]) != text[-1]:
        return text
    inside = text[1:-1]
    return text if text[0] in inside or text[-1] in inside else inside.strip()
