"""`sinan compare` on a terminal and as JSON."""

import json

import pytest

from sinan.cli.main import _code
from tests.comparison_runs import OWN, Runs, right, wrong_at
from tests.server import ChatServer

CONTRACT = """benchmark metric model_a model_b run_a run_b value_a value_b difference stderr ci p_value method n flips
    protocol_differences""".split()
"""What scripts rely on."""
OF_A_DRAW = "sample_id draw score_a score_b answer_a answer_b flip causes detail".split()


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two runs that differ in the prompt, and answer two questions otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    with ChatServer(right) as server:
        runs = Runs(server, tmp_path)
        runs.ask(right)
        runs.ask(wrong_at(2, 3, text="\x1b[31mThe answer is 1."), protocol="worded")
    return [run.id for run in runs.made]


def test_the_document_is_what_scripts_rely_on(two, capsys):
    assert _code(["compare", *two, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (one,) = document.pop("comparisons")
    assert not document and set(CONTRACT) <= one.keys()
    assert (one["run_a"], one["run_b"]) == tuple(two) and one["benchmark"] == "own"
    assert one["n"] == 12 and one["flips"] == {"a_only": 2, "b_only": 0}
    assert one["difference"] == pytest.approx(one["value_a"] - one["value_b"]) == pytest.approx(2 / 12)
    assert one["ci"][0] < one["difference"] < one["ci"][1] and one["p_value"] == pytest.approx(0.25)
    assert one["protocol_differences"] and all(isinstance(text, str) for text in one["protocol_differences"])
    assert one["causes"] == {"prompt": {"flips": 2, "differing": 2}}
    assert [d["sample_id"] for d in one["differing"]] == ["r02", "r03"]
    assert all(set(OF_A_DRAW) <= d.keys() and d["flip"] is True for d in one["differing"])


def test_the_page_says_the_difference_in_words_what_is_not_alike_and_the_first_flips(two, capsys):
    assert _code(["compare", *two]) == 0
    shown = capsys.readouterr().out
    words = "the prompt makes no difference that could be told"
    for told in (words, "16.7", "mid-p mcnemar", "right in a only 2", "not alike", "r02", "prompt"):
        assert told in shown
    assert "significant" not in shown and "\x1b" not in shown


def test_samples_come_by_the_page_and_flips_alone(two, capsys):
    assert _code(["compare", *two, "--samples", "--rows", "1", "--page", "2"]) == 0
    shown = capsys.readouterr().out
    assert "r03" in shown and "r02" not in shown and "page 2 of 2" in shown
    assert _code(["compare", *two, "--flips"]) == 0
    assert "2 draws" in capsys.readouterr().out


def test_one_sample_stands_side_by_side_with_the_difference_of_its_prompts(two, capsys):
    assert _code(["compare", *two, "--id", "r02"]) == 0
    shown = capsys.readouterr().out
    assert "-[user] #2# times seven?" in shown and "+[user] Tell me: #2# times seven?" in shown
    assert "The answer is 14." in shown and "The answer is 1." in shown and "\x1b" not in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--id", "r05"], "sample that differs"), (["--benchmark", "other"], "other is no benchmark or model of ")],
)
def test_what_is_not_there_is_one_line_and_exit_2(two, capsys, options, told):
    assert _code(["compare", *two, *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and told in said


def test_one_run_with_one_model_has_nothing_beside_it(two, capsys):
    assert _code(["compare", two[0]]) == 2
    assert "name another run beside it" in capsys.readouterr().err


def test_collected_answers_are_listed_and_counted_without_a_score(two, tmp_path, capsys):
    (tmp_path / "talk.jsonl").write_text('{"turns": ["#1# times seven?", "#2# times seven?"]}\n')
    assert _code(["run", "talk.jsonl", "-m", "needle/xs", "--no-cache"]) == 0
    shown = capsys.readouterr().out
    assert "collected 1" in shown
    assert _code(["show", "last", "--samples"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "collected" in line]
    assert line.split()[:4] == [".", "0", "collected", "-"]
