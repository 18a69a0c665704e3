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
