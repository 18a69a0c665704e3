"""litellm/...: what the library is called with, what it gives and what its errors mean, against servers on loopback."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import (
    MissingExtra,
    ModelError,
    ModelUnusable,
    Refused,
    RequestRejected,
    TransientError,
    Unsupported,
    UsageError,
)
from sinan.models import open_model
from sinan.models.prices import price_of
from sinan.models.providers import litellm as provider
from sinan.models.transport import Patience
from sinan.models.written import written
from sinan.types import Image, Message, Prompt, Sampling, Text, Tool, ToolCall
from tests.models.loopback import HANG, Server, http, ok
from tests.server import ChatServer

if find_spec("litellm") is None:  # not importorskip: the provider loads it, in a way of its own
    pytest.skip("the library behind the provider: pip install litellm", allow_module_level=True)

KEY = "sk-secret-0123456789"
ASK = Prompt(messages=(Message("user", "2+2? 你好"),))
PLAIN = Sampling()
PATHS = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "GROQ_API_KEY", "GROQ_BASE_URL", "GROQ_API_BASE")


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no settings file but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in PATHS:
        monkeypatch.delenv(name, raising=False)
    settings._file.cache_clear()


@pytest.fixture
async def ask(server: Server):
    """Asks the server for a completion, with the answers that it is to give."""
    opened = []

    async def asked(*answers: bytes, prompt=ASK, sampling=PLAIN, more: str = "", name: str = "openai/m"):
        server.answers = list(answers)
        model = open_model(f"litellm/{name}?base_url={server.url}{more}")
        model.transport._sleep = _no_wait
        opened.append(model)
        await model.open()
        return await model.generate(prompt, sampling)

    yield asked
    for model in opened:
        await model.close()


async def _no_wait(seconds: float) -> None:
    """Waits are not waited for."""


def reply(message, finish="stop", **more) -> bytes:
    return http(200, {"choices": [{"message": {"role": "assistant"} | message, "finish_reason": finish}], **more})


def error(number: int, said: str = "sorry", headers: str = "", **more) -> bytes:
    return http(number, {"error": {"message": said, **more}}, "Content-Type: application/json\r\n" + headers)


async def failure(ask, *answers: bytes, **how) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(*answers, **how)
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith("litellm/openai/m: ")
    assert isinstance(caught.value.__context__, ModelError | None)  # the library's own errors hold the request
    return caught.value


# ---- what is sent


async def test_messages_are_answered_with_what_they_took(server: Server, ask) -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    details = {"prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 2}}
    answer = reply({"content": "4 ✓", "reasoning_content": "2+2"}, usage=counts | details)
    prompt = Prompt(messages=(Message("system", "Short."), *ASK.messages))
    completion = await ask(answer, prompt=prompt, sampling=Sampling(max_tokens=5, seed=3, stop=("Q:",), top_p=0.5))
    assert (completion.text, completion.reasoning, completion.finish_reason) == ("4 ✓", "2+2", "stop")
    usage = completion.usage
    assert (usage.tokens_in, usage.tokens_out, usage.cache_read, usage.reasoning) == (9, 5, 3, 2)
    assert completion.attempts == 1 and completion.latency_s > 0
    assert server.asked[0].body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Short."}, {"role": "user", "content": "2+2? 你好"}],
        "temperature": 0.0, "max_tokens": 5, "top_p": 0.5, "stop": ["Q:"], "seed": 3,
    }  # fmt: skip
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_stop_strings_are_withheld_where_thoughts_stand_in_the_text(server: Server, ask) -> None:
    await ask(ok(), sampling=Sampling(stop=("Q:",), think_end="</think>"))
    assert "stop" not in server.asked[0].body


async def test_a_schema_effort_and_further_parameters_are_passed(server: Server, ask) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    await ask(ok(), sampling=Sampling(schema=schema, reasoning_effort="low", extra={"top_k": 4}))
    body = server.asked[0].body
    assert body["response_format"]["json_schema"]["schema"] == schema and body["reasoning_effort"] == "low"
    assert body["top_k"] == 4
    await ask(ok(), sampling=Sampling(thinking_tokens=0))
    assert server.asked[1].body["reasoning_effort"] == "none"


async def test_a_budget_of_thoughts_is_told_in_the_words_of_the_vendor(server: Server, monkeypatch) -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "4"}]}
    counts = {"input_tokens": 9, "output_tokens": 2}
    server.answers = [http(200, message | {"id": "a", "model": "m", "stop_reason": "end_turn", "usage": counts})]
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    model = open_model(f"litellm/anthropic/claude-sonnet-4-5?base_url={server.url.removesuffix('/v1')}")
    await model.open()
    completion = await model.generate(ASK, Sampling(temperature=1.0, thinking_tokens=2048, max_tokens=4096))
    await model.close()
    assert completion.text == "4" and completion.usage.tokens_in == 9
    assert server.asked[0].path == "/v1/messages" and server.asked[0].headers["x-api-key"] == KEY
    assert server.asked[0].body["thinking"] == {"type": "enabled", "budget_tokens": 2048}


async def test_what_the_library_leaves_out_by_itself_stops_the_run(server: Server, ask, monkeypatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    candidate = {"content": {"parts": [{"text": "4"}], "role": "model"}, "finishReason": "STOP"}
    answer = http(200, {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 9}})
    with pytest.raises(Unsupported, match=r"asked without what it was given: .*budget"):
        await ask(answer, name="gemini/gemini-3-pro-preview", sampling=Sampling(thinking_tokens=2048))
    assert (await ask(answer, name="gemini/gemini-3-pro-preview")).text == "4"


async def test_tools_are_offered_called_and_answered(server: Server, ask) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}
    tool = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})
    completion = await ask(
        reply({"content": None, "tool_calls": [call]}, "tool_calls"), prompt=Prompt(ASK.messages, tools=(tool,))
    )
    assert completion.finish_reason == "tool_calls"
    assert completion.tool_calls == (ToolCall("c1", "add", '{"a": 2}'),)
    assert server.asked[0].body["tools"][0]["function"]["name"] == "add"
    turns = (Message("assistant", "", completion.tool_calls), Message("tool", "4", tool_call_id="c1"))
    assert (await ask(ok("4"), prompt=Prompt((*ASK.messages, *turns), tools=(tool,)))).text == "4"
    assert server.asked[1].body["messages"][1]["tool_calls"] == [call]
    assert server.asked[1].body["messages"][2] == {"role": "tool", "content": "4", "tool_call_id": "c1"}


async def test_pictures_arrive_byte_by_byte(server: Server, ask, tmp_path: Path) -> None:
    data = bytes(range(256)) * 40
    (tmp_path / "a.png").write_bytes(data)
    image = Image(str(tmp_path / "a.png"), hashlib.sha256(data).hexdigest(), "image/png")
    await ask(ok(), prompt=Prompt(messages=(Message("user", (Text("what?"), image)),)))
    url = server.asked[0].body["messages"][0]["content"][1]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")) == data


@pytest.mark.parametrize(
    ("prompt", "sampling", "kind", "said"),
    [(Prompt(text="t"), Sampling(), RequestRejected, "takes messages"),
     (Prompt((*ASK.messages, Message("assistant", "The"))), Sampling(), Unsupported, "prefill"),
     (ASK, Sampling(extra={"mock_response": "4"}), Unsupported, "`mock_response` cannot be set"),
     (ASK, Sampling(extra={"drop_params": True}), Unsupported, "steers litellm"),
     (ASK, Sampling(extra={"n": 2}), RequestRejected, "`n` cannot be set")],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(ask, server, prompt, sampling, kind, said):
    found = await failure(ask, ok(), prompt=prompt, sampling=sampling) if prompt.messages else None
    if found is None:
        with pytest.raises(kind, match=said):
            await ask(ok(), prompt=prompt)
    else:
        assert type(found) is kind and said in str(found)
    assert server.asked == []


async def test_a_parameter_that_a_model_does_not_take_stops_the_run_with_a_remedy(server: Server, ask) -> None:
    found = await failure(ask, ok(), sampling=Sampling(thinking_tokens=100))
    assert type(found) is Unsupported and "no thinking. -p thinking_tokens=null leaves" in str(found)
    assert server.asked == []
    more = {"allowed_openai_params": ["thinking"]}
    await ask(ok(), sampling=Sampling(thinking_tokens=100, extra=more))
    assert (
        server.asked[0].body["thinking"]["budget_tokens"] == 100 and "allowed_openai_params" not in server.asked[0].body
    )


async def test_the_request_can_be_shown(server: Server) -> None:
    path, body = await written(open_model(f"litellm/openai/m?base_url={server.url}"), ASK, Sampling(), "generate")
    assert path == "litellm.acompletion" and body["messages"][0]["content"] == "2+2? 你好" and server.asked == []


# ---- what comes back


@pytest.mark.parametrize(
    ("finish", "message", "reason"),
    [("stop", {"content": "4"}, "stop"), ("length", {"content": "4"}, "length"), ("eos", {"content": "4"}, "stop"),
     ("content_filter", {"content": "4"}, "refusal"), (None, {"content": "4"}, "stop"),
     ("stop", {"content": "", "refusal": "no"}, "refusal")],
)  # fmt: skip
async def test_every_reason_to_end_is_told(ask, finish, message, reason) -> None:
    completion = await ask(reply(message, finish))
    assert completion.finish_reason == reason and completion.text == (message["content"] or "no")
    assert completion.usage.tokens_in is None and completion.usage.tokens_out is None  # none were counted


@pytest.mark.parametrize(
    "broken",
    [http(200, b"garbage"), http(200, b'{"choices": [{"mess'), http(200, b""), http(200, []),
     http(200, {"choices": []}), reply({"content": None}), reply({"content": "4"}, "error"), error(200, "busy"), HANG,
     b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\nConnection: close\r\n\r\n{\"choi", http(500), error(502), error(503),
     error(504), error(408), error(409)],
)  # fmt: skip
async def test_what_is_no_answer_is_asked_for_again(server: Server, ask, broken: bytes) -> None:
    completion = await ask(broken, ok(), more="&timeout=0.5" if broken == HANG else "")
    assert (completion.text, completion.attempts) == ("4", 2) and len(server.asked) == 2


async def test_a_server_that_asks_for_a_pause_gets_it(server: Server) -> None:
    server.answers = [error(429, headers="Retry-After: 7\r\n"), ok()]
    model, waits = open_model(f"litellm/openai/m?base_url={server.url}"), []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    model.transport._sleep, model.transport._draw = note, lambda: 0.0
    await model.open()
    completion = await model.generate(ASK, Sampling())
    await model.close()
    assert completion.attempts == 2 and waits == [7.0]


@pytest.mark.parametrize(
    ("status", "more", "kind", "said"),
    [(401, {}, ModelUnusable, "refused the key (401). Check OPENAI_API_KEY"),
     (402, {}, ModelUnusable, "without payment"), (403, {}, ModelUnusable, "does not allow this"),
     (404, {}, ModelUnusable, "no such model"), (429, {"code": "insufficient_quota"}, ModelUnusable, "without payment"),
     (429, {}, Refused, "429 Too Many Requests: sorry"), (529, {}, Refused, "529"),
     (500, {}, TransientError, "500 Internal Server Error: sorry"),
     (400, {}, RequestRejected, "(400 Bad Request: sorry"), (413, {}, RequestRejected, "413"),
     (400, {"code": "context_length_exceeded"}, RequestRejected, "(context_length_exceeded)"),
     (422, {}, RequestRejected, "422")],
)  # fmt: skip
async def test_every_error_is_the_one_it_is(server: Server, ask, monkeypatch, status, more, kind, said) -> None:
    monkeypatch.setattr("sinan.models.transport.Patience", lambda timeout: Patience(timeout, refused_for=0.0))
    found = await failure(ask, error(status, f"sorry {KEY}", **more))
    assert type(found) is kind and said in str(found)
    assert len(server.asked) == found.attempts == (5 if status == 500 else 1)


@pytest.mark.parametrize(
    ("name", "answer", "kind", "said"),
    [("anthropic/claude-sonnet-4-5", error(529, "Overloaded"), Refused, "529"),
     ("anthropic/claude-sonnet-4-5", error(401), ModelUnusable, "refused the key (401). Check ANTHROPIC_API_KEY"),
     ("anthropic/claude-sonnet-4-5", error(400, "Your credit balance is too low"), ModelUnusable, "without payment"),
     ("gemini/gemini-2.5-flash", error(400, status="INVALID_ARGUMENT"), RequestRejected, "sorry (INVALID_ARGUMENT)"),
     ("gemini/gemini-2.5-flash", error(429, status="RESOURCE_EXHAUSTED"), Refused, "429 Too Many Requests: sorry"),
     ("gemini/gemini-2.5-flash", error(404, status="NOT_FOUND"), ModelUnusable, "no such model")],
)  # fmt: skip
async def test_errors_of_other_vendors_mean_the_same(server: Server, ask, monkeypatch, name, answer, kind, said):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setattr("sinan.models.transport.Patience", lambda timeout: Patience(timeout, refused_for=0.0))
    with pytest.raises(ModelError) as caught:
        await ask(answer, name=name)
    assert type(caught.value) is kind and said in str(caught.value) and KEY not in str(caught.value)


async def test_what_a_filter_holds_back_is_a_refusal(ask) -> None:
    completion = await ask(error(400, "The prompt was filtered.", code="content_filter"))
    assert (completion.finish_reason, completion.text) == ("refusal", "The prompt was filtered. (content_filter)")


async def test_a_key_that_the_server_repeats_is_in_no_answer(ask) -> None:
    assert KEY not in (await ask(ok(f"your key is {KEY}"))).text


async def test_a_key_that_the_library_found_by_itself_is_in_no_error(ask, monkeypatch) -> None:
    monkeypatch.setenv("OTHER_VENDOR_TOKEN", "hf_abcdefghijklmnop")
    assert "hf_abc" not in str(await failure(ask, error(400, "bad hf_abcdefghijklmnop")))


# ---- keys, names, addresses


async def test_a_server_that_nobody_runs_is_told_before_anything_is_asked(closed_port: int) -> None:
    model = open_model(f"litellm/openai/m?base_url=http://127.0.0.1:{closed_port}/v1")
    with pytest.raises(ModelUnusable, match="nothing answers at"):
        await model.open()


async def test_a_server_of_ones_own_needs_no_key(server: Server, ask, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await ask(ok())).text == "4" and server.asked[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("name", "said"),
    [("nobody/m", "knows no vendor `nobody`"), ("groq/m", "GROQ_API_KEY is not set")],
)
async def test_a_vendor_without_a_name_or_a_key_stops_the_run(name: str, said: str) -> None:
    with pytest.raises(ModelUnusable, match=said):
        await open_model(f"litellm/{name}").open()


@pytest.mark.parametrize(
    ("name", "message"),
    [("m", "write the vendor"), ("openai/m?stream=1", "Known: base_url"), (f"openai/m?key={KEY}", "never part"),
     ("openai/m?key_env=NONE_SUCH", "NONE_SUCH is not set"), ("openai/m?base_url=ftp://a", "no http address")],
)  # fmt: skip
def test_a_wrong_name_or_option_is_told(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_model(f"litellm/{name}")
    assert KEY not in str(caught.value)


def test_a_model_knows_its_address_its_key_and_its_price(monkeypatch) -> None:
    model = open_model("litellm/openai/m?price_in=1&price_out=2&rpm=5")
    assert (model.name, model.endpoint) == ("litellm/openai/m", "litellm/openai OPENAI_API_KEY")
    assert "base_url" not in model.identity and model.identity["litellm"] and price_of(model).output_usd == 2
    assert price_of(open_model("litellm/openai/m")) is None
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/v1")  # the library reads it, so it is part of who answers
    assert open_model("litellm/openai/m").identity["base_url"] == "http://127.0.0.1:9/v1"
    assert KEY not in repr(model) + repr(model.identity)
    assert model.capabilities == {"generate", "image", "tools", "schema"} and model.limits.requests_per_minute == 5


async def test_log_likelihoods_are_refused_with_a_way_that_works() -> None:
    with pytest.raises(Unsupported, match="--protocol generate"):
        await open_model("litellm/openai/m").loglikelihood(Prompt(text="t", continuations=("a",)))


async def test_the_limits_of_an_account_hear_of_every_token(server: Server) -> None:
    heard = []

    class Listening:
        async def enter(self, tokens: int) -> None:
            heard.append(tokens)

        def leave(self, signal, seconds, *, tokens=None, retry_after=None, reason="") -> None:
            heard.append(tokens)

    server.answers = [ok()]
    model = open_model(f"litellm/openai/m?base_url={server.url}&tpm=1000")
    await model.open(Listening())
    await model.generate(ASK, Sampling())
    await model.close()
    assert heard[0] > 0 and heard[1] == 10


# ---- the library


def test_without_the_library_its_extra_is_named(monkeypatch) -> None:
    monkeypatch.setattr(provider, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install litellm"):
        open_model("litellm/openai/m")
    assert not provider.status()[0].available and "extra" in provider.status()[0].remedy


def test_the_library_is_loaded_late_and_neither_fetches_logs_reports_nor_keeps_anything(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_ENV_FILE=1\n")
    script = """
import logging, os, socket, sys
asked = []
real = socket.getaddrinfo
socket.getaddrinfo = lambda *a, **k: (asked.append(a[0]), real(*a, **k))[1]
from sinan.models import open_model
from sinan.models.providers import litellm as provider
open_model("litellm/openai/m"); provider.status()
assert "litellm" not in sys.modules
library = provider.loaded()
assert "litellm" in sys.modules and asked == [] and "FROM_ENV_FILE" not in os.environ
assert "LITELLM_MODE" not in os.environ and os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
assert library.callbacks == library.success_callback == library.failure_callback == []
assert library.cache is None and library.suppress_debug_info and not library.drop_params
logging.getLogger("LiteLLM").error("nobody hears this")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_asks_by_the_library_and_says_nothing_of_it(tmp_path: Path) -> None:
    rows = [{"question": f"{i}+1?", "A": str(i + 1), "B": "no", "answer": "A"} for i in range(6)]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with ChatServer(lambda question: (400, "bad") if "3+1?" in question else "A") as server:
        model = f"litellm/openai/m?base_url={server.url}"
        environment = os.environ | {"OPENAI_API_KEY": KEY, "SINAN_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "-m", "sinan", "run", "q.jsonl", "-m", model, "--json", "--max-failed", "1"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    result = told["results"][0]
    assert result["model"] == "litellm/openai/m" and result["n"] == 5 and result["outcomes"]["failed"] == 1
    assert "LiteLLM" not in done.stderr and "litellm.ai" not in done.stderr and "Unclosed" not in done.stderr
    written_down = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in written_down and KEY not in done.stderr + done.stdout
