"""duel, best and place: models on loopback whose scores are known, and tables of known outcomes."""

import csv
import json
import random
from pathlib import Path

import pytest

from sinan.cli.main import _code
from sinan.datasets.outcomes import outcomes
from tests.in_process import sinan
from tests.server import ChatServer
from tests.stopping.models import asked_whole, good, named
from tests.test_end_to_end import one_line, the_run

CRUX = Path(__file__).parents[2].parent / "shared/data/irt/crux_matrix/correctness.csv"


def table(path, shares, n=600, seed=1):
    drawn = random.Random(seed)
    rows = [[f"i{i}", *(int(drawn.random() < share) for share in shares.values())] for i in range(n)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["item", *shares], *rows])
    return path


def duel(work, *words):
    code, out, err = sinan(work, "duel", *words, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize(("a", "b", "verdict"), [(0.9, 0.5, "better"), (0.5, 0.9, "worse")])
def test_a_duel_says_who_is_better_for_a_part_of_the_requests(work, a, b, verdict):
    with ChatServer(good(a)) as one, ChatServer(good(b)) as other:
        document = duel(work, named(one, "a"), named(other, "b"), "q.jsonl")
        asked = (sum(one.asked.values()), sum(other.asked.values()))
        assert set(one.asked) == set(other.asked), "both are asked the same questions"
    assert document["verdict"] == verdict and document["source"] == "asked" and document["guaranteed"]
    requests = document["requests"]
    assert (requests["a"], requests["b"]) == asked and requests["full"] == 800
    assert requests["share"] == sum(asked) / 800 < 0.25
    assert document["ci"][0] <= a - b <= document["ci"][1]
    assert document["claims"][0]["about"] == "openai/a - openai/b"
    stored = json.loads((the_run(work) / "run.json").read_text())
    assert stored["rule"]["kind"] == "duel" and stored["stopping"]["verdicts"][0]["verdict"] == verdict
    code, out, _ = sinan(work, "show", "last")
    assert code == 0 and verdict in out


def test_models_that_are_alike_are_equivalent_or_tied(work):
    with ChatServer(good(0.7)) as one, ChatServer(good(0.7)) as other:
        document = duel(work, named(one, "a"), named(other, "b"), "q.jsonl", "--epsilon", "0.05")
    assert document["verdict"] in ("equivalent", "tied") and document["requests"]["share"] < 1


def test_known_outcomes_are_replayed_and_no_model_is_called(tmp_path):
    table(tmp_path / "t.csv", {"a": 0.8, "b": 0.6, "c, with examples": 0.6})
    assert duel(tmp_path, "a", "c, with examples", "t.csv")["source"] == "replayed"
    document = duel(tmp_path, "a", "b", "t.csv")
    assert document["verdict"] == "better" and document["run"] is None and document["source"] == "replayed"
    assert document["models"][0]["beyond"] == 0 and document["requests"]["a"] == document["used"]
    assert document == duel(tmp_path, "a", "b", "t.csv"), "the same seed, the same order"
    mirrored = duel(tmp_path, "b", "a", "t.csv")
    assert mirrored["verdict"] == "worse" and mirrored["used"] == document["used"]
    assert mirrored["difference"] == pytest.approx(-document["difference"])
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("seed", range(4))
def test_no_duel_of_a_table_contradicts_the_whole_of_it(tmp_path, capsys, seed):
    path = table(tmp_path / "t.csv", {"a": 0.7, "b": 0.6, "c": 0.55, "d": 0.3}, n=300)
    known = outcomes(path)
    for a, b in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")):
        assert _code(["duel", a, b, str(path), "--seed", str(seed), "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        apart = float(known.of(a).mean() - known.of(b).mean())
        right = {"better": apart > 0, "worse": apart < 0, "equivalent": abs(apart) < 0.01, "tied": apart == 0}
        assert right.get(document["verdict"], True), (a, b, apart, document["verdict"])
        assert document["ci"][0] - 1e-9 <= apart <= document["ci"][1] + 1e-9


def test_a_race_drops_who_is_beaten_and_names_the_best(work):
    shares = {"m0": 0.95, "m1": 0.7, "m2": 0.5, "m3": 0.3}
    with (
        ChatServer(good(0.95)) as a,
        ChatServer(good(0.7)) as b,
        ChatServer(good(0.5)) as c,
        ChatServer(good(0.3)) as d,
    ):
        models = [named(server, name) for name, server in zip(shares, (a, b, c, d), strict=True)]
        code, out, err = sinan(work, "best", *models, "--on", "q.jsonl", "--json")
        asked = [sum(server.asked.values()) for server in (a, b, c, d)]
    document = json.loads(out)
    assert code == 0, err
    assert document["verdict"] == "best" and document["best"] == ["openai/m0"]
    assert [row["standing"] for row in document["standings"]] == ["best", "dropped", "dropped", "dropped"]
    assert document["requests"]["total"] == sum(asked) < 1600 / 4
    assert asked[3] < asked[1] and document["requests"]["by_model"] == dict(
        zip([f"openai/{name}" for name in shares], asked, strict=True)
    )


def test_models_with_the_same_score_are_told_as_tied(tmp_path):
    rows = [["item", "a", "b", "c"], *([i, i % 2, (i + 1) % 2, 0] for i in range(60))]
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    code, out, _ = sinan(tmp_path, "best", "--on", "t.csv", "--json")
    document = json.loads(out)
    assert code == 0 and document["verdict"] == "tied" and sorted(document["best"]) == ["a", "b"]
    _, out, _ = sinan(tmp_path, "best", "--on", "t.csv")
    assert "tied for the best: a, b" in out or "tied for the best: b, a" in out


def test_a_new_model_is_placed_among_finished_runs(work):
    asked_whole(work, {"m0": 0.9, "m2": 0.3, "m3": 0.1})
    with ChatServer(good(0.6)) as b, ChatServer(good(0.1)) as d:
        sinan(work, "run", "q.jsonl", "-m", named(d, "part"), "--stop", "acc>0.7")
        code, out, err = sinan(work, "place", named(b, "m1"), "--on", "q.jsonl", "--json")
        assert sum(b.asked.values()) < 200
    document = json.loads(out)
    assert code == 0, err
    assert document["rank_interval"] == [2, 2] and document["of"] == 4, "a run that was stopped is no part of a board"
    assert document["verdict"] == "placed"
    assert {claim["about"]: claim["verdict"] for claim in document["claims"]} == {
        "openai/m1 - openai/m0": "worse",
        "openai/m1 - openai/m2": "better",
        "openai/m1 - openai/m3": "better",
    }


def test_a_place_without_a_board_is_one_line(work):
    with ChatServer(good(0.6)) as server:
        code, _, err = sinan(work, "place", named(server, "m1"), "--on", "q.jsonl")
        one_line(err, code, 2, "no run in", "sinan run")
        assert not server.asked
        sinan(work, "run", "q.jsonl", "-m", named(server, "m1"))
        asked = server.asked.copy()
        code, _, err = sinan(work, "place", named(server, "m1"), "--on", "q.jsonl")
        assert code == 2 and "no run in" in err and server.asked == asked, "no model is its own rival"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("duel a nobody t.csv", "no column 'nobody'. Its models: a, b"),
        ("duel a a t.csv", "twice"),
        ("best a --on t.csv", "two models"),
        ("duel needle/s needle/s arithmetic", "twice"),
        ("duel needle/s needle/m arithmetic --alpha 0.7", "0.7 is not in the range"),
    ],
)
def test_a_race_that_cannot_be_is_one_line(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "t.csv", {"a": 0.8, "b": 0.6})
    code = _code(words.split())
    err = capsys.readouterr().err
    one_line(err, code, 2, told)


@pytest.mark.skipif(not CRUX.exists(), reason="the matrices of shared/data/irt are not beside this checkout")
def test_the_best_of_51_models_takes_a_sixth_of_the_requests_at_most(tmp_path):
    code, out, err = sinan(tmp_path, "best", "--on", str(CRUX), "--json")
    document, known = json.loads(out), outcomes(CRUX)
    assert code == 0, err
    scores = dict(zip(known.models, known.values.mean(1), strict=True))
    assert document["best"] == [max(scores, key=scores.__getitem__)] and document["requests"]["share"] < 1 / 6


def test_finished_runs_race_along_for_nothing(work):
    with ChatServer(good(0.95)) as a, ChatServer(good(0.5)) as b, ChatServer(good(0.3)) as c:
        sinan(work, "run", "q.jsonl", "-m", named(a, "known"))
        asked = sum(a.asked.values())
        models = (named(a, "known"), named(b, "new"), named(c, "newer"))
        code, out, err = sinan(work, "best", *models, "--on", "q.jsonl", "--warm", "--json")
        assert sum(a.asked.values()) == asked, "what is known is not asked"
    document = json.loads(out)
    assert code == 0, err
    assert document["best"] == ["openai/known"] and document["requests"]["share"] < 0.25
    first = document["standings"][0]
    assert (first["model"], first["standing"], first["stored"]) == ("openai/known", "best", True)


def test_what_finished_runs_tell_of_the_questions_guides_bets_and_is_written_down(work):
    asked_whole(work, {f"old{number}": share for number, share in enumerate((0.9, 0.7, 0.5, 0.2))})
    used = []
    with ChatServer(good(0.6)) as server:
        for warm in ((), ("--warm",)):
            words = ("run", "q.jsonl", "-m", named(server, "new"), "--stop", "ci<0.15", *warm, "--json")
            code, out, err = sinan(work, *words)
            assert code == 0, err
            (one,) = json.loads(out)["stopping"]["verdicts"]
            (model,) = one["models"]
            assert model["ci"][0] <= 0.6 <= model["ci"][1]
            used.append(model["used"])
    assert used[1] < used[0], "these models find the same questions hard"
    about = json.loads((work / json.loads(out)["path"] / "run.json").read_text())
    assert len(about["rule"]["earlier"]["q"]) == 4 and any("guarantee" in note for note in one["notes"])


def test_to_learn_from_finished_runs_there_must_be_some(work):
    with ChatServer(good(0.6)) as server:
        words = ("run", "q.jsonl", "-m", named(server, "new"))
        code, _, err = sinan(work, *words, "--stop", "ci<0.15", "--warm")
        one_line(err, code, 2, "at least 3 other models")
        code, _, err = sinan(work, *words, "--warm")
        one_line(err, code, 2, "--warm is for --stop")
        assert not server.asked


def test_the_other_columns_of_a_table_help_where_it_is_wanted(tmp_path):
    table(tmp_path / "t.csv", {"a": 0.7, "b": 0.5, "c": 0.95, "d": 0.3, "e": 0.2})
    documents = []
    for warm in ((), ("--warm",)):
        code, out, err = sinan(tmp_path, "best", "a", "b", "--on", "t.csv", "--json", *warm)
        assert code == 0, err
        documents.append(json.loads(out))
    cold, warm = documents
    assert (cold["best"], warm["best"]) == (["a"], ["c"]), "the other columns race along"
    assert warm["requests"]["total"] < cold["requests"]["total"] and warm["requests"]["full"] == 1200
    assert {row["model"]: row.get("by") for row in warm["standings"]}["a"] == "c"
    code, out, err = sinan(tmp_path, "place", "a", "--on", "t.csv", "--json", "--warm")
    assert json.loads(out)["rank_interval"] == [2, 2] and "guide the bets" in json.loads(out)["notes"][0], err


def test_runs_that_were_asked_otherwise_are_no_part_of_a_board(work):
    with ChatServer(good(0.6)) as server:
        for name, how in (("hot", ("-p", "temperature=0.9")), ("short", ("-n", "50")), ("twice", ("--samples", "2"))):
            assert sinan(work, "run", "q.jsonl", "-m", named(server, name), "--quiet", *how)[0] == 0
        code, _, err = sinan(work, "place", named(server, "new"), "--on", "q.jsonl")
        one_line(err, code, 2, "no run in", "parameters, judges")
        code, out, err = sinan(
            work, "place", named(server, "new"), "--on", "q.jsonl", "-p", "temperature=0.9", "--json"
        )
    assert json.loads(out)["of"] == 2, err
