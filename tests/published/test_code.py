"""Programs that others published, with the score that they published.

    HumanEval, example_samples.jsonl against example_problem.jsonl: pass@1 0.4999...
    MBXP-JavaScript, mbjsp_samples.jsonl: pass@1 78.67 %, 760 of 966. All of them take minutes: SINAN_WHOLE=1.

With all 966, each verdict is the one that the published harness gives (the concatenated text run by node beside
lodash 4.17.21), so that no sample differs.
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sinan import catalog
from sinan.datasets.programs import human_eval
from sinan.scoring import Code
from sinan.types import Completion
from tests.scoring.programs import sandboxed

pytestmark = sandboxed()
WHOLE = bool(os.environ.get("SINAN_WHOLE"))
WRONG = {7, 17, 26}
"""Of the first 30 published samples of MBXP-JavaScript, by their place."""


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def judged(scorer, samples, recorded):
    """Scores of (task id, text), two at a time."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda one: scorer(samples[one[0]], Completion(one[1], "stop")), recorded))


def test_the_example_samples_of_human_eval_score_a_half(data):
    folder = data / "code/humaneval"
    samples = {row["task_id"]: human_eval(row, "") for row in rows(folder / "example_problem.jsonl")}
    recorded = [(row["task_id"], row["completion"]) for row in rows(folder / "example_samples.jsonl")]
    scores = judged(Code("continuation", seconds=3.0), samples, recorded)
    assert [score.value for score in scores] == [0, 0, 0, 1, 1, 1]
    assert [score.evidence["ended"] for score in scores] == ["exited", "timeout", *["exited"] * 4]


@pytest.mark.usefixtures("mirrored")
def test_canonical_solutions_of_human_eval_pass_and_mutated_ones_fail():
    protocol = catalog.load("humaneval").protocols["base"]
    samples = list(catalog.load("humaneval").dataset.read("", 0))
    samples = samples if WHOLE else samples[::8]
    by_id = {sample.id: sample for sample in samples}
    right = [(s.id, s.target.removeprefix(s.question)) for s in samples]
    assert {score.value for score in judged(protocol.scorer, by_id, right)} == {1.0}
    broken = [(s.id, "    return 'never this'\n") for s in samples]
    assert {score.value for score in judged(protocol.scorer, by_id, broken)} == {0.0}


@pytest.mark.usefixtures("mirrored")
def test_canonical_solutions_of_human_eval_pass_as_chat_answers():
    benchmark = catalog.load("humaneval")
    samples = list(benchmark.dataset.read("", 0))[:: 1 if WHOLE else 10]
    by_id = {sample.id: sample for sample in samples}
    answers = [(s.id, f"Here it is:\n\n```python\n{s.target}```\n\nIt works.") for s in samples]
    assert {score.value for score in judged(benchmark.protocols["default"].scorer, by_id, answers)} == {1.0}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
@pytest.mark.usefixtures("mirrored")
def test_published_samples_of_mbxp_javascript_score_as_published(data):
    benchmark = catalog.load("mbxp/javascript")
    samples = {sample.id: sample for sample in benchmark.dataset.read("javascript", 0)}
    recorded = [(row["task_id"], row["completion"]) for row in rows(data / "code/mbxp_js/mbjsp_samples.jsonl")]
    scorer = replace(benchmark.protocols["base"].scorer, seconds=20.0)
    scores = judged(scorer, samples, recorded if WHOLE else recorded[:30])
    assert all(score.value is not None for score in scores)
    assert {place for place, score in enumerate(scores[:30]) if not score.value} == WRONG
    if WHOLE:
        assert sum(score.value for score in scores) == 760
        assert f"{760 / 966:.2%}" == "78.67%"
