"""Our scorers on completions that others published with their verdicts: where they differ, we know why."""

import json
import zipfile

from sinan.scoring import ByChoices, Letter
from sinan.types import Completion, Outcome, Sample


def test_letters_of_twelve_thousand_chains_of_thought_are_read_as_published(data):
    """Llama-2-7B on MMLU-Pro. Differing: `(B) and (C)`, which we do not read; the last of several answers, not the
    first; and answers without the published cue, such as `The future is (A).`.
    """
    archive = zipfile.ZipFile(next((data / "text/mmlu_pro").glob("*.zip")))
    rows = json.loads(archive.read(archive.namelist()[0]))
    same = hedged = other = 0
    for row in rows:
        sample = Sample(str(row["question_id"]), row["question"], row["answer"], tuple(row["options"]))
        score = Letter()(sample, Completion(row["generated_text"] or "", "stop"))
        same += score.answer == row["pred"]
        hedged += score.outcome == Outcome.UNPARSED and row["pred"] is not None
        other += row["pred"] is not None and score.answer not in (None, row["pred"])
    assert len(rows) == 12032
    assert same / len(rows) > 0.99
    assert hedged <= 25
    assert other <= 5


def test_answers_of_math_vision_are_judged_as_published(data):
    """LLaVA-1.5-7B. Differing: `(D) 100 cm`, which the published judge did not take for D."""
    folder = data / "multimodal/math_vision"
    rows = {row["id"]: row for row in lines(folder / "testmini.jsonl")}
    outputs = [output for output in lines(folder / "LLaVA-v1.5-7B.jsonl") if output["id"] in rows]
    differing = [output for output in outputs if judged(rows[output["id"]], output) != output["correct"]]
    assert len(outputs) == 304
    assert len(differing) == 3
    assert all(output["response"].startswith("(D) ") for output in differing)


def judged(row, output):
    sample = Sample(row["id"], row["question"], row["answer"], tuple(row["options"]))
    return ByChoices()(sample, Completion(output["response"], "stop")).value == 1.0


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
