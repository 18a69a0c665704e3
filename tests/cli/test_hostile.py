"""Numbers that are none, from the command line and from files, end in one clear line and never in JSON."""

import json
import math

import duckdb
import pytest

from sinan.cli.main import _code
from sinan.cli.output import document
from tests.comparison_runs import OWN, Runs, right
from tests.server import ChatServer

VOTE = {"model_a": "x", "model_b": "y"}
WON = VOTE | {"winner": "model_a"}
HUGE = int("9" * 400)


def refused(capsys, *words):
    code = _code(list(words))
    out, err = capsys.readouterr()
    assert code == 2 and not out and err.startswith("sinan: ") and err.count("\n") == 1, (code, out, err)
    return err


@pytest.mark.parametrize(
    "words",
    [
        ("power", "-n", "3", "--deff", "nan"),
        ("power", "-n", "3", "--deff", "inf"),
        ("power", "-n", "3", "--omega2", "nan"),
        ("power", "-n", "3", "--comparisons", "1" + "0" * 400),
        ("power", "-n", "3", "--difference", "1e-300"),
        ("rank", "t.csv", "--alpha", "nan"),
        ("replay", "t.csv", "--alpha", "nan"),
        ("duel", "a", "b", "t.csv", "--alpha", "nan"),
        ("best", "--on", "t.csv", "--epsilon", "nan"),
        ("run", "arithmetic", "-m", "needle/s", "--max-cost", "nan"),
        "judge correct --share nan -n 3 --sensitivity .9 --right 3 --specificity .9 --wrong 3".split(),
    ],
    ids=" ".join,
)
def test_an_option_that_is_no_number_is_one_line(capsys, words):
    refused(capsys, *words)


@pytest.mark.parametrize("words", [("--deff", "1e308"), ("--alpha", "1e-99"), ("--comparisons", "1000000000")])
def test_numbers_at_the_end_of_the_scale_are_planned_with(capsys, words):
    assert _code(["power", "-n", "100", "--json", *words]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["detectable"]["0.8"] > 0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([VOTE | {"wins_a": 1e12, "wins_b": 1}], "more than 20,000,000 votes"),
        ([VOTE | {"wins_a": HUGE, "wins_b": 1}], "no whole number of votes"),
        ([WON | {"size_a": HUGE, "size_b": 1}], "no sizes size_a and size_b"),
        ([WON | {"size_a": -1, "size_b": 0}], "no sizes size_a and size_b"),
        ([VOTE | {"winner": None}] * 3, "no row has a verdict"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_votes_of_impossible_numbers_are_one_line(tmp_path, capsys, rows, told):
    file = tmp_path / "v.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert told in refused(capsys, "rank", "--votes", str(file), "--style", "size")


def test_weights_are_shares_of_each_other_however_large(tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("item,a,b\n" + "".join(f"{at},1,{at % 2}\n" for at in range(12)))
    words = ["rank", str(tmp_path / "one.csv"), str(tmp_path / "two.csv"), "--json"]
    assert _code([*words, "--weight", "one=1e308", "--weight", "two=1e308"]) == 0
    overall = json.loads(capsys.readouterr().out)["leaderboards"][-1]
    assert overall["weights"] == {"one": 0.5, "two": 0.5} and overall["standings"][0]["value"] == 1


def test_scores_that_no_sum_holds_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    with ChatServer(right) as server:
        run = Runs(server, tmp_path).ask()
    samples = tmp_path / "runs" / run.id / "samples.parquet"
    duckdb.sql(f"COPY (SELECT * REPLACE (1e308 AS score) FROM '{samples}') TO 'huge.parquet'")
    (tmp_path / "huge.parquet").replace(samples)
    (samples.parent / "results.json").unlink()
    assert "too large to be counted with" in refused(capsys, "rank")


def test_a_document_has_no_number_that_json_has_not():
    told = {"a": [math.nan, (math.inf, 1.5)], "b": {"c": -math.inf}}
    assert json.loads(document(told), parse_constant=pytest.fail) == {"a": [None, [None, 1.5]], "b": {"c": None}}
