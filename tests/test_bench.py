"""The bench: its sections run, its checks can fail, and its page keeps what was not measured again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "bench"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", BENCH)))}

pytestmark = pytest.mark.skipif(not BENCH.is_dir(), reason="the bench is not part of this copy")


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=BENCH, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )


def said(code: str) -> object:
    """What a program that knows the bench's modules prints, as JSON."""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("section", ["faults", "kills", "sharing"])
def test_a_section_that_checks_what_may_never_happen_runs_and_writes_no_figures(section):
    before = (BENCH / "RESULTS.md").read_bytes()
    done = python("run.py", "--small", section)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "|---|" in done.stdout and "VIOLATED" not in done.stdout
    assert (BENCH / "RESULTS.md").read_bytes() == before


def test_an_unknown_section_is_refused():
    done = python("run.py", "speed")
    assert done.returncode == 2
    assert "no section is called speed; there are startup" in done.stderr


LOST = """
import json, sys
from pathlib import Path
from processes import Violation
from sections.kills import Life, Plan

folder = Path(sys.argv[1])
journal = folder / "runs" / "1-a" / "journal.jsonl"
journal.parent.mkdir(parents=True)
lines = [json.dumps({"sample_id": str(i)}) + chr(10) for i in range(3)]
told = []
for later in (lines, lines[1:], [*lines, lines[0]], [*lines[:2], lines[2].replace("{", '{"score": 0, ')]):
    life = Life(Plan((3,), 1, 1, 0.1, False), None, folder, ())
    journal.write_text("".join(lines))
    life._none_lost()
    journal.write_text("".join(later))
    try:
        life._none_lost()
        told.append("")
    except Violation as error:
        told.append(str(error).partition(" (Plan")[0])
print(json.dumps(told))
"""


def test_the_bench_of_kills_sees_a_record_that_is_lost_changed_or_there_twice(tmp_path):
    done = python("-c", LOST, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "",
        "1 durable records are gone, the first ('0', 0)",
        "two records of ('0', 0) in the journal",
        "1 durable records are gone, the first ('2', 0)",
    ]


ASKED_AGAIN = """
import json
from pathlib import Path
from processes import Violation
from sections.kills import Life, Plan

class Stand:
    def __init__(self, counts): self.told = counts
    def counts(self): return self.told

told = []
for counts in ({0: 1, 2: 1}, {0: 1, 1: 1, 2: 1}, {0: 1}):
    life = Life(Plan((3,), 1, 1, 0.1, False), Stand(counts), Path(), (), {("1", 0): b""})
    try:
        life._none_again(whole=True)
        told.append("")
    except Violation as error:
        told.append(str(error).partition(" (Plan")[0])
print(json.dumps(told))
"""


def test_the_bench_of_kills_sees_a_question_that_is_asked_again_or_never():
    assert said(ASKED_AGAIN) == [
        "",
        "question 1: 0 draws open, asked 1 times",
        "question 2: 1 draws open, asked 0 times",
    ]


def test_a_section_replaces_its_own_part_of_the_page_alone():
    parts = said(
        """
import json, results
old = results.replaced("", ["A", "B"], {"A": ["a 1"], "B": ["b 1", "", "### b 2"]})
new = results.replaced(old, ["C", "A"], {"A": ["a 2"], "C": ["c"]})
print(json.dumps([results.parts(results.replaced(old, ["A", "B"], {"A": ["a 2"]})), list(results.parts(new))]))
"""
    )
    assert parts == [{"A": "## A\n\na 2\n", "B": "## B\n\nb 1\n\n### b 2\n"}, ["C", "A"]]


def test_what_goes_wrong_depends_on_the_question_and_the_attempt_alone():
    shares, same = said(
        """
import json
from collections import Counter
from server import Behaviour
how, again = (Behaviour("problem", 0.1, 1.0, {"429": 0.1, "hang": 0.05}, seed=3) for _ in range(2))
keys = [(i, attempt) for i in range(5_000) for attempt in range(2)]
drawn = Counter(how.fault(*key) for key in keys)
same = all(how.fault(*k) == again.fault(*k) for k in keys[::-7]) and how.latency(9) == again.latency(9)
print(json.dumps([{str(name): n / len(keys) for name, n in drawn.items()}, same]))
"""
    )
    assert same and shares == pytest.approx({"429": 0.1, "hang": 0.05, "None": 0.85}, abs=0.02)


def test_the_server_says_nine_answers_in_ten_right_and_lets_in_no_more_than_its_rate():
    right, let_in = said(
        """
import json, work
from server import Behaviour, Limit
rights = {
    name: [work.reply(name, i).endswith(f"ANSWER: {make(i).answer}") for i in range(1_000)]
    for name, make in work.WORKS.items()
}
same = all(marks == [i % 10 != 0 for i in range(1_000)] for marks in rights.values())
let_in = {}
for kind in ("bucket", "window"):
    limit = Limit(Behaviour("problem", rate=40, limit=kind, burst=5, window=10))
    began = limit._last
    let_in[kind] = sum(limit.lets_in(began + at / 100) for at in range(2_000))
print(json.dumps([same and work.expected(range(1_000)) == 0.9, let_in]))
"""
    )
    assert right
    assert let_in["window"] == 800
    assert 795 <= let_in["bucket"] <= 805


def test_figures_show_what_is_written_and_the_unflattering_cases_too():
    found = said(
        "import json, figures, results; from sections import coverage, stopping; "
        "parts = results.parts(results.PATH.read_text()); "
        "stopped = figures.replayed(parts[stopping.TITLE]); covered = figures.covered(parts[coverage.TITLE]); "
        "print(json.dumps([{one.title: [one.jobs, one.gaps] for one in stopped}, covered]))"
    )
    stopped, covered = found
    text = (BENCH / "RESULTS.md").read_text()
    for title, (jobs, gaps) in stopped.items():
        assert title in text and f"| complete ranking | {jobs['complete ranking']} % |" in text and "0-1" in gaps
    pairs = [pair for of in covered.values() for designs in of.values() for pair in designs]
    assert f"on {len(pairs)} designs" in text
    ours, wald = zip(*pairs, strict=True)
    assert f"worst {min(ours)} (Wald:" in text and f" and {min(wald)})" in text
