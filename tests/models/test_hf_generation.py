"""Texts of networks in PyTorch: the tokens of the library's own generation, alone or in company, and how they end."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sinan.errors import RequestRejected, Unsupported
from sinan.models.providers.hf import HF, open_model
from sinan.types import Completion, Prompt, Sampling
from tests.models.tiny import network, words

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], HF]]:
    made: dict[str, HF] = {}

    def give(family: str) -> HF:
        if family not in made:
            model = open_model(str(network(tmp_path_factory.mktemp(family), family)), {"device": "cpu"})
            assert isinstance(model, HF)
            asyncio.run(model.open())
            made[family] = model
        return made[family]

    yield give
    for model in made.values():
        asyncio.run(model.close())


@pytest.fixture
def model(opened: Callable[[str], HF]) -> HF:
    return opened("llama")


def prompts(seed: int, count: int) -> list[Prompt]:
    rng = random.Random(seed)
    header = " ".join(rng.choice(words()) for _ in range(50))
    tails = [" ".join(rng.choice(words()) for _ in range(rng.randint(1, 30))) for _ in range(count)]
    return [Prompt(text=f"{header} {tail}" if i % 3 else tail) for i, tail in enumerate(tails)]


def texts(model: HF, asked: Sequence[tuple[Prompt, Sampling]]) -> list[Completion]:
    async def all_() -> list[Completion]:
        return list(await asyncio.gather(*(model.generate(*one) for one in asked)))

    return asyncio.run(all_())


def reference(model: HF, prompt: Prompt, count: int, **how: Any) -> list[int]:
    import torch

    assert model._runtime is not None
    ids = torch.tensor([model._runtime.tokens.reader.read(prompt.text)])
    whole = model._runtime.network.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False, pad_token_id=2, **how
    )
    return [int(i) for i in whole[0, ids.shape[1] :]]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mistral", "bloom", "mamba"])
def test_greedy_texts_are_those_of_the_library(family: str, opened: Callable[[str], HF]) -> None:
    model = opened(family)
    asked = prompts(1, 12)
    found = texts(model, [(prompt, Sampling(max_tokens=6 + number)) for number, prompt in enumerate(asked)])
    for number, (prompt, one) in enumerate(zip(asked, found, strict=True)):
        ids = reference(model, prompt, 6 + number)
        assert one.text == model._tokens.decode([i for i in ids if i != 1])
        assert (one.finish_reason, one.usage.tokens_out) == ("stop" if 1 in ids else "length", len(ids))


def test_more_prompts_than_places_are_all_answered(model: HF, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(prompt, Sampling(max_tokens=3 + number % 7)) for number, prompt in enumerate(prompts(2, 90))]
    together = texts(model, asked)
    for (prompt, sampling), one in list(zip(asked, together, strict=True))[::9]:
        (alone,) = texts(model, [(prompt, sampling)])
        assert (alone.text, alone.usage, alone.prompt_ids) == (one.text, one.usage, one.prompt_ids)


@pytest.mark.parametrize("family", ["llama", "mamba"])
def test_draws_depend_on_the_seed_alone(family: str, opened: Callable[[str], HF]) -> None:
    model, prompt = opened(family), Prompt(text="the answer is")
    hot = [Sampling(temperature=1.3, top_p=0.9, max_tokens=12, seed=seed) for seed in range(6)]
    together = texts(model, [(prompt, sampling) for sampling in hot])
    alone = [texts(model, [(prompt, sampling)])[0] for sampling in hot]
    assert [one.text for one in together] == [one.text for one in alone]
    assert len({one.text for one in together}) > 3


def test_further_parameters_are_those_of_the_library(model: HF) -> None:
    prompt, sampling = Prompt(text="moon moon moon moon"), Sampling(max_tokens=15)
    for extra in ({"repetition_penalty": 1.8}, {"no_repeat_ngram_size": 2}):
        (one,) = texts(model, [(prompt, Sampling(max_tokens=15, extra=extra))])
        ids = reference(model, prompt, 15, **extra)
        assert one.text == model._tokens.decode([i for i in ids if i != 1])
    (greedy,) = texts(model, [(prompt, sampling)])
    for extra in ({"top_k": 1}, {"min_p": 1.0}):
        (one,) = texts(model, [(prompt, Sampling(temperature=1.0, max_tokens=15, seed=3, extra=extra))])
        assert one.text == greedy.text
    with pytest.raises(Unsupported, match=r"unknown parameter beams\. Known: repetition_penalty"):
        texts(model, [(prompt, Sampling(extra={"beams": 3}))])
    with pytest.raises(RequestRejected, match="top_k=-3 cannot be used"):
        texts(model, [(prompt, Sampling(temperature=1.0, extra={"top_k": -3}))])


def test_a_row_without_numbers_fails_alone(model: HF, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    assert model._runtime is not None
    plain = model._runtime.network.logits

    def broken(states: Any) -> Any:
        table = plain(states)
        return torch.cat([table[:-1], torch.full_like(table[-1:], torch.nan)]) if len(table) > 1 else table

    monkeypatch.setattr(model._runtime.network, "logits", broken)
    asked = [(prompt, Sampling(max_tokens=4, temperature=0.0)) for prompt in prompts(5, 3)]

    async def all_() -> list[Any]:
        return list(await asyncio.gather(*(model.generate(*one) for one in asked), return_exceptions=True))

    found = asyncio.run(all_())
    assert {type(one) for one in found} == {Completion, RequestRejected}


def test_a_text_ends_before_the_first_stop_string(model: HF) -> None:
    prompt = Prompt(text="lamp")
    (whole,) = texts(model, [(prompt, Sampling(max_tokens=24))])
    stop = whole.text[6:9]
    (cut,) = texts(model, [(prompt, Sampling(max_tokens=24, stop=("no such text", stop)))])
    assert (cut.text, cut.finish_reason) == (whole.text[: whole.text.index(stop)], "stop")
    assert (cut.usage.tokens_out or 0) < 24


def test_stop_strings_hold_for_what_follows_the_thought(model: HF) -> None:
    prompt = Prompt(text="lamp")
    (whole,) = texts(model, [(prompt, Sampling(max_tokens=24))])
    end, stop = whole.text[4:6], whole.text[0:2]
    (one,) = texts(model, [(prompt, Sampling(max_tokens=24, think_end=end, stop=(stop,)))])
    assert stop in one.reasoning and stop not in one.text
    assert one.usage.reasoning is not None and 0 < one.usage.reasoning < (one.usage.tokens_out or 0)
    assert whole.text.startswith(one.reasoning + end)


def test_a_thought_that_is_too_long_is_ended(model: HF) -> None:
    (one,) = texts(model, [(Prompt(text="lamp"), Sampling(max_tokens=30, think_end="</think>", thinking_tokens=5))])
    assert one.reasoning and one.usage.reasoning is not None and one.usage.reasoning < 30
    assert "</think>" not in one.text + one.reasoning


def test_an_answer_needs_room(model: HF) -> None:
    long = " ".join(["lamp"] * 600)
    with pytest.raises(RequestRejected, match="reads up to 512 tokens; the prompt has"):
        texts(model, [(Prompt(text=long), Sampling(max_tokens=4))])
    (cut,) = texts(model, [(Prompt(text=long, cut=True), Sampling(max_tokens=4))])
    assert cut.usage.tokens_in == 508
    (short,) = texts(model, [(Prompt(text="", cut=True), Sampling(max_tokens=2))])
    assert short.usage.tokens_in == 1


def test_a_cancelled_caller_does_not_harm_the_others(model: HF) -> None:
    asked = prompts(3, 12)

    async def some() -> list[Any]:
        calls = [asyncio.ensure_future(model.generate(prompt, Sampling(max_tokens=20))) for prompt in asked]
        await asyncio.sleep(0.01)
        calls[3].cancel()
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(some())
    assert [isinstance(one, asyncio.CancelledError) for one in found] == [i == 3 for i in range(12)]
    again = texts(model, [(asked[5], Sampling(max_tokens=20))])
    assert again[0].text == found[5].text


def test_where_memory_runs_out_fewer_texts_go_on_at_one_time(model: HF) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import torch

    from sinan.models.local.line import Line
    from sinan.models.local.torch_asking import ask
    from sinan.models.local.torch_generation import Generation
    from sinan.models.local.torch_memory import Budget
    from sinan.models.local.torch_prefixes import Kept
    from sinan.models.local.torch_rows import Continued, Ending

    runtime = model._runtime
    assert runtime is not None

    class Narrow:
        """Reads at most 300 tokens at a time, and goes on with at most 3 texts."""

        most = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(runtime.network, name)

        def extend(self, ids: Any, *more: Any, **how: Any) -> Any:
            if ids.numel() > 300:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return runtime.network.extend(ids, *more, **how)

        def decode(self, ids: Any, *more: Any) -> Any:
            if len(ids) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            Narrow.most = max(Narrow.most, len(ids))
            return runtime.network.decode(ids, *more)

    narrow: Any = Narrow()
    ending = Ending(runtime.tokens.decode, runtime.defaults.ends, "hf/narrow")
    generation = Generation(narrow, Kept(narrow, 1 << 20), Budget(8192), 32, ending)
    asked = prompts(4, 14)
    hot = Sampling(max_tokens=9, temperature=1.0, seed=5)

    async def all_() -> list[Continued]:
        with ThreadPoolExecutor(1) as thread:
            line: Line[Any, Continued] = Line(generation.work, thread)
            asks = [ask(runtime.tokens, runtime.defaults, prompt, hot, 9) for prompt in asked]
            return list(await asyncio.gather(*map(line, asks)))

    found = asyncio.run(all_())
    assert Narrow.most == 3
    assert [one.text for one in found] == [one.text for one in texts(model, [(prompt, hot) for prompt in asked])]


def test_the_model_says_how_it_likes_to_be_drawn(tmp_path: Path) -> None:
    from tests.models.tiny import edit

    folder = network(tmp_path)
    edit(folder / "generation_config.json", do_sample=True, temperature=0.7, top_k=1, eos_token_id=[1, 5])
    model = open_model(str(folder), {"device": "cpu"})
    assert isinstance(model, HF)
    asyncio.run(model.open())
    assert model._runtime is not None
    defaults = model._runtime.defaults
    assert (defaults.temperature, defaults.parameters["top_k"], defaults.ends) == (0.7, 1, {1, 5})
    open_, greedy = (Sampling(temperature=temperature, max_tokens=9) for temperature in (None, 0.0))
    one, other = texts(model, [(Prompt(text="moon"), open_), (Prompt(text="moon"), greedy)])
    assert one.text == other.text
