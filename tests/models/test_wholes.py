"""Which tokens are context and which are continuation: by the rules of lm-evaluation-harness, held against it."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import RequestRejected
from sinan.models.local.runtime import Runtime
from sinan.models.local.tree import Row, common, headers, rows
from sinan.models.local.wholes import Reader, Wanted, Whole, together, wholes, windows
from sinan.types import LogLikelihood, Prompt
from tests.models.tiny import TOKENIZER

ids = st.lists(st.integers(0, 2), max_size=12).map(tuple)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Runtime("needle/s", TOKENIZER).reader


@pytest.fixture(scope="module")
def harness() -> Any:
    """The harness's own class, with needle's tokenizer and no network."""
    huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="the reference: pip install lm_eval")
    transformers = pytest.importorskip("transformers")
    model = huggingface.HFLM.__new__(huggingface.HFLM)
    model.tokenizer = transformers.AutoTokenizer.from_pretrained(TOKENIZER)
    model.backend, model.add_bos_token, model.custom_prefix_token_id = "causal", None, None
    model.asked = []

    def noted(requests: Any, **_: Any) -> Any:
        model.asked.extend(requests)
        return [(0.0, False)] * len(requests)

    model._loglikelihood_tokens = noted
    model.enable_thinking = False
    return model


def read(reader: Reader, *pairs: tuple[str, str], **how: Any) -> tuple[Whole, ...]:
    (found,) = wholes(reader, [Wanted(pairs, **how)])
    assert not isinstance(found, RequestRejected), found
    return found


def test_pairs_have_the_tokens_of_the_harness(reader: Reader, harness: Any) -> None:
    from lm_eval.api.instance import Instance

    rng = random.Random(3)
    text = "Question: What is 12 + 5? \n\nAnswer: 三千 lamp; <|bos|>x\t"
    cut = [sorted(rng.choices(range(len(text) + 1), k=3)) for _ in range(300)]
    pairs = [(text[a:b], text[b:c]) for a, b, c in cut if b < c]
    pairs += [("", "yes"), ("", "<|bos|>yes"), ("<|bos|>a b", " c"), ("  ", "x"), ("a \n ", "b")]
    harness.asked.clear()
    harness.loglikelihood([Instance("loglikelihood", {}, pair, 0) for pair in pairs], disable_tqdm=True)
    compared = 0
    for (_, context, continuation), whole in zip(harness.asked, read(reader, *pairs), strict=True):
        if continuation:  # where a token of the context swallows the continuation, the harness breaks off
            assert (*context, *continuation) == whole.ids
            assert len(context) == whole.context
            compared += 1
    assert compared > 250


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 17, 40])
def test_windows_are_those_of_the_harness(length: int) -> None:
    utils = pytest.importorskip("lm_eval.utils", reason="the reference: pip install lm_eval")
    text = list(range(100, 100 + length))
    theirs = [utils.make_disjoint_window(w) for w in utils.get_rolling_token_windows(text, 0, 8, 1)]
    assert [(list(w.ids[: w.context]), list(w.ids[w.context :])) for w in windows(tuple(text), 0, 8)] == theirs


@given(ids, st.integers(1, 5))
def test_every_token_of_a_text_is_counted_once(text: tuple[int, ...], longest: int) -> None:
    found = list(windows(text, 9, longest))
    assert tuple(i for whole in found for i in whole.ids[whole.context :]) == text
    assert all(whole.context >= 1 and len(whole.ids) <= longest + 1 for whole in found)


def test_a_continuation_that_a_token_of_the_context_swallows_keeps_that_token(reader: Reader) -> None:
    swallowed = Reader("x", lambda texts, _: [(7,) if text in ("a", "ab") else (7, 8) for text in texts], 0, "", 9)
    assert read(swallowed, ("a", "b")) == (Whole((0, 7), 1),)


def test_a_prompt_that_is_too_long_is_refused_or_loses_its_beginning() -> None:
    letters = Reader("letters", lambda texts, _: [tuple(map(ord, text)) for text in texts], 0, "", 5)
    (refused,) = wholes(letters, [Wanted((("abcde", "fg"),))])
    assert str(refused) == "letters reads up to 5 tokens; the prompt has 7. Shorten it."
    assert read(letters, ("abcde", "fg"), cut=True) == (Whole(tuple(map(ord, "bcdefg")), 4),)
    (hopeless,) = wholes(letters, [Wanted((("a", "bcdefg"),), None, True)])
    assert "its continuation alone 6" in str(hopeless)


def test_one_unreadable_request_does_not_spoil_the_others(reader: Reader) -> None:
    good, bad = wholes(reader, [Wanted((("a", " b"),)), Wanted((("a\ud800", " b"),))])
    assert isinstance(good, tuple)
    assert "surrogate" in str(bad)


def test_contexts_of_their_own_stand_before_their_continuations(reader: Reader) -> None:
    prompt = Prompt(continuations=(" c", " d"), contexts=("a", "b b"))
    assert wholes(reader, [Wanted.of(prompt)]) == [(*read(reader, ("a", " c")), *read(reader, ("b b", " d")))]


def test_a_text_that_brings_its_first_token_gets_no_second(reader: Reader) -> None:
    assert reader.read("<|bos|>a") == reader.read("a")


def test_windows_of_one_text_are_one_value() -> None:
    assert together([LogLikelihood(-1.0, 2, True), LogLikelihood(-0.5, 3, False)]) == LogLikelihood(-1.5, 5, False)
    assert together([]) == LogLikelihood(0.0, 0, True)


@given(ids, ids)
def test_what_two_sequences_share(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    count = common(a, b)
    assert a[:count] == b[:count]
    assert count == min(len(a), len(b)) or a[count] != b[count]


def test_headers_are_found_at_every_level() -> None:
    top, left, right = tuple(range(100)), tuple(range(200, 260)), tuple(range(300, 340))
    prompts = [*((*top, *left, i) for i in range(3)), *((*top, *right, i) for i in range(3)), (*top, 1), (5, 6)]
    assert headers(prompts, 1000) == [160] * 3 + [140] * 3 + [100, 0]
    assert headers(prompts, 80) == [80] * 7 + [0]
    assert headers(prompts, 1000, gain=150) == [100] * 7 + [0]
    assert headers([], 10) == []


@given(st.lists(st.tuples(ids, st.integers(1, 4)), min_size=1, max_size=6), st.integers(0, 20))
def test_rows_hold_every_input_once_and_say_where(asked: list[tuple[tuple[int, ...], int]], widest: int) -> None:
    given_ = [Whole((9, 9, 9, 9, *text), context) for text, context in asked]
    seen: dict[int, list[tuple[int, ...]]] = {}
    for row in rows(given_, widest):
        line, reads = _line(row)
        for number, gold, places in row.places():
            whole = given_[number]
            assert gold == whole.ids[whole.context :]
            assert len(places) == len(gold) and (not places or min(places) >= row.free)
            seen.setdefault(number, []).append(tuple(line[i] for i in places))
            assert all(reads[p] == whole.ids[: whole.context + i] for i, p in enumerate(places))
    counted = {number for number, whole in enumerate(given_) if len(whole.ids) > whole.context}
    assert seen.keys() == counted and all(len(found) == 1 for found in seen.values())


def _line(row: Row) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The tokens of a row in one line, and for each what a network has read up to and with it."""
    reads = [row.trunk[: i + 1] for i in range(len(row.trunk))]
    for branch in row.branches:
        reads += [(*row.trunk, *branch[: i + 1]) for i in range(len(branch))]
    return (*row.trunk, *(i for branch in row.branches for i in branch)), reads
