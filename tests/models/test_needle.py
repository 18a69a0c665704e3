"""The bundled models: the same numbers as transformers, alone or in company, with or without a kept prefix."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from typing import Any

import numpy as np
import pytest

from sinan.catalog import load, suite
from sinan.errors import ModelUnusable, RequestRejected, UnknownName, UsageError
from sinan.models import open_model, statuses
from sinan.models.local.batcher import Batcher
from sinan.models.local.generate import Ask, generate
from sinan.models.local.likelihood import likelihoods
from sinan.models.local.llama import Llama
from sinan.models.local.prefixes import Prefixes
from sinan.models.local.runtime import Runtime
from sinan.models.local.tree import common
from sinan.models.local.wholes import Wanted, Whole, wholes
from sinan.models.providers.needle import SIZES, WEIGHTS
from sinan.types import Message, Prompt, Sampling

SMALL = WEIGHTS / "needle-s"


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime("needle/s", SMALL)


@pytest.fixture
def fresh(runtime: Runtime) -> Iterator[Prefixes]:
    """Prefixes that nothing is kept in yet."""
    yield Prefixes(runtime.network)


@pytest.fixture(scope="module")
def reference() -> Any:
    pytest.importorskip("torch", reason="the reference is PyTorch: pip install torch transformers")
    transformers = pytest.importorskip("transformers", reason="the reference is transformers: pip install transformers")
    return transformers.AutoModelForCausalLM.from_pretrained(SMALL).eval()


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Base prompts of first-light, of every benchmark and level."""
    return [
        load(name).protocols["default"].prompt(sample, "base", ()).text
        for name in suite("first-light").benchmarks
        for sample in list(load(name).dataset.read("", 5))[:10]
    ]


@pytest.fixture(scope="module")
def contexts(asked: list[str]) -> list[str]:
    """200 contexts from 0 to some 1,500 tokens: prompts, Chinese, random letters and bytes."""
    rng = random.Random(0)
    chinese = ["".join(chr(rng.randint(0x4E00, 0x9FFF)) for _ in range(rng.randint(1, 60))) for _ in range(40)]
    raw = [rng.randbytes(rng.randint(1, 200)).decode("utf-8", "replace") for _ in range(40)]
    long = [" ".join(rng.choices(asked, k=rng.randint(2, 20))) for _ in range(39)]
    return [*asked, *chinese, *raw, *long, ""]


def continuation(rng: random.Random) -> str:
    return rng.choice((" yes", " 417", "三千零五", " lamp; door", "\x00é😀", "\n\nQuestion: What", " b"))


def tokens(runtime: Runtime, context: str, continuations: Any) -> tuple[Whole, ...]:
    (found,) = wholes(runtime.reader, [Wanted(tuple((context, one) for one in continuations))])
    assert not isinstance(found, RequestRejected)
    return found


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


# The same numbers as transformers.


def test_loglikelihoods_equal_transformers(runtime: Runtime, reference: Any, contexts: list[str]) -> None:
    import torch

    rng = random.Random(1)
    asks = [tokens(runtime, context, [continuation(rng) for _ in range(3)]) for context in contexts]
    assert len(asks) == 200
    found = likelihoods(runtime.network, Prefixes(runtime.network), asks)
    for ask, values in zip(asks, found, strict=True):
        for whole, value in zip(ask, values, strict=True):
            with torch.inference_mode():
                logits = reference(torch.tensor([whole.ids])).logits[0].log_softmax(-1)
            gold = torch.tensor(whole.ids[whole.context :])
            rows = logits[whole.context - 1 : -1]
            assert value.value == pytest.approx(float(rows.gather(1, gold[:, None]).sum()), abs=1e-3)
            assert value.tokens == len(gold)
            assert value.greedy == bool((rows.argmax(-1) == gold).all())


def test_greedy_generation_equals_transformers(runtime: Runtime, reference: Any, asked: list[str]) -> None:
    import torch

    asks = [Ask(runtime.encode(text), 24) for text in asked]
    found = generate(runtime.network, Prefixes(runtime.network), runtime.decode, asks)
    for ask, one in zip(asks, found, strict=True):
        with torch.inference_mode():
            whole = reference.generate(torch.tensor([ask.ids]), max_new_tokens=24, do_sample=False)[0].tolist()
        ids = [i for i in whole[len(ask.ids) :] if i != runtime.network.config.eos]
        assert one.text == runtime.decode(ids)
        assert one.finish_reason == ("stop" if runtime.network.config.eos in whole else "length")


@pytest.mark.parametrize("size", SIZES)
def test_a_folder_opens_with_transformers_and_gives_the_same_ids(size: str, contexts: list[str]) -> None:
    transformers = pytest.importorskip("transformers", reason="the reference is transformers: pip install transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(WEIGHTS / f"needle-{size}")
    ours = Runtime(f"needle/{size}", WEIGHTS / f"needle-{size}")
    for text in contexts:
        ids = theirs(text).input_ids
        assert tuple(ids) == ours.encode(text)
        assert theirs.decode(ids, skip_special_tokens=True) == ours.decode(ids) == text


# The same numbers alone and in company.


def test_a_batch_gives_the_loglikelihoods_of_its_members(runtime: Runtime, contexts: list[str]) -> None:
    rng = random.Random(2)
    asks = [tokens(runtime, context, [continuation(rng) for _ in range(4)]) for context in contexts[:120]]
    together = likelihoods(runtime.network, Prefixes(runtime.network), asks)
    for ask, values in zip(asks, together, strict=True):
        alone = likelihoods(runtime.network, Prefixes(runtime.network), [ask])[0]
        assert [v.value for v in values] == pytest.approx([v.value for v in alone], abs=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_batch_gives_the_texts_of_its_members(runtime: Runtime, asked: list[str], temperature: float) -> None:
    asks = [
        Ask(runtime.encode(text), 5 + 3 * (i % 9), temperature=temperature, top_p=0.95, seed=i)
        for i, text in enumerate(asked)
    ]
    together = generate(runtime.network, Prefixes(runtime.network), runtime.decode, asks)
    alone = [generate(runtime.network, Prefixes(runtime.network), runtime.decode, [ask])[0] for ask in asks]
    assert together == alone


def test_a_kept_prefix_changes_nothing(runtime: Runtime, fresh: Prefixes, asked: list[str]) -> None:
    header = "\n\n".join(f"{text} 7" for text in asked[:12]) + "\n\n"
    texts = [header + text for text in asked[12:30]]
    asks = [tokens(runtime, text, [" 1", " 23", " yes"]) for text in texts]
    with_reuse = [likelihoods(runtime.network, fresh, asks[at : at + 6]) for at in range(0, len(asks), 6)]
    assert 1 <= len(fresh._kept) <= 3
    assert max(map(len, fresh._kept)) > 200
    without = [likelihoods(runtime.network, Prefixes(runtime.network), [ask])[0] for ask in asks]
    found = [value.value for batch in with_reuse for values in batch for value in values]
    assert found == pytest.approx([value.value for values in without for value in values], abs=1e-4)


def test_a_long_prompt_is_read_in_chunks_to_the_same_end(
    runtime: Runtime, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = runtime.encode("\n\n".join(asked * 2))[:3000]
    whole = runtime.network.extend(runtime.network.start(1), [ids])
    monkeypatch.setattr("sinan.models.local.llama.CHUNK", 3000 * 70)
    chunked = runtime.network.extend(runtime.network.start(1), [ids])
    assert chunked.shape == whole.shape == (1, len(ids), runtime.network.config.width)
    np.testing.assert_allclose(chunked, whole, atol=2e-3)


def test_what_is_kept_is_bounded(
    runtime: Runtime, fresh: Prefixes, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinan.models.local.prefixes.KEPT", 500)
    for text in asked:
        fresh.read([runtime.encode(text * 6 + end) for end in (" 1", " 2")])
    assert 0 < sum(map(len, fresh._kept)) <= 500


@pytest.mark.parametrize(
    ("a", "b", "shared"), [((), (), 0), ((1, 2), (1, 2, 3), 2), ((1, 2), (1, 3), 1), ((1,), (2,), 0)]
)
def test_what_two_prompts_share(a: tuple[int, ...], b: tuple[int, ...], shared: int) -> None:
    assert common(a, b) == shared


# What a request may ask for.


def test_text_ends_before_a_stop_string(runtime: Runtime) -> None:
    prompt = "Question: Write the letters a b c d in reverse order.\nAnswer:"
    whole = run(runtime.generate(prompt, Sampling(max_tokens=24), 24))[0]
    stop = whole.text[3:5]
    cut = run(runtime.generate(prompt, Sampling(max_tokens=24, stop=("no such text", stop)), 24))[0]
    assert (cut.text, cut.finish_reason) == (whole.text[: whole.text.index(stop)], "stop")


def test_max_tokens_cut_and_say_so(runtime: Runtime) -> None:
    cut = run(runtime.generate("Write on", Sampling(max_tokens=1), 256))[0]
    assert (cut.tokens, cut.finish_reason) == (1, "length")


def test_a_seed_decides_a_sampled_text(runtime: Runtime) -> None:
    async def texts(*seeds: int | None) -> list[str]:
        settings = [Sampling(temperature=1.5, max_tokens=30, seed=seed) for seed in seeds]
        return [came.text for came, _ in await asyncio.gather(*(runtime.generate("Answer:", s, 9) for s in settings))]

    first, second, other = run(texts(1, 1, 2))
    assert first == second == run(texts(1))[0]
    assert first != other
    assert len(set(run(texts(None, None, None, None)))) > 1


def test_a_tiny_top_p_is_greedy(runtime: Runtime) -> None:
    greedy = run(runtime.generate("Answer:", Sampling(max_tokens=20), 9))[0]
    assert (
        run(runtime.generate("Answer:", Sampling(temperature=1.0, top_p=1e-9, max_tokens=20, seed=3), 9))[0] == greedy
    )


@pytest.mark.parametrize(
    ("text", "tail"),
    [("Answer: ", "yes"), ("Answer:", " yes"), ("", " yes"), ("   ", "yes"), ("a\n", "b")],
)
def test_spaces_at_the_end_of_a_context_belong_to_the_continuation(runtime: Runtime, text: str, tail: str) -> None:
    (whole,) = tokens(runtime, text, [tail])
    assert whole.ids[: whole.context] == runtime.encode(text.rstrip())
    assert runtime.decode(whole.ids[whole.context :]) == text[len(text.rstrip()) :] + tail


def test_an_empty_continuation_is_certain(runtime: Runtime) -> None:
    values = run(runtime.loglikelihood(Prompt(text="Answer:", continuations=("", " yes")))).values
    assert (values[0].value, values[0].tokens, values[0].greedy) == (0.0, 0, True)
    assert values[1].value < 0


# What fails, and how.


@pytest.fixture
def model() -> Any:
    return open_model("needle/xs")


def test_a_prompt_longer_than_the_context_is_rejected(model: Any) -> None:
    long = "1" * 16_384
    with pytest.raises(RequestRejected, match="16384 tokens; the prompt has 16385"):
        run(model.generate(Prompt(text=long), Sampling(max_tokens=1)))
    with pytest.raises(RequestRejected, match="16384 tokens"):
        run(model.loglikelihood(Prompt(text=long[:-2], continuations=(" yes", " 1234"))))


def test_messages_are_rejected(model: Any) -> None:
    with pytest.raises(RequestRejected, match="takes no messages"):
        run(model.generate(Prompt(messages=(Message("user", "Hello"),)), Sampling()))


def test_a_lone_surrogate_is_rejected(model: Any) -> None:
    with pytest.raises(RequestRejected, match="surrogate"):
        run(model.generate(Prompt(text="a\ud800"), Sampling()))


def test_an_unknown_size_names_those_that_are_known() -> None:
    with pytest.raises(UnknownName, match="needle/xs, needle/s, needle/m"):
        open_model("needle/xl")


def test_there_are_no_options() -> None:
    with pytest.raises(UsageError, match="device"):
        open_model("needle/m?device=cuda")


def test_missing_weights_are_said_so(tmp_path: Any) -> None:
    with pytest.raises(ModelUnusable, match="no weights"):
        Runtime("needle/m", tmp_path)


def test_a_failure_reaches_every_caller_and_the_next_call_works() -> None:
    def halve(numbers: Any) -> list[float]:
        return [1 / number for number in numbers]

    async def both() -> list[Any]:
        batcher = Batcher(halve)
        failed = await asyncio.gather(batcher(0, 1), batcher(1, 1), return_exceptions=True)
        return [*failed, await batcher(4, 1)]

    one, two, three = run(both())
    assert isinstance(one, ZeroDivisionError)
    assert isinstance(two, ZeroDivisionError)
    assert three == 0.25


def test_a_batch_stays_within_its_tokens() -> None:
    sizes: list[int] = []

    def note(asks: Any) -> Any:
        sizes.append(len(asks) * max(asks))
        return asks

    async def many() -> list[int]:
        batcher: Batcher[int, int] = Batcher(note)
        return list(await asyncio.gather(*(batcher(size, size) for size in range(100, 3100, 100))))

    assert run(many()) == list(range(100, 3100, 100))
    assert len(sizes) > 1
    assert max(sizes) <= 32_768


def test_a_model_can_be_used_from_one_event_loop_after_another(model: Any) -> None:
    prompt, sampling = Prompt(text="Question: What is 47 + 8?\nAnswer:"), Sampling(max_tokens=8)
    assert run(model.generate(prompt, sampling)).text == run(model.generate(prompt, sampling)).text


def test_a_cancelled_caller_does_not_harm_the_others(model: Any) -> None:
    async def some() -> list[Any]:
        calls = [asyncio.ensure_future(model.generate(Prompt(text=f"{i}:"), Sampling(max_tokens=8))) for i in range(9)]
        await asyncio.sleep(0.001)
        calls[3].cancel()
        return await asyncio.gather(*calls, return_exceptions=True)

    results = run(some())
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [i == 3 for i in range(9)]


# What is bundled.


def test_the_model_says_what_it_is(model: Any) -> None:
    assert (model.name, model.form, model.capabilities) == (
        "needle/xs",
        "base",
        {"generate", "loglikelihood", "seed", "rolling", "prefill"},
    )
    assert {len(model.identity[key]) for key in ("weights_sha256", "tokenizer_sha256")} == {64}
    completion = run(model.loglikelihood(Prompt(text="Is it?", continuations=(" yes", " no"))))
    assert len(completion.loglikelihoods) == 2
    assert completion.usage.tokens_in > 0
    run(model.close())


def test_all_sizes_are_bundled_in_less_than_sixteen_megabytes() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {f"needle-{size}" for size in SIZES}
    assert sum(path.stat().st_size for path in files) < 16_000_000
    assert all(line.available for line in statuses() if line.name.startswith("needle/"))


@pytest.mark.parametrize(("size", "millions"), [("xs", 0.2), ("s", 1.0), ("m", 3.8)])
def test_sizes_have_the_parameters_they_claim(size: str, millions: float) -> None:
    from safetensors.numpy import load_file

    weights = load_file(WEIGHTS / f"needle-{size}" / "model.safetensors")
    assert sum(tensor.size for tensor in weights.values()) / 1e6 == pytest.approx(millions, rel=0.05)
    assert {tensor.dtype for tensor in weights.values()} == {np.dtype("float16")}


def test_opening_a_model_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sinan.models import open_model; open_model('needle/m').identity; "
        "print([name for name in ('numpy', 'tokenizers', 'safetensors', 'torch', 'scipy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_network_can_be_asked_for_nothing(runtime: Runtime) -> None:
    network: Llama = runtime.network
    states = network.extend(network.start(2), [[0], []])
    assert states.shape == (2, 1, network.config.width)
