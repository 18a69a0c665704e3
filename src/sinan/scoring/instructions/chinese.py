"""Chinese. There is no one published checker: counts of words and sentences, and quotation marks, are those of Multi-IF
(He et al., arXiv:2410.15553); commas, the given answers, and words that are looked for without edges are those of
P-MMEval's mifeval (Zhang et al., arXiv:2411.09116). `punctuation:no_punctuation` and `no_period` are our own.
"""

import re
import unicodedata

from sinan.scoring.instructions.arguments import Arguments, Check
from sinan.scoring.instructions.detected import language
from sinan.scoring.instructions.length import nth_paragraph
from sinan.scoring.instructions.start_end import enclosed

ANSWERS = ("我的答案是是。", "我的答案是否。", "我的答案是不确定。")
QUOTES = ('""', "“”", "「」")
EAST_ASIAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]")
ENDS = re.compile(r"[。！？．.!?\n]")
VARIANTS = {"zh": ("zh-cn", "zh-tw")}


def checks() -> dict[str, Check]:
    """By id, without the language: those that differ from English, and those that English has not."""
    return {
        "detectable_format:constrained_response": constrained_response,
        "keywords:forbidden_words": forbidden_words,
        "language:response_language": response_language,
        "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
        "length_constraints:number_sentences": number_sentences,
        "length_constraints:number_words": number_words,
        "punctuation:no_comma": no_comma,
        "punctuation:no_period": no_period,
        "punctuation:no_punctuation": no_punctuation,
        "startend:end_checker": end_checker,
        "startend:quotation": quotation,
    }


def number_words(response: str, arguments: Arguments) -> bool:
    """So many characters (字): every Chinese character, kana, hangul and emoji is one, and so is every run of other
    letters and digits. Marks do not count, and do not part what they stand in."""
    return arguments.holds(words(response), "num_words")


def words(text: str) -> int:
    """How many."""
    kept = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter)[0] not in "PSCM")
    emoji = sum(unicodedata.category(letter) == "So" for letter in text)
    return emoji + len(EAST_ASIAN.findall(kept)) + len(EAST_ASIAN.sub(" ", kept).split())


def number_sentences(response: str, arguments: Arguments) -> bool:
    """So many sentences: what stands before a `。`, `！`, `？`, `.`, `!`, `?`, or the end of a line."""
    return arguments.holds(sum(bool(part.strip()) for part in ENDS.split(response)), "num_sentences")


def nth_paragraph_first_word(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between empty lines, the nth of which begins with a word, in any case."""
    word = arguments.text("first_word").lower()
    paragraph = nth_paragraph(response, arguments)
    return paragraph is not None and paragraph.lower().startswith(word)


def forbidden_words(response: str, arguments: Arguments) -> bool:
    """No forbidden word occurs, in any case, not even within another: Chinese has no blanks between words."""
    text = response.lower()
    return not any(word.lower() in text for word in arguments.texts("forbidden_words"))


def response_language(response: str, arguments: Arguments) -> bool:
    """langdetect finds the language; `zh` is Chinese in either script. Raises MissingExtra."""
    wanted = arguments.text("language")
    return language(response) in (wanted, None, *VARIANTS.get(wanted, ()))


def constrained_response(response: str, arguments: Arguments) -> bool:
    """One of the three given answers occurs."""
    return any(answer in response for answer in ANSWERS)


def end_checker(response: str, arguments: Arguments) -> bool:
    """It ends in the phrase; closing quotation marks are passed over."""
    text = response.strip().strip('"“”「」').lower()
    return text.endswith(arguments.text("end_phrase").lower())


def quotation(response: str, arguments: Arguments) -> bool:
    """All of it stands between double quotation marks, straight or curly, or between `「` and `」`."""
    return enclosed(response, QUOTES)


def no_comma(response: str, arguments: Arguments) -> bool:
    """There is no comma, of full or half width. `、` is none."""
    return "," not in response and "，" not in response


def no_period(response: str, arguments: Arguments) -> bool:
    """There is no `。`."""
    return "。" not in response


def no_punctuation(response: str, arguments: Arguments) -> bool:
    """There is no mark of punctuation of any script."""
    return not any(unicodedata.category(letter).startswith("P") for letter in response)
