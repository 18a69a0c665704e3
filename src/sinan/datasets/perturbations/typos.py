"""Slips of the keyboard in some of the longer words: letters swapped, left out, doubled, or the neighbour hit."""

from random import Random

from sinan.datasets.perturbations.protected import put, words

EVERY = 8
"""Of so many words that may be hit one is; at least one, at most `AT_MOST`."""
AT_MOST = 8
WAYS = {"double": 5, "swap": 6, "drop": 7, "neighbour": 8}
"""From so many letters on a word may slip in this way, and hardly becomes another word by it; its first and last
letters stay."""
NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
MEAN_TOO_MUCH = frozenset(
    "never neither without except least fewest first second third fourth fifth sixth seventh eighth ninth tenth three "
    "seven eight eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty "
    "sixty seventy eighty ninety hundred thousand million billion dozen twice double triple quarter before after under "
    "above below between false true correct incorrect wrong right always cannot fewer greater smaller larger higher "
    "lower least longest shortest".split()
)
"""Words that a question turns on."""
ALSO_WORDS = frozenset(
    "angel angle trail trial quite quiet untied united casual causal sacred scared diary dairy martial "
    "marital unclear nuclear reserve reverse conserve converse detail dilate stable table cable sable "
    "place pace price pride prize plane plate plain planet plant slate state stare start stand bread "
    "board broad beard heart heard heat hat later latter letter litter better bitter batter matter mutter "
    "desert dessert loose lose choose chose winter writer water waiter weather whether father farther "
    "feather though through thought tough rough brought bought caught taught coarse course curse house "
    "horse hoarse sport spot spirit sprite month moth mouth north worth worse words world sword weight "
    "height eight night knight light flight fight sight right tight wight might closing losing moving "
    "loving living leaving hiding hidden riding rising raising dinning dining planning planing hoping "
    "hopping tapping taping dinner supper barred starred planned rated ratted fussed matted mopped sloppy "
    "slopped scrapped stripped gripped winner tapped wedding boarder staring starring planed".split()
)
"""What a slip must not make: it would be another word."""


def mistyped(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with slips. Names, short words, and those of the answer are not hit."""
    known = {word[0].lower() for word in words(text)}
    open_ = [word for word in words(text) if _may_be_hit(word[0], keep)]
    if not open_:
        return text
    hit = chance.sample(open_, min(AT_MOST, max(1, len(open_) // EVERY)))
    new = {}
    for word in sorted(hit, key=lambda one: one.start()):
        slipped = _slip(word[0], chance)
        if slipped.lower() not in known | ALSO_WORDS:
            new[word.span()] = slipped
    return put(text, new)


def _may_be_hit(word: str, keep: frozenset[str]) -> bool:
    return len(word) >= min(WAYS.values()) and word.islower() and word.isalpha() and word not in keep | MEAN_TOO_MUCH


def _slip(word: str, chance: Random) -> str:
    """One slip between the first and the last letter."""
    way = chance.choice([way for way, letters in WAYS.items() if len(word) >= letters])
    at = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    if way == "swap" and len(after) > 1 and after[0] != letter:
        return before + after[0] + letter + after[1:]
    if way == "drop" and letter not in (word[at - 1], after[0]):  # of a double letter nobody misses one
        return before + after
    if way == "neighbour":
        return before + chance.choice(NEIGHBOURS.get(letter, letter)) + after
    return before + letter + letter + after
