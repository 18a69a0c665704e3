"""Real answers: each equals itself, and a shuffled one almost never; published verdicts, and why ours differ."""

import json
import random

import pytest

from sinan.scoring import ByChoices, Math
from sinan.scoring.mathematics.compared import quick, thorough
from sinan.scoring.mathematics.reading import boxed
from sinan.types import Completion, Sample
from tests.catalog.conftest import data

pytest.importorskip("math_verify")
__all__ = ["data"]

SAME = {
    "math": {("b=4", "4"), ("10", "10\\;\\text{edges}"), ("40^\\circ", "40"), ("b=0", "0"), ("1,-2", "(1,-2)"),
             ("9^\\circ", "9")},
}  # fmt: skip
"""The shuffled pairs that are the same: with and without a name, a unit, a bracket."""
SIZES = {"math": 5000, "math_500": 500, "gsm_hard": 1319, "cloze": 118, "asdiv": 2215, "gaokao": 167}


@pytest.fixture(scope="module")
def golds(data):
    def rows(path):
        return [json.loads(line) for line in (data / "text" / path).read_text("utf-8").splitlines()]

    def cloze(volume):
        path = data / f"text/gaokao_bench/Subjective_Questions/2010-2022_Math_{volume}_Fill-in-the-Blank.json"
        answers = [row["answer"] for row in json.loads(path.read_text("utf-8"))["example"]]
        return [str(answer[0] if isinstance(answer, list) else answer) for answer in answers]

    return {
        "math": [boxed(row["solution"]) for row in rows("math/test.jsonl")],
        "math_500": [row["answer"] for row in rows("math_500/test.jsonl")],
        "gsm_hard": [str(row["target"]) for row in rows("gsm_hard/test.jsonl")],
        "cloze": [row["answer"] for row in rows("agieval/gaokao-mathcloze.jsonl")],
        "asdiv": [row["answer"] for row in rows("asdiv/test.jsonl")],
        "gaokao": [*cloze("I"), *cloze("II")],
    }


@pytest.mark.parametrize("name", SIZES)
def test_every_answer_equals_itself_boxed_and_marked(golds, name):
    assert len(golds[name]) == SIZES[name]
    for gold in golds[name]:
        gold = " ".join(gold.split())
        if gold.count("{") != gold.count("}"):
            continue  # one of them is written `36}`
        for text in (f"\\boxed{{{gold}}}", f"Some thought, then $x$.\n\nThe answer is $\\boxed{{{gold}}}$."):
            score = Math()(Sample("1", "?", gold), Completion(text, "stop"))
            assert score.value == 1.0, (gold, score)


@pytest.mark.parametrize("name", SIZES)
def test_another_question_s_answer_is_almost_never_the_same(golds, name):
    found = set()
    for seed in range(3):
        other = list(golds[name])
        random.Random(seed).shuffle(other)
        pairs = [
            (" ".join(gold.split()), " ".join(answer.split())) for gold, answer in zip(golds[name], other, strict=True)
        ]
        pairs = [(gold, answer) for gold, answer in pairs if gold.rstrip(" .") != answer.rstrip(" .")]
        found |= {pair for pair in pairs if (quick(*pair) or thorough(*pair)).same}
    assert found == SAME.get(name, set())


def test_free_answers_of_math_vision_are_judged_as_published(data):
    """Where ours differ from the published verdicts there are options: the published judge compares letters with
    letters and texts with texts, and computes a text such as 5-2-3-4-1, which is then the wrong option's -5."""
    folder = data / "multimodal/math_vision"
    rows = {row["id"]: row for row in map(json.loads, (folder / "testmini.jsonl").read_text("utf-8").splitlines())}
    free = with_options = 0
    for name in ("LLaVA-v1.5-7B", "Random-Chance"):
        for output in map(json.loads, (folder / f"{name}.jsonl").read_text("utf-8").splitlines()):
            row = rows.get(output["id"])
            if row is None:
                continue
            sample = Sample(row["id"], row["question"], row["answer"], tuple(row["options"]))
            scorer = ByChoices() if row["options"] else Math()
            same = (scorer(sample, Completion(output["response"], "stop")).value == 1.0) == output["correct"]
            free += not same and not row["options"]
            with_options += not same and bool(row["options"])
    assert (free, with_options) == (0, 18)


@pytest.mark.parametrize(("file", "unlike"), [("math", 7), ("math_500", 0)])
def test_published_solutions_have_their_published_answers(data, file, unlike):
    """In seven of 5,000 solutions several boxes stand for several answers: published is the last one alone."""
    rows = [json.loads(line) for line in (data / f"text/{file}/test.jsonl").read_text("utf-8").splitlines()]
    differing = []
    for row in rows:
        sample = Sample("1", "?", row.get("answer") or boxed(row["solution"]))
        score = Math()(sample, Completion(row["solution"], "stop"))
        if score.value != 1.0:
            differing.append(score.readings[0].rule)
    assert differing == ["inside the last boxes, joined"] * unlike
