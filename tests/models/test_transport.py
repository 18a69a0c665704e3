"""The transport against servers that misbehave in every way that servers do. Nothing here waits for real."""

import asyncio
import email.utils
import gzip
import time
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import ModelError, ModelUnusable, Refused, RequestRejected, TransientError
from sinan.models import refusal
from sinan.models.transport import Endpoint, Patience, Transport
from tests.models.loopback import HANG, Server, http

KEY = "sk-test-0123456789abcdef"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"
CUT_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{"


class Client(Transport):
    """A transport whose waits are recorded instead of waited for."""

    def __init__(self, url: str, key: str | None = KEY, draw: float = 0.0, **patience) -> None:
        self.waits: list[float] = []
        super().__init__(
            Endpoint("openai/mock", url, "OPENAI_API_KEY", key),
            Patience(**patience),
            sleep=self._note,
            draw=lambda: draw,
        )

    async def _note(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def ask(self):
        try:
            return await self.post("/chat/completions", {"a": "é😀"}, lambda reply: reply)
        finally:
            await self.close()


async def failure(client: Client) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await client.ask()
    everything = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(client.endpoint)
    assert KEY not in everything
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("openai/mock: ")
    return caught.value


async def test_an_answer_comes_with_its_attempts_and_latency(server: Server) -> None:
    server.answers = [http(200, {"text": "日本 😀"})]
    reply = await Client(server.url).ask()
    assert reply.value == {"text": "日本 😀"} and reply.attempts == 1 and reply.latency_s > 0
    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions" and asked.body == {"a": "é😀"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_no_key_sends_no_authorization(server: Server) -> None:
    server.answers = [http(200, {})]
    await Client(server.url, key=None).ask()
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_passing_statuses_are_tried_again(server: Server, status: int) -> None:
    server.answers = [http(status, {"error": {"message": "busy"}}), http(status), http(200, {"fine": 1})]
    client = Client(server.url)
    reply = await client.ask()
    assert (reply.value, reply.attempts, client.retried, len(server.asked)) == ({"fine": 1}, 3, 2, 3)


@pytest.mark.parametrize(
    "answer",
    [CUT, CUT_CHUNKED, http(200, b'{"id": "x", "choices": [{"mess'), http(200, b""), http(200, b"<html>"), http(204),
     http(200, b"\xff\xfe"), http(200, b"NaN"), http(200, b"[" * 100_000), b"garbage\r\n\r\nConnection: close",
     b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", b"Connection: close"],
)  # fmt: skip
async def test_broken_answers_are_tried_again(server: Server, answer: bytes) -> None:
    server.answers = [answer, http(200, {"fine": 1})]
    reply = await Client(server.url).ask()
    assert reply.value == {"fine": 1} and reply.attempts == 2


async def test_a_hanging_server_times_out_and_is_tried_again(server: Server) -> None:
    server.answers = [HANG, http(200, {"fine": 1})]
    reply = await Client(server.url, timeout=0.05).ask()
    assert reply.attempts == 2 and reply.latency_s < 60


async def test_a_server_that_always_hangs_is_a_transient_error_with_the_time(server: Server) -> None:
    server.answers = [HANG]
    error = await failure(Client(server.url, timeout=0.02, attempts=2))
    assert isinstance(error, TransientError) and error.attempts == 2
    assert "no answer after 2 attempts; the last: no answer within 0.02 s" in str(error)


async def test_an_answer_of_the_wrong_shape_is_tried_again(server: Server) -> None:
    def read(reply):
        if "fine" not in reply:
            raise TransientError("odd")
        return reply["fine"]

    server.answers = [http(200, {}), http(200, {"fine": 7})]
    client = Client(server.url)
    reply = await client.post("/x", {}, read)
    await client.close()
    assert (reply.value, reply.attempts) == (7, 2)


async def test_attempts_end_with_the_last_reason(server: Server) -> None:
    server.answers = [http(500), http(503, {"error": {"message": f"melting {KEY}"}})]
    client = Client(server.url, attempts=4)
    error = await failure(client)
    assert isinstance(error, TransientError)
    assert (error.attempts, len(server.asked), len(client.waits), client.retried) == (4, 4, 3, 3)
    assert "after 4 attempts; the last: 503 Service Unavailable: melting ***" in str(error)


async def test_a_refused_connection_is_transient_once_the_run_is_on(closed_port: int) -> None:
    client = Client(f"http://127.0.0.1:{closed_port}/v1", attempts=3)
    error = await failure(client)
    assert isinstance(error, TransientError) and error.attempts == 3 and "connection refused" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestRejected), (401, ModelUnusable), (402, ModelUnusable), (403, ModelUnusable), (404, ModelUnusable),
     (405, RequestRejected), (413, RequestRejected), (418, RequestRejected), (422, RequestRejected)],
)  # fmt: skip
async def test_final_statuses_are_asked_once(server: Server, status: int, kind: type[ModelError]) -> None:
    server.answers = [http(status, {"error": {"message": f"no:\n{KEY} Authorization: Bearer {KEY}"}})]
    error = await failure(Client(server.url))
    assert type(error) is kind and error.attempts == 1 and len(server.asked) == 1
    assert str(status) in str(error) or status == 401


async def test_a_wrong_key_is_named_by_its_variable_only(server: Server) -> None:
    server.answers = [http(401, {"error": {"message": "Incorrect API key provided: sk-test-0*****cdef."}})]
    error = await failure(Client(server.url))
    assert "OPENAI_API_KEY" in str(error) and "cdef" not in str(error)
    error = await failure(Client(server.url, key=None))
    assert "wants a key" in str(error) and "OPENAI_API_KEY" in str(error)


async def test_an_empty_account_stops_the_run(server: Server) -> None:
    server.answers = [http(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})]
    assert isinstance(await failure(Client(server.url)), ModelUnusable)
    assert len(server.asked) == 1


async def test_a_redirect_is_refused_and_the_key_stays(server: Server) -> None:
    server.answers = [http(307, b"", f"Location: http://u:p@other.example/v2?key={KEY}\r\n")]
    error = await failure(Client(server.url))
    assert isinstance(error, ModelUnusable) and len(server.asked) == 1
    assert "redirects (307) to http://other.example/v2" in str(error) and "u:p" not in str(error)


async def test_a_long_answer_is_rejected_and_not_kept(server: Server) -> None:
    server.answers = [http(200, b'"' + b"x" * 300_000 + b'"')]
    error = await failure(Client(server.url, body_limit=100_000))
    assert isinstance(error, RequestRejected) and "100,000 bytes" in str(error)


async def test_a_long_answer_is_found_behind_its_compression(server: Server) -> None:
    server.answers = [http(200, gzip.compress(b'"' + b"x" * 2_000_000 + b'"'), "Content-Encoding: gzip\r\n")]
    error = await failure(Client(server.url, body_limit=100_000))
    assert isinstance(error, RequestRejected) and "100,000 bytes" in str(error)


async def test_an_answer_as_long_as_allowed_is_read(server: Server) -> None:
    server.answers = [http(200, b'"' + b"x" * 99_998 + b'"')]
    assert len((await Client(server.url, body_limit=100_000).ask()).value) == 99_998


async def test_a_long_error_is_one_short_line(server: Server) -> None:
    server.answers = [http(400, {"detail": "line\r\n\x1b[31m" * 20_000})]
    error = await failure(Client(server.url))
    assert len(str(error)) < 700 and "\x1b" not in str(error)


@pytest.mark.parametrize("at", range(540, 620, 7))
async def test_a_key_at_the_cut_of_a_long_error_is_gone(server: Server, at: int) -> None:
    server.answers = [http(400, b"y" * at + KEY.encode())]
    assert KEY[:6] not in str(await failure(Client(server.url)))


async def test_what_cannot_be_json_is_rejected_before_it_is_sent(server: Server) -> None:
    client = Client(server.url)
    with pytest.raises(RequestRejected, match="cannot be written as JSON"):
        await client.post("/x", {"prompt": "\ud800"}, lambda reply: reply)
    assert server.asked == []


async def test_retry_after_in_seconds_is_obeyed_up_to_a_limit(server: Server) -> None:
    server.answers = [http(429, b"", f"Retry-After: {value}\r\n") for value in ("7", "0.5", "100000", "x")]
    server.answers.append(http(200, {}))
    client = Client(server.url)
    await client.ask()
    assert client.waits == [7, 0.5, 120, 0]


async def test_retry_after_as_a_date_is_obeyed(server: Server) -> None:
    date = email.utils.formatdate(time.time() + 90, usegmt=True)
    server.answers = [http(503, b"", f"Retry-After: {date}\r\n"), http(200, {})]
    client = Client(server.url)
    await client.ask()
    assert 1 < client.waits[0] <= 90


def test_waits_double_and_are_spread() -> None:
    patience = Patience(backoff=0.5, backoff_limit=3)
    assert [patience.wait(n, 1.0, None) for n in (1, 2, 3, 4, 5)] == [0.5, 1, 2, 3, 3]
    assert patience.wait(3, 0.25, None) == 0.5
    assert patience.wait(1, 1.0, 10) == 10.5


@given(st.one_of(st.text(), st.floats().map(str), st.datetimes().map(email.utils.format_datetime)))
def test_any_retry_after_is_none_or_positive(value: str) -> None:
    wait = refusal.retry_after(value, 1e9)
    assert wait is None or wait > 0


@given(st.binary(), st.sampled_from([KEY, 'k"\\/+=&', "EMPTY"]))
def test_any_error_body_becomes_one_line_without_the_key(body: bytes, key: str) -> None:
    line = refusal.scrub(refusal.one_line(refusal.message(body + key.encode())), key)
    assert "\n" not in line and key not in line


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["error", "message", "detail", "code"]), x)))  # fmt: skip
def test_any_error_json_becomes_one_line(body) -> None:
    import json

    assert "\n" not in refusal.message(json.dumps(body).encode())


async def test_check_finds_a_listening_server_without_a_request(server: Server) -> None:
    await Client(server.url).check()
    assert server.asked == []


async def test_check_says_in_one_line_that_nothing_answers(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(ModelUnusable) as caught:
        await Client(url).check()
    assert str(caught.value).startswith(f"openai/mock: nothing answers at {url} (connection refused). Is the server")


async def test_check_knows_a_refused_name_with_several_addresses(closed_port: int) -> None:
    with pytest.raises(ModelUnusable, match="connection refused"):
        await Client(f"http://localhost:{closed_port}").check()


async def test_check_knows_a_name_that_does_not_resolve() -> None:
    host = "a" * 64 + ".invalid"  # no name may be that long: found without asking a name server
    with pytest.raises(ModelUnusable, match="its name cannot be resolved"):
        await Client(f"http://{host}/v1").check()


async def test_tls_to_a_server_without_it_is_said() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(400))
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    error = await failure(Client(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", attempts=1))
    listening.close()
    assert isinstance(error, ModelUnusable) and "does not speak TLS" in str(error)


async def test_a_transport_can_be_cancelled(server: Server) -> None:
    server.answers = [HANG]
    client = Client(server.url)
    task = asyncio.create_task(client.ask())
    while not server.asked:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_being_sent_away_is_no_failure_however_often(server: Server) -> None:
    server.answers = [http(429)] * 20 + [http(503, headers="Retry-After: 3\r\n"), http(200, {"fine": 1})]
    client = Client(server.url, draw=1.0, attempts=2)
    reply = await client.ask()
    assert (reply.value, reply.attempts) == ({"fine": 1}, 22)
    assert client.waits[:8] == [0.5, 1, 2, 4, 8, 16, 30, 30] and client.waits[-1] == 33


async def test_being_sent_away_for_too_long_is_given_up(server: Server) -> None:
    server.answers = [http(429, {"error": {"message": "slow down"}})]
    error = await failure(Client(server.url, refused_for=0.0))
    assert isinstance(error, Refused) and "slow down" in str(error)


async def test_the_same_error_five_times_is_the_last_word(server: Server) -> None:
    server.answers = [http(500, {"error": {"message": "cannot"}})]
    error = await failure(Client(server.url, attempts=50))
    assert error.attempts == len(server.asked) == 5 and "the server says the same after 5 attempts" in str(error)


async def test_errors_that_differ_or_come_from_the_network_are_tried_to_the_end(server: Server) -> None:
    server.answers = [*[http(500)] * 4, http(502), *[CUT_CHUNKED] * 5, http(200, {"a": 1})]
    assert (await Client(server.url, attempts=50).ask()).attempts == 11


class Gate:
    """A pace that writes down what goes through it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.inside = 0

    async def enter(self, tokens: int) -> None:
        self.inside += 1
        self.seen.append(f"in {tokens}")

    def leave(self, signal, seconds, *, tokens=None, retry_after=None, reason="") -> None:
        assert seconds >= 0
        self.inside -= 1
        self.seen.append(f"{signal} {tokens} {retry_after} {reason}".strip())


async def test_every_attempt_goes_through_the_pace_and_none_waits_inside(server: Server) -> None:
    server.answers = [http(429, headers="Retry-After: 7\r\n"), http(500), http(200, {"n": 5})]
    client, client_pace = Client(server.url), Gate()
    client.pace = client_pace

    async def no_wait_inside(seconds: float) -> None:
        assert client_pace.inside == 0

    client._sleep = no_wait_inside
    await client.post("/x", {}, lambda reply: reply, 9, lambda value: value["n"])
    await client.close()
    assert client_pace.seen == [
        "in 9", "refused None 7.0 429 Too Many Requests",
        "in 9", "failed None None 500 Internal Server Error",
        "in 9", "answered 5 None",
    ]  # fmt: skip


async def test_once_a_key_is_refused_nothing_more_is_sent(server: Server) -> None:
    server.answers = [http(401)]
    client = Client(server.url)
    for _ in range(3):
        with pytest.raises(ModelUnusable):
            await client.post("/x", {}, lambda reply: reply)
    await client.close()
    assert len(server.asked) == 1
