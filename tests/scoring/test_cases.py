"""Over five hundred cases of numbers, choices and texts, in English and Chinese: none may be judged wrongly."""

import pytest

from sinan.scoring import ByChoices, Exact, Letter, Number
from sinan.types import Completion, Sample
from tests.scoring.cases import choices, hostile, numbers, texts


@pytest.mark.parametrize(("gold", "answer", "verdict"), [*numbers.CASES, *hostile.NUMBERS])
def test_a_number(gold, answer, verdict):
    check(Number(), Sample("1", "?", gold), answer, verdict)


@pytest.mark.parametrize(("gold", "answer", "verdict", "options"), [*choices.CASES, *hostile.CHOICES])
def test_a_choice(gold, answer, verdict, options):
    check(Letter(), Sample("1", "?", gold, options), answer, verdict)
    assert ByChoices()(Sample("1", "?", gold, options), Completion(answer, "stop")).outcome.value == verdict


@pytest.mark.parametrize(("gold", "answer", "verdict"), [*texts.CASES, *hostile.TEXTS])
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
