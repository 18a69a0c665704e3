"""The transport where vendors differ: the header of the key, event streams, error bodies, ways to ask for a wait."""

import pytest

from sinan.errors import ModelUnusable, RequestRejected
from sinan.models import refusal
from sinan.models.transport import Endpoint
from tests.models.loopback import Server, http
from tests.models.test_transport import CUT_CHUNKED, KEY, Client, failure

EVENTS = "Content-Type: text/event-stream; charset=utf-8\r\n"


def overloaded(kind: str, message: str, **details) -> dict:
    return {"type": "error", "error": {"type": kind, "message": message, "details": details or None}}


class Headed(Client):
    """A client of an endpoint whose key has a header of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.endpoint = Endpoint("openai/mock", url, "X_KEY", KEY, "x-api-key", {"x-version": "2023-06-01"})


async def test_a_key_travels_in_the_header_of_its_vendor_and_in_no_other(server: Server) -> None:
    server.answers = [http(200, {})]
    await Headed(server.url).ask()
    asked = server.asked[0].headers
    assert asked["x-api-key"] == KEY and asked["x-version"] == "2023-06-01" and "authorization" not in asked


async def test_an_event_stream_is_the_list_of_its_events(server: Server) -> None:
    stream = 'event: a\ndata: {"n": 1}\n\n: still here\n\ndata: {"n":\ndata: "é😀"}\n\ndata: [DONE]\n\n'.encode()
    server.answers = [http(200, stream, EVENTS)]
    assert (await Client(server.url).ask()).value == [{"n": 1}, {"n": "é😀"}]


async def test_a_key_that_a_stream_repeats_is_taken_out(server: Server) -> None:
    escaped = "".join(f"\\u{ord(c):04x}" for c in KEY)
    server.answers = [http(200, f'data: {{"a": "{KEY}"}}\n\ndata: {{"a": "{escaped}"}}\n\n'.encode(), EVENTS)]
    assert (await Client(server.url).ask()).value == [{"a": "(key)"}, {"a": "(key)"}]


@pytest.mark.parametrize("broken", [http(200, b"data: {\n\n", EVENTS), http(200, b"", EVENTS), CUT_CHUNKED])
async def test_a_broken_stream_is_tried_again(server: Server, broken: bytes) -> None:
    server.answers = [broken, http(200, b'data: {"n": 1}\n\n', EVENTS)]
    reply = await Client(server.url).ask()
    assert reply.value == [{"n": 1}] and reply.attempts == 2


async def test_an_overloaded_server_is_left_alone_and_not_taken_for_broken(server: Server) -> None:
    server.answers = [http(529, overloaded("overloaded_error", "Overloaded"))] * 20 + [http(200, {})]
    reply = await Client(server.url).ask()
    assert reply.attempts == 21


async def test_a_wait_in_milliseconds_comes_before_one_in_seconds(server: Server) -> None:
    waits = ["retry-after-ms: 250\r\nRetry-After: 9\r\n", "retry-after-ms: x\r\nRetry-After: 9\r\n"]
    server.answers = [http(429, b"", headers) for headers in waits] + [http(200, {})]
    client = Client(server.url)
    await client.ask()
    assert client.waits == [0.25, 9]


@pytest.mark.parametrize("value", ["nan", "-5", "0", "-inf"])
def test_milliseconds_that_are_no_wait_are_none(value: str) -> None:
    assert refusal.wait_asked({"retry-after-ms": value}, 1e9) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, overloaded("invalid_request_error", "Your credit balance is too low to access the API.")),
        (400, overloaded("invalid_request_error", "You have reached your specified API usage limits.")),
        (429, overloaded("rate_limit_error", "No more this month", error_code="enforced_spend_limit_reached")),
        (402, overloaded("billing_error", "Please pay")),
    ],
)
async def test_a_spent_account_stops_the_run_whatever_its_status(server: Server, status: int, body: dict) -> None:
    server.answers = [http(status, body)]
    error = await failure(Client(server.url))
    assert isinstance(error, ModelUnusable) and "OPENAI_API_KEY" in str(error) and len(server.asked) == 1


async def test_the_kind_of_an_error_is_told_with_its_message(server: Server) -> None:
    server.answers = [http(413, overloaded("request_too_large", "Request exceeds the maximum size"))]
    error = await failure(Client(server.url))
    assert isinstance(error, RequestRejected) and "maximum size (request_too_large)" in str(error)
