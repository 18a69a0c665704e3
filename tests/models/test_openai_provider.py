"""openai/...: addresses, keys, pictures, both forms and log-likelihoods, against servers on loopback."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import ModelUnusable, RequestRejected, TransientError, UsageError
from sinan.models import open_model
from sinan.models.providers import openai
from sinan.types import Image, Message, Prompt, Sampling, Text
from tests.models.loopback import Asked, Server, http, ok

KEY = "sk-secret-0123456789"
ASK = Prompt(messages=(Message("user", "2+2? 你好"),))


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no settings file but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings._file.cache_clear()


def at(server: Server, more: str = "", name: str = "mock"):
    return open_model(f"openai/{name}?base_url={server.url}{more}")


async def test_a_chat_is_answered(server: Server) -> None:
    server.answers = [http(500), ok("4 ✓")]
    model = at(server, name="org/mock-7b")
    await model.open()
    completion = await model.generate(ASK, Sampling(max_tokens=5, seed=1, stop=("x",), extra={"top_k": 2}))
    await model.close()
    assert (completion.text, completion.finish_reason, completion.attempts) == ("4 ✓", "stop", 2)
    assert completion.usage.tokens_in == 9 and completion.latency_s > 0
    assert server.asked[1].path == "/v1/chat/completions"
    assert server.asked[1].body == {
        "model": "org/mock-7b", "messages": [{"role": "user", "content": "2+2? 你好"}], "temperature": 0.0,
        "max_tokens": 5, "seed": 1, "stop": ["x"], "top_k": 2,
    }  # fmt: skip
    assert "authorization" not in server.asked[1].headers


async def test_a_text_is_continued(server: Server) -> None:
    server.answers = [http(200, {"choices": [{"text": " 4", "finish_reason": "length"}]})]
    model = at(server, "&api=completions")
    completion = await model.generate(Prompt(text="2+2 ="), Sampling())
    await model.close()
    assert model.form == "base" and completion.text == " 4" and completion.finish_reason == "length"
    assert server.asked[0].path == "/v1/completions" and server.asked[0].body["prompt"] == "2+2 ="


async def test_the_form_of_a_prompt_must_fit(server: Server) -> None:
    with pytest.raises(RequestRejected, match="takes messages"):
        await at(server).generate(Prompt(text="t"), Sampling())
    with pytest.raises(RequestRejected, match="continues text"):
        await at(server, "&api=completions").generate(ASK, Sampling())
    assert server.asked == []


async def test_pictures_arrive_byte_by_byte(server: Server, tmp_path: Path) -> None:
    server.answers = [ok()]
    data = bytes(range(256)) * 40
    (tmp_path / "a.png").write_bytes(data)
    image = Image(str(tmp_path / "a.png"), hashlib.sha256(data).hexdigest(), "image/png")
    model = at(server)
    await model.generate(Prompt(messages=(Message("user", (Text("what?"), image)),)), Sampling())
    await model.close()
    text, picture = server.asked[0].body["messages"][0]["content"]
    head, _, encoded = picture["image_url"]["url"].partition(",")
    assert text == {"type": "text", "text": "what?"} and head == "data:image/png;base64"
    assert base64.b64decode(encoded) == data


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), (b"other", "sha256 differs")])
async def test_a_missing_or_changed_picture_is_named(server: Server, tmp_path: Path, content, reason: str) -> None:
    path = tmp_path / "q17.png"
    if content is not None:
        path.write_bytes(content)
    prompt = Prompt(messages=(Message("user", (Image(str(path), "0" * 64, "image/png"),)),))
    with pytest.raises(RequestRejected, match=rf"q17\.png.*{reason}"):
        await at(server).generate(prompt, Sampling())


# ---- keys and addresses


async def test_the_key_travels_only_in_its_header(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server.answers = [http(400, {"error": {"message": f"bad {KEY}"}})]
    model = at(server, "&key_env=MY_KEY")
    with pytest.raises(RequestRejected) as caught:
        await model.generate(ASK, Sampling())
    await model.close()
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(caught.value) + repr(model) + repr(model.identity) + repr(vars(model))


def test_the_official_address_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"OPENAI_API_KEY is not set\. .*sinan\.toml"):
        open_model("openai/gpt-x")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = open_model("openai/gpt-x")
    assert model.identity["base_url"] == "https://api.openai.com/v1"
    assert model.identity["max_tokens_field"] == "max_completion_tokens"
    assert (
        model.capabilities == {"generate", "image", "tools", "schema"}
        and model.form == "chat"
        and model.name == "openai/gpt-x"
    )


def test_a_key_in_sinan_toml_and_an_address_in_the_environment_are_taken(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "sinan.toml").write_text(f'[keys]\nOPENAI_API_KEY = "{KEY}"\n')
    assert open_model("openai/gpt-x").transport.endpoint.key == KEY
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/")
    assert open_model("openai/x").identity["base_url"] == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    "query",
    [f"api_key={KEY}", f"key={KEY}", f"API-KEY={KEY}", f"token={KEY}", f"base_url=http://me:{KEY}@127.0.0.1/v1",
     f"base_url=http://{KEY}@127.0.0.1/v1", f"key_env={KEY}", f"{KEY}=1", f"base_url=http://127.0.0.1/v1%3Fkey={KEY}",
     f"openai_api_key={KEY}", f"base_url={KEY}"],
)  # fmt: skip
def test_a_key_in_the_name_is_refused_and_not_repeated(query: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(f"openai/m?{query}")
    assert KEY not in str(caught.value) and "\n" not in str(caught.value)


def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a\nHost: evil")
    with pytest.raises(UsageError, match="OPENAI_API_KEY holds spaces") as caught:
        open_model("openai/m")
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [("base_url=127.0.0.1:8000", "no http address"), ("base_url=ftp://x", "no http address"),
     ("base_url=http://x:99999", "no http address"), ("base_url=http://", "no http address"),
     ("base_url=http://[::1", "no http address"), ("base_url=", "no http address"), ("tmeout=3", "Known: base_url"),
     ("timeout=0", "timeout must be"), ("timeout=x", "timeout must be"), ("timeout=nan", "timeout must be"),
     ("api=other", "api must be one of chat, completions, responses"), ("stream=yes", "stream must be"),
     ("prefill=yes", "prefill must be"), ("summary=long", "summary must be"),
     ("thinking_tokens_field=1", "names a field"),
     ("logprobs=yes", "logprobs must be"),
     ("key_env=NOT_SET_HERE&base_url=http://x", "NOT_SET_HERE is not set"), ("api=chat&api=chat", "given twice")],
)  # fmt: skip
def test_wrong_options_are_usage_errors(query: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(UsageError, match=message):
        open_model(f"openai/m?{query}")


def test_options_and_their_defaults() -> None:
    model = open_model("openai/a/b?base_url=http%3A%2F%2Fh%3A1%2Fv1%2F&timeout=7&max_tokens_field=m&logprobs=0")
    assert model.name == "openai/a/b" and model.concurrency == 32
    assert model.transport.patience.timeout == 7
    assert model.identity == {
        "provider": "openai", "base_url": "http://h:1/v1", "model": "a/b", "api": "chat", "max_tokens_field": "m",
    }  # fmt: skip
    assert model.capabilities == {"generate", "image", "tools", "schema"}
    assert open_model("openai/a?base_url=http://h", timeout=9).transport.patience.timeout == 9
    base = open_model("openai/a?base_url=http://h&api=completions")
    assert base.capabilities == {"generate", "loglikelihood", "rolling", "schema", "prefill"}
    assert "prefill" in open_model("openai/a?base_url=http://h&prefill=continue").capabilities
    newer = open_model("openai/a?base_url=http://h&api=responses&prefill=continue&logprobs=1")
    assert newer.capabilities == {"generate", "image", "tools", "schema"}


async def test_a_server_that_is_not_there_is_found_at_open(closed_port: int) -> None:
    with pytest.raises(ModelUnusable, match=r"^openai/mock: nothing answers at .*connection refused"):
        await open_model(f"openai/mock?base_url=http://127.0.0.1:{closed_port}").open()


def test_status_says_whether_the_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(line.available, bool(line.remedy)) for line in openai.status()] == [(False, True)]
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (line,) = openai.status()
    assert line.available and KEY not in repr(line)


# ---- log-likelihoods of a small exact model: every character's log-probability is known


def logprob(before: str, character: str) -> float:
    return -(len(before) % 4 + ord(character) % 8) / 8


def exact(asked: Asked) -> bytes:
    """Tokens are words with the space before them, and the reply is what a real server sends."""
    prompt = asked.body["prompt"]
    tokens, values, offsets = [], [], []
    for word in [*re.finditer(r"\s*\S+", prompt), None]:
        text, start = (word.group(), word.start()) if word else (" end", len(prompt))
        tokens.append(text)
        offsets.append(start)
        values.append(sum(logprob((prompt + text)[: start + i], c) for i, c in enumerate(text)) if start else None)
    tops = [None if v is None else {t: v, "other": -1.5} for t, v in zip(tokens, values, strict=True)]
    table = {"tokens": tokens, "token_logprobs": values, "text_offset": offsets, "top_logprobs": tops}
    usage = {"prompt_tokens": len(tokens) - 1, "completion_tokens": 1}
    return http(200, {"choices": [{"text": prompt + " end", "logprobs": table}], "usage": usage})


async def test_loglikelihoods_are_those_of_the_server(server: Server) -> None:
    server.answers = exact
    context, texts = "Question: 天空 is what colour?\nAnswer: ", ("A", "blue", "dark blue", "蓝色")
    model = at(server)
    completion = await model.loglikelihood(Prompt(text=context, continuations=texts))
    await model.close()
    for text, found in zip(texts, completion.loglikelihoods, strict=True):
        whole = context + text
        start = len(context.rstrip())
        assert found.value == pytest.approx(sum(logprob(whole[:i], whole[i]) for i in range(start, len(whole))))
        assert found.tokens == len(text.split())
        words = [(m.start(), m.group()) for m in re.finditer(r"\s*\S+", whole) if m.start() >= start]
        sums = [sum(logprob(whole[: at + i], c) for i, c in enumerate(word)) for at, word in words]
        assert found.greedy is all(value >= -1.5 for value in sums)
    assert len(server.asked) == 4 and completion.attempts == 1
    assert completion.usage.tokens_in == sum(len((context + t).split()) for t in texts)
    assert completion.usage.tokens_out == 4 and completion.text == "" and completion.finish_reason == "stop"


async def test_a_server_without_echo_is_unusable_with_a_remedy(server: Server) -> None:
    server.answers = [http(200, {"choices": [{"text": "A", "logprobs": None}]})]
    model = at(server)
    with pytest.raises(ModelUnusable, match=r"^openai/mock: .*--protocol generate"):
        await model.loglikelihood(Prompt(text="Q:", continuations=(" A", " B")))
    await model.close()


async def test_one_failed_continuation_fails_the_call(server: Server) -> None:
    server.answers = lambda asked: http(422, {"detail": "no B"}) if "B" in asked.body["prompt"] else exact(asked)
    model = at(server)
    with pytest.raises(RequestRejected, match="no B"):
        await model.loglikelihood(Prompt(text="Q:", continuations=(" A", " B")))
    await model.close()


async def test_what_has_no_likelihood_is_refused_before_a_request(server: Server) -> None:
    with pytest.raises(ModelUnusable, match="gives no log-likelihoods"):
        await at(server, "&logprobs=0").loglikelihood(Prompt(text="a", continuations=(" b",)))
    with pytest.raises(RequestRejected, match="needs a text and its continuations"):
        await at(server).loglikelihood(Prompt(text="a"))
    with pytest.raises(RequestRejected, match=r"follows messages cannot be asked for.*--protocol generate"):
        await at(server).loglikelihood(Prompt(messages=ASK.messages, continuations=(" a",)))
    assert server.asked == []


async def test_nonsense_is_a_transient_error_that_names_the_model(server: Server) -> None:
    server.answers = [http(200, {"choices": []})]
    model = at(server)
    model.transport._sleep = _no_wait
    with pytest.raises(TransientError, match=r"^openai/mock: no answer after 6 attempts; the last: the reply holds no"):
        await model.generate(ASK, Sampling())
    await model.close()


async def _no_wait(seconds: float) -> None:
    pass


async def test_what_the_server_says_of_the_weights_is_part_of_the_identity(server: Server) -> None:
    server.listed = {"data": [{"id": "other", "root": "/x"}, {"id": "mock", "root": "/ckpt/900", "created": 1}]}
    model = at(server)
    before = dict(model.identity)
    await model.open()
    await model.close()
    assert model.identity == before | {"served": {"root": "/ckpt/900"}}
    assert not server.asked


@pytest.mark.parametrize("listed", [None, [], {"data": 3}, {"data": [7, {"id": "mock"}]}, {"error": "no"}])
async def test_a_server_that_lists_nothing_of_use_is_no_worse_for_it(server: Server, listed) -> None:
    server.listed = listed
    model = at(server)
    await model.open()
    await model.close()
    assert "served" not in model.identity


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("rpm=0", "allows nothing"),
        ("tpm=x", "must be a number"),
        ("price_in=1", "give both"),
        ("price_in=-1", "number"),
    ],
)
def test_limits_and_prices_that_cannot_be_meant_are_refused(options, told) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(f"openai/mock?base_url=http://127.0.0.1:1/v1&{options}")


def test_limits_and_prices_are_read() -> None:
    model = open_model("openai/mock?base_url=http://127.0.0.1:1/v1&rpm=60&tpm=1e5&price_in=0.5&price_out=2")
    assert (model.limits.requests_per_minute, model.limits.tokens_per_minute) == (60, 100_000)
    assert (model.price.input_usd, model.price.output_usd) == (0.5, 2)
    assert model.endpoint == open_model("openai/other?base_url=http://127.0.0.1:1/v1").endpoint
