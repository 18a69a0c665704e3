"""`sinan rank` from end to end: stored runs, tables of outcomes, files of votes, and what is refused."""

import csv
import io
import json

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import sinan
from sinan.cli.main import _code
from sinan.cli.rank_table import print_board
from sinan.errors import UsageError
from tests.comparison_runs import OWN, Runs, right, wrong_at
from tests.ranking.cases import SHARED, case
from tests.server import ChatServer

STANDING = "model value ci rank rank_interval n runs".split()
"""What scripts rely on."""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    with ChatServer(right) as server:
        yield Runs(server, tmp_path)


def ranked(capsys, *arguments):
    """The boards by name, and what was told beside."""
    code = _code(["rank", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    document = json.loads(out)
    assert document.keys() == {"leaderboards"}
    return {one["name"]: one for one in document["leaderboards"]}, err


def refused(capsys, *arguments):
    code = _code(["rank", *map(str, arguments)])
    err = capsys.readouterr().err
    assert code == 2 and err.startswith("sinan: ") and err.count("\n") == 1
    return err


def test_stored_runs_become_a_board_in_which_the_newest_run_of_a_model_counts(runs, capsys):
    old = runs.ask(wrong_at(*range(12)), model="good")
    new = runs.ask(right, model="good")
    bad = runs.ask(wrong_at(*range(10)), model="bad")
    (board,) = ranked(capsys)[0].values()
    first, second = board["standings"]
    assert set(STANDING) <= first.keys()
    assert (first["model"], first["value"], first["n"], first["runs"]) == ("openai/good", 1.0, 12, [new.id])
    assert (first["rank"], first["rank_interval"]) == (1, [1, 1]) and first["rank_interval_bonferroni"] == [1, 1]
    assert (second["runs"], second["rank_interval"]) == ([bad.id], [2, 2])
    assert first["vs_next"]["difference"] == pytest.approx(10 / 12) and first["vs_next"]["verdict"] == "better"
    assert board["name"] == "own" and board["protocol"] == "default" and board["estimand"].startswith("E2")
    assert any("newest run of a model counts" in note for note in board["notes"]) and old.id not in str(board)
    assert _code(["rank"]) == 0
    shown = capsys.readouterr().out
    assert "openai/good" in shown and "simultaneous" in shown and "\x1b" not in shown


def test_what_was_asked_under_another_protocol_is_another_board_and_no_overall_mixes_them(runs, capsys):
    runs.ask(right, model="x")
    runs.ask(right, model="y", protocol="worded")
    boards, _ = ranked(capsys)
    assert set(boards) == {"own (default)", "own (worded)"}
    assert all(len(one["standings"]) == 1 and any("own board" in n for n in one["notes"]) for one in boards.values())


def test_questions_that_another_seed_generated_are_another_board(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for model, seed in (("needle/xs", 0), ("needle/s", 0), ("needle/m", 1)):
        sinan.run("arithmetic", model, limit=12, seed=seed)
    boards, _ = ranked(capsys, "--benchmark", "arithmetic")
    assert sorted(len(one["standings"]) for one in boards.values()) == [1, 2]
    assert len(boards) == len(set(boards)) == 2 and "overall" not in boards


def test_models_that_answered_other_parts_are_paired_on_what_both_have(runs, capsys):
    runs.ask(right, model="whole")
    runs.ask(wrong_at(0, 1, 2), model="part", limit=8)
    board = ranked(capsys)[0]["own"]
    assert board["standings"][0]["vs_next"]["n"] == 8 and {one["n"] for one in board["standings"]} == {12, 8}
    assert any("items that both have" in note for note in board["notes"])


def test_failed_calls_are_shown_beside_and_what_is_not_finished_is_told(runs, capsys):
    run = runs.ask(right, model="x")
    runs.ask(wrong_at(1, text="I do not know."), model="y")
    about = json.loads((runs.work / "runs" / run.id / "run.json").read_text())
    (runs.work / "runs" / run.id / "run.json").write_text(json.dumps(about | {"status": "stopped"}))
    boards, err = ranked(capsys)
    assert [one["model"] for one in boards["own"]["standings"]] == ["openai/y"] and run.id in err
    assert boards["own"]["standings"][0]["outcomes"]["unparsed"] == 1
    assert len(ranked(capsys, run.id, runs.made[1].id)[0]["own"]["standings"]) == 2


def matrix(path, values, clusters=None, name="b"):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item", *(["cluster"] if clusters is not None else []), *(f"m{m}" for m in range(len(values)))])
        for at, row in enumerate(np.array(values, dtype=int).T):
            rows.writerow([f"{name}{at}", *([f"c{clusters[at]}"] if clusters is not None else []), *row])
    return path


def test_a_table_of_outcomes_gives_the_reference_intervals(tmp_path, capsys):
    one = case("2-rank-ci")
    board = ranked(capsys, matrix(tmp_path / "b.csv", one["inputs"]["Y"]))[0]["b"]
    found = {s["model"]: s for s in board["standings"]}
    expected = one["expected"]
    for at, (low, high, mean) in enumerate(zip(expected["lower"], expected["upper"], expected["means"], strict=True)):
        standing = found[f"m{at}"]
        assert standing["rank_interval_bonferroni"] == [low, high] and standing["value"] == pytest.approx(mean)
        assert low <= standing["rank_interval"][0] and standing["rank_interval"][1] <= high
    again = ranked(capsys, tmp_path / "b.csv", "--rank-method", "bonferroni")[0]["b"]
    assert again["critical"] == pytest.approx(expected["z"], abs=1e-9) and again["method"].endswith("bonferroni")


def test_a_board_from_python_is_that_of_the_command_line_and_a_table_named_twice_is_one(tmp_path, capsys):
    table = matrix(tmp_path / "b.csv", [[1, 0, 1, 1], [0, 0, 1, 1]])
    (board,) = sinan.rank(table, chances={"b": 0.25})
    (told,) = ranked(capsys, table, table, "--chance", "b=0.25")[0].values()
    assert board.to_json() == told and told["chance"] == 0.25
    assert len(sinan.rank([table, str(table)])) == 1 and callable(sinan.rank)
    with pytest.raises(UsageError, match="alpha"):
        sinan.rank(table, alpha=1)


def test_declared_clusters_are_the_units(tmp_path, capsys):
    values = np.repeat(np.random.default_rng(0).random((3, 30)) < [[0.4], [0.5], [0.8]], 5, axis=1)
    board = ranked(capsys, matrix(tmp_path / "c.csv", values, np.arange(150) // 5))[0]["c"]
    assert (board["clusters"], board["df"]) == (30, 29)
    assert board["standings"][0]["ci_method"] == "t, clustered"


def test_several_tables_have_an_overall_with_weights_chance_and_what_other_choices_do(tmp_path, capsys):
    random = np.random.default_rng(1)
    paths = [
        matrix(tmp_path / f"{name}.csv", random.random((3, 200)) < [[0.5], [0.6], [0.8]], name=name) for name in "xy"
    ]
    board = ranked(capsys, *paths, "--weight", "x=3", "--chance", "x=0.25", "--chance", "y=0.1")[0]["overall"]
    assert board["weights"] == {"x": 0.75, "y": 0.25} and board["chances"] == {"x": 0.25, "y": 0.1}
    for one in board["standings"]:
        x, y = one["scores"]["x"], one["scores"]["y"]
        assert one["value"] == pytest.approx(0.75 * (x - 0.25) / 0.75 + 0.25 * (y - 0.1) / 0.9)
        assert {"rank_over_weights", "rank_without"} <= one.keys() and one["n"] == 400
    assert set(board["aggregates"]) >= {"mean", "zmean", "geometric", "mean_win_rate", "bt_theta"}
    assert _code(["rank", *map(str, paths)]) == 0
    assert "over weights" in capsys.readouterr().out


@pytest.mark.parametrize("room", [60, 80, 120])
def test_where_there_is_little_room_columns_go_and_no_number_is_cut(tmp_path, monkeypatch, room):
    random, out = np.random.default_rng(3), io.StringIO()
    names = [
        "通义千问-七十二亿参数-对话版-二零二六年十一月",
        "openai/gpt-4o-2024-08-06-and-so-on-and-on",
        "=cmd|' /C calc'!A1",
    ]
    for table in "xyz":
        rows = [["item", *names], *([f"{table}{at}", *random.integers(0, 2, 3)] for at in range(40))]
        (tmp_path / f"{table}.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")
    board = sinan.rank([tmp_path / f"{table}.csv" for table in "xyz"])[-1]
    console = Console(file=out, width=room, force_terminal=True, highlight=False, color_system=None)
    monkeypatch.setattr("sinan.cli.rank_table.console", lambda: console)
    print_board(board)
    head, *rows = out.getvalue().splitlines()[2:6]
    assert all(cell_len(line.rstrip()) <= room for line in (head, *rows)) and "…" not in head
    for row, one in zip(rows, board.standings, strict=True):
        assert f"{100 * one.estimate.value:.1f}" in row and row.count("…") <= 1
        assert "{}-{}".format(*one.rank_interval) in row
    assert ("no room here for" in out.getvalue()) == (room < 120)


PUBLISHED = {
    "langchain": 1123.10,
    "anthropic tool use": 1117.37,
    "llamaindex": 1040.58,
    "openai assistants": 978.60,
    "crewai": 915.86,
    "composio": 824.48,
}


def test_published_votes_give_their_published_ratings(capsys):
    file = SHARED / "data/arena/agent_arena_frameworks/frameworkratings_V0.json"
    if not file.is_file():
        pytest.skip("the votes of Agent Arena are not beside this checkout")
    (board,) = ranked(capsys, "--votes", file)[0].values()
    assert {one["model"]: round(one["value"], 2) for one in board["standings"]} == PUBLISHED
    assert (board["votes"], board["against_itself"], board["ties"]) == (618, 1_499, 163)
    assert _code(["rank", "--votes", str(file)]) == 0
    assert "1,499 votes of a model against itself" in capsys.readouterr().out


ROWS = [
    {"model_a": "x", "model_b": "y", "winner": "model_a", "question_id": f"q{i % 20}", "judge": f"u{i % 3}"}
    | ({"winner": "tie (bothbad)"} if i % 5 == 0 else {"winner": "model_b"} if i % 3 == 0 else {})
    for i in range(90)
]


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "parquet"])
def test_votes_are_read_from_every_kind_of_file(tmp_path, capsys, kind):
    file = tmp_path / f"v.{kind}"
    if kind == "json":
        file.write_text(json.dumps(ROWS))
    elif kind == "jsonl":
        file.write_text("\n".join(map(json.dumps, ROWS)))
    else:
        columns = list(ROWS[0])
        text = "\n".join([",".join(columns), *(",".join(row[c] for c in columns) for row in ROWS)])
        (tmp_path / "v.csv").write_text(text)
        if kind == "parquet":
            import duckdb

            duckdb.sql(f"COPY (SELECT * FROM read_csv('{tmp_path / 'v.csv'}')) TO '{file}' (FORMAT parquet)")
    board = ranked(capsys, "--votes", file)[0]["v"]
    assert (board["votes"], board["ties"], board["clusters"]) == (90, 18, 20)
    assert board["clustered_by"] == ["question_id"] and any("3 of judge: too few" in note for note in board["notes"])
    assert board["standings"][0]["model"] == "x" and board["standings"][0]["outcomes"]["ties"] == 18


def test_counts_of_wins_verdicts_by_name_and_shares_are_the_same_votes(tmp_path, capsys):
    counts = [{"model_a": "A", "model_b": "B", "wins_a": 7, "wins_b": 4, "ties": 2}]
    named = [{"model_a": "B", "model_b": "A", "winner": w} for w in ["A"] * 7 + ["B"] * 4 + ["tie"] * 2]
    shares = [{"model_a": "A", "model_b": "B", "winner": w} for w in [1] * 7 + [0] * 4 + [0.5] * 2]
    columns = [
        {"model_a": "A", "model_b": "B", "winner_model_a": a, "winner_model_b": b, "winner_tie": t}
        for a, b, t in [(1, 0, 0)] * 7 + [(0, 1, 0)] * 4 + [(0, 0, 1)] * 2
    ]
    found = []
    for rows in (counts, named, shares, columns):
        (tmp_path / "v.json").write_text(json.dumps(rows))
        found.append(ranked(capsys, "--votes", tmp_path / "v.json")[0]["v"]["standings"])
    assert found[0][0]["model"] == "A"
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert one["model"] == two["model"] and one["value"] == pytest.approx(two["value"])
            assert one["stderr"] == pytest.approx(two["stderr"])


def test_a_vote_that_is_there_twice_is_told(tmp_path, capsys):
    rows = [{"vote_id": at % 3, "model_a": "x", "model_b": "y", "winner": "tie"} for at in range(4)]
    (tmp_path / "v.json").write_text(json.dumps(rows))
    assert any(
        "1 rows have a vote_id" in one for one in ranked(capsys, "--votes", tmp_path / "v.json")[0]["v"]["notes"]
    )


def test_blanks_around_a_name_are_no_part_of_it(tmp_path, capsys):
    (tmp_path / "v.csv").write_text("model_a,model_b,winner\nx ,y,model_a\n y,x,model_a\nx,y,tie\n")
    board = ranked(capsys, "--votes", tmp_path / "v.csv")[0]["v"]
    assert sorted(one["model"] for one in board["standings"]) == ["x", "y"]


def test_style_position_and_own_names_of_fields(tmp_path, capsys):
    one = case("6-bt-style")
    asked = one["inputs"]
    names = ("model_a", "model_b", "a_wins", "x")
    rows = [
        dict(zip(("p", "q", "better", "x"), row, strict=True)) for row in zip(*(asked[n] for n in names), strict=True)
    ]
    (tmp_path / "v.json").write_text(json.dumps(rows))
    named = ("--votes", tmp_path / "v.json", "--model-a", "p", "--model-b", "q", "--winner", "better")
    board = ranked(capsys, *named, "--style", "x", "--cluster", "none")[0]["v"]
    assert board["effects"][0]["effect_per_unit"] == pytest.approx(one["expected"]["coef"], abs=1e-6)
    theta = {s["model"]: s["theta"] for s in board["standings"]}
    assert [theta[str(m)] for m in range(3)] == pytest.approx(one["expected"]["theta_sum0"], abs=1e-6)
    both = ranked(capsys, *named, "--style", "x", "--position", "--evenly", "--bootstrap", "50")[0]["v"]
    assert [e["name"] for e in both["effects"]] == ["x", "position"] and both["bootstrap"]["kept"] == 50


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"model_a": "x", "model_b": "y", "winner": "perhaps"}], "item 1: winner is 'perhaps', no verdict"),
        ([{"model_a": "x", "winner": "a"}], "no fields that name the two models"),
        ([{"model_a": "x", "model_b": "y"}], "no field that says which answer was better"),
        ([{"model_a": "x", "model_b": "x", "winner": "a"}], "no vote is between two different models"),
        ([{"model_a": "x", "model_b": "", "winner": "a"}], "is empty"),
        ([{"model_a": "x", "model_b": "y", "wins_a": 1.5, "wins_b": 2}], "no whole number of votes"),
        ([], "holds no rows"),
        ([{"model_a": m, "model_b": n, "winner": "tie"} for m, n in ("ab", "cd")], "no vote joins 2 groups"),
    ],
)
def test_votes_that_cannot_be_read_or_ranked_are_one_clear_line(tmp_path, capsys, rows, told):
    (tmp_path / "v.json").write_text(json.dumps(rows))
    assert told in refused(capsys, "--votes", tmp_path / "v.json")


def test_options_that_would_change_nothing_and_names_that_are_not_there_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = matrix(tmp_path / "b.csv", [[1, 0, 1], [0, 0, 1]])
    assert "--evenly: it is for --votes" in refused(capsys, table, "--evenly")
    assert "--weight: --votes has no benchmarks" in refused(capsys, "--votes", "v.json", "--weight", "x=1")
    assert "ID=NUMBER" in refused(capsys, table, "--weight", "x")
    assert "no ranked benchmark here" in refused(capsys, table, "--benchmark", "c")
    assert "nothing to rank" in refused(capsys)
    assert "below 1" in refused(capsys, table, "--chance", "b=1")
    assert "no ranked benchmark here" in refused(capsys, table, "--chance", "c=0.5")
    assert "b is the only benchmark" in refused(capsys, table, "--weight", "b=2")
    assert "b is given twice" in refused(capsys, table, "--weight", "b=2", "--weight", "b=1")
    other = matrix(tmp_path / "c.csv", [[1, 0, 1], [0, 0, 1]])
    assert "makes no overall" in refused(capsys, table, other, "--weight", "b=0")
    assert "no run here" in refused(capsys, "nowhere")


def test_the_plot_shows_values_ranks_and_chance(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    values = np.random.default_rng(0).random((3, 80)) < [[0.4], [0.5], [0.9]]
    table = matrix(tmp_path / "b.csv", values)
    assert _code(["rank", str(table), "--chance", "b=0.25", "--plot", str(tmp_path / "p.svg")]) == 0
    svg = (tmp_path / "p.svg").read_text("utf-8")
    for word in ("m0", "m2", "chance", "ranks that a model may have"):
        assert word in svg
    assert ".png or .svg" in refused(capsys, table, "--plot", tmp_path / "p.pdf")


@pytest.mark.parametrize("method", ["max-t", "bonferroni"])
def test_models_that_answer_alike_are_not_known_to_be_alike_to_the_point(tmp_path, capsys, method):
    (tmp_path / "alike.csv").write_text("item,a,b,c\n" + "".join(f"{i},1,1,1\n" for i in range(60)))
    (board,) = ranked(capsys, tmp_path / "alike.csv", "--rank-method", method)[0].values()
    low, high = board["standings"][0]["vs_next"]["ci"]
    assert low == -high and 0.04 < high < 0.07
