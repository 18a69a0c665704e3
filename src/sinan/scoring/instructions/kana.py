"""The scripts of Japanese: which of hiragana, katakana, kanji and digits a response is written in, as M-IFEval checks
it."""

import re
import unicodedata
from collections.abc import Callable

from sinan.scoring.instructions.arguments import Arguments, Check

KANJI = "[\u4e00-\u9faf]"


def script_checks() -> dict[str, Check]:
    """By id, without the language."""
    return {
        "letters:furigana": furigana,
        "letters:hiragana_only": hiragana_only,
        "letters:kanji": kanji,
        "letters:kansuuji": kansuuji,
        "letters:katakana_only": katakana_only,
        "letters:no_hiragana": no_hiragana,
        "letters:no_katakana": no_katakana,
    }


def kanji(response: str, arguments: Arguments) -> bool:
    """So many kanji."""
    return arguments.holds(len(re.findall(KANJI, response)), "kanji_limit")


def furigana(response: str, arguments: Arguments) -> bool:
    """Every run of kanji is followed by its reading, `（ふりがな）`."""
    return len(re.findall(f"{KANJI}+", response)) == len(re.findall(f"{KANJI}（[ぁ-ん]+）", response))


def kansuuji(response: str, arguments: Arguments) -> bool:
    """No number is written in digits."""
    return re.search(r"\d", response) is None


def no_hiragana(response: str, arguments: Arguments) -> bool:
    """No hiragana occurs."""
    return not any("ぁ" <= letter <= "ゖ" for letter in response)


def no_katakana(response: str, arguments: Arguments) -> bool:
    """No katakana occurs, of full or half width."""
    return not any("ァ" <= letter <= "ヺ" or "ｦ" <= letter <= "ﾟ" for letter in response)


def hiragana_only(response: str, arguments: Arguments) -> bool:
    """Every letter is hiragana, or the mark of a long vowel."""
    return _only(response, lambda letter: "ぁ" <= letter <= "ん" or letter == "ー")


def katakana_only(response: str, arguments: Arguments) -> bool:
    """Every letter is katakana, of full or half width, or the mark of a long vowel."""
    return _only(response, lambda letter: "ァ" <= letter <= "ン" or letter == "ー" or "ｦ" <= letter <= "ﾟ")


def _only(response: str, belongs: Callable[[str], bool]) -> bool:
    letters = (letter for letter in response if unicodedata.category(letter).startswith("L"))
    return all(map(belongs, letters))
