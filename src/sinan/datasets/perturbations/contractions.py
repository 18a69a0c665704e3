"""`do not` as `don't`; and where nothing can be drawn together, `don't` as `do not`."""

import re
from random import Random

from sinan.datasets.perturbations.protected import changed

CONTRACTED = {
    "do not": "don't",
    "does not": "doesn't",
    "did not": "didn't",
    "is not": "isn't",
    "are not": "aren't",
    "was not": "wasn't",
    "were not": "weren't",
    "has not": "hasn't",
    "have not": "haven't",
    "had not": "hadn't",
    "will not": "won't",
    "would not": "wouldn't",
    "should not": "shouldn't",
    "could not": "couldn't",
    "can not": "can't",
    "cannot": "can't",
    "it is": "it's",
    "that is": "that's",
    "there is": "there's",
    "what is": "what's",
    "who is": "who's",
    "where is": "where's",
    "how is": "how's",
    "he is": "he's",
    "she is": "she's",
    "they are": "they're",
    "we are": "we're",
    "you are": "you're",
    "I am": "I'm",
    "I will": "I'll",
    "you will": "you'll",
    "he will": "he'll",
    "she will": "she'll",
    "they will": "they'll",
    "we will": "we'll",
    "I have": "I've",
    "we have": "we've",
    "they have": "they've",
    "you have": "you've",
}
EXPANDED = {short: long for long, short in CONTRACTED.items() if long not in ("can not",)}
_LONG = re.compile(rf"\b(?:{'|'.join(CONTRACTED)})\b(?=\s+[A-Za-z])", re.IGNORECASE)
# What ends in 's may be a genitive or stand for `has`, so that only the others are written out.
_CLEAR = [one.replace("'", "['’]") for one in EXPANDED if not one.endswith("'s")]
_SHORT = re.compile(rf"\b(?:{'|'.join(_CLEAR)})\b", re.IGNORECASE)


def contracted(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with what can be drawn together, or else written out."""
    drawn = changed(text, lambda part: _LONG.sub(lambda found: _as(found[0], CONTRACTED), part))
    if drawn != text:
        return drawn
    return changed(text, lambda part: _SHORT.sub(lambda found: _as(found[0], EXPANDED), part))


def _as(found: str, table: dict[str, str]) -> str:
    """The other form, with the capital that the first had."""
    plain = " ".join(found.split()).replace("’", "'")
    new = table.get(plain) or table.get(plain.lower()) or table.get(plain[0].upper() + plain[1:].lower()) or found
    return new[0].upper() + new[1:] if found[0].isupper() else new
