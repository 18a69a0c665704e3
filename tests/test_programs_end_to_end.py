"""Programs through the whole program: asked of a server, run in the sandbox, reported as pass@k with their evidence."""

import json
from collections import Counter

from tests.scoring.programs import sandboxed
from tests.server import ChatServer
from tests.test_end_to_end import sinan

pytestmark = sandboxed()
ROWS = [
    {"id": "add", "question": "Read two numbers and write their sum.", "tests": [{"input": "1 2\n", "output": "3"}]},
    {"id": "twice", "question": "Twice?", "call": "twice", "tests": [{"input": "4", "output": "8"}]},
]


def answers():
    """Every second draw is right."""
    drawn = Counter()

    def answer(question):
        drawn[question] += 1
        right = drawn[question] % 2 == 0
        if "sum" in question:
            return f"```python\nprint({'sum(map(int, input().split()))' if right else '0'})\n```"
        return f"```python\ndef twice(n):\n    return n * {2 if right else 3}\n```"

    return answer


def test_draws_of_programs_are_run_and_told_as_pass_at_k(tmp_path):
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with ChatServer(answers()) as server:
        options = ("--samples", "4", "-p", "temperature=0.8", "--json", "--concurrency", "1")
        code, out, err = sinan(tmp_path, "run", "mine.jsonl", "-m", server.model, *options)
    assert code == 0, err
    results = json.loads(out)["results"]
    found = {one["metric"]: one["value"] for one in results}
    assert set(found) == {"pass@1", "pass@4"}, found
    assert found["pass@1"] == 0.5
    assert found["pass@4"] == 1.0
    _, out, _ = sinan(tmp_path, "show", "last", "--id", "add", "--json")
    assert "isolation" in out
