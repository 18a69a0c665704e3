"""google/...: addresses, keys, streams and the errors of the Gemini API, against servers on loopback."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import ModelError, ModelUnusable, Refused, RequestRejected, TransientError, Unsupported, UsageError
from sinan.models import open_model, refusal
from sinan.models.prices import price_of
from sinan.models.providers import google
from sinan.models.transport import Patience
from sinan.types import Image, Message, Prompt, Sampling, Text
from tests.models.loopback import Server, http

KEY = "AIza-secret-0123456789"
ASK = Prompt(messages=(Message("user", "2+2? 你好"),))


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no settings file but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL", raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    settings._file.cache_clear()


def at(server: Server, more: str = "", name: str = "gemini-x"):
    model = open_model(f"google/{name}?base_url={server.url.removesuffix('/v1')}{more}")
    model.transport._sleep = _no_wait
    return model


async def _no_wait(seconds: float) -> None:
    """Waits are not waited for."""


def ok(*parts, **more) -> bytes:
    return http(200, _reply(*parts, **more))


def _reply(*parts, finish="STOP", **more):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}} | more


def events(*chunks) -> bytes:
    return http(
        200,
        b"".join(b"data: %s\r\n\r\n" % json.dumps(c).encode() for c in chunks),
        "Content-Type: text/event-stream\r\n",
    )


def error(code: int, status: str, said: str = "sorry", *details, headers: str = "") -> bytes:
    body = {"error": {"code": code, "message": said, "status": status, "details": list(details)}}
    return http(code, body, headers)


async def failure(server: Server, *answers: bytes) -> ModelError:
    server.answers = list(answers)
    model = at(server)
    with pytest.raises(ModelError) as caught:
        await model.generate(ASK, Sampling())
    await model.close()
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)
    return caught.value


async def test_messages_are_answered_and_the_key_travels_in_its_header_alone(server: Server) -> None:
    server.answers = [error(500, "INTERNAL"), ok({"text": "4 ✓"})]
    model = at(server)
    await model.open()
    completion = await model.generate(ASK, Sampling(max_tokens=5))
    await model.close()
    assert (completion.text, completion.finish_reason, completion.attempts) == ("4 ✓", "stop", 2)
    assert completion.usage.tokens_in == 9 and completion.latency_s > 0
    asked = server.asked[1]
    assert asked.path == "/v1/models/gemini-x:generateContent"
    assert asked.headers["x-goog-api-key"] == KEY and "authorization" not in asked.headers
    assert asked.body == {
        "contents": [{"role": "user", "parts": [{"text": "2+2? 你好"}]}],
        "generationConfig": {"temperature": 0.0, "maxOutputTokens": 5},
    }
    assert KEY not in repr(model) + repr(model.identity) + asked.path


async def test_a_stream_is_read_and_one_that_was_cut_is_asked_for_again(server: Server) -> None:
    begun = {"candidates": [{"content": {"parts": [{"text": "4"}]}}]}
    server.answers = [events(begun), events(begun, _reply({"text": " ✓"}))]
    model = at(server, "&stream=1&version=v1alpha", name="tunedModels/mine")
    completion = await model.generate(ASK, Sampling())
    await model.close()
    assert (completion.text, completion.finish_reason, completion.attempts) == ("4 ✓", "stop", 2)
    assert server.asked[0].path == "/v1alpha/tunedModels/mine:streamGenerateContent?alt=sse"


async def test_an_answer_is_cut_at_the_stop_strings_that_could_not_be_sent(server: Server) -> None:
    server.answers = [ok({"text": "4\nQ: next"})]
    model = at(server)
    completion = await model.generate(ASK, Sampling(stop=("a!", "b!", "c!", "d!", "e!", "\nQ:")))
    await model.close()
    assert completion.text == "4"


async def test_pictures_arrive_byte_by_byte(server: Server, tmp_path: Path) -> None:
    server.answers = [ok({"text": "4"})]
    data = bytes(range(256)) * 40
    (tmp_path / "a.png").write_bytes(data)
    image = Image(str(tmp_path / "a.png"), hashlib.sha256(data).hexdigest(), "image/png")
    model = at(server)
    await model.generate(Prompt(messages=(Message("user", (Text("what?"), image)),)), Sampling())
    await model.close()
    sent = server.asked[0].body["contents"][0]["parts"][1]["inlineData"]
    assert base64.b64decode(sent["data"]) == data and sent["mimeType"] == "image/png"


async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(server: Server) -> None:
    model = at(server)
    begun = Prompt(messages=(*ASK.messages, Message("assistant", "The answer is")))
    with pytest.raises(RequestRejected, match="begun answer"):
        await model.generate(begun, Sampling())
    with pytest.raises(RequestRejected, match="takes messages"):
        await model.generate(Prompt(text="t"), Sampling())
    with pytest.raises(Unsupported, match="--protocol generate"):
        await model.loglikelihood(Prompt(text="t", continuations=("a",)))
    assert server.asked == []


# ---- errors


async def test_a_wrong_key_is_said_in_one_line_though_it_comes_as_400(server: Server) -> None:
    why = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    found = await failure(server, error(400, "INVALID_ARGUMENT", f"API key {KEY} not valid.", why))
    assert isinstance(found, ModelUnusable) and "refused the key (400). Check GEMINI_API_KEY" in str(found)


@pytest.mark.parametrize(
    ("code", "status", "kind", "said"),
    [(400, "INVALID_ARGUMENT", RequestRejected, "sorry (INVALID_ARGUMENT)"),
     (400, "FAILED_PRECONDITION", ModelUnusable, "without payment"),
     (403, "PERMISSION_DENIED", ModelUnusable, "does not allow this"),
     (404, "NOT_FOUND", ModelUnusable, "no such model"),
     (429, "RESOURCE_EXHAUSTED", Refused, "no answer after"), (500, "INTERNAL", TransientError, "sorry (INTERNAL)"),
     (503, "UNAVAILABLE", TransientError, "sorry (UNAVAILABLE)"), (504, "DEADLINE_EXCEEDED", TransientError, "504")],
)  # fmt: skip
async def test_every_error_is_the_one_it_is(server: Server, code: int, status: str, kind, said: str) -> None:
    server.answers = [error(code, status)]
    model = at(server)
    object.__setattr__(model.transport, "patience", Patience(refused_for=0.0))
    with pytest.raises(ModelError) as caught:
        await model.generate(ASK, Sampling())
    await model.close()
    assert type(caught.value) is kind and said in str(caught.value)


async def test_the_wait_that_an_error_asks_for_is_kept(server: Server) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    server.answers = [error(429, "RESOURCE_EXHAUSTED", "slowly", info), ok({"text": "4"})]
    model, waits = at(server), []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    model.transport._sleep, model.transport._draw = note, lambda: 0.0
    assert (await model.generate(ASK, Sampling())).text == "4"
    await model.close()
    assert waits == [34.5]


async def test_a_quota_of_the_day_stops_the_run(server: Server) -> None:
    quota = {"violations": [{"quotaId": "PerMinute"}, {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    found = await failure(
        server, error(429, "RESOURCE_EXHAUSTED", "You exceeded your quota", {"retryDelay": "9s"}, quota)
    )
    assert isinstance(found, ModelUnusable) and "answers no more today (429" in str(found)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"nonsense", b'{"error": 3}', b'{"error": {"details": 3}}', b'{"error": {"details": [3]}}',
     b'{"error": {"details": [{"retryDelay": 3}]}}', b'{"error": {"details": [{"retryDelay": "soon"}]}}',
     b'{"error": {"details": [{"violations": [{"quotaId": 3}]}]}}', b'[{"error": {"message": "a", "status": 3}}]'],
)  # fmt: skip
def test_a_body_that_asks_for_no_wait_says_so(body: bytes) -> None:
    assert refusal.wait_told(body) is None
    assert isinstance(refusal.message(body), str)


# ---- keys, addresses, options


def test_the_official_address_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(UsageError, match="GEMINI_API_KEY is not set"):
        open_model("google/gemini-x")
    assert not google.status()[0].available
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    model = open_model("google/gemini-2.5-flash")
    assert model.transport.endpoint.key == KEY and "GOOGLE_API_KEY" in google.status()[0].detail
    assert model.identity["base_url"] == "https://generativelanguage.googleapis.com"
    assert model.capabilities == {"generate", "image", "tools", "schema", "seed"} and model.form == "chat"
    assert price_of(model).output_usd == 2.5


@pytest.mark.parametrize(
    ("name", "message"),
    [("a/b", "no model's"), ("..", "no model's"), ("a%2Fb", "no model's"), ("models/a/b", "no model's"),
     ("x?version=1", "version=v1beta"), ("x?stream=yes", "stream must be"), ("x?tmeout=3", "Known: base_url"),
     ("x?price_in=1", "both price_in"), (f"x?key={KEY}", "never part")],
)  # fmt: skip
def test_a_wrong_name_or_option_is_told(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_model(f"google/{name}")
    assert KEY not in str(caught.value)


async def test_the_limits_of_an_account_hear_of_every_token(server: Server) -> None:
    heard = []

    class Listening:
        async def enter(self, tokens: int) -> None:
            heard.append(tokens)

        def leave(self, signal, seconds, *, tokens=None, retry_after=None, reason="") -> None:
            heard.append(tokens)

    server.answers = [ok({"text": "4"})]
    model = at(server, "&tpm=1000&rpm=5")
    await model.open(Listening())
    await model.generate(ASK, Sampling())
    await model.close()
    assert heard[0] > 0 and heard[1] == 10 and model.limits.requests_per_minute == 5


def test_an_answer_in_chunks_is_the_same_model() -> None:
    assert open_model("google/x?stream=1").identity == open_model("google/x").identity
