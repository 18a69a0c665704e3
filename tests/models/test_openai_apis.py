"""Streams, the Responses API, Azure, contexts of their own and whole texts, against servers on loopback."""

import json
import re
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import RequestRejected, Unsupported, UsageError
from sinan.models import open_model
from sinan.models.providers import azure
from sinan.types import Message, Prompt, Sampling, ToolCall, Usage
from tests.models.loopback import Asked, Server, http, ok

KEY = "azure-secret-0123456789"
ASK = Prompt(messages=(Message("user", "2+2?"),))
SSE = "Content-Type: text/event-stream\r\n"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    settings._file.cache_clear()


def at(server: Server, more: str = ""):
    return open_model(f"openai/mock?base_url={server.url}{more}")


def streamed(*events: object, end: bytes = b"data: [DONE]\n\n") -> bytes:
    return http(200, b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + end, SSE)


def delta(finish: str | None = None, **written: object) -> dict:
    return {"choices": [{"index": 0, "delta": written, "finish_reason": finish}]}


# ---- streams

CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": ""}}


async def test_an_answer_in_chunks_is_read_whole(server: Server) -> None:
    server.answers = [
        streamed(
            delta(role="assistant", content=""),
            delta(reasoning_content="2"), delta(reasoning_content="+2"),
            delta(content="Fo"), delta(content="ur ✓"),
            delta(tool_calls=[CALL]),
            delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a":'}}]),
            delta(tool_calls=[{"index": 0, "function": {"arguments": "1}"}}]),
            delta("tool_calls"),
            {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
        )
    ]  # fmt: skip
    model = at(server, "&stream=1")
    found = await model.generate(ASK, Sampling())
    await model.close()
    assert (found.text, found.reasoning, found.finish_reason) == ("Four ✓", "2+2", "tool_calls")
    assert found.tool_calls == (ToolCall("c1", "add", '{"a":1}'),) and found.usage == Usage(9, 4)
    assert server.asked[0].body["stream"] is True and server.asked[0].body["stream_options"] == {"include_usage": True}


async def test_calls_that_a_server_sends_whole_and_without_an_index_are_kept_apart(server: Server) -> None:
    calls = [{"id": i, "function": {"name": "f", "arguments": {"a": i}}} for i in ("1", "2")]
    server.answers = [streamed(delta(tool_calls=[calls[0]]), delta(tool_calls=[calls[1]]), delta("stop"))]
    model = at(server, "&stream=1")
    found = await model.generate(ASK, Sampling())
    await model.close()
    assert found.tool_calls == (ToolCall("1", "f", '{"a": "1"}'), ToolCall("2", "f", '{"a": "2"}'))


@pytest.mark.parametrize(
    "broken",
    [
        streamed(delta(content="Fo")),
        streamed(delta(content="Fo"), {"error": {"message": "overloaded"}}),
        streamed(delta(content="Fo"), delta("error")),
        streamed(3),
        http(200, b"data: {\n\n", SSE),
    ],
)
async def test_a_stream_that_was_cut_or_broken_is_tried_again(server: Server, broken: bytes) -> None:
    server.answers = [broken, ok("4")]
    model = at(server, "&stream=1")
    found = await model.generate(ASK, Sampling())
    await model.close()
    assert (found.text, found.attempts) == ("4", 2)


async def test_a_text_is_continued_in_chunks(server: Server) -> None:
    server.answers = [streamed({"choices": [{"text": " 4"}]}, {"choices": [{"text": "2", "finish_reason": "length"}]})]
    model = at(server, "&stream=1&api=completions")
    found = await model.generate(Prompt(text="2+2 ="), Sampling())
    await model.close()
    assert (found.text, found.finish_reason) == (" 42", "length")


# ---- responses

REPLY = {
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "4\nQ: 5?"}]}],
    "usage": {"input_tokens": 9, "output_tokens": 3},
}


@pytest.mark.parametrize("stream", [False, True])
async def test_the_newer_api_answers_whole_and_in_chunks(server: Server, stream: bool) -> None:
    end = {"type": "response.completed", "response": REPLY}
    server.answers = [streamed({"type": "response.created"}, end, end=b"") if stream else http(200, REPLY)]
    model = at(server, f"&api=responses&summary=auto&stream={stream:d}")
    found = await model.generate(ASK, Sampling(max_tokens=9, stop=("\nQ:",), reasoning_effort="low"))
    await model.close()
    assert (found.text, found.finish_reason, found.usage) == ("4", "stop", Usage(9, 3))
    assert server.asked[0].path == "/v1/responses"
    assert server.asked[0].body == {
        "model": "mock", "input": [{"role": "user", "content": "2+2?"}], "store": False, "temperature": 0.0,
        "max_output_tokens": 9, "reasoning": {"effort": "low", "summary": "auto"},
    } | ({"stream": True} if stream else {})  # fmt: skip
    assert model.identity["api"] == "responses" and model.identity["summary"] == "auto"


async def test_an_answer_whose_thoughts_stand_in_the_text_is_not_cut_here(server: Server) -> None:
    server.answers = [http(200, REPLY)]
    model = at(server, "&api=responses")
    found = await model.generate(ASK, Sampling(stop=("\nQ:",), think_end="</think>"))
    await model.close()
    assert found.text == "4\nQ: 5?"


# ---- what a filter holds back

FILTERED = {
    "error": {
        "message": "The response was filtered.", "type": None, "param": "prompt", "code": "content_filter",
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}},
    }
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        FILTERED,
        {"error": {"message": "No.", "code": None, "innererror": {"code": "content_filter"}}},
        {"error": {"message": "Your prompt was flagged as violating our usage policy.", "code": "invalid_prompt"}},
    ],
)
async def test_a_filtered_question_is_refused_and_not_failed(server: Server, body: dict) -> None:
    server.answers = [http(400, body)]
    model = at(server)
    found = await model.generate(ASK, Sampling())
    await model.close()
    assert found.finish_reason == "refusal" and found.latency_s > 0 and len(server.asked) == 1
    assert found.text.startswith(body["error"]["message"])


@pytest.mark.parametrize("body", [{"error": {"code": "invalid_prompt", "message": "bad form"}}, {"error": 3}, [], b"x"])
async def test_any_other_rejection_is_a_failure(server: Server, body) -> None:
    server.answers = [http(400, body)]
    model = at(server)
    with pytest.raises(RequestRejected, match="rejected the request"):
        await model.generate(ASK, Sampling())
    await model.close()


# ---- azure


def resource(server: Server, monkeypatch: pytest.MonkeyPatch, more: str = ""):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    return open_model(f"azure/my-gpt?base_url=http://127.0.0.1:{server.port}{more}")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", "/openai/v1/chat/completions"),
        ("&api_version=v1", "/openai/v1/chat/completions"),
        ("&api_version=preview", "/openai/v1/chat/completions?api-version=preview"),
        ("&api_version=2024-10-21", "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"),
        ("/openai/v1/", "/openai/v1/chat/completions"),
    ],
)
async def test_a_deployment_is_asked_where_its_api_version_is(server: Server, monkeypatch, options, path) -> None:
    server.answers = [ok("4")]
    model = resource(server, monkeypatch, options)
    await model.open()
    found = await model.generate(ASK, Sampling(max_tokens=5))
    await model.close()
    assert (found.text, model.name, server.asked[0].path) == ("4", "azure/my-gpt", path)
    assert server.asked[0].headers["api-key"] == KEY and "authorization" not in server.asked[0].headers
    assert server.asked[0].body["max_completion_tokens"] == 5 and server.asked[0].body["model"] == "my-gpt"
    assert KEY not in repr(model) + repr(model.identity)


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("", "/openai/v1/responses"),
        ("&api_version=2025-03-01-preview", "/openai/responses?api-version=2025-03-01-preview"),
    ],
)
async def test_the_newer_api_of_azure_names_the_deployment_in_the_body(
    server: Server, monkeypatch, version, path
) -> None:
    server.answers = [http(200, REPLY)]
    model = resource(server, monkeypatch, f"&api=responses{version}")
    await model.generate(ASK, Sampling())
    await model.close()
    assert server.asked[0].path == path and server.asked[0].body["model"] == "my-gpt"


async def test_azures_filter_refuses_questions_and_answers(server: Server, monkeypatch) -> None:
    cut = {
        "choices": [{"message": {"content": "How"}, "finish_reason": "content_filter", "content_filter_results": {}}]
    }
    server.answers = [http(400, FILTERED), http(200, cut)]
    model = resource(server, monkeypatch)
    found = [await model.generate(ASK, Sampling()) for _ in range(2)]
    await model.close()
    assert [(one.text, one.finish_reason) for one in found] == [
        ("The response was filtered. (content_filter)", "refusal"),
        ("How", "refusal"),
    ]


def test_an_azure_model_needs_a_resource_and_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"which resource\? Write base_url=https://RESOURCE"):
        open_model("azure/my-gpt")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/")
    with pytest.raises(UsageError, match="AZURE_OPENAI_API_KEY is not set"):
        open_model("azure/my-gpt")
    with pytest.raises(UsageError, match="never part of a model's name"):
        open_model(f"azure/my-gpt?api_key={KEY}")
    assert [line.available for line in azure.status()] == [False]
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    model = open_model("azure/my-gpt?api_version=2024-10-21")
    assert model.identity["base_url"] == "https://r.openai.azure.com/openai/deployments/my-gpt"
    assert model.identity["query"] == "?api-version=2024-10-21" and model.identity["provider"] == "azure"
    (line,) = azure.status()
    assert line.available and "https://r.openai.azure.com" in line.detail and KEY not in repr(line)


# ---- log-likelihoods after contexts of their own, and of whole texts


def words(asked: Asked) -> bytes:
    """Every word is a token, and each has the log-probability -(length of all before it) / 8; the first has none."""
    prompt = asked.body["prompt"]
    found = [(m.group(), m.start()) for m in re.finditer(r"\s*\S+", prompt)] + [(" end", len(prompt))]
    values = [-start / 8 if start else None for _, start in found]
    tops = [None if v is None else {t: v} for (t, _), v in zip(found, values, strict=True)]
    table = {
        "tokens": [t for t, _ in found], "token_logprobs": values,
        "text_offset": [start for _, start in found], "top_logprobs": tops,
    }  # fmt: skip
    usage = {"prompt_tokens": len(found) - 1, "completion_tokens": 1}
    return http(200, {"choices": [{"text": prompt + " end", "logprobs": table}], "usage": usage})


async def test_continuations_stand_after_contexts_of_their_own(server: Server) -> None:
    server.answers = words
    model = at(server)
    found = await model.loglikelihood(Prompt(contexts=("The sky", "Grass "), continuations=(" is blue", "grows")))
    await model.close()
    assert [asked.body["prompt"] for asked in server.asked] == ["The sky is blue", "Grass grows"]
    assert [one.value for one in found.loglikelihoods] == [-7 / 8 - 10 / 8, -5 / 8]


async def test_a_whole_text_is_measured_after_its_first_token(server: Server) -> None:
    server.answers = words
    model = at(server, "&bos=%3Cs%3E")
    found = await model.loglikelihood(Prompt(text=" Hi all", rolling=True))
    await model.close()
    assert server.asked[0].body["prompt"] == "<s> Hi all"
    assert [(one.value, one.tokens) for one in found.loglikelihoods] == [(-3 / 8 - 6 / 8, 2)]
    assert model.identity["bos"] == "<s>" and "rolling" in model.capabilities


async def test_a_whole_text_without_its_first_token_stops_the_run_with_a_remedy(server: Server) -> None:
    server.answers = words
    model = at(server)
    with pytest.raises(Unsupported, match=r"^openai/mock: .*bos="):
        await model.loglikelihood(Prompt(text="Hi all", rolling=True))
    await model.close()


# ---- what a model never takes


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Unsupported value: 'temperature' does not support 0 with this model.", "-p temperature=null .*sampling=0"),
        ("Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens_field="),
        ("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "ask without it"),
    ],
)
async def test_what_a_model_never_takes_stops_the_run_with_a_remedy(server: Server, said: str, remedy: str) -> None:
    server.answers = [http(400, {"error": {"message": said, "code": "unsupported_value"}})]
    model = at(server)
    with pytest.raises(Unsupported, match=rf"^openai/mock: .*{re.escape(said)}.*{remedy}"):
        await model.generate(ASK, Sampling())
    await model.close()


async def test_a_model_that_takes_no_temperature_is_asked_without_one(server: Server) -> None:
    server.answers = [ok("4")]
    model = at(server, "&sampling=0")
    await model.generate(ASK, Sampling(top_p=0.5, max_tokens=5))
    await model.close()
    assert set(server.asked[0].body) == {"model", "messages", "max_tokens"}
    assert model.identity["sampling"] == "0"


async def test_what_cannot_be_said_names_the_model(server: Server) -> None:
    with pytest.raises(Unsupported, match=r"^openai/mock: this API does not continue"):
        await at(server).generate(Prompt(messages=(*ASK.messages, Message("assistant", "It"))), Sampling())
    assert server.asked == []
