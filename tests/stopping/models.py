"""Models whose score on the questions of a test is known."""

import contextlib
import json

from tests.in_process import sinan
from tests.server import ChatServer
from tests.test_end_to_end import number_in, right

N = 400


def questions(work):
    """The file of questions."""
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(N)]
    (work / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def good(share):
    """A model that has this share of the questions right; which, no neighbour tells."""
    return lambda q: right(q) if number_in(q) * 37 % 100 < 100 * share else "ANSWER: 1"


def named(server, name):
    return f"openai/{name}?base_url={server.url}"


def asked_whole(work, shares):
    """A finished run of these models."""
    with contextlib.ExitStack() as stack:
        models = [named(stack.enter_context(ChatServer(good(share))), name) for name, share in shares.items()]
        code, _, err = sinan(work, "run", "q.jsonl", *(word for model in models for word in ("-m", model)), "--quiet")
    assert code == 0, err
