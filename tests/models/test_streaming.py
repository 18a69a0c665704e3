"""The client of load tests against servers that stream well, badly, and for ever."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest

from sinan import models
from sinan.errors import RequestRejected, TransientError
from sinan.models import streaming
from sinan.types import Completion, Message, Prompt, Sampling, Usage
from tests.streams import CUT, DONE, HANG, StreamServer, answer, delta, event, http, usage

SHORT = Sampling(max_tokens=9)
QUESTION = Prompt(messages=(Message("user", "go on"),))


@asynccontextmanager
async def asking(server, stream=True, timeout=20.0, options=""):
    model = models.open_model(server.model + options, timeout)
    asker = streaming.asker(model, stream, timeout)
    yield asker
    await asker.close()
    await model.close()


async def asked(server, prompt=QUESTION, sampling=SHORT, **how):
    async with asking(server, **how) as asker:
        return await asker.prepare(prompt, sampling)()


async def test_times_lie_outside_of_what_the_server_did_and_within_the_call():
    with StreamServer(lambda n, body: [0.03, *answer(5, 0.02)]) as server:
        before = time.perf_counter()
        exchange = await asked(server)
        after = time.perf_counter()
    (served,) = server.served
    assert before <= exchange.sent <= served.came
    assert exchange.first >= served.written[0]
    assert served.written[-1] <= exchange.ended <= after
    assert exchange.failure is None
    assert exchange.chunks == 5
    assert exchange.usage == Usage(7, 5)


async def test_gaps_are_those_between_the_chunks_with_content():
    with StreamServer(lambda n, body: answer(6, 0.02)) as server:
        exchange = await asked(server)
    (served,) = server.served
    assert len(exchange.gaps) == 5
    assert all(gap >= 0 for gap in exchange.gaps)
    # Seen after it was written, each of them: the last chunk is no earlier than its writing.
    assert exchange.first + sum(exchange.gaps) >= served.written[-1]
    assert exchange.first + sum(exchange.gaps) <= exchange.ended


async def test_chunks_that_come_together_have_no_gap():
    with StreamServer(lambda n, body: [delta(content="a") + delta(content="b") + usage(1, 2) + DONE]) as server:
        exchange = await asked(server)
    assert list(exchange.gaps) == [0.0]
    assert exchange.first == exchange.ended


@pytest.mark.parametrize("late", [[], [usage(9, 1)]])
async def test_a_stream_that_ends_after_a_finish_reason_needs_no_marker(late):
    end = event({"choices": [{"delta": {"content": "b"}, "finish_reason": "length"}]})
    with StreamServer(lambda n, body: [delta(content="a"), 0.01, end, *late]) as server:
        exchange = await asked(server)
    assert (exchange.failure, exchange.chunks) == (None, 2)
    assert exchange.usage == (Usage(9, 1) if late else Usage(None, None))
    assert exchange.sent < exchange.first < exchange.ended


async def test_reasoning_is_a_first_token():
    with StreamServer(lambda n, body: [delta(reasoning_content="so"), 0.02, delta(content="4"), DONE]) as server:
        exchange = await asked(server)
    assert exchange.first < exchange.ended
    assert exchange.chunks == 2
    assert exchange.usage == Usage(None, None)


async def test_the_end_is_done_and_a_stream_that_goes_on_is_left():
    with StreamServer(lambda n, body: [*answer(2), *[b": more\n\n", 0.001] * 100, HANG]) as server:
        exchange = await asked(server)
        assert exchange.failure is None
        assert exchange.chunks == 2


async def test_a_connection_is_used_again_after_done():
    with StreamServer() as server:
        async with asking(server) as asker:
            for _ in range(3):
                assert (await asker.prepare(QUESTION, Sampling())()).failure is None
    assert server.connections == 1


async def test_the_request_asks_for_a_stream_its_count_and_no_compression():
    with StreamServer() as server:
        await asked(server, sampling=Sampling(temperature=None, max_tokens=9, extra={"ignore_eos": True}))
    (served,) = server.served
    assert served.path == "/v1/chat/completions"
    assert served.body == {
        "model": "mock",
        "messages": [{"role": "user", "content": "go on"}],
        "max_tokens": 9,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert served.headers["accept-encoding"] == "identity"


async def test_base_models_are_streamed_text():
    with StreamServer(lambda n, body: [event({"choices": [{"text": "a"}]}), DONE]) as server:
        exchange = await asked(server, prompt=Prompt(text="once"), options="&api=completions")
    assert server.served[0].path == "/v1/completions"
    assert server.served[0].body["prompt"] == "once"
    assert exchange.chunks == 1


WHOLE = {"choices": [{"message": {"content": "4"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}


async def test_whole_answers_have_no_first_token():
    with StreamServer(lambda n, body: http(200, WHOLE)) as server:
        exchange = await asked(server, stream=False)
    assert (exchange.first, exchange.chunks, exchange.usage) == (None, 0, Usage(9, 1))
    assert "stream" not in server.served[0].body


BAD_STREAMS = {
    "no JSON": ([event(b"{nonsense"), DONE], "a chunk of the stream is no JSON"),
    "wrong types": ([event({"choices": {"a": 1}}), DONE], "a chunk of the stream has choices that cannot be read"),
    "no DONE": ([delta(content="a")], "the stream ended without [DONE]"),
    "an empty reason": (
        [event({"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]})],
        "the stream ended without [DONE] and without a finish_reason",
    ),
    "finished, then cut": ([event({"choices": [{"delta": {}, "finish_reason": "stop"}]}), CUT], "the answer was cut"),
    "finished, and empty": ([event({"choices": [{"delta": {}, "finish_reason": "stop"}]})], "the answer is empty"),
    "nothing": ([], "the stream ended without [DONE]"),
    "DONE at once": ([DONE], "the answer is empty (no chunk holds content or reasoning)"),
    "cut": ([delta(content="a"), CUT], "the answer was cut"),
    "cut in a chunk": ([delta(content="a")[:20], CUT], "the answer was cut"),
    "an error in the stream": ([delta(content="a"), event({"error": {"message": "OOM at 7"}})], "the server sent an"),
    "a huge line": ([b"data: " + b"x" * 70_000] * 20, "a line of the stream is longer than 1,048,576 bytes"),
    "a stream that is none": (http(200, WHOLE), "the answer was not streamed (measure whole answers with --no-stream)"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", "the answer is no HTTP (ClientResponseError)"),
    "429": (http(429, {"error": {"message": "slow down, request 17"}}), "429 Too Many Requests"),
    "500": (http(500, b"<html>oh</html>"), "500 Internal Server Error"),
    "an odd status": (http(799), "799 (no standard status)"),
}


@pytest.mark.parametrize("kind", BAD_STREAMS)
async def test_bad_streams_are_failures_with_a_reason(kind):
    steps, reason = BAD_STREAMS[kind]
    with StreamServer(lambda n, body: steps) as server:
        exchange = await asked(server)
    assert exchange.failure.reason.startswith(reason)
    assert len(server.served) == 1  # and never tried again


async def test_a_reason_leaves_the_particulars_to_the_detail():
    with StreamServer(lambda n, body: http(429, {"error": {"message": "slow down, request 17"}})) as server:
        failure = (await asked(server)).failure
    assert failure.reason == "429 Too Many Requests"
    assert failure.detail == "429 Too Many Requests: slow down, request 17"


@pytest.mark.parametrize("steps", [[HANG], [*[b": keep-alive\n\n", 0.001] * 5000, HANG], [delta(content="a"), HANG]])
async def test_a_stream_that_never_ends_meets_the_timeout(steps):
    with StreamServer(lambda n, body: steps) as server:
        exchange = await asked(server, timeout=0.3)
    assert exchange.failure.reason == "no answer within 0.3 s"


async def test_the_timeout_of_the_models_own_address_holds():
    with StreamServer(lambda n, body: [HANG]) as server:
        exchange = await asked(server, options="&timeout=0.2")
    assert exchange.failure.reason == "no answer within 0.2 s"


async def test_an_endless_stream_meets_the_byte_limit(monkeypatch):
    monkeypatch.setattr(streaming, "BODY_LIMIT", 100_000)
    with StreamServer(lambda n, body: [delta(content="again ") * 50] * 1000) as server:
        exchange = await asked(server)
    assert exchange.failure.reason == "the stream is longer than 100,000 bytes"


@pytest.mark.parametrize(("status", "unusable"), [(401, True), (404, True), (400, False), (302, True), (503, False)])
async def test_what_no_other_request_would_change_is_known(status, unusable):
    with StreamServer(lambda n, body: http(status, {"error": "no"}, "Location: http://elsewhere/\r\n")) as server:
        failure = (await asked(server)).failure
    assert failure.unusable is unusable
    assert failure.rejected is (status == 400)


async def test_nothing_listens(closed_port):
    class Nobody:
        model = f"openai/mock?base_url=http://127.0.0.1:{closed_port}/v1"

    assert (await asked(Nobody)).failure.reason == "connection refused"


async def test_the_key_travels_and_is_never_told(monkeypatch):
    key = "sk-very-secret-indeed"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = [delta(content="a"), event({"error": {"message": f"bad key {key}"}})]
    with StreamServer(lambda n, body: http(500, {"error": f"{key}!"}) if n == 0 else said) as server:
        first, second = await asked(server), await asked(server)
    assert server.served[0].headers["authorization"] == f"Bearer {key}"
    assert key not in json.dumps([first.failure.detail, first.failure.reason, second.failure.detail])
    assert "bad key ***" in second.failure.detail


async def test_a_caller_that_goes_away_is_no_failure():
    with StreamServer(lambda n, body: [HANG]) as server:
        task = asyncio.create_task(asked(server))
        while not server.served:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_cannot_be_written_is_rejected_beforehand():
    with StreamServer() as server:
        async with asking(server) as asker:
            with pytest.raises(RequestRejected):
                asker.prepare(QUESTION, Sampling(extra={"messages": []}))


class Peer:
    """A model of another provider: it answers, or fails."""

    name, form, endpoint = "other/one", "base", "https://other.example"

    def __init__(self, answer):
        self.answer = answer

    async def generate(self, prompt, sampling):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def whole(answer):
    return streaming.asker(Peer(answer), True, 20.0)


async def test_other_models_are_asked_through_their_own_protocol():
    asker = whole(Completion("4", "stop", Usage(9, 1)))
    exchange = await asker.prepare(Prompt(text="2+2"), Sampling())()
    assert (asker.streams, exchange.first, exchange.usage, exchange.failure) == (False, None, Usage(9, 1), None)
    assert exchange.ended >= exchange.sent


async def test_other_models_failures_are_reasons_too():
    failure = (await whole(TransientError("other/one: 500 Oh: try 3")).prepare(Prompt(text=""), Sampling())()).failure
    assert (failure.reason, failure.detail) == ("500 Oh", "500 Oh: try 3")


async def test_an_answer_at_a_later_attempt_has_failed():
    asker = whole(Completion("4", "stop", attempts=3))
    assert (await asker.prepare(Prompt(text=""), Sampling())()).failure.reason == "answered at a later attempt"
