"""Mathematics: the table of cases, and what may not happen whatever a model writes."""

import pytest

from sinan.scoring import Math
from sinan.types import Completion, Outcome, Sample
from tests.scoring.cases import mathematics, mathematics_zh

pytest.importorskip("math_verify")


@pytest.mark.parametrize(("gold", "answer", "outcome"), [*mathematics.ALL, *mathematics_zh.ALL])
def test_a_case_gets_its_verdict(gold, answer, outcome):
    score = Math()(Sample("1", "?", gold), Completion(answer, "stop"))
    assert score.outcome == outcome, score
    assert score.value == (1.0 if outcome == Outcome.CORRECT else 0.0)
    assert (score.answer is None) == (outcome == Outcome.UNPARSED)
    assert score.explanation
