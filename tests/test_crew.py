"""Several processes ask one run: the same numbers, nothing twice, nothing left out, whoever is killed and when."""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan import crew
from sinan.engine import Tally, plan
from sinan.errors import UsageError
from sinan.evaluate import Watch
from sinan.share import Order, _LeftOut, packed, unpacked, whose
from sinan.store import journal
from sinan.types import Completion, Outcome, Prompt, Question, RunSpec, Sample, SampleResult, Score, Usage
from tests.fakes import FakeModel, benchmark, numbered
from tests.server import ChatServer
from tests.test_end_to_end import KEY, lines, number_in, one_line, right, sinan, start, the_run, until

COUNT = 200


@pytest.fixture
def work(tmp_path):
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": i * 7, "group": f"g{i % 3}"} for i in range(COUNT)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


MINE = """
import os
from sinan.prompts import Template
from sinan.scoring import Number
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling

SIZES = {{"a": 5, "b": 40, "c": 17}}

def read(subset, seed):
    for i in range(SIZES[subset]):
        number = ord(subset) * 1000 + i
        yield Sample(f"{{subset}}{{i}}", f"#{{number}}# times seven?", str(number * 7), group=subset)

def benchmark():
    print("somebody's own code prints")
    card = Card("Mine", "Sevens.", "math", ("en",), licence="CC0", source="generated")
    asked = Protocol(Template(chat="{{question}}"), OneTurn(), Number(), Sampling(max_tokens={tokens}))
    return Benchmark("mine", card, Dataset(read, tuple(SIZES), size=62), accuracy, {{"default": asked}})
"""


def mostly_right(question):
    """Wrong now and then, by the question alone; one question has no answer at all."""
    number = number_in(question)
    return (400, "no such question") if number == 150 else right(question) if number % 11 else "ANSWER: 1"


def run_json(work, server, *words):
    code, out, err = sinan(work, "run", *words, "-m", server.model, "--json", "--no-cache")
    document = json.loads(out[out.index("{") :])
    return code, document, err


def children(process):
    """The processes that it started, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == process.pid and b"sinan.share" in (stat.parent / "cmdline").read_bytes():
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return sorted(found)


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def keys(work):
    return Counter((r["sample_id"], r["draw"]) for r in journal.read(the_run(work) / "journal.jsonl"))


@pytest.mark.parametrize(
    "words",
    [
        ("q.jsonl",),
        ("q.jsonl", "--samples", "3", "-p", "temperature=0.5", "-n", "70"),
        ("mine.py", "-n", "30"),
        ("mine.py", "q.jsonl", "--concurrency", "7"),
    ],
    ids=" ".join,
)
def test_any_number_of_workers_gives_the_same_results_and_asks_each_question_once(work, words):
    (work / "mine.py").write_text(MINE.format(tokens=16))
    told = {}
    for workers in ("1", "2", "3"):
        with ChatServer(mostly_right) as server:
            code, document, _ = run_json(work, server, *words, "--workers", workers)
            told[workers] = code, document["results"], document["requests"], server.asked
    assert told["1"] == told["2"] == told["3"]
    assert set(told["1"][3].values()) == {3 if "--samples" in words else 1}


def test_results_are_on_disk_as_of_one_process(work):
    with ChatServer(mostly_right) as server:
        code, document, err = run_json(work, server, "q.jsonl", "--workers", "3")
    assert code == 1 and document["status"] == "partial" and "no such question" in err
    folder = the_run(work)
    assert json.loads((folder / "results.json").read_text()) == document["results"]
    code, out, _ = sinan(work, "show", "last", "--samples", "--json", "--rows", "500")
    assert sorted(int(s["sample_id"]) for s in json.loads(out)["samples"]) == list(range(COUNT))
    assert all(KEY.encode() not in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(("first", "second"), [("1", "3"), ("3", "2"), ("2", "1")])
def test_another_number_of_workers_goes_on_where_a_run_was_interrupted(work, first, second):
    with ChatServer(right) as server:
        expected = run_json(work, server, "q.jsonl", "--runs", "undisturbed")[1]["results"]
    with ChatServer(right, hold_after=60) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--no-cache", "--concurrency", "6")
        process = start(work, *words, "--workers", first)
        until(lambda: server.held.is_set() and lines(work) == 60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 130, "interrupted", "--resume")
        assert "60" in out, "what was on disk is counted"
        server.release()
        server.asked.clear()
        code, out, err = sinan(work, *words, "--workers", second, "--json")
        assert code == 0 and "going on with run" in err
        assert len(server.asked) == COUNT - 60 and set(server.asked.values()) == {1}
    document = json.loads(out)
    assert document["requests"] == {"sent": COUNT - 60, "cached": 0, "resumed": 60, "retried": 0}
    assert document["results"] == expected and set(keys(work).values()) == {1}


@pytest.mark.parametrize(("victim", "after"), [("share", 7), ("share", 60), ("share", 120), ("crew", 25), ("crew", 90)])
def test_kill_9_of_any_process_at_any_time_loses_nothing_and_asks_nothing_twice(work, victim, after):
    killed = []

    def answer(question):
        if sum(server.asked.values()) >= after and not killed:
            shares = children(process)
            asking = shares[whose(str(number_in(question)), 3)]  # they were started in this order
            killed.extend([process.pid if victim == "crew" else asking, *shares])
            os.kill(killed[0], signal.SIGKILL)
        return right(question)

    with ChatServer(right) as server:
        expected = run_json(work, server, "q.jsonl", "--runs", "undisturbed")[1]["results"]
    with ChatServer(answer, hold_after=COUNT - 10) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--no-cache", "--concurrency", "6")
        process = start(work, *words, "--workers", "3", "--json")
        out, err = process.communicate(timeout=60)
        until(lambda: all(gone(pid) for pid in killed))
        if victim != "crew":
            one_line(err, process.returncode, 2, f"process {killed[0]}", "SIGKILL", "--resume")
            assert json.loads(out)["results"][0]["n"] <= lines(work), "what was reported is in the journal"
        kept = {int(sample) for sample, _ in keys(work)}
        assert after - 10 <= len(kept) < COUNT
        server.release()
        server.asked.clear()
        code, out, err = sinan(work, *words, "--workers", "2", "--json")
        assert code == 0 and "going on with run" in err
        assert {number_in(question) for question in server.asked} == set(range(COUNT)) - kept
        assert set(server.asked.values()) == {1}
    assert json.loads(out)["results"] == expected and set(keys(work).values()) == {1}


def test_when_the_crew_is_killed_the_others_stop_with_what_was_answered_and_hold_the_lock_until_then(work):
    with ChatServer(right, hold_after=40) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--no-cache", "--concurrency", "6", "--workers", "2")
        process = start(work, *words)
        until(lambda: server.held.is_set() and lines(work) == 40)
        shares = children(process)
        assert len(shares) == 2
        for pid in shares:
            os.kill(pid, signal.SIGSTOP)
        process.kill()
        process.wait()
        code, _, err = sinan(work, "run", "--resume", "last")
        one_line(err, code, 2, "being written by process", str(process.pid))
        for pid in shares:
            os.kill(pid, signal.SIGCONT)
        until(lambda: all(gone(pid) for pid in shares))  # the server holds its answers back: nobody waits for them
        process.communicate()
        assert lines(work) == 40


def test_sigterm_ends_cleanly_and_leaves_no_process_behind(work):
    with ChatServer(right, hold_after=30) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "6", "--workers", "2")
        until(lambda: server.held.is_set() and lines(work) == 30)
        shares = children(process)
        process.terminate()
        _, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 130, "--resume")
        assert len(shares) == 2 and all(gone(pid) for pid in shares)
    about = json.loads((the_run(work) / "run.json").read_text())
    assert about["status"] == "stopped" and about["requests"]["sent"] == 30


def test_a_wrong_key_is_one_line_and_shows_nothing_secret(work):
    with ChatServer(lambda q: (401, f"Incorrect API key provided: {KEY}")) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4", "--workers", "2")
        one_line(err, code, 2, "OPENAI_API_KEY", "--resume")
        assert sum(server.asked.values()) <= 4
    assert KEY not in out + err


def test_a_full_disk_is_one_clear_line_and_loses_nothing(work):
    import resource

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    with ChatServer(right) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--no-cache")
        code, out, err = sinan(work, *words, "--workers", "3", "--json", preexec_fn=small_files)
        one_line(err, code, 2, "cannot write", "journal.jsonl", "--resume")
        kept = {int(sample) for sample, _ in keys(work)}
        assert 5 < json.loads(out)["results"][0]["n"] <= len(kept) < COUNT
        server.asked.clear()
        code, out, _ = sinan(work, *words, "--workers", "3", "--json")
        assert code == 0 and {number_in(question) for question in server.asked} == set(range(COUNT)) - kept
        assert json.loads(out)["results"][0]["value"] == 1.0


@pytest.mark.parametrize(
    ("limit", "amount", "told"), [("--max-tokens-total", "400", "tokens"), ("--max-cost", "0.004", "$")]
)
def test_a_budget_is_shared_out_and_never_overshot_by_more_than_one_call_each(work, limit, amount, told):
    with ChatServer(right) as server:
        model = f"{server.model}&price_in=10&price_out=10"
        words = ("run", "q.jsonl", "-m", model, "--json", "--no-cache", "--workers", "2")
        code, out, err = sinan(work, *words, limit, amount, "--concurrency", "4")
        one_line(err, code, 3, "budget", "workers", told, "--resume")
        (cell,) = json.loads(out)["results"]
        tokens = cell["tokens_in"] + cell["tokens_out"]
        assert 0 < tokens <= 400 + 2 * 10
        server.asked.clear()
        code, out, _ = sinan(work, *words)
        assert code == 0 and json.loads(out)["results"][0]["n"] == COUNT
        assert sum(server.asked.values()) == COUNT - cell["n"]


def test_time_that_is_up_stops_all_of_them(work):
    with ChatServer(right) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--no-cache", "--workers", "2", "--max-time", "0.000001")
        code, _, err = sinan(work, *words)
        one_line(err, code, 3, "2 of 2 workers", "seconds")
        assert not server.asked


def test_answers_of_the_cache_are_found_and_kept_by_every_process(work):
    with ChatServer(right) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--json", "--workers")
        assert json.loads(sinan(work, *words, "2")[1])["requests"]["sent"] == COUNT
        requests = json.loads(sinan(work, *words, "3")[1])["requests"]
        assert requests == {"sent": 0, "cached": COUNT, "resumed": 0, "retried": 0}
        assert set(server.asked.values()) == {1}


def test_processes_that_see_other_questions_than_the_crew_ask_nothing(work):
    (work / "mine.py").write_text(MINE.format(tokens="16 + os.getpid()"))
    with ChatServer(right) as server:
        code, _, err = sinan(work, "run", "mine.py", "-m", server.model, "--workers", "2")
        one_line(err, code, 2, "changed", "mine", "again")
        assert not server.asked


def test_models_of_this_machine_are_asked_by_this_process_alone(work):
    code, _, err = sinan(work, "run", "q.jsonl", "-m", "needle/xs", "--workers", "2")
    one_line(err, code, 2, "--workers 2", "needle/xs")
    assert not (work / "runs").exists()


@pytest.mark.parametrize(
    ("wanted", "calls", "expected", "endpoint", "limited", "cores", "size"),
    [
        (None, 1024, 50_000, "http://a", False, 16, 4),
        (None, 1024, 50_000, "http://a", False, 4, 2),
        (None, 1024, 50_000, "http://a", False, 2, 1),
        (None, 1024, 50_000, "http://a", True, 16, 1),
        (None, 1024, 500, "http://a", False, 16, 1),
        (None, 1024, 50_000, "", False, 16, 1),
        (None, 400, 50_000, "http://a", False, 16, 1),
        (None, None, 50_000, "http://a", False, 16, 1),
        (5, None, 50_000, "http://a", True, 1, 5),
        (5, 3, 50_000, "http://a", False, 1, 3),
        (5, None, 2, "http://a", False, 1, 2),
        (1, None, 2, "", False, 1, 1),
    ],
)
def test_auto_means_several_only_where_that_is_sure_to_help(
    monkeypatch, wanted, calls, expected, endpoint, limited, cores, size
):
    monkeypatch.setattr(crew, "_cores", lambda: cores)
    asked = SimpleNamespace(models=[FakeModel(str, endpoint=endpoint)], waits=False, concurrency=calls)
    assert crew.size(wanted, asked, expected, limited) == size


def test_several_processes_for_a_local_model_are_refused():
    asked = SimpleNamespace(models=[FakeModel(str)], waits=False, concurrency=None)
    with pytest.raises(UsageError, match="fake/one runs on this machine"):
        crew.size(2, asked, 10, False)


def test_an_id_that_holds_half_of_a_character_is_refused():
    toy, spec = benchmark([Sample("\ud800", "question", "0")]), RunSpec(("toy",), ("fake/one",))
    with pytest.raises(UsageError, match="id of a sample must be a text of whole characters"):
        list(plan.cell(toy, plan.protocol(toy, spec), FakeModel(str), spec, _LeftOut(0, 1)).questions)


@settings(deadline=None)
@given(
    ids=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), unique=True, max_size=40),
    of=st.integers(1, 7),
    draws=st.integers(1, 3),
    data=st.data(),
)
def test_the_shares_are_all_questions_that_are_left_and_each_once(ids, of, draws, data):
    samples = [Sample(id, "question", "0") for id in ids]
    toy, spec = benchmark(samples), RunSpec(("toy",), ("fake/one",), draws=draws)
    everything = [("toy", "fake/one", id, draw) for id in ids for draw in range(draws)]
    done = data.draw(st.sets(st.sampled_from(everything))) if everything else set()
    shares = []
    for number in range(of):
        left_out = _LeftOut(number, of)
        for question in done:
            left_out.add(question)
        cell = plan.cell(toy, plan.protocol(toy, spec), FakeModel(str), spec, left_out)
        shares.append([("toy", "fake/one", q.sample.id, q.draw) for q in cell.questions])
        assert {whose(id, of) for _, _, id, _ in shares[-1]} <= {number}, "all draws of a sample together"
    asked = [question for share in shares for question in share]
    assert sorted(asked) == sorted(set(everything) - done)


@settings(deadline=None)
@given(
    st.builds(
        Order,
        folder=st.just("runs/a"),
        runs=st.just("runs"),
        of=st.integers(1, 9),
        timeout=st.floats(1, 9),
        concurrency=st.none() | st.integers(9, 999),
        cache=st.booleans(),
        max_cost=st.none() | st.floats(0.01, 9),
        max_tokens=st.none() | st.integers(9, 999),
        max_time=st.none() | st.floats(1, 9),
        until=st.none() | st.floats(1, 9),
    )
)
def test_what_is_allowed_in_all_is_what_the_shares_sum_to(order):
    shares = [order.shared(number) for number in range(order.of)]
    assert [share.number for share in shares] == list(range(order.of))
    for name in ("concurrency", "max_cost", "max_tokens"):
        whole = getattr(order, name)
        parts = [getattr(share, name) for share in shares]
        assert parts == [None] * order.of if whole is None else sum(parts) == pytest.approx(whole)
        assert whole is None or all(part > 0 for part in parts)
    assert all(Order(**json.loads(share.line())) == share for share in shares)


completions = st.builds(
    Completion,
    text=st.text(max_size=5),
    finish_reason=st.just("stop"),
    usage=st.builds(Usage, st.none() | st.integers(0, 99), st.none() | st.integers(0, 99)),
    attempts=st.integers(1, 6),
    requests=st.integers(1, 4),
    cached=st.booleans(),
)
scores = st.builds(Score, st.floats(0, 1), st.sampled_from([Outcome.CORRECT, Outcome.WRONG])) | st.just(
    Score(None, Outcome.FAILED, None, "why " * 400)
)


@settings(deadline=None)
@given(st.lists(st.tuples(completions | st.none(), scores, st.integers(1, 6), st.none() | st.floats(0, 9))))
def test_a_report_counts_as_the_result_itself(found):
    toy, model = benchmark(numbered(1)), FakeModel(str)
    spec = RunSpec(("toy",), ("fake/one",), draws=2)
    cells = [plan.cell(toy, plan.protocol(toy, spec), model, spec, plan.Done())]
    here, there = Tally(cells, 2, plan.Done()), Tally(cells, 2, plan.Done())
    for place, (completion, score, attempts, cost) in enumerate(found):
        sample = Sample(f"\ud83d{place // 2}", "question", "0", group=f"g{place % 2}")
        question = Question(sample, Prompt(text="question"), place % 2)
        attempts = attempts if completion is None else completion.attempts
        result = SampleResult("toy", "fake/one", question, completion, score, attempts, cost)
        row = json.loads(json.dumps(packed(result, {("toy", "fake/one"): 0})))
        here.count(result)
        there.count(unpacked(row, [("toy", "fake/one")]))
    told = [(t.requests(), t.results({"toy": "v"}, {"toy": "default"}), t.cost_usd) for t in (here, there)]
    assert told[0] == told[1]


def test_scripts_can_ask_with_several_processes_too(work):
    import sinan

    heard = []

    class Listener(Watch):
        def began(self, run, path, expected, tally, paces):
            heard.append((expected, paces))

        def counted(self, result, cell):
            heard.append(result.question.sample.id)

    with ChatServer(right) as server:
        run = sinan.run(
            str(work / "q.jsonl"), server.model, runs=work / "runs", workers=2, concurrency=6, watch=Listener()
        )
    (expected, paces), *ids = heard
    assert run.results[0].estimate.value == 1.0 and len(run.samples()) == expected == COUNT
    assert sorted(map(int, ids)) == list(range(COUNT)), "each is heard of once"
    assert [(pace.limit, pace.told, pace.waiting) for pace in paces] == [(6, "pace 6 in 2 processes", "")]
