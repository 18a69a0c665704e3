"""Two runs that differ in exactly one thing, and in two: the cause is known, and must be what is found."""

import json
import shutil
from pathlib import Path

import pytest

import sinan
from sinan.errors import UnknownName, UsageError
from sinan.store import journal
from tests.comparison_runs import OWN, Runs, number_in, right, wrong_at
from tests.server import ChatServer

LETTERS = [
    {"id": str(i), "question": f"Which is {word}?", "choices": ["a", "bb", "the whole of it", "dddd"], "answer": "C"}
    for i, word in enumerate("long short green odd even loud".split())
]


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


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def causes(one):
    return {d.sample_id: d.causes for d in one.differing}


def test_another_right_answer_is_found_in_the_data(runs, work):
    rows = [{"id": f"r{i:02}", "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(6)]
    write(work / "q.jsonl", rows)
    runs.ask(target="q.jsonl")
    rows[3]["answer"] = "1"
    write(work / "q.jsonl", rows)
    runs.ask(target="q.jsonl")
    one = runs.compare()
    assert causes(one) == {"r03": ("data",)} and one.flips == (1, 0)
    assert "'21' | '1'" in one.differing[0].detail
    assert any("another right answer" in note for note in one.notes)
    assert any(d.what == "data" and d.unfair for d in one.protocol_differences)


def test_another_question_under_the_same_id_is_found_in_the_data(runs, work):
    rows = [{"id": f"r{i:02}", "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(6)]
    write(work / "q.jsonl", rows)
    runs.ask(target="q.jsonl")
    rows[2]["question"] = "#9# times seven?"
    write(work / "q.jsonl", rows)
    runs.ask(target="q.jsonl")
    assert causes(runs.compare()) == {"r02": ("data",)}


def test_another_model_is_the_cause_where_all_else_is_alike(runs):
    runs.ask(right)
    runs.ask(wrong_at(4, 7), model="other")
    one = runs.compare()
    assert causes(one) == {"r04": ("model",), "r07": ("model",)}
    assert (one.model_a, one.model_b) == ("openai/mock", "openai/other") and not one.protocol_differences


@pytest.mark.parametrize("protocol", ["worded", "headed"])
def test_other_words_are_told_as_the_prompt(runs, protocol):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol=protocol)
    one = runs.compare()
    assert causes(one) == {"r02": ("prompt",)} and one.causes == {"prompt": (1, 1)}
    assert "prompt" in {d.what for d in one.protocol_differences}
    assert not any(d.unfair for d in one.protocol_differences), "one model under two protocols is what is looked at"


@pytest.mark.parametrize(("protocol", "cause"), [("cut", "chance"), ("cut-shown", "few-shot")])
def test_that_a_prompt_may_lose_its_beginning_changes_no_word_of_it(runs, protocol, cause):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol=protocol)
    assert causes(runs.compare()) == {"r02": (cause,)}


def test_what_is_not_alike_is_whole_for_scripts(runs):
    runs.ask(right)
    runs.ask(right, protocol="headed")
    (told,) = [d for d in runs.compare().protocol_differences if d.what == "prompt"]
    assert told.a.startswith("Template(") and told.b.endswith(")") and "header='Be brief.'" in told.b


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [("default", "shown", "0 examples | 2 examples"), ("shown", "reversed", "in another order")],
)
def test_other_examples_are_told_as_few_shot(runs, first, second, told):
    runs.ask(right, protocol=first)
    runs.ask(wrong_at(2), protocol=second)
    one = runs.compare()
    assert causes(one) == {"r02": ("few-shot",)}
    assert told in one.differing[0].detail


def test_text_against_messages_is_told_as_the_template(runs):
    runs.ask(right)
    runs.ask(wrong_at(5), options="&api=completions")
    found = causes(runs.compare())
    assert set(found) == {"r05"} and "template" in found["r05"] and "prompt" not in found["r05"]


def rewritten(run, name, change):
    """A copy of a run whose journal says something else."""
    folder = Path(run.path).with_name(name)
    shutil.copytree(run.path, folder)
    (folder / "samples.parquet").unlink()
    records = [change(record) for record in journal.read(folder / "journal.jsonl")]
    (folder / "journal.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder


def test_the_same_text_as_other_token_ids_is_told_as_tokens(runs):
    run = runs.ask(right)

    def other(record):
        wrong = {"completion": "The answer is 1.", "answer": "1", "score": 0.0, "outcome": "wrong"}
        return record | {"prompt_ids": "bbbb"} | (wrong if record["sample_id"] == "r03" else {})

    one, two = rewritten(run, "eeee", lambda r: r | {"prompt_ids": "aaaa"}), rewritten(run, "ffff", other)
    (found,) = sinan.compare(one, two)
    assert causes(found) == {"r03": ("tokens",)}
    assert "aaaa | bbbb" in found.differing[0].detail


def test_an_answer_cut_at_the_others_stop_string_is_told_as_stop(runs):
    def long(question):
        return f"Let me see.\nThe answer is {number_in(question) * 7}."

    runs.ask(long)
    runs.ask(lambda question: "Let me see.", protocol="stops")
    one = runs.compare()
    assert len(one.differing) == 12 and set(causes(one).values()) == {("stop",)}
    assert r"b stops at '\n'" in one.differing[0].detail


def test_an_answer_cut_at_a_lower_limit_is_told_as_stop(runs):
    runs.ask(right)
    runs.ask(lambda question: ("The answer", "length"), protocol="short")
    one = runs.compare()
    assert set(causes(one).values()) == {("stop",)}
    assert one.differing[0].outcome_b == "truncated" and "max_tokens 64 | 4" in one.differing[0].detail


def test_stop_strings_that_would_break_the_other_answer_are_told_though_it_reads_otherwise(runs):
    runs.ask(lambda question: f"Well.\n{number_in(question) * 7}")
    runs.ask(lambda question: "So.", protocol="stops")
    one = runs.compare()
    assert set(causes(one).values()) == {("stop",)}
    assert "cut where b stops" in one.differing[0].detail


def test_another_temperature_is_told_as_sampling(runs):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol="warm")
    assert causes(runs.compare()) == {"r02": ("sampling",)}


def test_another_seed_of_the_draws_is_told_as_sampling(runs):
    runs.ask(right, protocol="warm")
    runs.ask(wrong_at(2), protocol="warm", seed=1)
    assert causes(runs.compare()) == {"r02": ("sampling",)}


@pytest.mark.parametrize(("protocol", "told"), [("default", "temperature 0"), ("warm", "temperature 0.7")])
def test_another_answer_to_the_same_request_is_told_as_chance(runs, protocol, told):
    runs.ask(right, protocol=protocol)
    runs.ask(wrong_at(2), protocol=protocol)
    one = runs.compare()
    assert causes(one) == {"r02": ("chance",)} and told in one.differing[0].detail


def test_another_reading_of_the_same_answer_is_told_as_extraction(runs):
    runs.ask(wrong_at(2, 3, text="First 14. Then 21 it is"))
    runs.ask(wrong_at(2, 3, text="First 14. Then 21 it is"), protocol="after")
    one = runs.compare()
    assert causes(one) == {"r02": ("extraction",), "r03": ("extraction",)}
    assert one.flips == (1, 0) and "a reads '21'" in one.differing[1].detail


def test_the_same_answer_judged_otherwise_is_told_as_the_scorer(runs):
    runs.ask(wrong_at(2))
    runs.ask(wrong_at(2), protocol="kind")
    one = runs.compare()
    assert causes(one) == {"r02": ("scorer",)} and one.flips == (0, 1)


def test_likelihoods_of_which_another_is_the_largest_per_character_are_told_as_the_scorer(work):
    write(work / "letters.jsonl", LETTERS)
    own = OWN.replace('"long": replace', '"plain": likely, "per-char": per_char, "long": replace')
    own = own.replace(
        '    worded = replace(base, prompt=Template(chat="Tell me: {question}"))',
        '    worded = replace(base, prompt=Template(chat="Tell me: {question}"))\n'
        '    likely = Protocol(Template(continuations=" {choice}"), Likelihood(), MostLikely())\n'
        '    per_char = replace(likely, scorer=MostLikely("chars"))',
    )
    own = own.replace("str(i * 7), group", '"C", ("a", "bb", "the whole of it", "dddd"), group')
    (work / "own.py").write_text(own)
    made = [sinan.run("own.py", "needle/xs", protocol=name, cache=False) for name in ("plain", "per-char")]
    (one,) = sinan.compare(*made)
    assert one.differing and set(causes(one).values()) == {("scorer",)}
    assert "per char" in one.differing[0].detail


def test_prompt_and_reading_are_both_told_where_both_are_needed(runs):
    runs.ask(wrong_at(2, text="I say 14"))
    runs.ask(wrong_at(2, text="I say 15"), protocol="worded-after")
    assert causes(runs.compare()) == {"r02": ("prompt", "extraction")}


def test_the_prompt_is_acquitted_where_the_other_scorer_alone_makes_the_difference(runs):
    runs.ask(wrong_at(2, text="I say 14"))
    runs.ask(wrong_at(2, text="My word: 14"), protocol="worded-after")
    assert causes(runs.compare()) == {"r02": ("extraction",)}


def test_the_scorer_is_acquitted_where_both_scorers_judge_either_answer_alike(runs):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol="worded-after")
    assert causes(runs.compare()) == {"r02": ("prompt",)}


def test_two_changes_of_the_request_are_both_told_the_earlier_first(runs):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol="headed", model="other", parameters={"temperature": 0.5})
    one = runs.compare()
    assert causes(one) == {"r02": ("model", "prompt", "sampling")}
    assert one.causes == {"model": (1, 1), "prompt": (1, 1), "sampling": (1, 1)}
    assert {d.what for d in one.protocol_differences if d.unfair} >= {"prompt", "temperature"}


def test_an_answer_that_only_reads_otherwise_and_is_wrong_in_both_is_no_flip(runs):
    runs.ask(wrong_at(2, text="The answer is 1."))
    runs.ask(wrong_at(2, text="The answer is 2."))
    one = runs.compare()
    assert causes(one) == {"r02": ("chance",)} and one.flips == (0, 0) and not one.differing[0].flip
    assert one.paired.difference == 0.0


def test_what_is_stored_is_enough_where_the_benchmark_is_gone(runs, work):
    runs.ask(wrong_at(2, text="I say 14"))
    runs.ask(wrong_at(2, text="I say 14"), protocol="after")
    (work / "own.py").unlink()
    one = runs.compare()
    assert causes(one) == {"r02": ("extraction",)}
    assert any("cannot be built anew" in note and "own.py" in note for note in one.notes)


def test_a_run_without_evidence_of_how_it_was_asked_is_compared_by_its_texts(runs, work):
    runs.ask(right)
    runs.ask(wrong_at(2), protocol="shown")
    (work / "own.py").unlink()
    for run in runs.made:
        path = Path(run.path) / "run.json"
        about = json.loads(path.read_text())
        for cell in about["cells"]:
            for name in ("needs", "prompt", "solver", "scorer", "few_shot"):
                del cell[name]
        path.write_text(json.dumps(about))
    assert causes(runs.compare()) == {"r02": ("few-shot",)}


def test_a_call_that_failed_is_no_pair_and_no_wrong_answer(runs):
    runs.ask(right)
    runs.ask(lambda question: (400, "no") if number_in(question) == 5 else right(question))
    one = runs.compare()
    assert one.paired.n == 11 and one.left_out == {"only_a": 0, "only_b": 0, "failed": 1, "collected": 0}
    assert one.flips == (0, 0) and not one.differing
    assert any("partial" in note for note in one.notes)


def test_samples_that_only_one_run_has_are_counted_apart(runs):
    runs.ask(right)
    runs.ask(wrong_at(1), limit=5)
    one = runs.compare()
    assert one.paired.n == 5 and one.left_out["only_a"] == 7 and one.left_out["only_b"] == 0
    assert one.paired.difference == pytest.approx(0.2)


def test_draws_of_a_sample_are_averaged_before_they_are_paired(runs):
    seen = []

    def every_second_time(question):
        seen.append(question)
        return right(question) if seen.count(question) % 2 else "The answer is 1."

    runs.ask(right, draws=2, protocol="warm")
    runs.ask(every_second_time, draws=2, protocol="warm", concurrency=1)
    one = runs.compare()
    assert one.paired.n == 12 and one.paired.value_b == pytest.approx(0.5) and one.paired.ci is None
    assert len(one.differing) == 12 and one.flips == (12, 0)


def test_a_number_that_is_neither_right_nor_wrong_makes_no_flip(runs):
    runs.ask(right, protocol="long")
    runs.ask(wrong_at(2, text="Nothing."), protocol="long")
    one = runs.compare()
    assert one.flips == (0, 0) and causes(one) == {"r02": ("chance",)}
    assert one.paired.method == "sign flip (exact), t interval"


def test_the_models_of_one_run_are_paired_with_each_other(runs):
    names = [f"openai/{name}?base_url={runs.server.url}" for name in ("x", "y", "z")]
    run = runs.ask(right, models=names)
    found = sinan.compare(run)
    pairs = [("openai/x", "openai/y"), ("openai/x", "openai/z"), ("openai/y", "openai/z")]
    assert [(one.model_a, one.model_b) for one in found] == pairs
    assert [one.model_b for one in sinan.compare(run, run, models=["openai/x", "openai/z"])] == ["openai/z"]


def test_models_of_the_same_name_are_paired_and_what_is_ambiguous_is_told(runs):
    names = [f"openai/{name}?base_url={runs.server.url}" for name in ("x", "y", "same")]
    a = runs.ask(right, models=names)
    b = runs.ask(right, models=[name.replace("/x?", "/u?").replace("/y?", "/v?") for name in names])
    told = []
    (one,) = sinan.compare(a, b, notice=told.append)
    assert (one.model_a, one.model_b) == ("openai/same", "openai/same")
    assert len(told) == 1 and "openai/x, openai/y of a" in told[0] and "--model" in told[0]
    (one,) = sinan.compare(a, b, models=["openai/x", "openai/v"])
    assert (one.model_a, one.model_b) == ("openai/x", "openai/v")


def test_what_cannot_be_compared_is_refused_in_one_line(runs, work):
    write(work / "q.jsonl", [{"id": "1", "question": "#1# times seven?", "answer": "7"}])
    a, b = runs.ask(right), runs.ask(right, target="q.jsonl")
    with pytest.raises(UsageError, match="no cells that could be paired"):
        sinan.compare(a, b)
    with pytest.raises(UsageError, match="no two models"):
        sinan.compare(a)
    with pytest.raises(UnknownName, match="is no run here"):
        sinan.compare(a, "none")
    write(work / "q.jsonl", [{"id": "2", "question": "#1# times seven?", "answer": "7"}])
    told = []
    with pytest.raises(UsageError, match="share no sample"):
        sinan.compare(b, runs.ask(right, target="q.jsonl"), notice=told.append)


def test_runs_are_compared_again_after_they_were_scored_again(runs):
    from sinan.score_again import score_again

    run = runs.ask(wrong_at(2, 3, text="First 14. Then 21 it is"))
    again = score_again(run.id, scorer="after")
    (one,) = sinan.compare(run, again.run)
    assert causes(one) == {"r02": ("extraction",), "r03": ("extraction",)}
    assert [d.what for d in one.protocol_differences] == ["scorer"]


def test_a_run_beside_itself_differs_nowhere(runs):
    names = [f"openai/{name}?base_url={runs.server.url}" for name in ("x", "y")]
    (one,) = sinan.compare(runs.ask(right, models=names))
    assert not one.differing and one.paired.p_value == 1.0 and one.verdict == "undecided"
    assert one.paired.ci[0] < 0 < one.paired.ci[1], "twelve pairs that agree are no proof"


def test_answers_that_nobody_judged_are_no_verdicts_to_compare(runs, work):
    write(work / "talk.jsonl", [{"turns": ["#1# times seven?", "#2# times seven?"]}])
    a, b = runs.ask(right, target="talk.jsonl"), runs.ask(wrong_at(1), target="talk.jsonl")
    told = []
    with pytest.raises(UsageError, match="collected and not judged"):
        sinan.compare(a, b, notice=told.append)
    assert "judged no sample that they share" in told[0]


def test_questions_that_must_be_right_in_all_forms_are_verdicts_of_one_question(runs, work):
    write(work / "letters.jsonl", LETTERS)
    made = [sinan.run("letters.jsonl", f"needle/{size}", rotate=True, cache=False) for size in ("xs", "s")]
    (one,) = sinan.compare(*made)
    assert one.metric == "circular" and one.paired.n == len(LETTERS)
    assert one.paired.method == "mid-p mcnemar, bonett-price interval"
    plain = sinan.run("letters.jsonl", "needle/xs", cache=False)
    (one,) = sinan.compare(made[0], plain)
    assert one.paired.n == len(LETTERS) and not one.differing
    assert any("asked in other forms" in note for note in one.notes)
    assert {"metric", "rotate"} <= {d.what for d in one.protocol_differences}
