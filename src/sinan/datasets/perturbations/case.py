"""All in lower case, but for what means something by its capitals: `US`, `NaCl`, `A` in `point A`."""

from random import Random

from sinan.datasets.perturbations.protected import put, words


def lower(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text in lower case. Single capitals but `I` at a word's place, and words all in capitals, stay."""
    new = {
        word.span(): word[0].lower()
        for word in words(text)
        if not word[0].isupper() or word[0] == "I" or (word[0] == "A" and _begins(text, word.start()))
    }
    return put(text, new)


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins there: `A` is the article then."""
    before = text[:at].rstrip()
    return not before or before[-1] in ".!?\n:"
