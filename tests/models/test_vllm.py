"""The provider vllm, on a stub of the package that computes with transformers: numbers and texts are those of hf."""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sinan
import sinan.models
from sinan.errors import (
    MissingExtra,
    ModelError,
    ModelUnusable,
    RequestRejected,
    TransientError,
    Unsupported,
    UsageError,
)
from sinan.models.local.vllm_likelihood import counted, together
from sinan.models.local.wholes import Whole
from sinan.models.providers import hf, vllm
from sinan.types import Completion, Message, Model, Prompt, Sampling
from tests.models import stub_vllm
from tests.models.tiny import edit, network, with_template, words

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")

Stub = type[stub_vllm.AsyncLLMEngine]


@pytest.fixture(scope="module", autouse=True)
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    with stub_vllm.installed(tmp_path_factory.mktemp("site")) as engine:
        yield engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network(tmp_path_factory.mktemp("llama"))


@pytest.fixture
def opened(folder: Path, stub: Stub) -> Iterator[Callable[..., Model]]:
    """Models of the folder, by provider and options, closed in the end; and no stub stays broken."""
    made: list[Model] = []

    def give(provider: str, options: str = "", there: Path = folder) -> Model:
        device = "device=cpu&" if provider == "hf" else ""
        model = sinan.models.open_model(f"{provider}/{there}?{device}{options}")
        asyncio.run(model.open())
        made.append(model)
        return model

    yield give
    for model in made:
        asyncio.run(model.close())
    stub.breaks.clear()
    stub.reason = ""


def text(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(words()) for _ in range(count))


def endings(rng: random.Random) -> tuple[str, ...]:
    return tuple(text(rng, rng.randint(1, 6)) for _ in range(4))


def prompts(seed: int) -> list[Prompt]:
    """Letters and longer endings, contexts of their own, no context, blanks, the token that texts begin with."""
    rng = random.Random(seed)
    shared = [Prompt(text=f"{text(rng, rng.randint(3, 20))} ", continuations=endings(rng)) for _ in range(5)]
    letters = [Prompt(text=text(rng, rng.randint(1, 100)), continuations=tuple("ABCD")) for _ in range(3)]
    own = Prompt(continuations=(" x y", " z"), contexts=(text(rng, 5), text(rng, 30)))
    odd = Prompt(text="", continuations=("moon river", "", "<|bos|>lamp"))
    return [*shared, *letters, own, odd, Prompt(text="<|bos|>lamp", continuations=(" door", " door 417", " door"))]


def likely(model: Model, asked: Sequence[Prompt]) -> list[Completion]:
    async def all_() -> list[Completion]:
        return list(await asyncio.gather(*map(model.loglikelihood, asked)))

    return asyncio.run(all_())


def said(model: Model, prompt: Prompt, **how: Any) -> Completion:
    return asyncio.run(model.generate(prompt, Sampling(**how)))


@pytest.mark.parametrize("options", ["", "max_length=32", "add_bos=0"])
def test_log_likelihoods_are_those_of_the_provider_hf(options: str, opened: Callable[..., Model]) -> None:
    asked = [_cut(prompt) for prompt in prompts(1)]
    one, other = (likely(opened(provider, options), asked) for provider in ("vllm", "hf"))
    for prompt, a, b in zip(asked, one, other, strict=True):
        assert [v.value for v in a.loglikelihoods] == pytest.approx([v.value for v in b.loglikelihoods], abs=1e-4)
        assert [(v.tokens, v.greedy) for v in a.loglikelihoods] == [(v.tokens, v.greedy) for v in b.loglikelihoods]
        assert (a.usage, a.prompt_ids) == (b.usage, b.prompt_ids)
        assert len(a.loglikelihoods) == len(prompt.continuations)


def _cut(prompt: Prompt) -> Prompt:
    return Prompt(text=prompt.text, continuations=prompt.continuations, contexts=prompt.contexts, cut=True)


def test_a_greedy_continuation_is_told(opened: Callable[..., Model]) -> None:
    model = opened("vllm")
    assert isinstance(model, vllm.VLLM)
    reader = model._files.tokens.reader
    for word in words():
        best = said(model, Prompt(text=word), max_tokens=1).text
        if best.strip() and len(reader.read(word + best)) == len(reader.read(word)) + 1:
            break  # a token that stays one beside the word
    else:
        pytest.fail("no word is followed by a token that can be written")
    (one,) = likely(model, [Prompt(text=word, continuations=(best, " no such thing"))])
    assert [value.greedy for value in one.loglikelihoods] == [True, False]


@pytest.mark.parametrize("count", [1, 20, 31, 32, 33, 100])
def test_whole_texts_are_read_in_the_windows_of_the_provider_hf(count: int, opened: Callable[..., Model]) -> None:
    asked = [Prompt(text=text(random.Random(count), count), rolling=True)]
    (one,), (other,) = (likely(opened(provider, "max_length=32"), asked) for provider in ("vllm", "hf"))
    assert one.loglikelihoods[0].value == pytest.approx(other.loglikelihoods[0].value, abs=1e-4)
    assert one.loglikelihoods[0].tokens == other.loglikelihoods[0].tokens
    assert one.prompt_ids == other.prompt_ids


def test_a_prompt_that_is_too_long_fails_before_the_engine_sees_it(opened: Callable[..., Model], stub: Stub) -> None:
    model, long = opened("vllm"), text(random.Random(5), 700)
    before = len(stub.latest.asked)
    with pytest.raises(RequestRejected, match="reads up to 510 tokens; the prompt has"):
        likely(model, [Prompt(text=long, continuations=(" yes",))])
    with pytest.raises(RequestRejected, match="reads up to 512 tokens; the prompt has"):
        said(model, Prompt(text=long))
    assert len(stub.latest.asked) == before
    (cut,) = likely(model, [Prompt(text=long, continuations=(" yes",), cut=True)])
    assert cut.usage.tokens_in == 511
    assert said(model, Prompt(text=long, cut=True), max_tokens=8).usage.tokens_in == 504


def test_equal_texts_are_read_once_and_beginnings_with_what_they_begin(
    opened: Callable[..., Model], stub: Stub
) -> None:
    (one,) = likely(opened("vllm"), [Prompt(text="lamp", continuations=(" door", " door 417", " door", ""))])
    assert one.requests == len(stub.latest.asked) == 1
    assert [value.tokens > 0 for value in one.loglikelihoods] == [True, True, True, False]
    read = (Whole((1, 2, 3), 1), Whole((1, 2), 1), Whole((1, 2), 2), Whole((1, 4), 1), Whole((1, 2, 3), 2))
    assert dict(together(read)) == {(1, 4): [3], (1, 2, 3): [0, 4, 1]}


def test_the_engine_is_asked_for_nothing_that_is_not_needed(opened: Callable[..., Model], stub: Stub) -> None:
    likely(opened("vllm", "dtype=bfloat16&tensor_parallel=2&gpu_memory=0.5"), prompts(2))
    assert {(how.prompt_logprobs, how.max_tokens, how.detokenize) for _, how in stub.latest.asked} == {(1, 1, False)}
    arguments = stub.latest.arguments
    assert (arguments.dtype, arguments.tensor_parallel_size, arguments.gpu_memory_utilization) == ("bfloat16", 2, 0.5)
    assert arguments.enable_prefix_caching and arguments.max_model_len == 512


def test_tokens_that_are_as_likely_as_the_best_are_greedy() -> None:
    tied = [None, {7: SimpleNamespace(logprob=-0.5, rank=2), 9: SimpleNamespace(logprob=-0.5, rank=2)}]
    assert counted("m", tied, Whole((1, 7), 1)).greedy
    less = [None, {7: SimpleNamespace(logprob=-0.6, rank=2), 9: SimpleNamespace(logprob=-0.5, rank=1)}]
    assert not counted("m", less, Whole((1, 7), 1)).greedy
    with pytest.raises(ModelUnusable, match="no log-probability for token 8 at place 1"):
        counted("m", less, Whole((1, 8), 1))
    with pytest.raises(RequestRejected, match="NaN"):
        counted("m", [None, {7: SimpleNamespace(logprob=float("nan"), rank=1)}], Whole((1, 7), 1))


def test_greedy_texts_are_those_of_the_provider_hf(opened: Callable[..., Model]) -> None:
    ours, theirs = opened("vllm"), opened("hf")
    for seed in range(6):
        prompt = Prompt(text=text(random.Random(seed), 12))
        one, other = (said(model, prompt, max_tokens=10) for model in (ours, theirs))
        assert (one.text, one.finish_reason, one.prompt_ids) == (other.text, other.finish_reason, other.prompt_ids)
        assert one.usage.tokens_out == other.usage.tokens_out


def test_texts_end_at_stop_strings_unless_thoughts_come_first(opened: Callable[..., Model], stub: Stub) -> None:
    model, prompt = opened("vllm"), Prompt(text="lamp")
    whole = said(model, prompt, max_tokens=24)
    stop = whole.text[6:9]
    cut = said(model, prompt, max_tokens=24, stop=("no such text", "", stop))
    assert (cut.text, cut.finish_reason) == (whole.text[: whole.text.index(stop)], "stop")
    said(model, prompt, max_tokens=24, stop=(stop,), think_end="</think>")
    assert stub.latest.asked[-1][1].stop == []


def test_parameters_are_those_that_the_engine_knows(opened: Callable[..., Model], stub: Stub) -> None:
    model, prompt = opened("vllm"), Prompt(text="moon")
    said(model, prompt, temperature=0.7, top_p=0.9, seed=5, max_tokens=3, extra={"top_k": 7, "stop_token_ids": [9]})
    how = stub.latest.asked[-1][1]
    assert (how.temperature, how.top_p, how.seed, how.max_tokens, how.top_k) == (0.7, 0.9, 5, 3, 7)
    assert how.stop_token_ids == [1, 9]
    said(model, prompt, max_tokens=3, extra={"ignore_eos": True})
    assert stub.latest.asked[-1][1].stop_token_ids == []
    said(model, prompt, max_tokens=3, schema={"type": "object"})
    assert stub.latest.asked[-1][1].structured_outputs == stub_vllm.StructuredOutputsParams({"type": "object"})
    for name in ("beams", "n", "prompt_logprobs", "_eos_token_id"):
        with pytest.raises(Unsupported, match=rf"unknown parameter {name}\. Known: repetition_penalty, temp"):
            said(model, prompt, extra={name: 3})
    with pytest.raises(Unsupported, match="cannot bound thoughts"):
        said(model, prompt, thinking_tokens=100)
    with pytest.raises(RequestRejected, match=r"temperature must be in \[0, 2\]"):
        said(model, prompt, temperature=3.0)


def test_draws_depend_on_the_seed(opened: Callable[..., Model]) -> None:
    model, prompt = opened("vllm"), Prompt(text="the answer is")
    drawn = [said(model, prompt, temperature=1.3, max_tokens=8, seed=seed).text for seed in (1, 2, 3, 1)]
    assert drawn[0] == drawn[3] and len(set(drawn)) > 1


def test_what_the_request_leaves_open_is_as_the_models_own_files_say(
    tmp_path: Path, opened: Callable[..., Model], stub: Stub
) -> None:
    own = {"do_sample": True, "temperature": 0.6, "top_k": 20, "repetition_penalty": 1.1, "eos_token_id": [1, 5]}
    edit(network(tmp_path / "own") / "generation_config.json", **own, no_repeat_ngram_size=3)
    model = opened("vllm", there=tmp_path / "own")
    said(model, Prompt(text="lamp"), temperature=None, max_tokens=2)
    how = stub.latest.asked[-1][1]
    assert (how.temperature, how.top_k, how.repetition_penalty, how.stop_token_ids) == (0.6, 20, 1.1, [1, 5])


def test_messages_are_written_by_the_chat_template(tmp_path: Path, opened: Callable[..., Model], stub: Stub) -> None:
    with_template(network(tmp_path / "chat"))
    ours, theirs = (opened(provider, there=tmp_path / "chat") for provider in ("vllm", "hf"))
    assert ours.form == "chat" and opened("vllm", "chat=0", tmp_path / "chat").form == "base"
    prompt = Prompt((Message("user", "Which lamp?"),), continuations=("A", "B"))
    assert isinstance(ours, vllm.VLLM) and isinstance(theirs, hf.HF)
    assert ours.render(prompt) == theirs.render(prompt)
    (one,), (other,) = likely(ours, [prompt]), likely(theirs, [prompt])
    assert [v.value for v in one.loglikelihoods] == pytest.approx([v.value for v in other.loglikelihoods], abs=1e-4)
    assert one.prompt_ids == other.prompt_ids
    begun = Prompt((Message("user", "Which lamp?"), Message("assistant", "The")))
    assert said(ours, begun, max_tokens=5).text == said(theirs, begun, max_tokens=5).text


def test_what_the_engine_had_read_before_is_counted(opened: Callable[..., Model]) -> None:
    model, prompt = opened("vllm"), Prompt(text=text(random.Random(8), 60))
    first, second = (said(model, prompt, max_tokens=2).usage for _ in range(2))
    assert first.cache_read == 0 and (second.cache_read or 0) >= 32


def test_the_identity_tells_apart_what_changes_a_number(folder: Path) -> None:
    def identity(options: dict[str, str]) -> Any:
        return vllm.open_model(str(folder), options).identity

    plain = identity({})
    assert {"weights_sha256", "tokenizer_sha256", "config_sha256", "torch", "transformers"} < set(plain)
    assert (plain["provider"], plain["vllm"]) == ("vllm", stub_vllm.VERSION)
    for options in ({"dtype": "float32"}, {"tensor_parallel": "2"}, {"max_length": "64"}, {"add_bos": "0"}):
        assert identity(options) != plain
    assert identity({"gpu_memory": "0.5"}) == plain
    json.dumps(plain)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dtype": "int4"}, "dtype must be one of auto, float32"),
        ({"gpu_memory": "12"}, "gpu_memory must be a part"),
        ({"gpu_memory": "0"}, "gpu_memory must be a part"),
        ({"tensor_parallel": "0"}, "tensor_parallel must be a whole number, such as tensor_parallel=2"),
        ({"max_length": "1.5"}, "max_length must be a whole number"),
        ({"chat": "yes"}, "chat must be one of auto, 1, 0"),
        ({"device": "cpu"}, "unknown option device"),
    ],
)
def test_wrong_options_are_told_before_anything_is_read(options: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        vllm.open_model("no/such", options)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("Failed to infer device type"), "finds no GPU here.*hf/"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "does not fit into the GPU's memory.*max_length"),
        (ValueError("Free memory on device (3/80 GiB) is less than desired"), "does not fit"),
        (
            ValueError("Model architectures ['Foo'] are not supported for now."),
            "does not know the model's architecture",
        ),
        (ValueError("set the option `trust_remote_code=True`"), "read that code first"),
        (RuntimeError("Engine core initialization failed. See root cause above."), "broke off; its own lines above"),
        (RuntimeError("a\n  b"), "RuntimeError: a b"),
    ],
)
def test_what_keeps_the_engine_from_starting_is_one_line(
    error: Exception, told: str, folder: Path, opened: Callable[..., Model], stub: Stub
) -> None:
    stub.breaks["start"] = error
    with pytest.raises(ModelUnusable, match=told) as caught:
        opened("vllm")
    assert "\n" not in str(caught.value)


def test_a_length_that_the_model_does_not_have_is_told(opened: Callable[..., Model]) -> None:
    with pytest.raises(ModelUnusable, match=r"max_model_len \(9999\) is greater than"):
        opened("vllm", "max_length=9999")


def test_what_breaks_a_request_is_one_line(opened: Callable[..., Model], stub: Stub) -> None:
    model, prompt = opened("vllm"), Prompt(text="lamp", continuations=(" a", " b", " c"))
    generate_error = stub_vllm.EngineGenerateError()
    generate_error.__cause__ = ValueError("Token id 5 is out of vocabulary")
    cases: list[tuple[Exception, type[ModelError], str]] = [
        (generate_error, RequestRejected, "Token id 5 is out of vocabulary"),
        (stub_vllm.EngineDeadError("x"), ModelUnusable, "engine has stopped"),
        (RuntimeError("odd"), TransientError, "vLLM gave no answer: RuntimeError: odd"),
    ]
    for error, kind, told in cases:
        stub.breaks["request"] = error
        with pytest.raises(kind, match=told):
            likely(model, [prompt])
        with pytest.raises(kind, match=told):
            said(model, Prompt(text="lamp"))
    stub.breaks.clear()
    stub.reason = "abort"
    with pytest.raises(TransientError, match=r"gave a request up \(finish reason abort\)"):
        said(model, Prompt(text="lamp"), max_tokens=2)
    assert stub.latest.running == 0


def test_a_stopped_engine_is_told_and_a_closed_model_starts_anew(opened: Callable[..., Model], stub: Stub) -> None:
    model = opened("vllm")
    first = stub.latest
    first.shutdown()
    with pytest.raises(ModelUnusable, match="engine has stopped"):
        said(model, Prompt(text="lamp"))
    asyncio.run(model.close())
    assert said(model, Prompt(text="lamp"), max_tokens=1).usage.tokens_out == 1
    assert stub.latest is not first and first.stopped


def test_where_the_package_is_missing_the_remedy_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = vllm.status()
    assert line.available and f"vllm {stub_vllm.VERSION}" in line.detail
    monkeypatch.delitem(sys.modules, "vllm")
    (line,) = vllm.status()
    assert not line.available and line.remedy == "pip install vllm (the extra `vllm`)"
    with pytest.raises(
        MissingExtra, match=r"needs vllm, which is not installed: pip install vllm \(the extra `vllm`\)"
    ):
        asyncio.run(vllm.open_model(str(folder), {}).open())
    with pytest.raises(MissingExtra):
        _ = vllm.open_model(str(folder), {}).identity


def test_a_run_asks_the_engine_and_stops_it(folder: Path, stub: Stub, tmp_path: Path) -> None:
    run = sinan.run(["arithmetic", "logic"], f"vllm/{folder}", limit=3, runs=tmp_path, cache=False)
    assert (run.status, run.failed, run.requests["sent"]) == ("complete", 0, 12)
    assert len(stub.latest.asked) == 12 and stub.latest.stopped
