"""What earlier runs tell: means of answers and the longest ones, from whatever is there, and never an error."""

import os
import subprocess
import sys

import orjson
import pytest

from sinan.store import DiskJournal, create, frames, now
from sinan.store import earlier as earlier_runs
from sinan.store.earlier import NAME, earlier, keep
from sinan.types import Completion, Message, Outcome, Prompt, Question, Sample, SampleResult, Score, Usage
from sinan.types.earlier import Earlier, EarlierRuns

CLOCK = iter(range(1_700_000_000, 1_800_000_000))


def answered(sample_id, tokens_out, seconds, benchmark="toy", model="fake/one", draw=0):
    prompt = Prompt(messages=(Message("user", "?"),))
    completion = Completion("x", "stop", Usage(10, tokens_out), latency_s=seconds)
    question = Question(Sample(sample_id, "?", "x"), prompt, draw)
    return SampleResult(benchmark, model, question, completion, Score(1.0, Outcome.CORRECT, "x"))


def unanswered(sample_id, benchmark="toy", model="fake/one"):
    question = Question(Sample(sample_id, "?", "x"), Prompt(text="?"))
    return SampleResult(benchmark, model, question, None, Score(None, Outcome.FAILED, None, "timed out"))


def stored(runs, results, protocol="default"):
    """A finished run, later than all that were stored before."""
    folder = create(runs, "toy")
    cells = [
        {"benchmark": b, "model": m, "version": "v", "protocol": protocol, "metric": "accuracy"}
        for b, m in dict.fromkeys((r.benchmark, r.model) for r in results)
    ]
    spec = {"targets": ["toy"], "models": [], "draws": 1, "seed": 0, "parameters": {}, "protocol": protocol}
    spec |= {"limit": None, "shots": None, "scorer": None}
    about = {"created": now(), "status": "complete", "spec": spec, "cells": cells, "models": [], "sinan": "0.1.0"}
    folder.describe(about)
    journal = DiskJournal(folder.journal)
    for result in results:
        journal.append(result)
    journal.close()
    keep(folder, frames.write_samples(folder, False, earlier_runs.LONGEST))
    when = next(CLOCK)
    os.utime(folder.path / NAME, (when, when))
    return folder


def test_an_absent_and_an_empty_folder_tell_nothing_and_load_nothing(tmp_path):
    (tmp_path / "runs" / "not-a-run").mkdir(parents=True)
    code = (
        "import sys; from pathlib import Path; from sinan.store.earlier import earlier\n"
        "assert earlier(Path('absent'), ['toy'], ['fake/one']) == earlier(Path('runs'), ['toy'], ['fake/one'])\n"
        "assert 'duckdb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)
    assert earlier(tmp_path / "runs", ["toy"], ["fake/one"]) == EarlierRuns()


def test_means_are_over_the_answers_of_the_models_newest_run_and_failures_are_none(tmp_path):
    stored(tmp_path, [answered("a", 60, 2.0)])
    stored(tmp_path, [answered("a", 10, 1.0), answered("b", 20, 3.0), unanswered("c")])
    stored(tmp_path, [answered("a", 70, 9.0, benchmark="other"), answered("a", 70, 9.0, model="fake/two")])
    got = earlier(tmp_path, ["toy"], ["fake/one"])
    assert got.means == {("toy", "fake/one"): Earlier(pytest.approx(15.0), pytest.approx(2.0))}


def test_another_models_answers_tell_the_length_but_not_the_speed(tmp_path):
    stored(tmp_path, [answered("a", 10, 1.0, model="fake/two"), answered("b", 30, 1.0, model="fake/two")])
    got = earlier(tmp_path, ["toy", "unseen"], ["fake/one"])
    assert got.means == {("toy", "fake/one"): Earlier(pytest.approx(20.0), None, same_model=False)}


def test_the_longest_samples_come_from_the_newest_run_of_the_model(tmp_path):
    stored(tmp_path, [answered("a", 1, 9.0), answered("b", 1, 9.0)])
    stored(tmp_path, [answered("a", 1, 1.0), answered("b", 1, 3.0), answered("b", 1, 5.0, draw=1), unanswered("c")])
    stored(tmp_path, [answered("a", 500, 1.0, model="fake/two")])
    got = earlier(tmp_path, ["toy"], ["fake/one"]).seconds["toy", "fake/one"]
    assert got == {"b": pytest.approx(5.0), "a": pytest.approx(1.0)}


def test_of_many_samples_only_the_longest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("sinan.store.earlier.LONGEST", 3)
    stored(tmp_path, [answered(str(i), 1, 1.0 + i) for i in range(30)])
    got = earlier(tmp_path, ["toy"], ["fake/one"]).seconds["toy", "fake/one"]
    assert set(got) == {"29", "28", "27"}


def test_for_a_new_model_another_models_tokens_order_the_samples(tmp_path):
    stored(tmp_path, [answered("short", 10, 9.0, model="fake/two"), answered("long", 90, 1.0, model="fake/two")])
    got = earlier(tmp_path, ["toy"], ["fake/one"]).seconds["toy", "fake/one"]
    assert got == {"long": pytest.approx(9.0), "short": pytest.approx(1.0)}


def test_another_protocol_tells_nothing_where_one_is_named(tmp_path):
    stored(tmp_path, [answered("a", 10, 1.0)], protocol="generate")
    assert earlier(tmp_path, ["toy"], ["fake/one"], {"toy": "default"}) == EarlierRuns()
    assert earlier(tmp_path, ["toy"], ["fake/one"], {"toy": "generate"}).means


def test_runs_that_cannot_be_read_are_passed_over(tmp_path):
    whole = stored(tmp_path, [answered("a", 10, 1.0)])
    sound = orjson.loads((whole.path / NAME).read_bytes())["cells"][0]
    damages = [b'{"cells": [', b"[]", b'{"cells": 3}', b'{"cells": [7]}', b'{"cells": [{}]}']
    damages += [orjson.dumps({"cells": [sound | change]}) for change in ({"longest": [[1]]}, {"tokens_out": "many"})]
    for damage in damages:
        torn = stored(tmp_path, [answered("a", 70, 1.0)])
        (torn.path / NAME).write_bytes(damage)
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "no-samples").mkdir()
    got = earlier(tmp_path, ["toy"], ["fake/one"])
    assert got.means["toy", "fake/one"].tokens_out == pytest.approx(10.0)
    assert whole.samples.exists()


def test_answers_of_which_nothing_was_counted_tell_no_length(tmp_path):
    stored(tmp_path, [answered("a", None, 2.0)])
    got = earlier(tmp_path, ["toy"], ["fake/one", "fake/two"])
    assert got.means == {("toy", "fake/one"): Earlier(None, pytest.approx(2.0))}


def test_a_folder_whose_name_looks_like_a_pattern_is_read(tmp_path):
    runs = tmp_path / "runs [of *] mine?"
    stored(runs, [answered("a", 10, 1.0)])
    assert earlier(runs, ["toy"], ["fake/one"]).means


def test_only_the_newest_runs_are_looked_into(tmp_path, monkeypatch):
    monkeypatch.setattr("sinan.store.earlier.RUNS", 2)
    stored(tmp_path, [answered("a", 1000, 1.0)])
    for _ in range(2):
        stored(tmp_path, [answered("a", 10, 1.0)])
    assert earlier(tmp_path, ["toy"], ["fake/one"]).means["toy", "fake/one"].tokens_out == pytest.approx(10.0)
