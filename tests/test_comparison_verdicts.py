"""What is said of two runs: fair or not, alone or one of many, with clusters, and of very many rows."""

import json

import pytest

import sinan
from sinan.cli.main import _code
from sinan.comparison import two_runs
from sinan.errors import UnknownName, UsageError
from tests.comparison_runs import OWN, Runs, number_in, right, wrong_at
from tests.server import ChatServer


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


@pytest.fixture
def runs(work):
    with ChatServer(right) as server:
        yield Runs(server, work)


def recorded(path, model, verdicts, capsys, **columns):
    """A file of questions with answers that are right where a verdict says so, scored as a run; its id."""
    rows = [
        {"id": f"q{i:05}", "question": f"What is {i} plus 1?", "answer": str(i + 1), "response": str(i + ok)}
        | {name: of(i) for name, of in columns.items()}
        for i, ok in enumerate(verdicts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ["--answer", "response", "--scorer", "number", "-m", model, "--json"]
    assert _code(["score", str(path), *options]) == 0
    return json.loads(capsys.readouterr().out)["run"]


def compared(capsys, *arguments):
    assert _code(["compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["comparisons"]


def two(work, capsys, a, b, **columns):
    """Two models' answers to the same questions, each in a file of its own that has the benchmark's name."""
    found = []
    for name, verdicts in (("A", a), ("B", b)):
        (work / name).mkdir()
        found.append(recorded(work / name / "q.jsonl", name, verdicts, capsys, **columns))
    return found


def test_files_that_ask_the_same_are_comparable_though_their_bytes_differ(work, capsys):
    a, b = [1] * 30 + [0] * 10, [1] * 20 + [0] * 15 + [1] * 5
    (one,) = compared(capsys, *two(work, capsys, a, b))
    assert one["comparable"] and one["compares"] == "models" and one["verdict"] == "undecided"
    assert any("every question that both were asked is the same" in note for note in one["notes"])
    assert one["tests"]["mcnemar"]["b"] == 10 and one["tests"]["mcnemar"]["c"] == 5
    assert one["p_value"] == one["tests"]["mcnemar"]["midp"] and one["ci"] == one["intervals"]["bonett_price"]
    assert one["estimand"].startswith("E2") and one["family"] == {"size": 1, "method": "holm", "alpha": 0.05}


def test_a_difference_that_is_sure_and_small_is_both(work, capsys):
    runs = two(work, capsys, [1] * 3000, [0] * 15 + [1] * 2985)
    (one,) = compared(capsys, *runs)
    assert one["verdict"] == "better" and one["equivalence"]["within"] and one["equivalence"]["epsilon"] == 0.01
    assert _code(["compare", *runs]) == 0
    assert "a is better, by less than 1 point" in capsys.readouterr().out
    (one,) = compared(capsys, *runs, "--epsilon", "0.1%")
    assert one["verdict"] == "better" and not one["equivalence"]["within"]
    assert one["equivalence"]["epsilon"] == pytest.approx(0.001)


def test_runs_that_hardly_differ_are_equivalent(work, capsys):
    runs = two(work, capsys, [1] * 1990 + [0] * 10, [1] * 1988 + [0, 0] + [1, 1] + [0] * 8)
    (one,) = compared(capsys, *runs)
    assert one["verdict"] == "equivalent" and one["difference"] == 0
    assert _code(["compare", *runs]) == 0
    assert "equivalent: less than 1 point apart" in capsys.readouterr().out


@pytest.mark.parametrize("margin", ["0", "-1", "nan", "wide"])
def test_a_margin_that_is_none_is_one_line(work, capsys, margin):
    run = recorded(work / "q.jsonl", "A", [1, 0], capsys)
    assert _code(["compare", run, run, "--epsilon", margin]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_margin_that_no_two_shares_lie_beyond_is_refused(work, capsys):
    """`--epsilon 5` is meant as five points, and would call all models equivalent."""
    runs = two(work, capsys, [1, 1, 0], [0, 0, 1])
    for margin in ("5", "100%"):
        assert _code(["compare", *runs, "--epsilon", margin]) == 2
        err = capsys.readouterr().err
        assert "makes all shares equivalent" in err and err.count("\n") == 1
    (one,) = compared(capsys, *runs, "--epsilon", "5pp")
    assert one["equivalence"]["epsilon"] == pytest.approx(0.05)


def test_two_models_under_two_protocols_are_not_comparable_unless_one_insists(runs, capsys):
    runs.ask(right)
    runs.ask(lambda question: "The answer is 1.", model="other", protocol="headed")
    one = runs.compare()
    assert one.verdict == "not comparable" and one.finding == "better" and one.paired.difference == 1
    assert runs.compare(anyway=True).verdict == "better"
    names = [run.id for run in runs.made]
    assert _code(["compare", *names]) == 0
    assert "not comparable" in capsys.readouterr().out
    assert _code(["compare", *names, "--anyway"]) == 0
    shown = capsys.readouterr().out
    assert "a is better" in shown and "not a fair comparison" in shown


def test_of_one_model_under_two_protocols_the_protocol_is_what_differs(runs, capsys):
    runs.ask(right)
    runs.ask(lambda question: "The answer is 1.", protocol="headed")
    one = runs.compare()
    assert (one.compares, one.verdict, one.finding) == ("protocols", "not comparable", "better")
    assert _code(["compare", *(run.id for run in runs.made)]) == 0
    assert "the prompt makes a difference of +100.0 for this model" in capsys.readouterr().out


def test_the_same_model_asked_twice_is_compared_as_it_is(runs):
    runs.ask(right, protocol="warm")
    runs.ask(wrong_at(*range(12)), protocol="warm", seed=1)
    one = runs.compare()
    assert (one.compares, one.comparable, one.verdict) == ("runs", True, "better")


def test_other_right_answers_make_two_runs_not_comparable(runs, work):
    rows = [{"id": f"r{i:02}", "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(6)]
    for answer in ("21", "1"):
        rows[3]["answer"] = answer
        (work / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        runs.ask(target="q.jsonl", model=f"m{answer}")
    one = runs.compare()
    assert not one.comparable and one.verdict == "not comparable" and one.targets == 1


def test_models_of_one_run_are_a_family_whose_p_values_are_adjusted(runs, capsys):
    names = [f"openai/{name}?base_url={runs.server.url}" for name in ("x", "y", "z")]
    seen = {}

    def worse_and_worse(question):
        number = number_in(question)
        seen[number] = seen.get(number, 0) + 1
        return right(question) if number < 6 or seen[number] == 1 else "The answer is 1."

    run = runs.ask(worse_and_worse, models=names, concurrency=1)
    found = sinan.compare(run)
    assert [one.family.size for one in found] == [3, 3, 3]
    smallest = min(one.paired.p_value for one in found)
    assert min(one.adjusted_p for one in found) == pytest.approx(min(1.0, 3 * smallest))
    by_fdr = sinan.compare(run, fdr=True)
    assert by_fdr[0].family.method == "benjamini-hochberg"
    assert all(one.adjusted_p <= other.adjusted_p for one, other in zip(by_fdr, found, strict=True))
    assert _code(["compare", run.id, "--fdr"]) == 0
    assert "adjusted for 3 comparisons (Benjamini-Hochberg, false discovery rate)" in capsys.readouterr().out


def test_a_verdict_follows_the_adjusted_p_value(runs):
    """Five of twelve questions: sure of one pair, and not of one in three."""
    asked = set()

    def only_the_first_knows(question):
        number = number_in(question)
        known = number < 7 or number not in asked
        asked.add(number)
        return right(question) if known else "The answer is 1."

    run = runs.ask(
        only_the_first_knows, models=[f"openai/{name}?base_url={runs.server.url}" for name in "abc"], concurrency=1
    )
    one, *others = sinan.compare(run)
    assert (one.paired.p_value, one.adjusted_p, one.verdict) == (0.03125, 0.09375, "undecided") and len(others) == 2
    (alone,) = sinan.compare(run, models=["openai/a", "openai/b"])
    assert (alone.paired.p_value, alone.adjusted_p, alone.verdict) == (0.03125, 0.03125, "better")


def test_further_metrics_are_compared_by_name_and_all_of_them(work):
    rows = [
        {"id": str(i), "question": f"Which is {i}?", "choices": ["a", "bb", "c c"], "answer": "C"} for i in range(9)
    ]
    (work / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = [sinan.run("letters.jsonl", f"needle/{size}", rotate=True, cache=False) for size in ("xs", "s")]
    found = {one.metric: one for one in sinan.compare(*made, metrics=["all"])}
    (first,) = made[0].results
    assert list(found) == [first.metric, *(further.metric for further in first.further)]
    for result, side in zip((made[0].results[0], made[1].results[0]), ("value_a", "value_b"), strict=True):
        assert getattr(found[result.metric].paired, side) == pytest.approx(result.estimate.value)
        for further in result.further:
            assert getattr(found[further.metric].paired, side) == pytest.approx(further.estimate.value)
    with pytest.raises(UnknownName, match="metric of these runs"):
        sinan.compare(*made, metrics=["nothing"])


def test_of_very_many_that_differ_a_part_is_explained_and_said_to_be_one(work, capsys, monkeypatch):
    monkeypatch.setattr(two_runs, "EXPLAINED", 20)
    monkeypatch.setattr(two_runs, "SUBSET", 10)
    runs = two(work, capsys, [1] * 60, [0] * 60)
    (one,) = compared(capsys, *runs)
    assert one["differ"] == 60 and one["flips"] == {"a_only": 60, "b_only": 0} and one["n"] == 60
    assert len(one["differing"]) == 10 == one["causes"]["model"]["differing"]
    assert any("causes of 10 of 60 that differ" in note for note in one["notes"])
    ids = [d["sample_id"] for d in one["differing"]]
    assert ids == sorted(ids) and ids != [f"q{i:05}" for i in range(10)]
    assert [d["sample_id"] for d in compared(capsys, *runs)[0]["differing"]] == ids
    other = next(name for name in (f"q{i:05}" for i in range(60)) if name not in ids)
    assert _code(["compare", *runs, "--id", other]) == 0
    assert other in capsys.readouterr().out


def test_runs_without_samples_parquet_are_joined_from_their_journals(work, capsys):
    runs = two(work, capsys, [1, 1, 0, 1], [1, 0, 0, 1])
    (whole,) = compared(capsys, *runs)
    for run in runs:
        (work / "runs" / run / "samples.parquet").unlink()
    assert compared(capsys, *runs)[0] == whole


def test_questions_of_one_cluster_count_as_one_unit(work, capsys):
    a = [1] * 40
    b = [0, 0, 0, 0] * 2 + [1] * 32
    runs = two(work, capsys, a, b)
    for run in runs:
        folder = work / "runs" / run
        lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        rows = [row | {"cluster": f"p{int(row['sample_id'][1:]) // 4}"} for row in lines]
        (folder / "journal.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "samples.parquet").unlink()
    (one,) = compared(capsys, *runs)
    assert (one["clusters"], one["df"], one["n"]) == (10, 9, 40) and one["p_value"] == pytest.approx(0.5)
    assert "cluster sign flip" in one["method"] and one["deff"] > 1 and one["verdict"] == "undecided"
    assert _code(["compare", *runs]) == 0
    assert "10 clusters" in capsys.readouterr().out


def test_a_family_without_any_pair_is_refused(work, capsys):
    run = recorded(work / "q.jsonl", "A", [1, 0], capsys)
    with pytest.raises(UsageError, match="no two models"):
        sinan.compare(run)
