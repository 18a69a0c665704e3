"""The options in another order, and the target with them."""

import re
from dataclasses import replace
from random import Random

from sinan.types import Sample

_OF_PLACES = re.compile(
    r"\b(?:all|none|both|neither|either|any|some)\b[^.]{0,30}\b(?:above|below|these|those|them|options?|choices?|answers?)\b"
    r"|\b(?:both|neither|either|only)\s+\(?[A-J]\b|^\(?[A-J]\)?(?:\s*(?:,|and|or|&)\s*\(?[A-J]\)?)+\.?$"
    r"|以上|以下|上述|都(?:对|错|是|不)|皆|均(?:对|错|是|不)|[A-J]\s*[和与、]\s*[A-J]",
    re.IGNORECASE,
)


def reordered(sample: Sample, chance: Random) -> Sample | None:
    """Another order than the own. None without options, without a target among them, and where an option speaks of
    others by their place (`all of the above`)."""
    n = len(sample.choices)
    if n < 2 or sample.target not in tuple(sample.letters) or any(map(_OF_PLACES.search, sample.choices)):
        return None
    order = list(range(n))
    while order == list(range(n)):
        chance.shuffle(order)
    choices = tuple(sample.choices[place] for place in order)
    return replace(sample, choices=choices, target=sample.letters[order.index(sample.gold)])
