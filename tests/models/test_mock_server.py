"""The provider against the lean mock server of the benchmark folder, where that folder lies beside the repository."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sinan.errors import ModelUnusable
from sinan.models import open_model
from sinan.types import Message, Model, Prompt, Sampling

MOCK = Path(__file__).resolve().parents[2].parent / "shared" / "bench" / "mockserver.py"

pytestmark = pytest.mark.skipif(not MOCK.is_file(), reason="the mock server (../shared/bench) is not here")


@pytest.fixture
async def model(closed_port: int, request: pytest.FixtureRequest) -> AsyncIterator[Model]:
    options = [*getattr(request, "param", ("--latency", "0.002")), "--port", str(closed_port)]
    process = subprocess.Popen([sys.executable, str(MOCK), *options])
    found = open_model(f"openai/mock?base_url=http://127.0.0.1:{closed_port}/v1", timeout=10)
    try:
        await _until_it_listens(found, process)
        yield found
    finally:
        await found.close()
        process.kill()
        process.wait()


async def _until_it_listens(model: Model, process: subprocess.Popen) -> None:
    while process.poll() is None:
        try:
            return await model.open()
        except ModelUnusable:
            await asyncio.sleep(0.02)
    pytest.skip("the mock server does not start (it needs uvloop)")


def ask(number: int) -> Prompt:
    return Prompt(messages=(Message("user", f"#{number:05d}# 2+2?"),))


@pytest.mark.parametrize("model", [("--latency", "0.02")], indirect=True)
async def test_256_calls_in_flight_all_come_back(model: Model) -> None:
    gate = asyncio.Semaphore(256)

    async def one(number: int) -> str:
        async with gate:
            return (await model.generate(ask(number), Sampling(max_tokens=8))).text

    texts = await asyncio.gather(*(one(number) for number in range(1024)))
    assert len(texts) == 1024 and all("ANSWER: " in text for text in texts)
    assert model.transport.retried == 0


@pytest.mark.parametrize(
    "model", [("--latency", "0", "--p429", "0.2", "--p500", "0.1", "--pgarbage", "0.1")], indirect=True
)
async def test_faults_are_ridden_out(model: Model) -> None:
    model.transport._sleep = lambda seconds: asyncio.sleep(0)
    completions = await asyncio.gather(*(model.generate(ask(number), Sampling()) for number in range(64)))
    assert all("ANSWER: " in c.text for c in completions)
    assert model.transport.retried == sum(c.attempts - 1 for c in completions) > 0


async def test_loglikelihoods_of_its_echo(model: Model) -> None:
    texts = (" A", " B", " two words")
    completion = await model.loglikelihood(Prompt(text="#00007# Which?\nAnswer:", continuations=texts))
    assert [found.tokens for found in completion.loglikelihoods] == [1, 1, 2]
    assert all(-1.5 * found.tokens <= found.value <= -0.5 * found.tokens for found in completion.loglikelihoods)
    assert all(found.greedy for found in completion.loglikelihoods)
