"""Log-likelihoods of networks in PyTorch: what is shared is read once, and the numbers are those of the plain pass."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sinan.errors import RequestRejected
from sinan.models.local.wholes import Wanted, Whole, wholes
from sinan.models.providers.hf import HF, open_model
from sinan.types import Completion, Prompt, Sampling
from tests.models.tiny import FAMILIES, SHARE, network, words

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., HF]]:
    """Families of networks, each made and opened once."""
    made: dict[tuple[str, str], HF] = {}

    def give(family: str, options: str = "") -> HF:
        if (family, options) not in made:
            folder = tmp_path_factory.mktemp(family)
            given = dict(pair.split("=") for pair in options.split("&") if pair)
            model = open_model(str(network(folder, family)), {"device": "cpu"} | given)
            assert isinstance(model, HF)
            asyncio.run(model.open())
            made[family, options] = model
        return made[family, options]

    yield give
    for model in made.values():
        asyncio.run(model.close())


def text(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(words()) for _ in range(count))


def prompts(seed: int) -> list[Prompt]:
    """What many prompts share and what none does, letters and longer endings, contexts of their own, no context."""
    rng = random.Random(seed)
    header = text(rng, 60)
    shared = [Prompt(text=f"{header} {text(rng, rng.randint(3, 20))} ", continuations=_endings(rng)) for _ in range(12)]
    letters = [Prompt(text=text(rng, rng.randint(1, 100)), continuations=("A", "B", "C", "D")) for _ in range(6)]
    own = [Prompt(continuations=(" x y", " z"), contexts=(text(rng, 5), text(rng, 30)))]
    return [*shared, *letters, *own, Prompt(text="", continuations=("moon river", ""))]


def _endings(rng: random.Random) -> tuple[str, ...]:
    return tuple(text(rng, rng.randint(1, 6)) for _ in range(4))


async def ask(model: HF, asked: Sequence[Prompt]) -> list[Completion]:
    return list(await asyncio.gather(*map(model.loglikelihood, asked)))


def plain(model: HF, asked: Sequence[Prompt]) -> list[tuple[float, int, bool]]:
    """One whole forward pass for each continuation."""
    import torch

    assert model._runtime is not None
    reader, reference = model._runtime.tokens.reader, model._runtime.network.model
    out = []
    for found in wholes(reader, [Wanted.of(prompt) for prompt in asked]):
        assert not isinstance(found, RequestRejected)
        for whole in found:
            gold = torch.tensor(whole.ids[whole.context :], dtype=torch.long)
            with torch.inference_mode():
                logits = reference(torch.tensor([whole.ids[:-1] or (0,)]), use_cache=False).logits[0].float()
            rows = logits.log_softmax(-1)[whole.context - 1 :][: len(gold)]
            value = float(rows.gather(1, gold[:, None]).sum()) if len(gold) else 0.0
            out.append((value, len(gold), bool((rows.argmax(-1) == gold).all())))
    return out


@pytest.mark.parametrize("family", FAMILIES)
def test_the_numbers_are_those_of_the_plain_pass(family: str, opened: Callable[..., HF]) -> None:
    model = opened(family)
    assert model._runtime is not None
    assert model._runtime.network.shares == (family in SHARE)
    asked = prompts(1)
    found = [value for one in asyncio.run(ask(model, asked)) for value in one.loglikelihoods]
    expected = plain(model, asked)
    assert [value.value for value in found] == pytest.approx([value for value, _, _ in expected], abs=1e-4)
    assert [(value.tokens, value.greedy) for value in found] == [(tokens, greedy) for _, tokens, greedy in expected]
    assert bool(model._runtime.kept._kept) == (family in SHARE)


@pytest.mark.parametrize("options", ["attn=eager", "batch_tokens=1", "batch_tokens=200"])
def test_how_it_is_computed_changes_no_number(options: str, opened: Callable[..., HF]) -> None:
    asked = prompts(2)
    one, other = (asyncio.run(ask(opened("llama", how), asked)) for how in ("", options))
    for a, b in zip(one, other, strict=True):
        assert [v.value for v in a.loglikelihoods] == pytest.approx([v.value for v in b.loglikelihoods], abs=1e-4)
        assert (a.usage, a.prompt_ids) == (b.usage, b.prompt_ids)


def test_halves_are_close_to_whole_numbers(opened: Callable[..., HF]) -> None:
    asked = prompts(3)
    model = opened("llama", "dtype=bfloat16")
    assert model._runtime is not None and model._runtime.network.shares
    whole, half = (asyncio.run(ask(opened("llama", how), asked)) for how in ("", "dtype=bfloat16"))
    for a, b in zip(whole, half, strict=True):
        assert [v.value for v in a.loglikelihoods] == pytest.approx([v.value for v in b.loglikelihoods], rel=0.05)


def test_a_whole_text_is_one_value_however_long(opened: Callable[..., HF]) -> None:
    model = opened("llama", "max_length=32")
    said = text(random.Random(4), 100)
    (one,) = asyncio.run(ask(model, [Prompt(text=said, rolling=True)]))
    assert model._runtime is not None
    assert one.loglikelihoods[0].tokens == len(model._runtime.tokens.reader.read(said)) > 64
    expected = plain(model, [Prompt(text=said, rolling=True)])
    assert one.loglikelihoods[0].value == pytest.approx(sum(value for value, _, _ in expected), abs=1e-4)
    (nothing,) = asyncio.run(ask(model, [Prompt(text=said, continuations=())]))
    assert nothing.loglikelihoods == ()


def test_a_prompt_that_is_too_long_fails_alone_or_is_cut(opened: Callable[..., HF]) -> None:
    model, long = opened("llama", "max_length=32"), text(random.Random(5), 60)

    async def both() -> list[Any]:
        cut = Prompt(text=long, continuations=(" yes",), cut=True)
        refused = Prompt(text=long, continuations=(" yes",))
        short = Prompt(text="a", continuations=(" yes",))
        return list(await asyncio.gather(*map(model.loglikelihood, (cut, refused, short)), return_exceptions=True))

    cut, refused, short = asyncio.run(both())
    assert cut.usage.tokens_in == 33
    assert isinstance(refused, RequestRejected) and "reads up to 32 tokens; the prompt has" in str(refused)
    assert len(short.loglikelihoods) == 1


def test_what_is_no_number_is_a_failure_and_no_answer(opened: Callable[..., HF], tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights = network(tmp_path / "broken", "llama") / "model.safetensors"
    table = load_file(weights)
    table["model.norm.weight"] = torch.full_like(table["model.norm.weight"], torch.nan)
    save_file(table, weights, {"format": "pt"})
    model = open_model(str(weights.parent), {"device": "cpu"})
    asked = Prompt(text="the answer is", continuations=(" A", " B"))
    for call in (model.loglikelihood(asked), model.generate(Prompt(text="the answer is"), Sampling(max_tokens=3))):
        with pytest.raises(RequestRejected, match="gives no number"):
            asyncio.run(call)
    asyncio.run(model.close())


def test_kept_beginnings_are_used_again_and_bounded(opened: Callable[..., HF]) -> None:
    model = opened("qwen2")
    assert model._runtime is not None
    kept, asked = model._runtime.kept, prompts(6)
    kept.clear()
    first = asyncio.run(ask(model, asked[:12]))
    (header,) = kept._kept
    past = kept._kept[header]
    asyncio.run(ask(model, [asked[3]]))
    assert kept._kept[header] is past
    most, kept._most = kept._most, past.bytes
    for seed in range(7, 10):
        asyncio.run(ask(model, prompts(seed)[:12]))
        assert 0 < kept._bytes <= past.bytes
    kept._most = most
    again = asyncio.run(ask(model, asked[:12]))
    for a, b in zip(first, again, strict=True):
        assert [v.value for v in a.loglikelihoods] == pytest.approx([v.value for v in b.loglikelihoods], abs=1e-4)


class Narrow:
    """A network that runs out of memory on passes of more than `most` tokens."""

    def __init__(self, network: Any, most: int) -> None:
        self._network, self.most, self.passes = network, most, list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def states(self, ids: Any) -> Any:
        self._mind(ids)
        return self._network.states(ids)

    def extend(self, ids: Any, *more: Any, **how: Any) -> Any:
        self._mind(ids)
        return self._network.extend(ids, *more, **how)

    def _mind(self, ids: Any) -> None:
        import torch

        self.passes.append(ids.numel())
        if ids.numel() > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory.")


def test_where_memory_runs_out_passes_get_smaller_and_nothing_is_lost(opened: Callable[..., HF]) -> None:
    from sinan.models.local.torch_likelihood import Likelihoods
    from sinan.models.local.torch_memory import CALM, Budget
    from sinan.models.local.torch_prefixes import Kept

    model = opened("llama")
    assert model._runtime is not None
    asked = [prompt for prompt in prompts(11) if prompt.text]
    found = wholes(model._runtime.tokens.reader, [Wanted.of(prompt) for prompt in asked])
    requests: list[tuple[Whole, ...]] = [one for one in found if isinstance(one, tuple)]
    narrow: Any = Narrow(model._runtime.network, 150)
    answers: dict[int, Any] = {}
    budget = Budget(8192)
    run = Likelihoods(narrow, Kept(narrow, 1 << 20), budget, "hf/narrow").run
    run(requests, lambda some: answers.update(some))
    assert answers.keys() == set(range(len(requests)))
    failed = [number for number, answer in answers.items() if isinstance(answer, Exception)]
    long = [number for number, one in enumerate(requests) if len(one[0].ids) > 151]
    assert set(failed) >= set(long) and len(failed) < len(requests) / 2
    assert all("has no memory for one request of" in str(answers[number]) for number in failed)
    expected = plain(model, asked)
    values = [value for number in range(len(requests)) for value in _values(answers[number])]
    for value, (total, _, _) in zip(values, expected, strict=True):
        assert value is None or value == pytest.approx(total, abs=1e-4)
    assert budget.tokens <= 150
    for _ in range(100 * CALM):
        budget.fitted()
    assert budget.tokens == 8192


def _values(answer: Any) -> list[float | None]:
    return [None] * 4 if isinstance(answer, Exception) else [value.value for value in answer]


def test_nothing_is_kept_of_what_is_answered(opened: Callable[..., HF]) -> None:
    """A leak of one object for each request would show as thousands, one of a table of logits as 16 MB."""
    import gc

    resource = pytest.importorskip("resource")

    model = opened("llama")

    async def many(count: int) -> None:
        asked = [Prompt(text=f"{i % 97} {i % 89}", continuations=(" a",)) for i in range(count)]
        for at in range(0, count, 500):
            await asyncio.gather(*map(model.loglikelihood, asked[at : at + 500]))

    asyncio.run(many(1000))
    gc.collect()
    before, most = len(gc.get_objects()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(many(4000))
    gc.collect()
    assert len(gc.get_objects()) - before < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 12_000


def test_lm_eval_gives_the_same_numbers(tmp_path: Path) -> None:
    huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="the reference: pip install lm_eval")
    from lm_eval.api.instance import Instance

    folder = network(tmp_path, "llama", max_position_embeddings=64)
    theirs = huggingface.HFLM(pretrained=str(folder), device="cpu", batch_size=4, dtype="float32")
    model = open_model(str(folder), {"device": "cpu"})
    rng = random.Random(12)
    asked = [
        Prompt(text=text(rng, rng.randint(1, 50)), continuations=(" " + text(rng, rng.randint(1, 6)),), cut=True)
        for _ in range(40)
    ]
    asked.append(Prompt(text="", continuations=("moon",)))
    found = asyncio.run(ask(model, asked))  # type: ignore[arg-type]
    pairs = [Instance("loglikelihood", {}, prompt.pairs[0], 0) for prompt in asked]
    for one, (value, greedy) in zip(found, theirs.loglikelihood(pairs, disable_tqdm=True), strict=True):
        assert one.loglikelihoods[0].value == pytest.approx(value, abs=1e-4)
        assert one.loglikelihoods[0].greedy == greedy
    long = [text(rng, count) for count in (1, 20, 90, 200)]
    rolled = asyncio.run(ask(model, [Prompt(text=one, rolling=True) for one in long]))  # type: ignore[arg-type]
    whole = [Instance("loglikelihood_rolling", {}, (one,), 0) for one in long]
    expected = theirs.loglikelihood_rolling(whole, disable_tqdm=True)
    assert [one.loglikelihoods[0].value for one in rolled] == pytest.approx(expected, abs=1e-3)
