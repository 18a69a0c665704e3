"""Which part of a completion is compared as text: what follows its last answer mark, or all of it."""

from sinan.scoring.marks import marked, plain
from sinan.scoring.verdict import Reading, said
from sinan.types import Completion

LONGEST = 100_000
"""Characters of an answer that are compared: overlaps of longer texts take time that grows faster than they do."""


def answer_text(completion: Completion, whole: bool = False) -> Reading | None:
    """The marked answer, else all that was said. With `whole` nothing is looked for: the text itself is the answer.
    None where nothing was said; and where a text without a mark was cut, unless the whole of it is wanted."""
    text = said(completion)
    mark = None if whole else next(marked(plain(text)), None)
    start = len(completion.text) - len(text)
    if mark:
        at = completion.text.rfind(mark.text, start)
        return Reading(mark.text[:LONGEST], mark.rule, (at, at + len(mark.text)) if at >= 0 else None)
    bare = text.strip()
    if not bare or completion.finish_reason == "refusal" or (not whole and completion.finish_reason == "length"):
        return None
    start += len(text) - len(text.lstrip())
    if len(bare) > LONGEST:
        return Reading(bare[:LONGEST], f"the first {LONGEST:,} characters", (start, start + LONGEST), sure=False)
    return Reading(bare, "the whole answer", (start, start + len(bare)))
