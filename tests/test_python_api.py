"""The door: what `import sinan` gives, and a run from Python."""

import asyncio
import json
from pathlib import Path

import pytest

import sinan
from sinan.errors import UsageError
from tests.server import ChatServer


def right(question):
    return f"ANSWER: {int(question.split('#')[1]) * 7}"


@pytest.fixture
def questions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": i * 7} for i in range(20)]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "q.jsonl"


def test_everything_the_door_names_is_behind_it():
    for name in sinan.__all__:
        assert getattr(sinan, name) is not None
    with pytest.raises(AttributeError):
        sinan.nothing  # noqa: B018


def test_a_run_from_python_gives_results_and_lazy_samples(questions):
    with ChatServer(right) as server:
        run = sinan.run(questions, server.model, limit=10, parameters={"temperature": 0})
    assert run.status == "complete"
    assert (run.results[0].estimate.value, run.results[0].estimate.n) == (1.0, 10)
    assert sorted(row[0] for row in run.samples().project("sample_id").fetchall()) == sorted(map(str, range(10)))


def test_two_runs_share_one_event_loop(questions):
    async def both(model):
        return await asyncio.gather(sinan.run_async(questions, model), sinan.run_async(questions, model))

    with ChatServer(right) as server:
        one, two = asyncio.run(both(server.model))
    assert one.id != two.id
    assert one.results[0].estimate == two.results[0].estimate


def test_cancelling_concludes_the_run_and_is_heard(questions):
    async def cancelled(server):
        task = asyncio.create_task(sinan.run_async(questions, server.model, concurrency=2))
        await asyncio.to_thread(server.held.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ChatServer(right, hold_after=6) as server:
        asyncio.run(cancelled(server))
        (about,) = Path("runs").glob("*/run.json")
        assert json.loads(about.read_text())["status"] == "stopped"


def test_a_misspelt_keyword_is_refused(questions):
    with pytest.raises((TypeError, UsageError)):
        sinan.run(questions, "needle/s", limits=3)


@pytest.mark.parametrize("parameters", [{"api_key": "sk-abcdefghijkl"}, {"n": 2}, {"temperature": "hot"}, {"stop": ""}])
def test_parameters_are_checked_from_python_as_on_the_command_line(questions, parameters):
    with pytest.raises(UsageError):
        sinan.run(questions, "openai/x?base_url=http://127.0.0.1:9/v1", parameters=parameters)
    assert not Path("runs").exists()
