"""Clusters and error bars as the command line tells them."""

import json
import math

import pytest
from click.testing import CliRunner

from sinan.cli.main import main


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Answers that somebody recorded: 24 questions of 12 passages, each right where the last digit of its number
    says so; run again in the folder that it returns."""
    monkeypatch.chdir(tmp_path)
    right = [n % 2 == 0 or n % 5 == 0 for n in range(24)]
    rows = [
        {"question": f"{n}?", "answer": "A", "A": "yes", "B": "no", "passage_id": f"p{n // 2}", "group": "xy"[n % 2]}
        | {"output": "ANSWER: A" if right[n] else "ANSWER: B"}
        for n in range(24)
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return right


def asked(*arguments):
    done = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_a_recorded_file_with_passages_has_the_error_of_its_clusters(own):
    asked("score", "own.jsonl", "--name", "a", "--json")
    row = json.loads(asked("show", "last", "--json").stdout)["results"][0]
    mean = sum(own) / 24
    sums = [own[2 * c] + own[2 * c + 1] - 2 * mean for c in range(12)]
    assert row["value"] == pytest.approx(mean)
    assert row["stderr"] == pytest.approx(math.sqrt(12 / 11 * sum(u * u for u in sums)) / 24)
    assert (row["clusters"], row["df"], row["ci_method"]) == (12, 11, "t, clustered")
    assert row["estimand"] == "questions like these" and row["alpha"] == 0.05
    assert set(row["strata"]) == {"macro", "micro"}
    assert "clusters 12, DEFF" in asked("show", "last").stdout
    assert "macro average" in asked("show", "last", "--groups").stdout


def test_other_intervals_levels_and_a_population_are_asked_for(own):
    (rows := [json.loads(line) for line in open("own.jsonl")])
    with open("alone.jsonl", "w") as file:
        file.writelines(json.dumps({k: v for k, v in row.items() if k != "passage_id"}) + "\n" for row in rows)
    asked("score", "alone.jsonl", "--json")

    def shown(*options):
        return json.loads(asked("show", "last", "--json", *options).stdout)["results"][0]

    plain, exact = shown(), shown("--interval", "clopper-pearson")
    assert (plain["ci_method"], exact["ci_method"]) == ("wilson", "clopper-pearson") and exact["ci"] != plain["ci"]
    narrow = shown("--level", "0.9")
    assert narrow["alpha"] == 0.1 and plain["ci"][0] < narrow["ci"][0]
    part = shown("--population", "96")
    assert part["stderr"] == pytest.approx(plain["stderr"] * math.sqrt(0.75))
    assert part["estimand"] == "this benchmark's full run" and "24 of 96" in part["notes"][0]
    assert "90 % interval" in asked("show", "last", "--level", "0.9").stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--metric", "mG-Pass@5"], "even number of draws"),
        (["--metric", "best"], "none that draws have"),
        (["--population", "3"], "which is more"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(own, options, told):
    asked("score", "own.jsonl", "--json")
    done = CliRunner().invoke(main, ["show", "last", *options])
    assert done.exit_code and told in str(done.exception or done.output) + done.output


def test_clusters_can_be_chosen(own):
    for option, clusters in (("none", None), ("group", 2), ("passage_id", 12)):
        asked("run", "own.jsonl", "-m", "needle/s", "--cluster", option, "--json")
        row = json.loads(asked("show", "last", "--json").stdout)["results"][0]
        assert row.get("clusters") == clusters
    done = CliRunner().invoke(main, ["run", "own.jsonl", "-m", "needle/s", "--cluster", "chapter"])
    assert done.exit_code and "no question of own has it" in str(done.exception or done.output) + done.output
