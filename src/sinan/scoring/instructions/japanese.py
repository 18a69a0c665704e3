"""Japanese, as M-IFEval checks it (Dussolle et al., arXiv:2502.04688), at the revision that its data are pinned at:
words are looked for as they are written, and are not cut out of the text first.
"""

import re
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Any

from sinan.errors import MissingExtra
from sinan.scoring.instructions.arguments import Arguments, BadArgument, Check
from sinan.scoring.instructions.content import marked, outside
from sinan.scoring.instructions.format import STAR, titled
from sinan.scoring.instructions.kana import script_checks
from sinan.scoring.instructions.length import nth_paragraph
from sinan.scoring.instructions.start_end import enclosed

ANSWERS = ("はい、そうです。", "いいえ、違います。", "どちらとも言えません。")
POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s", "P.P.S.": r"p\.\s?p\.\s?s\."}
DOT = re.compile(r"^[^\S\n]*・.*$", re.MULTILINE)
DASH = re.compile(r"^[^\S\n]*-\s+.*$", re.MULTILINE)
NUMBERED = re.compile(r"^[^\S\n]*\d+\.\s.*$", re.MULTILINE)
EMPHASIS = "*_`"
BEFORE_A_WORD = tuple(
    map(re.compile, (r"(?:>\s*)+", r"#{1,6}\s*", r"[-*+]\s+|・\s*", r"\d+[.)]\s+", rf"[{EMPHASIS}]+", "[「『（(《〈]+"))
)
"""Marks of Markdown and brackets, in the order in which they are taken away, again and again."""
REPEATED = re.compile(r"(.)\1{63,}", re.DOTALL)
HALF = str.maketrans("！？（）｡｢｣", "!?()。「」")
ENDS = re.compile(r"[。!?]")
KEPT = (re.compile(r"「[^「」]*」"), re.compile(r"\([^()]*\)"))
"""Within these no sentence ends."""
ONE_AT_A_TIME = Lock()
"""janome does not say that threads may share an analyser."""


def checks() -> dict[str, Check]:
    """By id, without the language: those that differ from English, and those that English has not."""
    return {
        "combination:repeat_prompt": repeat_prompt,
        "detectable_content:postscript": postscript,
        "detectable_format:constrained_response": constrained_response,
        "detectable_format:multiple_sections": multiple_sections,
        "detectable_format:nominal_ending": nominal_ending,
        "detectable_format:number_bullet_lists": number_bullet_lists,
        "detectable_format:number_highlighted_sections": number_highlighted_sections,
        "detectable_format:number_numbered_lists": number_numbered_lists,
        "detectable_format:title": title,
        "keywords:existence": existence,
        "keywords:forbidden_words": forbidden_words,
        "keywords:frequency": frequency,
        "keywords:letter_frequency": letter_frequency,
        "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
        "length_constraints:number_letters": number_letters,
        "length_constraints:number_sentences": number_sentences,
        "punctuation:no_comma": no_comma,
        "punctuation:no_period": no_period,
        "startend:end_checker": end_checker,
        "startend:quotation": quotation,
        "startend:sentence_unified_end": sentence_unified_end,
        **script_checks(),
    }


def existence(response: str, arguments: Arguments) -> bool:
    """Every keyword occurs."""
    return all(keyword in response for keyword in arguments.texts("keywords"))


def forbidden_words(response: str, arguments: Arguments) -> bool:
    """No forbidden word occurs, not even within another."""
    return not any(word in response for word in arguments.texts("forbidden_words"))


def frequency(response: str, arguments: Arguments) -> bool:
    """A keyword occurs so many times."""
    return arguments.holds(response.count(arguments.text("keyword")), "frequency")


def letter_frequency(response: str, arguments: Arguments) -> bool:
    """A kana occurs so many times, as hiragana or as katakana."""
    letter = arguments.text("letter")
    if not (len(letter) == 1 and "ぁ" <= letter <= "ん"):
        raise BadArgument(f"letter must be one hiragana, not {letter!r}"[:200])
    return arguments.holds(
        response.count(letter) + response.count(chr(ord(letter) + 96)), "let_frequency", "let_relation"
    )


def number_letters(response: str, arguments: Arguments) -> bool:
    """So many characters, white space and marks among them."""
    return arguments.holds(len(response), "num_letters")


def number_sentences(response: str, arguments: Arguments) -> bool:
    """So many sentences. One ends at `。`, `！`, `？` or the end of a line, but not within `「」` or brackets; a line
    that ends in `の` goes on in the next. A line of blanks counts, an empty one does not."""
    return arguments.holds(sum(map(_ends, _lines(response.strip().translate(HALF)))), "num_sentences")


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if lines and len(former := lines[-1].rstrip(" \u3000")) > 1 and former.endswith("の"):
            lines[-1] = former + line
        else:
            lines.append(line)
    return lines


def _ends(line: str) -> int:
    for kept in KEPT:
        line = kept.sub(lambda match: ENDS.sub("", match[0]), line)
    *ended, rest = ENDS.split(line)
    return len(ended) + bool(rest.strip() if ended else rest)


def nth_paragraph_first_word(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between empty lines, the nth of which begins with a word; marks of Markdown and opening
    brackets before it are passed over."""
    word = arguments.text("first_word").lower()
    paragraph = nth_paragraph(response, arguments)
    return paragraph is not None and paragraph.startswith(word, _beginning(paragraph))


def _beginning(paragraph: str) -> int:
    """Where the first word begins."""
    at, before = 0, -1
    while at != before:
        before = at
        for mark in BEFORE_A_WORD:
            found = mark.match(paragraph, at)
            at = found.end() if found else at
    return at


def number_bullet_lists(response: str, arguments: Arguments) -> bool:
    """Exactly so many lines that begin with `・`, with `*` (not `**`), or with `-` and a blank."""
    return sum(len(mark.findall(response)) for mark in (DOT, STAR, DASH)) == arguments.number("num_bullets")


def number_numbered_lists(response: str, arguments: Arguments) -> bool:
    """Exactly so many lines that begin with a number, a full stop and a blank."""
    return len(NUMBERED.findall(response)) == arguments.number("num_items")


def number_highlighted_sections(response: str, arguments: Arguments) -> bool:
    """At least so many stretches `《like this》` within a line that are not blank."""
    found = re.findall(r"《([^\n《》]*)》", response)
    return sum(bool(text.strip()) for text in found) >= arguments.number("num_highlights")


def multiple_sections(response: str, arguments: Arguments) -> bool:
    """At least so many marks such as `第1章`."""
    mark = re.escape(arguments.text("section_spliter"))
    return len(re.findall(rf"第\d+{mark}", response)) >= arguments.number("num_sections")


def title(response: str, arguments: Arguments) -> bool:
    """A `『title』` on one line."""
    return titled(response, "『", "』")


def constrained_response(response: str, arguments: Arguments) -> bool:
    """One of the three given answers occurs."""
    return any(answer in response for answer in ANSWERS)


def postscript(response: str, arguments: Arguments) -> bool:
    """The marker of the postscript occurs, anywhere and in any case."""
    return marked(response, arguments, POSTSCRIPTS)


def repeat_prompt(response: str, arguments: Arguments) -> bool:
    """It begins with the request."""
    return response.strip().startswith(arguments.text("prompt_to_repeat"))


def end_checker(response: str, arguments: Arguments) -> bool:
    """It ends in the phrase; marks of Markdown and closing quotation marks after either are passed over."""
    end = len(response)
    while end and (response[end - 1].isspace() or response[end - 1] in EMPHASIS):
        end -= 1
    return response[:end].strip().strip("」』").endswith(arguments.text("end_phrase").strip("」』"))


def quotation(response: str, arguments: Arguments) -> bool:
    """All of it stands between `「` and `」`."""
    return enclosed(response, ("「」",))


def sentence_unified_end(response: str, arguments: Arguments) -> bool:
    """Whatever stands before a `。`, `！` or `？`, or last, ends in the same way; what is quoted does not count."""
    ending = arguments.text("ending")
    parts = re.split("[。！？]", _unquoted(response))
    return all(part.endswith(ending) for part in parts if part)


def no_comma(response: str, arguments: Arguments) -> bool:
    """There is no `、`."""
    return "、" not in response


def no_period(response: str, arguments: Arguments) -> bool:
    """There is no `。`."""
    return "。" not in response


def nominal_ending(response: str, arguments: Arguments) -> bool:
    """At least so many sentences end in a noun, by janome; what is quoted does not count. Raises MissingExtra."""
    pairs = pairwise(tokens(_unquoted(response)))
    nouns = (mark.surface in "。！？" and word.part_of_speech.startswith("名詞") for word, mark in pairs)
    return bool(sum(nouns) >= arguments.number("count"))


def _unquoted(response: str) -> str:
    return outside(outside(response, "「", "」"), "『", "』")


def tokens(text: str) -> list[Any]:
    """The words of a text with their parts of speech, by janome. Raises MissingExtra."""
    # janome needs UTF-8, which half of a character has not, and takes the square of the length of a run of one sign.
    whole = REPEATED.sub(lambda run: run[1] * 64, text.encode("utf-8", "replace").decode("utf-8"))
    with ONE_AT_A_TIME:
        return list(_analyser().tokenize(whole))


@cache
def _analyser() -> Any:
    try:
        from janome.tokenizer import Tokenizer
    except ImportError:
        raise MissingExtra("telling Japanese nouns", "janome", "instructions") from None
    return Tokenizer()
