"""A model in batches, in this process: what is sent, what comes back, and what is done about every kind of failure."""

import asyncio
import json
import time

import pytest
from aiohttp import web

from sinan.errors import ModelUnusable, RequestRejected, StoreError, TransientError, UsageError
from sinan.models import open_model, streaming
from sinan.models.batches import openai as openai_batches
from sinan.models.prices import price_of
from sinan.types import Message, Prompt, Sampling
from sinan.types.asking import ASKING, Asking
from sinan.types.price import Price
from tests.anthropic_batch_server import AnthropicBatchServer
from tests.batch_server import OpenAIBatchServer

SAMPLING = Sampling(max_tokens=50)


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", OpenAIBatchServer.key)
    monkeypatch.setenv("ANTHROPIC_API_KEY", AnthropicBatchServer.key)


@pytest.fixture(params=[OpenAIBatchServer, AnthropicBatchServer])
def api(request):
    """The server of either vendor."""
    pytest.importorskip("anthropic")
    return request.param


def prompt(text):
    return Prompt((Message("user", text),))


def asked(body):
    return body["messages"][-1]["content"]


def echo(body):
    return f"to {asked(body)}"


async def answers(model, texts, settle=False):
    """What comes for each text: a completion or an error."""
    await model.open()
    try:
        return await asyncio.gather(*(_ask(model, text) for text in texts), return_exceptions=True)
    finally:
        if settle:
            await model.settle()
        await model.close()


async def _ask(model, text):
    ASKING.set(Asking(f"benchmark/{text}/0/0"))
    return await model.generate(prompt(text), SAMPLING)


def texts(completions):
    return [completion.text for completion in completions]


async def test_answers_find_their_questions_in_whatever_order_and_however_long_they_are(api):
    """Files of several megabytes, in pieces that end inside of lines and characters."""
    with api(lambda body: f"to {asked(body)} " + "司南 " * 300) as server:
        model = open_model(server.model)
        came = await answers(model, [f"问 {i}" for i in range(2_000)])
    assert texts(came) == [f"to 问 {i} " + "司南 " * 300 for i in range(2_000)]
    assert {c.attempts for c in came} == {1} and {c.usage.tokens_in for c in came} == {7}
    assert len(server.batches) == 1


async def test_a_batch_holds_no_more_than_it_may_in_number_and_in_bytes(monkeypatch):
    with OpenAIBatchServer(echo) as server:
        came = await answers(open_model(server.model + "&batch_size=4"), list("abcdefghij"))
        assert texts(came) == [f"to {c}" for c in "abcdefghij"]
        assert [len(lines) for lines in server.lines.values()] == [4, 4, 2]
        size = len(server.files["file-0"]) // 4
        monkeypatch.setattr(openai_batches.OpenAIBatches, "most_bytes", 3 * size + 5)
        came = await answers(open_model(server.model), list("klmnopq"))
        assert texts(came) == [f"to {c}" for c in "klmnopq"]
        assert [len(lines) for lines in server.lines.values()][3:] == [3, 3, 1]


async def test_requests_are_told_apart_by_the_question_and_by_how_often_it_asks():
    with OpenAIBatchServer(echo) as server:
        model = open_model(server.model)
        await model.open()
        ASKING.set(Asking("benchmark/1/0/0"))
        first = [model.generate(prompt("same"), SAMPLING) for _ in range(3)]
        came = await asyncio.gather(*map(asyncio.create_task, first))
        await model.close()
        assert len(server.accepted) == 3 and len(came) == 3
        again = open_model(server.model)
        await again.open()
        ASKING.set(Asking("benchmark/1/0/0"))
        await asyncio.gather(*(again.generate(prompt("same"), SAMPLING) for _ in range(3)))
        assert len(server.batches) == 1
        ASKING.set(Asking("benchmark/1/1/0"))
        await again.generate(prompt("same"), SAMPLING)
        await again.close()
        assert len(server.accepted) == 4


async def test_what_is_settled_is_asked_anew_and_what_is_not_is_fetched_again():
    with OpenAIBatchServer(echo) as server:
        await answers(open_model(server.model), ["a"])
        await answers(open_model(server.model), ["a"], settle=True)
        assert set(server.accepted.values()) == {1}
        await answers(open_model(server.model), ["a"])
        assert set(server.accepted.values()) == {2}


async def test_a_rejected_request_fails_alone(api):
    with api(lambda body: (400, "too long") if asked(body) == "b" else echo(body)) as server:
        came = await answers(open_model(server.model), ["a", "b", "c"])
    assert isinstance(came[1], RequestRejected) and "/mock: the server rejected the request (400" in str(came[1])
    assert "too long" in str(came[1]) and texts([came[0], came[2]]) == ["to a", "to c"]
    assert len(server.batches) == 1


async def test_what_a_filter_declines_to_answer_is_a_refusal_as_it_is_one_by_one(api):
    said = "Output blocked by content filtering policy"
    with api(lambda body: (400, said) if asked(body) == "b" else echo(body)) as server:
        came = await answers(open_model(server.model), ["a", "b"])
    assert [c.finish_reason for c in came] == ["stop", "refusal"] and said in came[1].text and came[1].latency_s == 0.0
    assert len(server.batches) == 1


async def test_a_request_that_expired_is_sent_in_a_next_batch_alone(api):
    seen = []

    def answer(body):
        seen.append(asked(body))
        return None if asked(body) == "b" and seen.count("b") == 1 else echo(body)

    with api(answer) as server:
        server.end = "expired" if api is OpenAIBatchServer else ""
        came = await answers(open_model(server.model), ["a", "b", "c"])
    assert texts(came) == ["to a", "to b", "to c"] and [c.attempts for c in came] == [1, 2, 1]
    assert sorted(seen) == ["a", "b", "b", "c"]


async def test_a_request_that_a_server_keeps_failing_is_given_up_after_three_batches(api):
    with api(lambda body: (500, "oops") if asked(body) == "b" else echo(body)) as server:
        came = await answers(open_model(server.model), ["a", "b"])
    assert isinstance(came[1], TransientError) and came[1].attempts == 3 and "oops" in str(came[1])
    assert len(server.batches) == 3 and came[0].text == "to a"


async def test_an_answer_that_makes_no_sense_is_asked_for_again():
    seen = []

    def answer(body):
        seen.append(1)
        return None if len(seen) > 99 else ([] if len(seen) == 1 else echo(body))

    with OpenAIBatchServer(answer) as server:
        came = await answers(open_model(server.model), ["a"])
    assert texts(came) == ["to a"] and len(server.batches) == 2


async def test_denied_to_all_means_that_the_model_cannot_be_used_and_to_one_that_it_cannot(api):
    with api(lambda body: (404, "no such model")) as server:
        came = await answers(open_model(server.model), ["a", "b"])
        assert all(isinstance(one, ModelUnusable) for one in came)
    with api(lambda body: (403, "not this") if asked(body) == "b" else echo(body)) as server:
        came = await answers(open_model(server.model), ["a", "b"])
        assert isinstance(came[1], RequestRejected) and came[0].text == "to a"


async def test_a_server_that_wants_to_be_left_alone_is_asked_later_for_the_same_batch(api):
    with api(echo) as server:
        server.refuse = [web.json_response({}, status=429, headers={"Retry-After": "0.05"}) for _ in range(3)]
        assert texts(await answers(open_model(server.model), ["a"])) == ["to a"]
        assert len(server.batches) == 1 and set(server.accepted.values()) == {1}


async def test_a_batch_whose_making_was_answered_to_nobody_is_found_and_not_made_twice(api):
    with api(echo) as server:
        server.lost = 1
        assert texts(await answers(open_model(server.model), ["a", "b"])) == ["to a", "to b"]
        assert len(server.batches) == 1 and set(server.accepted.values()) == {1}


async def test_it_is_found_on_a_later_page_too(api):
    with api(echo) as server:
        for text in "abcde":
            await answers(open_model(server.model), [text])
        first = min(ledger_files(server), key=lambda path: json.loads(path.read_text())["created"])
        row = json.loads(first.read_text())
        first.write_text(json.dumps(row | {"batch": None}))
        assert texts(await answers(open_model(server.model), ["a"])) == ["to a"]
        assert len(server.batches) == 5 and json.loads(first.read_text())["batch"] == next(iter(server.batches))


def ledger_files(server):
    from sinan import settings

    return sorted((settings.load().cache / "batches").glob("*/sinan-*.json"))


async def test_a_server_that_fails_before_it_makes_a_batch_is_asked_again(api):
    with api(echo) as server:
        server.refuse = [web.json_response({}, status=500), web.json_response({}, status=502)]
        assert texts(await answers(open_model(server.model), ["a"])) == ["to a"]
        assert len(server.batches) == 1


async def test_a_request_to_make_a_batch_that_is_rejected_stops_the_run_with_its_reason():
    with OpenAIBatchServer(echo) as server:
        server.refuse = [web.json_response({"error": {"message": "no batches for you"}}, status=400)]
        came = await answers(open_model(server.model), ["a", "b"])
        assert all(isinstance(one, ModelUnusable) for one in came)
        said = (
            "openai/mock: a batch cannot be made: the server rejected the request (400 Bad Request: no batches for you)"
        )
        assert str(came[0]) == said
        assert not ledger_files(server)


async def test_where_the_providers_queue_is_full_batches_become_smaller_until_they_fit():
    full = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached.", "line": None}
    with OpenAIBatchServer(echo) as server:
        server.fault = lambda lines: [full] if len(lines) > 3 else []
        came = await answers(open_model(server.model), list("abcdefgh"))
        assert texts(came) == [f"to {c}" for c in "abcdefgh"]
        assert len(server.accepted) == 8 and set(server.accepted.values()) == {1}
        server.fault = lambda lines: [full]
        came = await answers(open_model(server.model), list("xy"))
        assert all(isinstance(one, ModelUnusable) and "not even a batch of one" in str(one) for one in came)


async def test_where_other_batches_fill_the_queue_the_next_waits_for_one_of_them_to_end():
    full = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached.", "line": None}
    with OpenAIBatchServer(echo, looks=6) as server:
        open_ones = ("validating", "in_progress", "finalizing")
        busy = lambda: sum(not b["_faults"] and b["status"] in open_ones for b in server.batches.values())  # noqa: E731
        server.fault = lambda lines: [full] if busy() else []
        came = await answers(open_model(server.model + "&batch_size=4"), list("abcdefghij"))
        assert texts(came) == [f"to {c}" for c in "abcdefghij"]
        assert set(server.accepted.values()) == {1}
        assert [len(server.lines[id]) for id, b in server.batches.items() if not b["_faults"]] == [4, 4, 2]


async def test_a_download_that_is_cut_is_begun_again(api):
    with api(lambda body: "x" * 1_000) as server:
        server.cut = 2
        came = await answers(open_model(server.model), [str(i) for i in range(500)])
        assert {c.text for c in came} == {"x" * 1_000}
        assert set(server.accepted.values()) == {1}


async def test_a_batch_that_was_cancelled_at_the_provider_is_not_sent_again_by_itself(api):
    with api(lambda body: None if asked(body) == "b" else echo(body)) as server:
        server.end = "cancelled"
        came = await answers(open_model(server.model), ["a", "b"])
        assert came[0].text == "to a" and isinstance(came[1], ModelUnusable) and "was cancelled" in str(came[1])
        server.answer, server.end = echo, ""
        assert texts(await answers(open_model(server.model), ["a", "b"])) == ["to a", "to b"]
        assert sorted(server.accepted.values()) == [1, 2]


async def test_a_batch_that_is_gone_is_sent_again(api):
    """Its results are kept for a month, or it was another account's."""
    with api(echo) as server:
        await answers(open_model(server.model), ["a"])
        (file,) = ledger_files(server)
        row = json.loads(file.read_text())
        file.write_text(json.dumps(row | {"batch": "batch_99", "created": time.time() - 3_600}))
        assert texts(await answers(open_model(server.model), ["a"])) == ["to a"]
        assert len(server.batches) == 2 and file not in ledger_files(server)


async def test_what_is_older_than_a_month_is_dropped_from_the_ledger():
    with OpenAIBatchServer(echo) as server:
        await answers(open_model(server.model), ["a"])
        (file,) = ledger_files(server)
        row = json.loads(file.read_text())
        file.write_text(json.dumps(row | {"created": time.time() - 31 * 86_400}))
        await answers(open_model(server.model), ["b"])
        assert file not in ledger_files(server)


async def test_a_ledger_that_cannot_be_read_stops_the_run_and_says_what_removing_it_means():
    with OpenAIBatchServer(echo) as server:
        await answers(open_model(server.model), ["a"])
        (file,) = ledger_files(server)
        file.write_text('{"name": ')
        (came,) = await answers(open_model(server.model), ["a"])
        assert isinstance(came, StoreError) and str(file) in str(came) and "remove it" in str(came)
        assert len(server.batches) == 1


async def test_a_strangers_batch_that_might_have_been_ours_is_waited_for_and_then_ours_is_sent():
    """Where batches have no name, one of as many requests, made at the same time, may be ours. Its results tell."""
    pytest.importorskip("anthropic")
    with AnthropicBatchServer(echo) as elsewhere:
        await answers(open_model(elsewhere.model), ["b"])
        (file,) = ledger_files(elsewhere)
        (ours,) = json.loads(file.read_text())["ids"]
        file.unlink()
    with AnthropicBatchServer(echo) as server:
        await answers(open_model(server.model), ["a"])
        (file,) = ledger_files(server)
        file.write_text(json.dumps(json.loads(file.read_text()) | {"ids": [ours], "batch": None}))
        assert texts(await answers(open_model(server.model), ["b"])) == ["to b"]
        assert server.steps.count("results") == 1 + 3 + 1  # of "a"; three times the stranger's; ours
        assert set(server.accepted.values()) == {1} and len(server.batches) == 2 and ours in server.accepted


async def test_two_models_that_ask_the_same_at_once_send_it_once():
    """Whoever comes second finds the first's batch in the ledger, or waits until it is there."""
    with OpenAIBatchServer(echo) as server:
        both = await asyncio.gather(*(answers(open_model(server.model), ["a", "b"]) for _ in range(2)))
        assert [texts(came) for came in both] == [["to a", "to b"]] * 2
        assert set(server.accepted.values()) == {1}


async def test_a_key_that_a_result_repeats_does_not_get_into_an_answer(api):
    with api(lambda body: f"the key is {api.key}") as server:
        assert texts(await answers(open_model(server.model), ["a"])) == ["the key is (key)"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("batch=2", "batch must be one of 0, 1"),
        ("batch=1&batch_size=0", "batch_size must be a whole number"),
        ("batch=1&batch_size=x", "batch_size must be a whole number"),
        ("batch=1&poll=0", "poll must be a positive number of seconds"),
        ("batch_size=5", "batch_size is about batches"),
        ("batch=0&poll=5", "poll is about batches"),
        ("batch=1&stream=1", "stream and batch=1 do not go together"),
        ("batch=1&rpm=5", "rpm and batch=1 do not go together"),
        ("batch=1&logprobs=1", "logprobs and batch=1 do not go together"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(options, said):
    with pytest.raises(UsageError, match=said):
        open_model(f"openai/mock?base_url=http://127.0.0.1:9/v1&{options}")


def test_a_model_in_batches_waits_with_many_questions_alone_and_gives_no_log_likelihoods(api):
    one, batched = (open_model(f"openai/m?base_url=http://127.0.0.1:9/v1{more}") for more in ("", "&batch=1"))
    assert (batched.batch_size, batched.concurrency) == (10_000, 50_000)
    assert (one.batch_size, one.concurrency) == (0, 32)
    assert one.endpoint != batched.endpoint and one.identity == batched.identity
    assert "loglikelihood" in one.capabilities and "loglikelihood" not in batched.capabilities


def test_a_listed_price_is_halved_and_an_option_is_taken_at_its_word(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-one")
    whole, half = price_of(open_model("openai/gpt-4o-mini")), price_of(open_model("openai/gpt-4o-mini?batch=1"))
    assert half.input_usd == whole.input_usd / 2 and half.output_usd == whole.output_usd / 2
    assert price_of(open_model("openai/gpt-4o-mini?batch=1&price_in=1&price_out=2")) == Price(1.0, 2.0)


def test_a_load_test_of_batches_is_refused():
    with pytest.raises(UsageError, match="answered at once"):
        streaming.asker(open_model("openai/m?base_url=http://127.0.0.1:9/v1&batch=1"), True, 10.0)
