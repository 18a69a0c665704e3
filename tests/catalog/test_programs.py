"""Benchmarks and files that ask for programs: their rows, their prompts, what is reported, and what is refused."""

import json
from dataclasses import replace

import pytest

from sinan import adapted, catalog
from sinan.datasets.programs import mbpp
from sinan.errors import BadFile, UnknownName, UsageError
from sinan.prompts import Programming
from sinan.scoring import languages
from sinan.statistics.metrics import metric
from sinan.statistics.repeats import pass_at, passes
from sinan.types import RunSpec

ROW = {
    "task_id": "X/0",
    "prompt": 'def twice(n):\n    """ Twice. """\n',
    "entry_point": "twice",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
    "canonical_solution": "    return 2 * n\n",
}
MBPP = {
    "task_id": 990,
    "text": "Write a function that doubles a number.",
    "code": "def twice(n):\r\n  return 2 * n",
    "test_setup_code": "",
    "test_list": ["assert set(twice([4])) == {8}", "assert twice(0) == 0", "assert twice(-1) == -2"],
}


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize(
    ("name", "subset", "size"),
    [("humaneval", "", 164), ("mbxp", "javascript", 966), ("multilingual_humaneval", "java", 161)],
)
def test_samples_have_the_published_ids_and_all_that_it_takes_to_judge(name, subset, size):
    if languages.missing(subset or "python"):
        pytest.skip(f"{subset} is not on this machine")
    samples = list(catalog.load(name).dataset.read(subset, 0))
    assert len(samples) == size == len({sample.id for sample in samples})
    assert all(sample.id == sample.metadata["task_id"] for sample in samples)
    assert all(sample.metadata["test"] and sample.metadata["entry_point"] for sample in samples)


@pytest.mark.usefixtures("mirrored")
def test_a_language_that_is_not_on_the_machine_is_refused_when_its_rows_are_read(monkeypatch, tmp_path):
    monkeypatch.setattr(languages, "SEEN", str(tmp_path))
    with pytest.raises(UsageError, match=r"mbxp/javascript runs programs in javascript, and node and bash are not in"):
        next(iter(catalog.load("mbxp/javascript").dataset.read("javascript", 0)))


def test_a_chat_is_told_to_complete_and_a_base_model_goes_on(tmp_path):
    benchmark = catalog.load(written(tmp_path / "mine.jsonl", ROW))
    (sample,) = benchmark.dataset.read("", 0)
    protocol = benchmark.protocols["default"]
    assert protocol.prompt(sample, "base", ()).text == ROW["prompt"]
    assert f"```python\n{ROW['prompt']}\n```" in protocol.prompt(sample, "chat", ()).messages[0].content
    assert "\ndef" in protocol.sampling.stop
    assert benchmark.protocols["base"].scorer.reads == "continuation"
    assert benchmark.metric.name == "pass@1"
    assert sample.target == ROW["prompt"] + ROW["canonical_solution"]


def test_worked_examples_of_mbpp_are_fenced_for_a_chat_and_end_in_done_for_a_base_model():
    sample, shot = mbpp(MBPP, "line 1"), mbpp(MBPP | {"task_id": 2}, "line 1")
    assert sample.metadata["entry_point"] == "twice"
    text = Programming()(sample, "base", [shot]).text
    assert "def twice(n):\n  return 2 * n\n[DONE]" in text
    assert text.endswith("Program:\n")
    assert Programming()(sample, "chat", [shot]).messages[1].content == "```python\ndef twice(n):\n  return 2 * n\n```"


def test_lm_eval_asks_mbpp_with_its_three_examples():
    protocol = catalog.load("mbpp").protocols["lm-eval"]
    sample, shot = mbpp(MBPP, "line 1"), mbpp(MBPP | {"task_id": 2}, "line 1")
    asked = (
        "You are an expert Python programmer, and here is your task: Write a function that doubles a number. Your code "
        f"should pass these tests:\n\n{MBPP['test_list'][0]}\n{MBPP['test_list'][1]}\n{MBPP['test_list'][2]}\n[BEGIN]\n"
    )
    text = protocol.prompt(sample, "base", [shot]).text
    assert text == f"{asked}def twice(n):\n  return 2 * n\n[DONE]\n\n{asked}"


IN_OUT = {"question": "Add.", "tests": [{"input": "1 2", "output": "3"}]}
REFUSED = [
    (IN_OUT | {"language": "cobol"}, UnknownName, "cobol is no language here"),
    (IN_OUT | {"language": "java", "call": "f"}, BadFile, "names a function of Python"),
    ({"question": "Add.", "tests": [{"input": 1, "output": "3"}]}, BadFile, "both of them texts"),
    (ROW | {"test": " "}, BadFile, "test must be a text"),
    (MBPP | {"test_list": "assert 1"}, BadFile, "test_list must be a list"),
    ({"name": "x", "language": "rs", "prompt": "fn f", "tests": "x"}, BadFile, "run in py, sh, js; this one is in rs"),
    ({"name": "x", "language": "py", "prompt": "f = 1", "tests": "x"}, BadFile, "no function's head"),
    ({"question_content": "x", "public_test_cases": "[", "question_id": "1"}, BadFile, "is not JSON"),
    ({"question_content": "x", "public_test_cases": "[]", "question_id": "1"}, BadFile, "not an empty one"),
]


@pytest.mark.parametrize(("row", "error", "words"), REFUSED)
def test_a_row_that_cannot_be_judged_is_one_line(row, error, words, tmp_path):
    with pytest.raises(error, match=words) as raised:
        catalog.load(written(tmp_path / "mine.jsonl", row))
    assert "\n" not in str(raised.value)


def test_programs_and_questions_do_not_share_a_file(tmp_path):
    mixed = written(tmp_path / "mine.jsonl", IN_OUT, {"question": "1 + 1?", "answer": 2})
    with pytest.raises(BadFile, match="1 of 2 rows ask for programs"):
        catalog.load(mixed)


def test_a_column_named_tests_beside_an_answer_is_metadata(tmp_path):
    row = {"question": "1 + 1?", "answer": 2, "tests": [{"input": "1", "output": "2"}]}
    benchmark = catalog.load(written(tmp_path / "mine.jsonl", row))
    assert benchmark.metric.name == "accuracy"


def test_draws_of_programs_are_told_as_pass_at_k():
    benchmark = catalog.load("humaneval")
    protocol = benchmark.protocols["default"]
    once, often = RunSpec(targets=("humaneval",), models=("m",)), 20
    assert [m.name for m in adapted.metrics(benchmark, protocol, once)] == ["pass@1"]
    reported = adapted.metrics(benchmark, protocol, replace(once, draws=often))
    assert [m.name for m in reported] == ["pass@1", "pass@5", "pass@10", "pass@20"]
    lm_eval = adapted.metrics(benchmark, benchmark.protocols["lm-eval"], replace(once, draws=2))
    assert [m.name for m in lm_eval] == ["pass@1,create_test", "pass@2"]
    for one in reported:
        assert metric({"name": one.name}).name == one.name
    assert [m.name for m in passes(200)] == ["pass@5", "pass@10", "pass@100", "pass@200"]


def test_pass_at_k_is_the_unbiased_estimator():
    assert pass_at(1, [1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert pass_at(2, [1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.5)
    assert pass_at(3, [1.0, 1.0, 0.0, 0.0]) == 1.0
    # of 200 draws with 30 right, as Chen et al. compute it: 1 - prod(1 - k / i) for i from n - c + 1 to n
    n, c, k = 200, 30, 10
    product = 1.0
    for i in range(n - c + 1, n + 1):
        product *= 1 - k / i
    assert pass_at(k, [1.0] * c + [0.0] * (n - c)) == pytest.approx(1 - product)
