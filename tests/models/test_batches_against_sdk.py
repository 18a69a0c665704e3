"""Batches held against the vendors' own SDKs, at servers as strict as the real ones: what both send means the same, and
both read the same from what comes."""

import asyncio
import json

import pytest

from sinan.errors import RequestRejected
from sinan.models import open_model
from sinan.types import Message, Prompt, Sampling
from sinan.types.asking import ASKING, Asking
from tests.anthropic_batch_server import AnthropicBatchServer
from tests.batch_server import OpenAIBatchServer
from tests.models.anthropic_server import meaning

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

TEXTS = ("2+2?", "什么是司南？", "rejected", "a\nb\u2028c 🧭")
SYSTEM = "Be brief."


def answer(body):
    said = body["messages"][-1]["content"]
    return (400, "not this one") if said == "rejected" else f"<{said}>"


async def ours(model):
    await model.open()

    async def ask(text):
        ASKING.set(Asking(f"benchmark/{text}/0/0"))
        return await model.generate(
            Prompt((Message("system", SYSTEM), Message("user", text))), Sampling(0.5, 50, stop=("END",))
        )

    try:
        return await asyncio.gather(*map(ask, TEXTS), return_exceptions=True)
    finally:
        await model.close()


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", OpenAIBatchServer.key)
    monkeypatch.setenv("ANTHROPIC_API_KEY", AnthropicBatchServer.key)


async def test_openai_and_its_sdk_send_the_same_batch_and_read_the_same_results():
    with OpenAIBatchServer(answer) as server:
        async with openai.AsyncOpenAI(base_url=server.url, api_key=server.key, max_retries=0) as sdk:
            rows = [
                {
                    "custom_id": str(number),
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": {
                        "model": "mock",
                        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}],
                        "temperature": 0.5,
                        "max_tokens": 50,
                        "stop": ["END"],
                    },
                }
                for number, text in enumerate(TEXTS)
            ]
            data = "\n".join(json.dumps(row) for row in rows).encode()
            file = await sdk.files.create(file=("batch.jsonl", data), purpose="batch")
            batch = await sdk.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"sinan": "sinan-0123456789abcdef"},
            )
            while batch.status not in ("completed", "failed"):
                batch = await sdk.batches.retrieve(batch.id)
            came = [
                json.loads(line)
                for id in (batch.output_file_id, batch.error_file_id)
                for line in (await sdk.files.content(id)).content.splitlines()
            ]
            listed = [one.id async for one in sdk.batches.list(limit=100)]
        completions = await ours(open_model(server.model))
        theirs, mine = (
            [{k: v for k, v in json.loads(line).items() if k != "custom_id"} for line in file.splitlines()]
            for file in server.files.values()
        )
        assert theirs == mine
        first, second = (
            create | {"input_file_id": "", "metadata": list(create["metadata"])} for create in server.creates
        )
        assert first == second
        assert batch.request_counts.model_dump() == {"total": 4, "completed": 3, "failed": 1}
        assert listed == [batch.id]
        by_id = {int(row["custom_id"]): row["response"] for row in came}
        for number, completion in enumerate(completions):
            body = by_id[number]["body"]
            if by_id[number]["status_code"] != 200:
                assert isinstance(completion, RequestRejected) and body["error"]["message"] in str(completion)
                continue
            read = openai.types.chat.ChatCompletion.model_validate(body)
            assert read.choices[0].message.content == completion.text == f"<{TEXTS[number]}>"
            assert (read.usage.prompt_tokens, read.usage.completion_tokens) == (
                completion.usage.tokens_in,
                completion.usage.tokens_out,
            )


async def test_anthropic_and_its_sdk_send_the_same_batch_and_read_the_same_results():
    with AnthropicBatchServer(answer) as server:
        async with anthropic.AsyncAnthropic(base_url=server.root, api_key=server.key, max_retries=0) as sdk:
            requests = [
                {
                    "custom_id": str(number),
                    "params": {
                        "model": "mock",
                        "system": SYSTEM,
                        "messages": [{"role": "user", "content": text}],
                        "max_tokens": 50,
                        "temperature": 0.5,
                        "stop_sequences": ["END"],
                    },
                }
                for number, text in enumerate(TEXTS)
            ]
            batches = sdk.messages.batches
            batch = await batches.create(requests=requests)
            while batch.processing_status != "ended":
                batch = await batches.retrieve(batch.id)
            came = {int(row.custom_id): row.result async for row in await batches.results(batch.id)}
            listed = [one.id async for one in batches.list(limit=100)]
        completions = await ours(open_model(server.model))
        theirs, mine = ([one["params"] for one in create["requests"]] for create in server.creates)
        assert [meaning(one) for one in theirs] == [meaning(one) for one in mine]
        assert batch.request_counts.succeeded == 3 and batch.request_counts.errored == 1 and listed == [batch.id]
        for number, completion in enumerate(completions):
            if came[number].type == "errored":
                assert isinstance(completion, RequestRejected)
                assert came[number].error.error.message in str(completion)
                continue
            message = came[number].message
            assert message.content[0].text == completion.text == f"<{TEXTS[number]}>"
            assert (message.usage.input_tokens, message.usage.output_tokens) == (
                completion.usage.tokens_in,
                completion.usage.tokens_out,
            )
