"""Batches as a user meets them: `sinan run` as a process, a strict server on loopback, kill -9 at any step."""

import json
import signal
from pathlib import Path

import pytest

from tests.anthropic_batch_server import AnthropicBatchServer
from tests.batch_server import STEPS, OpenAIBatchServer
from tests.test_end_to_end import environment, lines, one_line, sinan, start, the_run, until

N = 40


def number_in(body):
    return int(body["messages"][-1]["content"].split("#")[1])


def right(body):
    return f"Let me see.\nANSWER: {number_in(body) * 7}"


@pytest.fixture(params=[OpenAIBatchServer, AnthropicBatchServer])
def api(request, monkeypatch):
    """The server of either vendor: what a user meets is the same."""
    pytest.importorskip("anthropic")
    monkeypatch.setenv("ANTHROPIC_API_KEY", AnthropicBatchServer.key)
    return request.param


@pytest.fixture
def work(tmp_path):
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(N)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def killed_at(server, process, step, ready=lambda: True):
    """Kill -9 at the first such step, once it is `ready`; what follows is another process's."""

    def after(name):
        if name == step and process.poll() is None:
            until(ready)
            process.send_signal(signal.SIGKILL)
            process.wait()

    server.after = after


def accepted_once(server, n=N):
    assert len(server.accepted) == n and set(server.accepted.values()) == {1}


def test_a_run_in_batches_gives_the_results_of_any_other(work, api):
    with api(right) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
    assert code == 0, err
    document = json.loads(out)
    (result,) = document["results"]
    assert result["value"] == 1.0 and result["n"] == N and result["tokens_in"] == 7 * N
    accepted_once(server)
    assert document["requests"] == {"sent": N, "cached": 0, "resumed": 0, "retried": 0}
    assert tuple(server.steps) == api.steps_of_a_run
    assert f"{N} questions sent as batch {next(iter(server.batches))}; answers come within 24 hours" in err


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("api", [OpenAIBatchServer], indirect=True)
def test_kill_9_at_any_step_pays_nothing_twice(work, api, step):
    killed_and_gone_on_with(work, api, step)


@pytest.mark.parametrize("step", STEPS[1:])  # nothing is uploaded there
@pytest.mark.parametrize("api", [AnthropicBatchServer], indirect=True)
def test_so_it_is_where_a_batch_cannot_be_given_a_name(work, api, step):
    killed_and_gone_on_with(work, api, step)


def killed_and_gone_on_with(work, api, step):
    with api(right) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model)
        killed_at(server, process, step, lambda: step != "half" or lines(work) >= N // 4)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
        assert code == 0, err
        accepted_once(server)
    document = json.loads(out)
    (result,) = document["results"]
    assert result["value"] == 1.0 and result["n"] == N
    assert (document["requests"]["resumed"] > 0) == (step == "half"), "what came is kept, the others are fetched again"
    assert "going on with run" in err
    assert ("going on with batch" in err) == (step != "upload")


def test_kill_9_while_answers_come_in_asks_for_none_of_them_again(work, api):
    """Some are in the journal, the others wait in a file at the provider: both are paid for."""
    with api(right) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model + "&batch_size=10")
        downloads = iter(range(1000))

        def after(name):
            if name == "results" and next(downloads) == 2 and process.poll() is None:
                until(lambda: lines(work) >= 10)
                process.send_signal(signal.SIGKILL)
                process.wait()

        server.after = after
        process.communicate(timeout=60)
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model + "&batch_size=10", "--json")
        assert code == 0, err
        accepted_once(server)
    document = json.loads(out)
    assert document["results"][0]["value"] == 1.0 and document["results"][0]["n"] == N
    assert document["requests"]["resumed"] >= 10


def test_two_draws_of_one_question_are_two_requests_and_stay_so_when_a_run_goes_on(work, api):
    with api(right) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--samples", "3", "-n", "5")
        process = start(work, *words)
        killed_at(server, process, "look")
        process.communicate(timeout=60)
        code, _, err = sinan(work, *words)
        assert code == 0, err
        accepted_once(server, 15)


def test_ctrl_c_says_that_the_batch_goes_on_and_the_same_command_fetches_it(work, api):
    with api(right) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model)
        server.after = lambda step: process.send_signal(signal.SIGINT) if step == "look" else None
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "interrupted; 1 batch: 0 of 40 answered; that goes on there, and the same command fetches it" in err
        server.after = lambda step: None
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model)
        assert code == 0, err
        accepted_once(server)


def test_a_new_run_without_the_cache_asks_anew_once_the_first_is_complete(work):
    with OpenAIBatchServer(right) as server:
        for _ in range(2):
            code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--no-cache")
            assert code == 0, err
        assert set(server.accepted.values()) == {2}


def test_a_batch_that_fails_as_a_whole_is_one_clear_line_and_costs_nothing(work):
    said = {"code": "invalid_model", "message": "The model `mock` cannot be used in batches.", "line": 1}
    with OpenAIBatchServer(right) as server:
        server.fault = lambda lines: [said]
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model)
        line = "batch batch_0 was not worked on: line 1: The model `mock` cannot be used in batches. (invalid_model)"
        assert line in err and code == 2, err
        server.fault = lambda lines: []
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model)
        assert code == 0, err
        accepted_once(server)


def test_in_batches_tokens_cost_half_and_a_dry_run_promises_no_minutes(work, api):
    (work / "sinan.toml").write_text(
        '[prices."openai/mock"]\ninput = 2\noutput = 10\n[prices."anthropic/mock"]\ninput = 2\noutput = 10\n'
    )
    with api(right) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--dry-run")
        assert code == 0 and "answers in batches: each within 24 hours" in " ".join(out.split()), out
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
        assert code == 0, err
    assert json.loads(out)["results"][0]["cost_usd"] == pytest.approx(N * (7 * 1 + 3 * 5) / 1e6)
    one_by_one = server.model.replace("&batch=1&poll=0.05", "")
    code, out, err = sinan(work, "run", "q.jsonl", "-m", one_by_one, "--dry-run", "--json")
    assert code == 0 and json.loads(out)["estimate"]["seconds"] is None, "batches tell nothing of how fast a model is"


def test_after_its_time_a_run_begins_no_batch_and_waits_for_those_that_were_sent(work, api):
    with api(right, looks=80) as server:
        model = server.model + "&batch_size=5"
        code, out, err = sinan(work, "run", "q.jsonl", "-m", model, "--json", "--max-time", "3")
        assert code == 3 and "of 3 seconds" in err
        document = json.loads(out)
        assert document["results"][0]["n"] == len(server.accepted) == 25
        server.looks = 1
        code, out, err = sinan(work, "run", "q.jsonl", "-m", model, "--json")
        assert code == 0, err
        accepted_once(server)


def test_several_processes_are_refused(work):
    with OpenAIBatchServer(right) as server:
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--workers", "2")
    one_line(err, code, 2, "answers in batches", "--workers")


def test_no_key_and_no_text_is_in_the_ledger(work):
    with OpenAIBatchServer(right) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model)
        killed_at(server, process, "look")
        process.communicate(timeout=60)
        (folder,) = Path(environment()["SINAN_CACHE"]).glob("batches/*")
        (file,) = folder.glob("sinan-*.json")
        text = file.read_text()
        assert "sk-secret" not in text and "times seven" not in text
        assert set(json.loads(text)) == {"format", "endpoint", "name", "created", "ids", "batch"}
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model)
        assert code == 0, err
        assert not list(folder.glob("sinan-*.json")) and the_run(work)
