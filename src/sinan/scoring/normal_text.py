"""Texts without what two people would write differently: SQuAD's normalisation, and its like for Chinese.

English, as Rajpurkar et al. (arXiv:1606.05250) evaluate: lower case, no ASCII punctuation, no articles, one space for
white space, in this order. Chinese, as CMRC 2018 (arXiv:1810.07366) and DRCD do: lower case, no punctuation of either
script, no white space; width of signs does not count either.
"""

import re
import string
import unicodedata

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def is_chinese(*texts: str) -> bool:
    """Whether a Chinese character is in one of the texts."""
    return any(_CHINESE.search(text) for text in texts)


def english(text: str) -> str:
    """SQuAD's normalisation."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def chinese(text: str) -> str:
    """Letters, digits and signs alone, in one width and case."""
    text = unicodedata.normalize("NFKC", text).lower()
    return "".join(c for c in text if not c.isspace() and not unicodedata.category(c).startswith("P"))


def characters(text: str) -> list[str]:
    """Chinese characters one by one; what stands between them as words."""
    spaced = _CHINESE.sub(lambda found: f" {found[0]} ", unicodedata.normalize("NFKC", text).lower())
    kept = "".join(" " if unicodedata.category(c).startswith("P") else c for c in spaced)
    return kept.split()
