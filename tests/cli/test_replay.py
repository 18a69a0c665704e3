"""`sinan replay`: known outcomes asked for again in random orders."""

import csv
import json

import numpy as np
import pytest

from sinan.cli.main import _code
from tests.comparison_runs import OWN, Runs, right, wrong_at
from tests.server import ChatServer


@pytest.fixture
def matrix(tmp_path):
    """Six models that are far apart, on 60 questions."""
    rng = np.random.default_rng(1)
    levels = (0.95, 0.8, 0.65, 0.5, 0.35, 0.2)
    columns = [(rng.random(60) < level).astype(int) for level in levels]
    file = tmp_path / "outcomes.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["item", *"abcdef"])
        rows.writerows([f"q{at}", *row] for at, row in enumerate(zip(*columns, strict=True)))
    return file


def test_a_table_of_outcomes_tells_what_stopping_early_saves(matrix, capsys):
    assert _code(["replay", str(matrix), "--orders", "3", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["replays"]
    assert (one["models"], one["questions"], one["orders"], one["alpha"]) == (6, 60, 3, 0.05)
    jobs = {job["job"]: job for job in one["jobs"]}
    assert jobs["pairs"]["verdicts"] == 3 * 15 and 0 < jobs["pairs"]["used"] < 1
    assert jobs["best of all"]["saving"] == pytest.approx(1 / jobs["best of all"]["used"])
    assert jobs["best of all, half of them stored"]["fewer"] > 1
    assert sum(gap["pairs"] for gap in one["gaps"]) == 15


def test_the_same_seed_gives_the_same_document(matrix, capsys):
    documents = []
    for _ in range(2):
        assert _code(["replay", str(matrix), "--orders", "2", "--seed", "7", "--json"]) == 0
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]


def test_the_table_for_reading_has_every_job_and_the_near_ties(matrix, capsys):
    assert _code(["replay", str(matrix), "--orders", "2"]) == 0
    out = capsys.readouterr().out
    assert "6 models x 60 questions" in out and "complete ranking" in out and "10 to 20 points" in out


def test_models_of_stored_runs_are_replayed_on_the_questions_they_share(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    with ChatServer(right) as server:
        runs = Runs(server, tmp_path)
        runs.ask(right, model="one")
        runs.ask(wrong_at(2, 3), model="two")
    assert _code(["replay", *(run.id for run in runs.made), "--orders", "2", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["replays"]
    assert (one["benchmark"], one["models"], one["questions"]) == ("own", 2, 12)
    assert _code(["replay", runs.made[0].id, "--orders", "2"]) == 2
    assert "Remedy: name more runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"), [("item,a\nq1,1\n", "two of each are needed"), ("item,a\nq1,x\n", "none is a model's")]
)
def test_a_table_with_too_little_in_it_is_one_line(tmp_path, capsys, text, told):
    file = tmp_path / "small.csv"
    file.write_text(text)
    assert _code(["replay", str(file)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("cell", ["0", "1"])
def test_models_that_are_all_alike_take_all_questions(tmp_path, capsys, cell):
    file = tmp_path / "alike.csv"
    file.write_text("item,a,b,c,d\n" + "".join(f"q{at}{f',{cell}' * 4}\n" for at in range(20)))
    assert _code(["replay", str(file), "--orders", "2", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["replays"]
    jobs = {job["job"]: job for job in one["jobs"]}
    assert jobs["pairs"]["used"] == jobs["new model beside each earlier one, warm"]["used"] == 1
    assert not sum(job["contradicted"] for job in one["jobs"])


def test_runs_that_were_not_asked_the_same_questions_are_never_one_table(tmp_path, monkeypatch, capsys):
    """Generated questions follow from the seed: equal ids are other questions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "cache"))
    for model, seed in (("needle/xs", "1"), ("needle/s", "2")):
        assert _code(["run", "arithmetic", "-m", model, "-n", "8", "--seed", seed, "--quiet"]) == 0
    names = [path.name for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert _code(["replay", *names, "--orders", "2"]) == 2
    assert "no two models were asked the same questions alike" in capsys.readouterr().err


def test_a_stricter_level_holds_for_every_job(matrix, capsys):
    used = []
    for alpha in ("0.2", "0.001"):
        assert _code(["replay", str(matrix), "--orders", "1", "--alpha", alpha, "--json"]) == 0
        (one,) = json.loads(capsys.readouterr().out)["replays"]
        used.append({job["job"]: job["used"] for job in one["jobs"] if job["used"] < 1})
    loose, strict = used
    assert all(loose[job] < share for job, share in strict.items())
    assert any("new model beside" in job for job in strict)
