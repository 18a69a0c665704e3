"""Clusters and error bars as the command line tells them."""

import json
import math
from pathlib import Path

import pytest

from sinan.cli.main import _code


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Answers that somebody recorded to 24 questions of 12 passages, and which of them are right."""
    monkeypatch.chdir(tmp_path)
    right = [n % 2 == 0 or n % 5 == 0 for n in range(24)]
    rows = [
        {"question": f"{n}?", "answer": "A", "A": "yes", "B": "no", "passage_id": f"p{n // 2}", "group": "xy"[n % 2]}
        | {"output": "ANSWER: A" if right[n] else "ANSWER: B"}
        for n in range(24)
    ]
    alone = [{name: value for name, value in row.items() if name != "passage_id"} for row in rows]
    for name, written in (("own", rows), ("alone", alone)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in written))
    return right


@pytest.fixture
def told(capsys):
    """What a command prints, and that it ends well."""

    def printed(*arguments):
        capsys.readouterr()
        assert _code([*arguments]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return printed


@pytest.fixture
def first(told):
    """The first entry of the results of a command."""
    return lambda *arguments: json.loads(told(*arguments, "--json"))["results"][0]


def test_a_recorded_file_with_passages_has_the_error_of_its_clusters(own, told, first):
    told("score", "own.jsonl", "--json")
    row = first("show", "last")
    mean = sum(own) / 24
    sums = [own[2 * c] + own[2 * c + 1] - 2 * mean for c in range(12)]
    assert row["value"] == pytest.approx(mean)
    assert row["stderr"] == pytest.approx(math.sqrt(12 / 11 * sum(u * u for u in sums)) / 24)
    assert (row["clusters"], row["df"], row["ci_method"]) == (12, 11, "t, clustered")
    assert row["estimand"] == "questions like these" and row["alpha"] == 0.05
    assert set(row["strata"]) == {"macro", "micro"}
    assert "clusters 12, DEFF" in told("show", "last")
    assert "macro average" in told("show", "last", "--groups")


def test_other_intervals_levels_and_a_population_are_asked_for(own, told, first):
    told("score", "alone.jsonl", "--json")
    plain, exact = first("show", "last"), first("show", "last", "--interval", "clopper-pearson")
    assert (plain["ci_method"], exact["ci_method"]) == ("wilson", "clopper-pearson") and exact["ci"] != plain["ci"]
    narrow = first("show", "last", "--level", "0.9")
    assert narrow["alpha"] == 0.1 and plain["ci"][0] < narrow["ci"][0]
    part = first("show", "last", "--population", "96")
    assert part["stderr"] == pytest.approx(plain["stderr"] * math.sqrt(0.75))
    assert part["estimand"] == "this benchmark's full run" and "24 of 96" in part["notes"][0]
    assert "90 % interval" in told("show", "last", "--level", "0.9")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--metric", "mG-Pass@5"], "even number of draws"),
        (["--metric", "best"], "none that draws have"),
        (["--metric", "pass@5"], "so many draws"),
        (["--population", "3"], "which is more"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(own, told, capsys, options, line):
    told("score", "own.jsonl", "--json")
    assert _code(["show", "last", *options]) == 2
    assert line in capsys.readouterr().err


def test_clusters_can_be_chosen(own, first, capsys):
    for option, clusters in (("none", None), ("group", 2), ("passage_id", 12)):
        row = first("run", "own.jsonl", "-m", "needle/xs", "--cluster", option)
        assert row.get("clusters") == clusters
    assert _code(["run", "own.jsonl", "-m", "needle/xs", "--cluster", "chapter"]) == 2
    assert "no question of own has it" in capsys.readouterr().err
