"""How like one text is to others, by the words they share: Okapi BM25 (Robertson and Zaragoza, 2009), with an idf that
is never negative.

Languages that write no blanks between words (Chinese, Japanese, Korean, Thai...) are taken by characters and by pairs
of neighbours; all others by words, without regard to case or width.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

K1, B = 1.5, 0.75
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUNS = re.compile(rf"([{_UNSPACED}\U00020000-\U0003ffff]+)|((?:(?![{_UNSPACED}\U00020000-\U0003ffff])[^\W_])+)")


def tokens(text: str) -> Iterator[str]:
    """The words of a text; of a text without blanks its characters and pairs of neighbours."""
    for match in _RUNS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[1]
        if run is None:
            yield match[2]
            continue
        yield from run
        yield from (run[i : i + 2] for i in range(len(run) - 1))


class Index:
    """Texts, ready to be compared with others."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(tokens(text)) for text in texts]
        lengths = [sum(counts.values()) for counts in counted]
        mean = (sum(lengths) / len(lengths) if lengths else 0.0) or 1.0
        self._size = len(texts)
        self._weights: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, (counts, length) in enumerate(zip(counted, lengths, strict=True)):
            for token, count in counts.items():
                weight = count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean))
                self._weights[token].append((place, weight))

    def scores(self, text: str) -> list[float]:
        """How like each of the texts is, in their order; 0 where no word is shared."""
        found = [0.0] * self._size
        for token, times in Counter(tokens(text)).items():
            having = self._weights.get(token, ())
            idf = math.log1p((self._size - len(having) + 0.5) / (len(having) + 0.5))
            for place, weight in having:
                found[place] += times * idf * weight
        return found


@lru_cache(maxsize=128)
def index(texts: tuple[str, ...]) -> Index:
    """Made once for each pool. A pool that holds the question itself is another pool without it."""
    return Index(texts)
