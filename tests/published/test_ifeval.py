"""IFEval on outputs that others published with their verdicts: where ours differ, we know why."""

import json
import math

import pytest

from sinan import catalog
from sinan.statistics.metrics import metric
from sinan.types import Completion
from tests.catalog.conftest import data, mirrored  # noqa: F401  (fixtures)

pytest.importorskip("langdetect")
pytest.importorskip("nltk")
pytest.importorskip("punkt")
pytestmark = pytest.mark.usefixtures("mirrored")

BY_CHANCE = {
    "1122": "the published checker counts a random letter where the prompt asks for #",
    "1129": "the published checker counts a random letter where the prompt asks for !",
    "3617": "three made-up names in capitals: langdetect, unseeded there, takes them for one language or another",
}
FOLDER = "text/ifeval/outputs_example/en_input_response_data_Qwen__Qwen2.5-7B-Instruct-GPTQ-Int4"
PUBLISHED = {
    "prompt_level_strict_acc": (395, 541),
    "inst_level_strict_acc": (672, 834),
    "prompt_level_loose_acc": (410, 541),
    "inst_level_loose_acc": (689, 834),
}


@pytest.fixture(scope="module")
def benchmark(mirrored):  # noqa: F811
    return catalog.load("ifeval")


@pytest.fixture(scope="module")
def samples(benchmark):
    return {sample.question: sample for sample in benchmark.dataset.read("", 0)}


@pytest.fixture(scope="module")
def qwen(data, benchmark, samples):  # noqa: F811
    """(sample, score, published strict verdicts, published loose verdicts) of all 541 prompts."""
    strict, loose = (lines(data / FOLDER / f"eval_results_{how}.jsonl") for how in ("strict", "loose"))
    judge = benchmark.protocols["default"].scorer
    return [
        (
            samples[one["prompt"]],
            judge(samples[one["prompt"]], Completion(one["response"], "stop")),
            one["follow_instruction_list"],
            other["follow_instruction_list"],
        )
        for one, other in zip(strict, loose, strict=True)
    ]


def test_every_verdict_is_the_published_one_but_for_three_that_chance_decided(qwen):
    differing = set()
    for sample, score, strict, loose in qwen:
        ours = score.evidence["instructions"]
        if ([one["strict"] for one in ours], [one["loose"] for one in ours]) != (strict, loose):
            differing.add(sample.id)
    assert len(qwen) == 541
    assert differing == set(BY_CHANCE)


def test_the_four_numbers_are_the_published_ones_where_chance_played_no_part(benchmark, qwen):
    for each in benchmark.protocols["default"].metrics:
        level, how = ("inst" if "inst" in each.name else "prompt"), ("strict" if "strict" in each.name else "loose")
        good, of = PUBLISHED[each.name]
        published = [one[2 if how == "strict" else 3] for one in qwen]
        counted = [(sum(v), len(v)) if level == "inst" else (all(v), 1) for v in published]
        assert (sum(g for g, _ in counted), sum(n for _, n in counted)) == (good, of)
        rows = [one[1].values[each.of] for one in qwen]
        flat = [number for row in rows for number in (row if isinstance(row, tuple) else (row,))]
        estimate = each.estimate(flat, 1)
        assert estimate.n == 541
        assert abs(estimate.value - good / of) <= 2 / of
        assert estimate.ci[0] < good / of < estimate.ci[1]


def test_numbers_of_a_stored_run_are_found_again(benchmark):
    for protocol in benchmark.protocols.values():
        for each in protocol.metrics:
            found = metric({"name": each.name, "kind": each.kind, "of": each.of})
            assert (found.estimate, found.width, found.of) == (each.estimate, each.width, each.of)


def test_the_report_of_evalscope_comes_out_again(data, benchmark, samples):  # noqa: F811
    folder = data / "outputs/evalscope_qwen-plus"
    protocol = benchmark.protocols["evalscope"]
    rows = lines(folder / "reviews/qwen-plus/ifeval_default.jsonl")
    scores = []
    for row in rows:
        answer = row["messages"][-1]["content"]
        score = protocol.scorer(samples[row["messages"][0]["content"]], Completion(answer, "stop"))
        given = row["sample_score"]["score"]["value"]
        ours = {each.name: score.values[each.of] for each in protocol.metrics}
        assert ours == pytest.approx(given)
        scores.append(ours)
    report = json.loads((folder / "reports/qwen-plus/ifeval.json").read_text("utf-8"))
    assert len(scores) == 10
    for one in report["metrics"]:
        name = one["name"].removeprefix("mean_")
        assert round(math.fsum(score[name] for score in scores) / 10, 4) == one["score"]


def test_every_prompt_can_be_judged_and_asks_what_it_says(benchmark, samples):
    judge = benchmark.protocols["default"].scorer
    assert len(samples) == benchmark.dataset.size == 541
    assert len({sample.id for sample in samples.values()}) == 541
    assert sum(len(sample.metadata["instructions"]) for sample in samples.values()) == 834
    assert not [sample for sample in samples.values() if judge.refusal(sample)]
    for sample in samples.values():
        silent = judge(sample, Completion("", "stop"))
        assert (silent.value, silent.outcome, silent.values["inst_loose"][0]) == (0.0, "unparsed", 0.0)


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
