"""`sinan run --vary`: variants are asked, and what they do to scores and differences comes out however it is made."""

import json

import numpy as np
import pytest

from sinan.cli.main import _code
from sinan.prompts import few_shot
from sinan.prompts.few_shot import Redrawn
from sinan.statistics.variance_components import components
from sinan.types import Sample

HOW = ("--protocol", "generate", "-n", "8")


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


def test_variants_are_asked_shown_resumed_and_scored_again(document, capsys):
    run = document("run", "logic", "-m", "needle/xs", "-m", "needle/m", *HOW, "--vary", "prompt,order")
    firsts = [row for row in run["results"] if "spread" in row]
    assert [row["model"] for row in firsts] == ["needle/xs", "needle/m"]
    assert all(sum(row["outcomes"].values()) == 40 for row in firsts)
    names = [row["metric"] for row in run["results"] if row["model"] == "needle/m"]
    assert names[-5:] == ["original", "prompt1", "prompt2", "order1", "order2"]
    rows = document("show", "last", "--samples", "--rows", "100")["samples"]
    table = {(row["model"], row["sample_id"]): row["score"] for row in rows}
    for row in firsts:
        for source, found in row["spread"]["sources"].items():
            forms = ("", f"~{source}1", f"~{source}2")
            scores = [[table[row["model"], f"{i}{form}"] for i in range(8)] for form in forms]
            expected = components(scores)
            assert list(found["means"].values()) == pytest.approx(expected.means)
            assert found["var_resid"] == pytest.approx(expected.var_resid) and found["n"] == 8
    (against,) = firsts[0]["spread"]["against"]
    assert against["model"] == "needle/m" and against["of"] == 5
    by_variant = against["sources"]["prompt"]["by_variant"]
    means = [row["spread"]["sources"]["prompt"]["means"].values() for row in firsts]
    assert by_variant == pytest.approx(np.subtract(*map(list, means)))
    assert document("show", "last")["results"] == run["results"]
    resumed = document("run", "--resume", "last")
    assert resumed["results"] == run["results"] and resumed["requests"]["sent"] == 0
    assert _code(["show", "last"]) == 0
    shown = capsys.readouterr().out
    assert "n counts questions, outcomes count variants" in shown and "over prompt variants" in shown
    again = [row for row in document("score", "last")["results"] if "spread" in row]
    assert [row["spread"] for row in again] == [row["spread"] for row in firsts]


def test_the_question_itself_is_asked_as_without_variants_and_draws_share_no_answer(document):
    plain = document("run", "logic", "-m", "needle/xs", *HOW)
    found = document("run", "logic", "-m", "needle/xs", *HOW, "--vary", "prompt", "--variants", "5")
    assert found["requests"]["cached"] == 8 and found["requests"]["sent"] == 32
    values = {row["metric"]: row["value"] for row in found["results"]}
    assert values["original"] == plain["results"][0]["value"]
    drawn = document("run", "logic", "-m", "needle/xs", *HOW, "--vary", "seed", "-p", "temperature=0.9")
    assert drawn["requests"]["cached"] == 0 and drawn["requests"]["sent"] == 24


def test_prompts_differ_in_their_words_and_orders_move_the_right_answer(work, document, capsys):
    row = {"question": "Which is the largest?", "A": "Moon", "B": "Sun", "C": "Earth", "answer": "B"}
    (work / "own.jsonl").write_text("\n".join(json.dumps(row | {"id": str(i)}) for i in range(3)))
    document("run", "own.jsonl", "-m", "needle/xs", "--protocol", "generate", "--vary", "prompt,order")
    rows = document("show", "last", "--samples", "--rows", "100")["samples"]
    by_id = {one["sample_id"]: one for one in rows}
    prompts = {form: json.dumps(by_id[f"0{form}"]["prompt"]) for form in ("", "~prompt1", "~prompt2", "~order1")}
    assert len(set(prompts.values())) == 4
    assert "Please answer the following question." in prompts["~prompt1"] and "(B) Sun" in prompts["~prompt1"]
    assert "B) Sun" in prompts["~prompt2"] and "B. Sun" in prompts[""]
    for form in ("~order1", "~order2"):
        one = by_id[f"0{form}"]
        assert f"{one['target']}. Sun" in json.dumps(one["prompt"])
    assert len({json.dumps(by_id[f"{i}~order1"]["prompt"]) for i in range(3)}) >= 1


def test_worked_examples_are_drawn_anew_for_each_seed_and_for_no_other_form():
    pool = [Sample(f"p{i}", f"q{i}", "1") for i in range(50)]
    redrawn = Redrawn(few_shot.random)
    forms = ("q", "q~seed1", "q~seed2", "q~order1")
    shown = {form: [one.id for one in redrawn(0, Sample(form, "?", "1", unit="q"), pool, 4)] for form in forms}
    assert shown["q"] == shown["q~order1"] and len({tuple(one) for one in shown.values()}) == 3
    assert shown["q"] == [one.id for one in few_shot.random(0, Sample("q", "?", "1"), pool, 4)]
    assert "0x" not in repr(redrawn)


def test_an_experiment_file_names_variants(work, document, capsys):
    head = 'targets = ["logic"]\nmodels = ["needle/xs"]\nlimit = 3\nprotocol = "generate"\n'
    (work / "exp.toml").write_text(head + 'vary = ["order"]\nvariants = 2\n')
    assert document("run", "exp.toml")["results"][0]["spread"]["sources"]["order"]["variants"] == 2


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("--vary seed", "--vary seed changes nothing"),
        ("--vary words", "words is no source of variants here"),
        ("--vary order,order", "names a source twice"),
        ("--variants 4", "name one, as --vary prompt"),
        ("--vary prompt --variants 6", "of prompts at most 5"),
        ("--vary prompt --samples 2", "does not go with --samples"),
        ("--vary prompt --perturb case", "does not go with --perturb"),
        ("--vary order --rotate", "does not go with --rotate"),
        ("--vary seed -p temperature=1 -p seed=3", "leave one of them out"),
    ],
)
def test_what_cannot_be_varied_is_one_line(work, capsys, how, said):
    code = _code(["run", "logic", "-m", "needle/xs", *HOW, *how.split(), "--quiet"])
    err = capsys.readouterr().err
    assert code == 2 and said in err and err.count("\n") == 1


def test_orders_that_the_model_does_not_see_are_refused(work, capsys):
    assert _code("run arithmetic -m needle/xs -n 4 --vary order --quiet".split()) == 2
    assert "--vary order changes none of the first prompts" in capsys.readouterr().err
