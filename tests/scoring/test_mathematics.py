"""Mathematics: the table of cases, and what may not happen whatever a model writes."""

import pytest

from sinan.scoring import Math
from sinan.types import Completion, Outcome, Sample
from tests.scoring.cases import mathematics, mathematics_more, mathematics_said, mathematics_zh

pytest.importorskip("math_verify")


CASES = [*mathematics.ALL, *mathematics_said.ALL, *mathematics_more.ALL, *mathematics_zh.ALL]


@pytest.mark.parametrize(("gold", "answer", "outcome"), CASES)
def test_a_case_gets_its_verdict(gold, answer, outcome):
    score = Math()(Sample("1", "?", gold), Completion(answer, "stop"))
    assert score.outcome == outcome, score
    assert score.value == (1.0 if outcome == Outcome.CORRECT else 0.0)
    assert (score.answer is None) == (outcome == Outcome.UNPARSED)
    assert score.explanation
