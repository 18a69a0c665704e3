"""Every check by the id that data files use: `length_constraints:number_words`, or `ja:letters:kanji` where a language
stands before it. A language has the checks of English, but for those that it does in its own way.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from sinan.scoring.instructions.arguments import Arguments, BadArgument, Check
from sinan.scoring.instructions.case import capital_word_frequency, english_capital, english_lowercase
from sinan.scoring.instructions.chinese import checks as chinese
from sinan.scoring.instructions.combination import repeat_prompt, two_responses
from sinan.scoring.instructions.content import number_placeholders, postscript
from sinan.scoring.instructions.format import (
    constrained_response,
    json_format,
    multiple_sections,
    number_bullet_lists,
    number_highlighted_sections,
    title,
)
from sinan.scoring.instructions.french import checks as french
from sinan.scoring.instructions.japanese import checks as japanese
from sinan.scoring.instructions.japanese_2024 import checks as japanese_2024
from sinan.scoring.instructions.keywords import existence, forbidden_words, frequency, letter_frequency
from sinan.scoring.instructions.languages import response_language
from sinan.scoring.instructions.length import (
    nth_paragraph_first_word,
    number_paragraphs,
    number_sentences,
    number_words,
)
from sinan.scoring.instructions.punctuation import no_comma
from sinan.scoring.instructions.spanish import checks as spanish
from sinan.scoring.instructions.start_end import end_checker, quotation

ENGLISH: dict[str, Check] = {
    "change_case:capital_word_frequency": capital_word_frequency,
    "change_case:english_capital": english_capital,
    "change_case:english_lowercase": english_lowercase,
    "combination:repeat_prompt": repeat_prompt,
    "combination:two_responses": two_responses,
    "detectable_content:number_placeholders": number_placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:constrained_response": constrained_response,
    "detectable_format:json_format": json_format,
    "detectable_format:multiple_sections": multiple_sections,
    "detectable_format:number_bullet_lists": number_bullet_lists,
    "detectable_format:number_highlighted_sections": number_highlighted_sections,
    "detectable_format:title": title,
    "keywords:existence": existence,
    "keywords:forbidden_words": forbidden_words,
    "keywords:frequency": frequency,
    "keywords:letter_frequency": letter_frequency,
    "language:response_language": response_language,
    "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
    "length_constraints:number_paragraphs": number_paragraphs,
    "length_constraints:number_sentences": number_sentences,
    "length_constraints:number_words": number_words,
    "punctuation:no_comma": no_comma,
    "startend:end_checker": end_checker,
    "startend:quotation": quotation,
}
"""The 25 of IFEval."""

OF_LANGUAGES: dict[str, dict[str, Check]] = {
    "en": {},
    "es": spanish(),
    "fr": french(),
    "ja": japanese(),
    "ja-2024": {**japanese(), **japanese_2024()},
    "zh": chinese(),
}


def ids() -> list[str]:
    """Every id, those of English without its language."""
    return sorted(
        [*ENGLISH, *(f"{name}:{id}" for name, own in OF_LANGUAGES.items() if name != "en" for id in {**ENGLISH, **own})]
    )


def check(id: str) -> Check:
    """The check of an id. Raises BadArgument where there is none."""
    language, _, rest = id.partition(":")
    found = OF_LANGUAGES[language].get(rest, ENGLISH.get(rest)) if language in OF_LANGUAGES else ENGLISH.get(id)
    if found is None:
        near = difflib.get_close_matches(id[:100], ids(), n=3, cutoff=0.5)
        told = f"; nearest: {', '.join(near)}" if near else "; ids are in docs/instruction-following.md"
        raise BadArgument(f"no instruction is called {id[:100]!r}{told}")
    return found


def followed(id: str, arguments: Mapping[str, Any], response: str) -> bool:
    """Whether a response follows one instruction; a blank one follows none. Raises BadArgument and MissingExtra."""
    return check(id)(response, Arguments(arguments)) and bool(response.strip())
