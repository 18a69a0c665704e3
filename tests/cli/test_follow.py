"""`sinan show --follow`: a run of another process, watched until it ends, is left, or loses its process."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sinan.cli.follow import Followed
from sinan.evaluate import stored_results
from sinan.store import listed
from tests.server import ChatServer


def number_in(question):
    return int(question.split("#")[1])


def answer(question):
    return f"ANSWER: {number_in(question) * 7 if number_in(question) % 2 else 0}"


@pytest.fixture
def work(tmp_path):
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(1, 41)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def start(work, *words, stdout=subprocess.PIPE):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "SINAN_"))}
    more = {"OPENAI_API_KEY": "sk-test-0123456789", "SINAN_CACHE": str(work / "cache"), "NO_COLOR": "1"}
    more |= {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "sinan", *words]
    return subprocess.Popen(command, cwd=work, env=kept | more, stdout=stdout, stderr=subprocess.PIPE, text=True)


def until(condition):
    tick = threading.Event()
    for _ in range(3000):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("it never came to that")


def run_in_progress(work, server, answers):
    """A run whose server holds back what comes after so many answers, once all of them are in its journal."""
    process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4", "--quiet")
    until(lambda: server.held.is_set() and lines(work) == answers)
    return process, listed(work / "runs")[-1]


def lines(work):
    return sum(path.read_bytes().count(b"\n") for path in work.glob("runs/*/journal.jsonl"))


def ended(process):
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def test_a_run_is_followed_from_another_process_to_its_end(work):
    with ChatServer(answer, hold_after=15) as server:
        run, folder = run_in_progress(work, server, 15)
        view = start(work, "show", "last", "--follow")
        first = view.stdout.readline()
        assert f"run {folder.id}   15 of 40   37 %" in first and "n 15 failed 0" in first
        server.release()
        code, out, err = ended(view)
        assert ended(run)[0] == 0
    assert code == 0 and "complete" in out and "50.0" in out and not err


def test_the_document_at_the_end_is_that_of_show(work):
    with ChatServer(answer, hold_after=15) as server:
        run, folder = run_in_progress(work, server, 15)
        view = start(work, "show", "last", "--follow", "--json")
        server.release()
        code, out, _ = ended(view)
        assert ended(run)[0] == 0
    document = json.loads(out)
    assert code == 0 and document["writer"] == "ended" and document["status"] == "complete"
    assert document["results"] == [row for r in stored_results(folder) for row in r.to_json()]


def test_a_run_whose_process_was_killed_is_told_with_the_way_to_go_on(work):
    with ChatServer(answer, hold_after=15) as server:
        run, folder = run_in_progress(work, server, 15)
        view = start(work, "show", "last", "--follow")
        assert view.stdout.readline()
        run.kill()
        run.communicate()
        code, out, err = ended(view)
        assert code == 1 and "its process is gone" in out
        assert f"sinan run --resume runs/{folder.id}" in err
        code, out, _ = ended(start(work, "show", "last", "--follow", "--json"))
    document = json.loads(out)
    assert (code, document["writer"], document["status"]) == (1, "gone", "running")
    assert document["results"][0]["n"] == 15


def test_ctrl_c_ends_the_view_and_not_the_run(work):
    with ChatServer(answer, hold_after=15) as server:
        run, _ = run_in_progress(work, server, 15)
        view = start(work, "show", "last", "--follow")
        assert view.stdout.readline()
        view.send_signal(signal.SIGINT)
        code, out, err = ended(view)
        assert code == 0 and "running" in out and "the run goes on" in err
        assert run.poll() is None
        server.release()
        assert ended(run)[0] == 0


def test_a_terminal_is_drawn_on_again(work):
    with ChatServer(answer, hold_after=15) as server:
        run, _ = run_in_progress(work, server, 15)
        ours, theirs = pty.openpty()
        view = start(work, "show", "last", "--follow", stdout=theirs)
        os.close(theirs)
        seen = b""
        while b"Ctrl-C ends the view" not in seen:
            seen += os.read(ours, 65536)
        assert b"15 of 40" in seen
        server.release()
        while b"complete" not in seen:
            seen += os.read(ours, 65536)
        assert view.wait(60) == 0 and ended(run)[0] == 0
        view.stderr.close()
    os.close(ours)


def test_a_finished_run_is_shown_at_once(work):
    with ChatServer(answer) as server:
        assert ended(start(work, "run", "q.jsonl", "-m", server.model, "--quiet"))[0] == 0
    code, out, _ = ended(start(work, "show", "last", "--follow"))
    assert code == 0 and "complete" in out


def test_what_was_followed_is_what_the_journal_says_though_a_failure_was_asked_again(work):
    broken = {4, 5}
    with ChatServer(lambda q: (400, "no") if number_in(q) in broken else answer(q), hold_after=15) as server:
        run, folder = run_in_progress(work, server, 15)
        run.kill()
        run.communicate()
        followed = Followed(folder)
        assert followed.read() and not followed.read()
        assert followed.results() == stored_results(folder)
        assert followed.results()[0].outcomes["failed"] == 2 and followed.done == 15
        with folder.journal.open("ab") as journal:
            journal.write(b'{"benchmark": "half a li')
        assert not followed.read()
        broken.clear()
        server.release()
        assert ended(start(work, "run", "--resume", folder.id, "--quiet"))[0] == 0
        assert followed.read() and followed.done == followed.expected == 40
        assert [r.to_json() for r in followed.results()] == [r.to_json() for r in stored_results(folder)]


def test_follow_goes_with_results_alone(work):
    with ChatServer(answer) as server:
        assert ended(start(work, "run", "q.jsonl", "-m", server.model, "-n", "3", "--quiet"))[0] == 0
    code, _, err = ended(start(work, "show", "last", "--follow", "--wrong"))
    assert code == 2 and "--follow" in err
