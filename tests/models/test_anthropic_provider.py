"""anthropic/...: addresses, keys, headers and options; and a run from the command line to a strict server and back."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import ModelUnusable, RequestRejected, Unsupported, UsageError
from sinan.models import open_model
from sinan.models.prices import listed, price_of
from sinan.models.providers import anthropic
from sinan.types import Limits, Message, Prompt, Sampling
from sinan.types.price import Price
from tests.models import anthropic_server
from tests.models.anthropic_server import error, message
from tests.models.loopback import Server, http

KEY = "sk-ant-secret-0123456789"
ASK = Prompt(messages=(Message("user", "2+2? 你好"),))


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no settings file but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings._file.cache_clear()


def at(server: Server, more: str = ""):
    return open_model(f"anthropic/mock?base_url={server.url}{more}")


async def answered(model):
    try:
        await model.open()
        return await model.generate(ASK, Sampling(max_tokens=5))
    finally:
        await model.close()


async def test_a_message_is_answered(server: Server) -> None:
    server.answers = [http(529), http(200, message({"type": "text", "text": "4 ✓"}))]
    completion = await answered(at(server))
    assert (completion.text, completion.finish_reason, completion.attempts) == ("4 ✓", "stop", 2)
    assert completion.usage.tokens_in == 9 and completion.latency_s > 0
    assert server.asked[1].path == "/v1/messages"
    assert server.asked[1].body == {
        "model": "mock", "messages": [{"role": "user", "content": "2+2? 你好"}], "temperature": 0.0, "max_tokens": 5,
    }  # fmt: skip
    headers = server.asked[1].headers
    assert headers["anthropic-version"] == "2023-06-01" and "anthropic-beta" not in headers
    assert "x-api-key" not in headers and "authorization" not in headers


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
async def test_the_key_travels_only_in_its_header(server: Server, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server.answers = [http(400, error("invalid_request_error", f"bad {KEY}"))]
    model = at(
        server, f"&key_env=MY_KEY&header={header}&version=2026-10-21&beta=a-2025-01-01,b-c-2026-02-03&sampling=0"
    )
    with pytest.raises(RequestRejected) as caught:
        await answered(model)
    headers = server.asked[0].headers
    assert headers.get("x-api-key", headers.get("authorization", "").removeprefix("Bearer ")) == KEY
    assert ("authorization" in headers) == (header == "authorization")
    assert headers["anthropic-version"] == "2026-10-21" and headers["anthropic-beta"] == "a-2025-01-01,b-c-2026-02-03"
    assert KEY not in str(caught.value) + repr(model) + repr(model.identity) + repr(vars(model))


async def test_a_text_has_no_place_in_the_api(server: Server) -> None:
    with pytest.raises(RequestRejected, match="takes messages"):
        await at(server).generate(Prompt(text="2+2 ="), Sampling())
    with pytest.raises(Unsupported, match="--protocol generate"):
        await at(server).loglikelihood(Prompt(text="a", continuations=("b",)))
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "remedy"),
    [("`temperature` is deprecated for this model.", "sampling=0"),
     ("temperature: Extra inputs are not permitted", "-p temperature=null"),
     ("`top_p` and `temperature` cannot both be specified for this model.", "-p top_p=null"),
     ("This model does not support assistant message prefill. End with a user message.", "without the beginning")],
)  # fmt: skip
async def test_what_a_model_never_takes_stops_the_run_with_the_remedy(server: Server, said: str, remedy: str) -> None:
    server.answers = [http(400, error("invalid_request_error", said))]
    with pytest.raises(Unsupported, match=r"^anthropic/mock: ") as caught:
        await answered(at(server))
    assert said in str(caught.value) and remedy in str(caught.value) and "\n" not in str(caught.value)


async def test_an_answer_that_a_filter_blocks_is_a_refusal(server: Server) -> None:
    said = "Output blocked by content filtering policy"
    server.answers = [http(500), http(400, error("invalid_request_error", said))]
    completion = await answered(at(server))
    assert completion.finish_reason == "refusal" and said in completion.text and completion.attempts == 2


async def test_a_question_that_speaks_of_temperature_fails_alone(server: Server) -> None:
    server.answers = [http(400, error("invalid_request_error", "messages.0: the temperature is no image"))]
    with pytest.raises(RequestRejected):
        await answered(at(server))


async def test_a_model_without_temperature_is_asked_without(server: Server) -> None:
    server.answers = [http(200, message({"type": "text", "text": "4"}))]
    await answered(at(server, "&sampling=0"))
    assert "temperature" not in server.asked[0].body


def test_the_official_address_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"ANTHROPIC_API_KEY is not set\. .*sinan\.toml"):
        open_model("anthropic/claude-x")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    model = open_model("anthropic/claude-x")
    assert model.identity == {
        "provider": "anthropic", "base_url": "https://api.anthropic.com/v1", "model": "claude-x",
        "version": "2023-06-01",
    }  # fmt: skip
    assert model.capabilities == {"generate", "image", "tools", "schema", "prefill"}
    assert model.form == "chat" and model.name == "anthropic/claude-x"
    assert model.endpoint == "https://api.anthropic.com/v1 ANTHROPIC_API_KEY"


@pytest.mark.parametrize("address", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_an_address_is_the_same_with_and_without_its_version(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    assert open_model("anthropic/x").identity["base_url"] == "http://h:1/v1"
    assert open_model(f"anthropic/x?base_url={address}").transport.endpoint.base_url == "http://h:1/v1"


def test_only_what_changes_an_answer_is_part_of_the_identity() -> None:
    plain = open_model("anthropic/x?base_url=http://h").identity
    same = "timeout=7&stream=1&rpm=5&tpm=10&price_in=1&price_out=2&header=authorization"
    model = open_model(f"anthropic/x?base_url=http://h&{same}")
    assert model.identity == plain and model.limits == Limits(5, 10) and model.price == Price(1, 2)
    assert model.transport.patience.timeout == 7
    for other in ("version=2026-10-21", "beta=a-2025-01-01", "sampling=0"):
        assert open_model(f"anthropic/x?base_url=http://h&{other}").identity != plain


@pytest.mark.parametrize(
    ("query", "message"),
    [("version=new", "version is a date"), ("beta=all", "beta names"), (f"beta={KEY}", "beta names"),
     ("header=basic", "header must be"), ("sampling=no", "sampling must be"), ("stream=yes", "stream must be"),
     ("api=chat", "Known: base_url"), ("rpm=0", "allows nothing"), ("price_in=3", "both price_in and price_out")],
)  # fmt: skip
def test_wrong_options_are_usage_errors(query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_model(f"anthropic/m?base_url=http://h&{query}")
    assert KEY not in str(caught.value)


async def test_a_server_that_is_not_there_is_found_at_open(closed_port: int) -> None:
    with pytest.raises(ModelUnusable, match=r"^anthropic/mock: nothing answers at .*connection refused"):
        await open_model(f"anthropic/mock?base_url=http://127.0.0.1:{closed_port}").open()


def test_status_says_whether_the_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = anthropic.status()
    assert not line.available and "anthropic/NAME?base_url=" in line.remedy
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    (line,) = anthropic.status()
    assert line.available and KEY not in repr(line)


def test_listed_models_have_their_price_at_the_official_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    lines = [line for line in listed().lines if line.host == "api.anthropic.com"]
    assert lines
    for line in lines:
        for name in (line.model, *line.also):
            assert price_of(open_model(f"anthropic/{name}")) == line.price
    assert price_of(open_model(f"anthropic/{lines[0].model}?base_url=http://127.0.0.1:1")) is None


async def test_a_run_asks_the_whole_benchmark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the command line to a strict server and back."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", anthropic_server.KEY)
    rows = [{"question": f"{i}+{4 - i}?", "answer": "4" if i < 3 else "5"} for i in range(4)]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    async with anthropic_server.serving() as api:
        api.reply = message({"type": "text", "text": "Answer: 4"})
        model = f"anthropic/claude-x?base_url={api.url}&stream=1"
        run = [sys.executable, "-m", "sinan", "run", "questions.jsonl", "-m", model, "--json", "-p", "max_tokens=64"]
        process = await asyncio.create_subprocess_exec(*run, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert process.returncode == 0 and api.refused == [] and len(api.asked) == 4
    (found,) = json.loads(out)["results"]
    assert (found["value"], found["n"], found["tokens_in"], found["tokens_out"]) == (0.75, 4, 36, 48)
