"""`sinan power`: what a benchmark can tell, from what is given, what is assumed and what earlier runs say."""

import json

import pytest

import sinan
from sinan.cli.main import _code
from sinan.errors import UsageError


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def document(work, capsys):
    def asked(*arguments):
        code = _code([*arguments, "--json"])
        out = capsys.readouterr()
        assert code == 0, out.err
        return json.loads(out.out)

    return asked


def test_formulas_are_chosen_by_options(document):
    found = document("power", "-n", "198", "--discordance", "0.2")
    assert found["detectable"]["0.8"] == pytest.approx(0.0873, abs=5e-5) and found["discordance_from"] == "given"
    found = document("power", "--difference", "0.03", "--discordance", "0.12", "--population", "1319")
    assert found["needed"]["n"] == pytest.approx(1044.1563197517505, abs=1e-6)
    assert found["needed"]["n_population"] == pytest.approx(582.797749874303, abs=1e-6)
    assert found["needed"]["questions"] == 583 and found["detectable"] is None
    third = ("--omega2", str(1 / 9), "--sigma2-a", str(1 / 6), "--sigma2-b", str(1 / 6))
    found = document("power", "--difference", "0.03", *third)
    assert found["needed"]["n"] == pytest.approx(3875.9899922711543, abs=1e-6) and "Miller" in found["method"]
    costs = ("--cost-item", "3", "--cost-sample", "1")
    found = document("power", "-n", "100", "--omega2", "0.12", "--sigma2-a", "0.1", *costs)
    assert found["best_draws"] == pytest.approx(1.5811388300841898)
    found = document("power", "-n", "100", "--correlation", "0.5", "--accuracy", "0.7", "--difference", "0.05")
    assert found["discordance"] == pytest.approx(0.21) and found["discordance_from"] == "correlation and accuracy"


@pytest.mark.parametrize("written", ["0.03", "3%", "3 %", "3pp", "3pt", "3 points", "3PP"])
def test_a_difference_may_be_written_in_points(document, written):
    found = document("power", "--difference", written, "--discordance", "12%")
    assert found["needed"]["difference"] == pytest.approx(0.03)
    assert found["needed"]["n"] == pytest.approx(1044.1563197517505, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "said"), [("3", "3 points are 0.03, 3% or 3pp"), ("0", "range"), ("300%", "range"), ("few", "no share")]
)
def test_a_difference_that_may_mean_two_things_is_one_line(work, capsys, written, said):
    assert _code(["power", "-n", "100", "--difference", written]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_plan_is_made_from_python_as_on_the_command_line(document):
    plan = sinan.power("gsm8k", n=100, difference=0.05, samples=(4, 1), deff=1.7, full=True)
    how = "--difference 5% --samples-a 4 --deff 1.7 --full".split()
    assert json.loads(json.dumps(plan.to_json())) == document("power", "gsm8k", "-n", "100", *how)
    assert sinan.power(n=198, discordance=0.2).detectable(0.8) == pytest.approx(0.0873, abs=5e-5)


@pytest.mark.parametrize(
    "how",
    [{}, {"n": 0}, {"n": 9, "population": 5}, {"n": 9, "difference": 3}, {"n": 9, "samples": 0}, {"n": 9, "noise": 2}],
)
def test_what_cannot_be_planned_is_refused_from_python(work, how):
    with pytest.raises(UsageError):
        sinan.power(**how)


def test_a_benchmark_says_the_smallest_difference_that_it_ever_tells(document, work, capsys):
    found = document("power", "gsm8k", "-n", "100")
    assert (found["size"], found["n"], found["discordance"]) == (1319, 100, 0.2)
    assert found["discordance_from"] == "assumed"
    assert found["smallest_ever"]["0.8"] < found["detectable"]["0.8"]
    assert document("power", "gsm8k", "--full")["detectable"]["0.8"] == 0.0
    assert _code(["power", "gsm8k", "-n", "100"]) == 0
    shown = capsys.readouterr().out
    assert "gsm8k: 100 questions tell a difference of 12.1 points at 80 % power" in shown
    assert "(assumed)" in shown and "all 1,319 questions" in shown
    rows = [json.dumps({"question": f"{i} + 1?", "answer": i + 1}) for i in range(40)]
    (work / "own.jsonl").write_text("\n".join(rows))
    assert document("power", "own.jsonl")["n"] == 40


def test_runs_that_a_rule_stopped_tell_nothing_of_it(document, work):
    """They end where verdicts differ much, or are sure."""
    assert _code("duel needle/xs needle/m logic -n 60 --epsilon 0.2 --quiet".split()) == 0
    assert document("power", "logic")["discordance_from"] == "assumed"


def test_earlier_runs_tell_how_often_verdicts_differ(document):
    assert _code("run logic -m needle/xs -m needle/s -m needle/m -n 60 --quiet".split()) == 0
    found = document("power", "logic")
    told = found["discordance_from"]
    assert 0 <= found["discordance"] < 0.6 and len(told["runs"]) == 1 and told["pairs"] >= 1
    rows = document("show", "last", "--samples", "--rows", "1000")["samples"]
    by_model = {m: {r["sample_id"]: r["score"] for r in rows if r["model"] == m} for m in told["models"]}
    apart = sorted(
        sum(by_model[a][i] != by_model[b][i] for i in by_model[a]) / 60
        for k, a in enumerate(told["models"])
        for b in told["models"][k + 1 :]
        if told["within"] is None or abs(sum(by_model[a].values()) - sum(by_model[b].values())) <= 60 * told["within"]
    )
    middle = len(apart) // 2
    expected = apart[middle] if len(apart) % 2 else (apart[middle - 1] + apart[middle]) / 2
    assert found["discordance"] == pytest.approx(expected)
    assert document("power", "logic", "--discordance", "0.3")["discordance_from"] == "given"
    assert document("power", "logic", "--runs", "nowhere")["discordance_from"] == "assumed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "a benchmark, -n QUESTIONS or --difference D"),
        ("--difference 0.5", "cannot be planned for"),
        ("-n 100 --correlation 0.5", "go together"),
        ("-n 100 --discordance 0.2 --omega2 0.1", "give one of them"),
        ("-n 100 --full", "name a benchmark, or --population N"),
        ("gsm8k -n 2000", "there are 1,319 questions"),
        ("first-light", "one of them at a time"),
        ("gsm9k", "gsm9k"),
        ("-n 100 --omega2 0", "nothing varies"),
        ("-n 100 --correlation 1 --accuracy 0.5", "no verdict differs"),
    ],
)
def test_what_cannot_be_planned_is_one_line(work, capsys, arguments, said):
    code = _code(["power", *arguments.split()])
    err = capsys.readouterr().err
    assert code == 2 and said in err and err.count("\n") == 1 and "Traceback" not in err


def test_a_table_of_outcomes_tells_how_often_verdicts_differ_and_what_clusters_add(work, document, capsys):
    rows = ["item,passage,a,b"]
    rows += [f"q{i},p{i // 4},{int(i % 8 < 4)},{int(i % 8 >= 4 or i < 4)}" for i in range(40)]
    (work / "table.csv").write_text("\n".join(rows))
    found = document("power", "table.csv")
    assert (found["n"], found["discordance"]) == (40, pytest.approx(36 / 40))
    assert found["discordance_from"]["models"] == ["a", "b"] and found["deff"] > 3
    assert document("power", "table.csv", "--deff", "1")["deff_from"] == "given"
    assert _code(["power", "table.csv"]) == 0
    assert "design effect" in capsys.readouterr().out


def test_two_models_on_few_questions_are_warned_about_before_they_are_asked(work, document, capsys):
    two = "run logic -m needle/xs -m needle/s -n 20".split()
    line = "sinan: logic: 20 questions cannot tell two models apart that differ by less than about 24 points"
    assert _code(two) == 0
    assert line in capsys.readouterr().err
    assert any(note.startswith(line.removeprefix("sinan: ")) for note in document(*two, "--dry-run")["notes"])
    for quiet in ([*two, "--quiet"], [*two, "-m", "needle/m"], "run logic -m needle/xs -n 20".split()):
        assert _code(quiet) == 0
        assert "cannot tell" not in capsys.readouterr().err


def test_an_undecided_comparison_says_what_it_could_have_told(document):
    assert _code("run logic -m needle/xs -m needle/m -n 20 --quiet".split()) == 0
    (one,) = document("compare", "last")["comparisons"]
    assert one["verdict"] == "undecided"
    assert any("with 20 pairs of which" in note and "cannot be told" in note for note in one["notes"])
