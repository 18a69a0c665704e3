"""IFEval's checks as a table: id, arguments, response, verdict. Corners are those of the published checker."""

import pytest

from sinan.scoring.instructions.checks import ENGLISH, followed

LESS, LEAST = "less than", "at least"
FREE = [
    ("length_constraints:number_words", {"relation": LEAST, "num_words": 3}, "one two three", True),
    ("length_constraints:number_words", {"relation": LESS, "num_words": 3}, "one two three", False),
    ("length_constraints:number_words", {"relation": LEAST, "num_words": 4}, "it's a dog", True),
    ("length_constraints:number_words", {"relation": LEAST, "num_words": 3}, "well-known 3.14", True),
    ("length_constraints:number_words", {"relation": LESS, "num_words": 2}, "snake_case", True),
    ("length_constraints:number_words", {"relation": LEAST, "num_words": 2}, "你好", False),
    ("length_constraints:number_words", {"relation": LEAST, "num_words": 2.0}, "two words", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a***b", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "***\na\n***\nb\n***", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\n***\nb", False),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n\nb", False),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 1}, "a\n\nb", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n* * *\nb", False),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Dog"},
        "cat\n\n'dog's life",
        True,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "dog"},
        "cat\n\n\"'dog",
        False,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "dog"},
        "cat\n\n**dog** x",
        False,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "dog"},
        "cat\n\n \n\ndog",
        False,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "dog"},
        "cat\n\ndog\n\n",
        True,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "a"},
        "a",
        False,
    ),
    ("keywords:existence", {"keywords": ["Cat", "dog"]}, "dogma, CATS", True),
    ("keywords:existence", {"keywords": ["cat", "dog"]}, "cats", False),
    ("keywords:existence", {"keywords": ["c++ (a.b"]}, "C++ (A.B", True),
    ("keywords:existence", {"keywords": ["a.b"]}, "axb", False),
    ("keywords:frequency", {"keyword": "ox", "frequency": 3, "relation": LEAST}, "ox Ox boxes", True),
    ("keywords:frequency", {"keyword": " ox ", "frequency": 3, "relation": LESS}, "ox Ox", True),
    ("keywords:frequency", {"keyword": "aa", "frequency": 2, "relation": LEAST}, "aaa", False),
    ("keywords:forbidden_words", {"forbidden_words": ["can"]}, "Cannot", True),
    ("keywords:forbidden_words", {"forbidden_words": ["can"]}, "CAN-do", False),
    ("keywords:forbidden_words", {"forbidden_words": ["["]}, "a[b", False),
    ("keywords:letter_frequency", {"letter": "Q", "let_frequency": 2, "let_relation": LEAST}, "qQ", True),
    ("keywords:letter_frequency", {"letter": "q", "let_frequency": 2, "let_relation": LESS}, "qQ", False),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 2, "let_relation": LEAST}, "#a #b", True),
    ("keywords:letter_frequency", {"letter": "!", "let_frequency": 2, "let_relation": LEAST}, "a!", False),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", True),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a [b]", False),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[] []", True),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[a\nb]", False),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "] [", False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "text\np. s. more", True),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "PS: more", False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "P.P.S. more", True),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "P. P. S more", True),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "P.S. more", False),
    ("detectable_content:postscript", {"postscript_marker": "Note+"}, "a note+ b", True),
    ("detectable_content:postscript", {"postscript_marker": "Note+"}, "notee", False),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "  * a\n\n\t-b", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "**bold**\n* a", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "* a\n---", False),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "*\n* a", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 0}, "*", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "1. a\n• b", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and *b*", True),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "**a**", True),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "**a**", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "* a\n* b", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "* *", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "****", False),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION2",
        True,
    ),
    ("detectable_format:multiple_sections", {"section_spliter": "Section", "num_sections": 1}, "section 1", False),
    ("detectable_format:multiple_sections", {"section_spliter": "Day", "num_sections": 2}, "Day 1, Day 2, Day 3", True),
    ("detectable_format:multiple_sections", {"section_spliter": "Day", "num_sections": 1}, "Day  1", False),
    ("detectable_format:title", {}, "<<a>>", True),
    ("detectable_format:title", {}, "<< >>", False),
    ("detectable_format:title", {}, "<<a\nb>>", False),
    ("detectable_format:title", {}, "<<>>>", False),
    ("detectable_format:title", {}, "x <<<a>>> y", True),
    ("detectable_format:title", {}, ">>a<<", False),
    ("detectable_format:title", {}, "<<>>\n<<b>>", True),
    ("detectable_format:json_format", {}, '{"a": 1}', True),
    ("detectable_format:json_format", {}, '```json\n{"a": [1, null]}\n```', True),
    ("detectable_format:json_format", {}, '```JSON {"a": 1} ```\n', True),
    ("detectable_format:json_format", {}, '```\n"a"\n```', True),
    ("detectable_format:json_format", {}, '```python\n{"a": 1}\n```', False),
    ("detectable_format:json_format", {}, 'Here: {"a": 1}', False),
    ("detectable_format:json_format", {}, "{'a': 1}", False),
    ("detectable_format:json_format", {}, "[" * 100_000, False),
    ("detectable_format:json_format", {}, "9" * 10_000, False),
    ("detectable_format:constrained_response", {}, "  My answer is maybe. Or not.", True),
    ("detectable_format:constrained_response", {}, "My answer is yes", False),
    ("detectable_format:constrained_response", {}, "my answer is yes.", False),
    ("combination:two_responses", {}, "a\n******\nb", True),
    ("combination:two_responses", {}, "******a******b******", True),
    ("combination:two_responses", {}, "a\n******\na ", False),
    ("combination:two_responses", {}, "a******b******c", False),
    ("combination:two_responses", {}, "a************b", False),
    ("combination:two_responses", {}, "a*****b", False),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say A.\nB "}, "\nsay a.\nb and more", True),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say A."}, '"Say A."', False),
    ("startend:end_checker", {"end_phrase": " Bye! "}, 'well "bye!"\n', True),
    ("startend:end_checker", {"end_phrase": "Bye!"}, "Bye! x", False),
    ("startend:end_checker", {"end_phrase": "Bye"}, "Bye.", False),
    ("startend:quotation", {}, ' "a" ', True),
    ("startend:quotation", {}, '"', False),
    ("startend:quotation", {}, '""', True),
    ("startend:quotation", {}, "“a”", False),
    ("punctuation:no_comma", {}, "a; b，c", True),
    ("punctuation:no_comma", {}, "1,000", False),
]
BY_PACKAGES = [
    ("length_constraints:number_sentences", {"relation": LEAST, "num_sentences": 2}, "Mr. Fox ran. He won.", True),
    ("length_constraints:number_sentences", {"relation": LEAST, "num_sentences": 3}, "Mr. Fox ran. He won.", False),
    (
        "length_constraints:number_sentences",
        {"relation": LESS, "num_sentences": 2},
        "The U.S. economy grew by 3.5 percent.",
        True,
    ),
    ("length_constraints:number_sentences", {"relation": LESS, "num_sentences": 2}, "a\nb\nc", True),
    ("length_constraints:number_sentences", {"relation": LEAST, "num_sentences": 2}, "Try it!!", True),
    ("length_constraints:number_sentences", {"relation": LESS, "num_sentences": 3}, "“Yes!” he said. Then", True),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": LEAST}, "I am HERE", True),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": LESS}, "WELL-KNOWN", True),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": LESS}, "A—B", True),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": LEAST}, "D'A", True),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": LEAST}, "CANNOT", True),
    ("change_case:english_capital", {}, "THIS IS ALL IN CAPITAL LETTERS, AS ASKED.", True),
    ("change_case:english_capital", {}, "THIS IS ALMOST ALL IN CAPITAL LETTERS, as ASKED.", False),
    ("change_case:english_capital", {}, "DIES IST EIN SATZ IN DEUTSCHER SPRACHE UND NICHTS ANDERES", False),
    ("change_case:english_capital", {}, "123", False),
    ("change_case:english_lowercase", {}, "this is all in small letters, as asked.", True),
    ("change_case:english_lowercase", {}, "this is almost all in small letters, as Asked.", False),
    ("language:response_language", {"language": "de"}, "Das ist ein deutscher Satz, und zwar ein langer.", True),
    ("language:response_language", {"language": "en"}, "Das ist ein deutscher Satz, und zwar ein langer.", False),
    ("language:response_language", {"language": "hi"}, "यह एक हिन्दी वाक्य है।", True),
    ("language:response_language", {"language": "hi"}, "12345", True),
]


@pytest.mark.parametrize(("id", "arguments", "response", "verdict"), FREE)
def test_an_instruction_is_followed_or_not(id, arguments, response, verdict):
    assert followed(id, arguments, response) is verdict
    assert followed(f"en:{id}", arguments, response) is verdict


@pytest.mark.parametrize(("id", "arguments", "response", "verdict"), BY_PACKAGES)
def test_an_instruction_that_takes_a_model_is_followed_or_not(id, arguments, response, verdict):
    pytest.importorskip("langdetect")
    pytest.importorskip("nltk")
    pytest.importorskip("punkt")
    assert followed(id, arguments, response) is verdict


def test_every_check_is_in_the_table():
    assert {row[0] for row in (*FREE, *BY_PACKAGES)} == set(ENGLISH)
    assert len(ENGLISH) == 25


@pytest.mark.parametrize("response", ["", " \n\t"])
def test_a_blank_response_follows_nothing(response):
    assert not followed("punctuation:no_comma", {}, response)


def test_hostile_text_takes_no_longer_than_its_length():
    """Each of these takes minutes where an expression may begin anew at every character."""
    long = 200_000
    assert followed("detectable_format:number_bullet_lists", {"num_bullets": 0}, "x" + "\n" * long)
    assert not followed("detectable_format:title", {}, "<" * long)
    assert not followed("detectable_content:number_placeholders", {"num_placeholders": 1}, "[" * long)
    assert not followed("detectable_content:postscript", {"postscript_marker": "P.S."}, "p." + " " * long)
    assert not followed("es:punctuation:question_marks", {}, "¿" * long)
    assert not followed("ja:startend:end_checker", {"end_phrase": "y"}, " " * long + "x")
    assert not followed("ja:startend:sentence_unified_end", {"ending": "y"}, "「" * long)
    first = {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "y"}
    assert not followed("ja:length_constraints:nth_paragraph_first_word", first, "1" * long)
    assert followed("ja:length_constraints:nth_paragraph_first_word", first, "*「" * long + "y")
