"""Over five hundred cases of numbers, choices and texts, in English and Chinese: none may be judged wrongly."""

import pytest

from sinan.scoring import Exact, Letter, Number
from sinan.types import Completion, Sample
from tests.scoring.cases import choices, numbers, texts


@pytest.mark.parametrize(("gold", "answer", "verdict"), numbers.CASES)
def test_a_number(gold, answer, verdict):
    check(Number(), Sample("1", "?", gold), answer, verdict)


@pytest.mark.parametrize(("gold", "answer", "verdict", "options"), choices.CASES)
def test_a_choice(gold, answer, verdict, options):
    check(Letter(), Sample("1", "?", gold, options), answer, verdict)


@pytest.mark.parametrize(("gold", "answer", "verdict"), texts.CASES)
def test_a_text(gold, answer, verdict):
    check(Exact(), Sample("1", "?", gold), answer, verdict)


def check(scorer, sample, answer, verdict):
    score = scorer(sample, Completion(answer, "stop"))
    assert score.outcome.value == verdict, score
    assert score.values["strict"] <= score.value
    if score.answer is None:
        return
    start, end = score.readings[0].span
    assert 0 <= start < end <= len(answer)
    raw = answer[start:end]
    assert scorer(sample, Completion(raw, "stop")).value == score.value or not score.value, raw
