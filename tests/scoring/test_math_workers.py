"""The workers that compare mathematics: deadlines hold, nothing is lost, nothing is left over, nothing is done."""

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sinan.scoring import Math
from sinan.scoring.mathematics.pool import Pool
from sinan.types import Completion, Outcome, Sample

pytest.importorskip("math_verify")

HANGS = r"\boxed{\sum_{n=1}^{10^9} \sin(n^2)}"
HARD = [(r"\sqrt{2}", r"\frac{2}{\sqrt{2}}", True), ("(x+1)^2", "x^2+2x+1", True), (r"\sqrt{2}", r"\sqrt{3}", False)]


@pytest.fixture(scope="module")
def pool():
    pool = Pool(2)
    yield pool
    pool.close()


def judged(gold: str, text: str, **settings: float):
    return Math(**settings)(Sample("1", "?", gold), Completion(text, "stop"))


def test_what_hangs_is_unparsed_and_says_why():
    score = judged("1", HANGS, deadline=0.3)
    assert (score.value, score.outcome, score.answer) == (0.0, Outcome.UNPARSED, None)
    assert "longer than 0.3 s" in score.explanation
    assert score.readings[0].answer == r"\sum_{n=1}^{10^9} \sin(n^2)"


def test_other_samples_do_not_notice_those_that_hang(pool):
    asked = [*HARD, ("1", HANGS[7:-1], None)] * 4
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda case: pool.compare(case[0], case[1], 0.5), asked))
    assert [reply.same for reply in replies] == [case[2] for case in asked]
    assert all("longer than" in reply.why for reply in replies if reply.same is None)


def test_a_worker_that_was_killed_costs_no_verdict(pool):
    assert pool.compare(*HARD[0][:2], 5.0).same is True
    for worker in pool._idle:
        os.kill(worker.pid, signal.SIGKILL)
    assert [pool.compare(gold, answer, 5.0).same for gold, answer, _ in HARD] == [True, True, False]


def test_a_nursery_that_was_killed_is_replaced(pool):
    assert pool.compare(*HARD[0][:2], 5.0).same is True
    pool._nursery.kill()
    pool._nursery.wait()
    assert [pool.compare(gold, answer, 5.0).same for gold, answer, _ in HARD] == [True, True, False]


def test_a_number_too_large_to_be_computed_is_unparsed():
    score = judged("x", r"\boxed{x + 9^{9^{9^{9}}}}")
    assert score.outcome == Outcome.UNPARSED
    assert "too large" in score.explanation


def test_a_formula_that_needs_much_memory_is_unparsed_or_wrong_and_the_next_one_is_judged(pool):
    reply = pool.compare("1", r"\int 10^{10^{9}} dx", 2.0)
    assert reply.same is not True
    assert pool.compare(*HARD[0][:2], 5.0).same is True


RUN = """
import os, sys, threading
from sinan.scoring.mathematics.pool import shared
pool = shared()
assert pool.compare("\\\\int_0^1 x dx", "\\\\frac{1}{3}", 5.0).same is False
hanging = threading.Thread(target=pool.compare, args=("1", "\\\\sum_{n=1}^{10^9} \\\\sin(n^2)", 500.0), daemon=True)
hanging.start()
while pool._idle:
    pass
print(pool._nursery.pid, *children(pool._nursery.pid), flush=True)
sys.stdin.readline()
"""
CHILDREN = """
def children(pid):
    from pathlib import Path
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_workers_end_with_their_process_however_it_ends(end):
    program = subprocess.Popen(
        [sys.executable, "-c", CHILDREN + RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) > 1
    watched = [os.pidfd_open(pid) for pid in pids]
    if end:
        program.send_signal(end)
    else:
        program.stdin.close()
    program.wait(30)
    import select

    for descriptor in watched:
        assert select.select([descriptor], [], [], 30)[0], "a worker is left over"
        os.close(descriptor)
    program.stdout.close()
    with contextlib.suppress(OSError):
        program.stdin.close()


DEEDS = {
    "start a program": "os.system('true')",
    "start a process": "subprocess.run(['true'])",
    "write a file": "open('written', 'w')",
    "remove a file": "os.remove('kept')",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "load a library": "__import__('ctypes').CDLL(None)",
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_worker_is_ended_where_it_would(deed, tmp_path):
    (tmp_path / "kept").write_text("")
    program = (
        f"import os, socket, subprocess\nfrom sinan.scoring.mathematics.worker import _limit\n_limit()\n{DEEDS[deed]}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 77
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_worker_gets_no_more_than_its_memory():
    program = "from sinan.scoring.mathematics.worker import _limit, MEMORY\n_limit()\nbytearray(MEMORY)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    )
    assert done.returncode == 1
