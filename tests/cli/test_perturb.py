"""`sinan run --perturb`: every form is asked, and the numbers come out again however they are made."""

import json
from pathlib import Path

import pytest

from sinan.cli.main import _code


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def document(work, capsys):
    def asked(*arguments):
        code = _code(list(arguments))
        out = capsys.readouterr()
        assert code == 0, out.err
        return json.loads(out.out)

    return asked


def values(found):
    return {row["metric"]: (row["value"], row["ci"], row["n"]) for row in found["results"]}


def test_forms_are_asked_shown_resumed_and_scored_again(document, capsys):
    how = ("logic", "-m", "needle/xs", "-n", "6", "--protocol", "generate", "--perturb", "case,options")
    run = document("run", *how, "--json")
    found = values(run)
    assert list(found) == [
        *("accuracy", "original", "worst", "spread"),
        *("case", "case - original", "options", "options - original"),
    ]
    assert {n for _, _, n in found.values()} == {6}
    assert sum(run["results"][0]["outcomes"].values()) == 18
    assert found["worst"][0] <= min(found["original"][0], found["case"][0], found["options"][0])
    assert found["case - original"][0] == pytest.approx(found["case"][0] - found["original"][0])
    assert values(document("show", "last", "--json")) == found
    samples = document("show", "last", "--samples", "--rows", "100", "--json")["samples"]
    assert {row["sample_id"] for row in samples if row["unit"] == "0"} == {"0", "0~case", "0~options"}
    resumed = document("run", "--resume", "last", "--json")
    assert values(resumed) == found and resumed["requests"]["sent"] == 0
    assert values(document("score", "last", "--json")) == found
    assert _code(["show", "last"]) == 0
    assert "n counts questions, outcomes count forms" in capsys.readouterr().out


def test_the_question_itself_is_asked_as_without_perturbations(document):
    plain = document("run", "logic", "-m", "needle/xs", "-n", "6", "--json")
    perturbed = document("run", "logic", "-m", "needle/xs", "-n", "6", "--perturb", "case", "--json")
    assert values(perturbed)["original"] == values(plain)["accuracy"]
    assert perturbed["requests"]["cached"] == 6


def test_an_experiment_file_names_perturbations(work, document, capsys):
    (work / "exp.toml").write_text('targets = ["logic"]\nmodels = ["needle/xs"]\nlimit = 2\nperturb = ["case"]\n')
    assert "worst" in values(document("run", "exp.toml", "--json"))
    (work / "exp.toml").write_text('targets = ["logic"]\nmodels = ["needle/xs"]\nlimit = 2\nperturb = ["upper"]\n')
    assert _code(["run", "exp.toml"]) == 2
    err = capsys.readouterr().err
    assert "upper is no perturbation here" in err and "Traceback" not in err


def test_the_numbers_that_the_documents_show_are_those_that_come_out(work, capsys):
    assert _code("run logic -m needle/m -n 100 --perturb typos,case,options".split()) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    for page in ("docs/perturbations.md", "docs/zh/perturbations.md"):
        text = (Path(__file__).parents[2] / page).read_text("utf-8")
        shown = text.partition(" benchmark  metric")[2].partition("```")[0]
        for line in filter(None, map(str.split, shown.splitlines()[1:])):
            assert any(row[: len(line)] == line for row in told), (page, line)
