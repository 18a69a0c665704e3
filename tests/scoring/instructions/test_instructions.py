"""The scorer: strict and loose, what it reports, and what it does with data and answers that are no good."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.scoring import Instructions, by_name
from sinan.scoring.instructions import ids
from sinan.scoring.instructions.arguments import BadArgument
from sinan.scoring.instructions.checks import followed
from sinan.scoring.instructions.instructions import forms
from sinan.types import Completion, Outcome, Sample

NO_COMMA = {"id": "punctuation:no_comma", "kwargs": {}}
WORDS = {"id": "length_constraints:number_words", "kwargs": {"relation": "at least", "num_words": 3}}
QUOTED = {"id": "startend:quotation", "kwargs": {}}
NAMES = (
    "relation num_words num_sentences num_paragraphs nth_paragraph first_word keywords keyword frequency letter "
    "let_frequency let_relation forbidden_words language num_placeholders postscript_marker num_bullets num_highlights "
    "section_spliter num_sections prompt_to_repeat end_phrase capital_frequency capital_relation num_letters count "
    "ending kanji_limit num_items forbidden_char word_to_accentuate"
).split()
VALUES = st.none() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.sampled_from(["at least", "["])


def judged(text, *instructions, finish="stop"):
    return Instructions()(Sample("1", "?", "", metadata={"instructions": list(instructions)}), Completion(text, finish))


def test_all_instructions_followed_is_right():
    score = judged("one two three", NO_COMMA, WORDS)
    assert (score.value, score.outcome, score.answer) == (1.0, Outcome.CORRECT, "2 of 2")
    assert score.values["inst_strict"] == score.values["inst_loose"] == (2.0, 2.0)
    assert score.explanation == "all instructions followed"


def test_one_that_is_not_followed_is_named_with_how_far_it_was():
    score = judged('Here it is:\n"a, b"', NO_COMMA, QUOTED)
    assert (score.value, score.outcome) == (0.0, Outcome.WRONG)
    assert (
        score.explanation
        == "not followed: punctuation:no_comma (loosely followed), startend:quotation (loosely followed)"
    )
    assert score.evidence == {
        "instructions": [
            {"id": "punctuation:no_comma", "strict": False, "loose": True},
            {"id": "startend:quotation", "strict": False, "loose": True},
        ]
    }
    assert score.values["prompt_strict"] == 0.0 and score.values["prompt_loose"] == 1.0
    assert score.values["inst_strict"] == (0.0, 2.0) and score.values["share_loose"] == 1.0


def test_the_eight_forms_leave_out_the_first_line_the_last_line_and_asterisks():
    assert list(forms("*a*\nb\n*c*")) == ["*a*\nb\n*c*", "b\n*c*", "*a*\nb", "b", "a\nb\nc", "b\nc", "a\nb"]
    assert list(forms("")) == [""]


def test_ifevals_own_columns_are_read_as_well():
    metadata = {"instruction_id_list": ["en:punctuation:no_comma"], "kwargs": [{"num_words": None}]}
    score = Instructions()(Sample("1", "?", "", metadata=metadata), Completion("a b", "stop"))
    assert score.value == 1.0


def test_thoughts_are_no_part_of_the_answer():
    assert judged("<think>well, well</think>\na b", NO_COMMA).value == 1.0


@pytest.mark.parametrize(
    ("finish", "outcome"),
    [("stop", Outcome.UNPARSED), ("length", Outcome.TRUNCATED), ("refusal", Outcome.REFUSED)],
)
def test_silence_follows_nothing_and_still_counts(finish, outcome):
    score = judged(" ", NO_COMMA, WORDS, finish=finish)
    assert (score.value, score.outcome, score.answer) == (0.0, outcome, None)
    assert score.values["inst_loose"] == (0.0, 2.0)


def test_an_answer_that_was_cut_is_judged_as_it_is():
    assert judged("one two three", WORDS, finish="length").outcome == Outcome.CORRECT


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "no instructions"),
        ({"instructions": []}, "not an empty one"),
        ({"instructions": "all"}, "must be a list"),
        ({"instructions": [7]}, "an instruction is"),
        ({"instructions": [{"id": "punctuation:none"}]}, "no instruction is called 'punctuation:none'"),
        ({"instructions": [{"id": "xx:punctuation:no_comma"}]}, "no instruction is called"),
        ({"instructions": [{"id": WORDS["id"]}]}, "relation must be"),
        ({"instructions": [{"id": WORDS["id"], "kwargs": {"num_words": 1, "relation": "near"}}]}, "relation must be"),
        ({"instructions": [{"id": "keywords:existence", "kwargs": {"keywords": "a"}}]}, "keywords must be a list"),
        ({"instruction_id_list": ["punctuation:no_comma"], "kwargs": []}, "not as many kwargs as ids"),
    ],
)
def test_what_cannot_be_checked_is_refused_beforehand_and_fails_but_is_never_wrong(metadata, said):
    sample = Sample("1", "?", "", metadata=metadata)
    assert said in Instructions().refusal(sample)
    score = Instructions()(sample, Completion("a", "stop"))
    assert (score.value, score.outcome) == (None, Outcome.FAILED)
    assert said in score.explanation and "\n" not in score.explanation


def test_a_good_sample_is_not_refused():
    assert Instructions().refusal(Sample("1", "?", "", metadata={"instructions": [NO_COMMA, WORDS]})) is None
    assert by_name("instructions") == Instructions()


def test_models_are_loaded_before_anything_is_asked():
    for package in ("janome", "langdetect", "nltk", "punkt"):
        pytest.importorskip(package)
    Instructions(("en", "es", "fr", "ja", "zh")).ready()


@pytest.mark.parametrize("package", ["langdetect", "nltk.tokenize.punkt", "punkt"])
def test_a_missing_package_is_named_with_the_remedy(package):
    code = f"import sys; sys.modules[{package!r}] = None; from sinan.scoring import Instructions as I; I().ready()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert "MissingExtra" in ended.stderr and "instructions" in ended.stderr.splitlines()[-1]


def test_half_of_a_character_is_no_reason_to_stop():
    for package in ("janome", "nltk", "punkt"):
        pytest.importorskip(package)
    assert followed("ja:detectable_format:nominal_ending", {"count": 1}, "\ud800海。")
    assert followed("length_constraints:number_sentences", {"relation": "at least", "num_sentences": 2}, "A \udfff. B.")


def test_threads_come_to_the_same_verdicts():
    for package in ("janome", "langdetect", "nltk", "punkt"):
        pytest.importorskip(package)
    texts = [f"Dr. No came at {n} p.m. He was late!!! THE END of day {n}. 海。" for n in range(60)]
    asked = [
        ("length_constraints:number_sentences", {"relation": "at least", "num_sentences": 4}),
        ("change_case:capital_word_frequency", {"capital_relation": "at least", "capital_frequency": 2}),
        ("language:response_language", {"language": "en"}),
        ("ja:detectable_format:nominal_ending", {"count": 1}),
    ]

    def verdicts(text):
        return [followed(id, arguments, text) for id, arguments in asked]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(verdicts, texts))
    assert together == list(map(verdicts, texts))


@given(
    st.sampled_from(ids()), st.dictionaries(st.sampled_from(NAMES), VALUES), st.text() | st.text("*[]<>{}「」¿?.\n 第1")
)
def test_no_arguments_and_no_text_crash_a_check(id, arguments, text):
    for package in ("janome", "langdetect", "nltk", "punkt"):
        pytest.importorskip(package)
    try:
        assert followed(id, arguments, text) in (True, False)
    except BadArgument as error:
        assert "\n" not in str(error)
