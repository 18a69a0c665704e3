"""Is the text the same? White space, case, width of signs and surrounding punctuation do not count."""

import unicodedata
from dataclasses import dataclass

from sinan.scoring.golds import golds
from sinan.scoring.marks import marked, plain
from sinan.scoring.verdict import Reading, said, verdict
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


@dataclass(frozen=True)
class Exact:
    """Right if the whole answer, or else what follows its last answer mark, is the target, or one of several golds."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        text, wanted = said(completion).strip(), {normal(gold) for gold in golds(sample)}
        if text and normal(text) in wanted:
            return verdict(completion, Reading(text, "the whole answer"), True)
        mark = next(marked(plain(text)), None)
        if mark:
            return verdict(completion, Reading(mark.text, mark.rule), normal(mark.text) in wanted)
        cut = completion.finish_reason != "stop"
        return verdict(completion, Reading(text, "the whole answer") if text and not cut else None, False)


def normal(text: str) -> str:
    """NFKC, one space for any white space, no case, no surrounding punctuation: what `Exact` compares."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
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
