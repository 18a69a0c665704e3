"""A file of questions whose answers a server on loopback knows."""

import json

import pytest

from tests.stopping.models import N


@pytest.fixture
def work(tmp_path):
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(N)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path
