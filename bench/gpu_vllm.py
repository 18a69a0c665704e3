"""Are the numbers of vllm/ those of hf/, and how fast is either? For a machine with a GPU; no part of `make bench`.

    python bench/gpu_vllm.py                        a Llama of random weights, made for it
    python bench/gpu_vllm.py --model PATH_OR_ID     weights of your own
    python bench/gpu_vllm.py --dtype float32        bfloat16 by default

Both are asked the same: log-likelihoods of four continuations each, of whole texts in windows, and greedy texts.
Prints the differences and tokens per second, one JSON object in the last line; the exit code is 1 where a difference is
larger than rounding explains.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sinan.models
from sinan.models.providers.needle import WEIGHTS
from sinan.types import Completion, Prompt, Sampling

WORDS = "the answer is lamp door yes no question moon river apple one two three on under a of".split()
LENGTH = 512  # tokens that are read at most: whole texts take several windows
BOUND = {"float32": 1e-3, "bfloat16": 0.1, "float16": 0.02}  # per token, in nats
SIZES = {
    "vocab_size": 1024,
    "hidden_size": 1024,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "intermediate_size": 2816,
    "max_position_embeddings": 2048,
    "bos_token_id": 0,
    "eos_token_id": 1,
}


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as made:
        model = options.model or str(_random_llama(Path(made)))
        asked = _asked(options.n)
        # vLLM first: its engine is a process of its own, which wants a GPU that this process has not touched yet.
        shared = f"{model}?dtype={options.dtype}&max_length={LENGTH}"
        ours = asyncio.run(_all(f"vllm/{shared}&gpu_memory={options.gpu_memory}", asked))
        theirs = asyncio.run(_all(f"hf/{shared}{options.hf}", asked))
    found = {name: _compared(name, ours[name], theirs[name]) for name in asked}
    for name, row in found.items():
        print(f"{name:10} " + "  ".join(f"{key} {value}" for key, value in row.items()))
    bound = BOUND[options.dtype]
    bad = [name for name, row in found.items() if row.get("largest_per_token", 0) > bound]
    print(json.dumps({"model": model, "dtype": options.dtype, "bound": bound, "beyond": bad, "parts": found}))
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder or an id of the hub")
    parser.add_argument("--dtype", choices=sorted(BOUND), default="bfloat16")
    parser.add_argument("--gpu-memory", type=float, default=0.5)
    parser.add_argument("-n", type=int, default=200, help="prompts of each kind")
    parser.add_argument("--hf", default="", help="further options of hf/, such as '&attn=eager'")
    return parser.parse_args()


def _random_llama(folder: Path) -> Path:
    """Larger weights than usual: what a mistake in positions or masks changes is then much more than rounding."""
    import torch
    import transformers

    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.04)
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(WEIGHTS / "needle-s" / file, folder / file)
    return folder


def _asked(count: int) -> dict[str, list[Prompt]]:
    rng = random.Random(1)
    header = _text(rng, 150)
    choices = [
        Prompt(text=f"{header} {_text(rng, 30)}", continuations=tuple(" " + _text(rng, k) for k in (1, 2, 4, 8)))
        for _ in range(count)
    ]
    whole = [Prompt(text=_text(rng, rng.randint(1, 1200)), rolling=True) for _ in range(max(1, count // 10))]
    return {"choices": choices, "whole": whole, "texts": [Prompt(text=_text(rng, 40)) for _ in range(count)]}


def _text(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))


async def _all(spec: str, asked: dict[str, list[Prompt]]) -> dict[str, tuple[list[Completion], float]]:
    """Every answer of one model, and the seconds that each kind took."""
    model, out = sinan.models.open_model(spec), {}
    await model.open()
    try:
        await model.loglikelihood(asked["choices"][0])  # what is compiled at the first request is no part of it
        for name, prompts in asked.items():
            began = time.perf_counter()
            if name == "texts":
                sampling = Sampling(max_tokens=64)
                found = await asyncio.gather(*(model.generate(prompt, sampling) for prompt in prompts))
            else:
                found = await asyncio.gather(*map(model.loglikelihood, prompts))
            out[name] = list(found), time.perf_counter() - began
            print(f"{spec.partition('?')[0]}: {name} in {out[name][1]:.1f} s", flush=True)
    finally:
        await model.close()
    return out


def _compared(
    name: str, ours: tuple[list[Completion], float], theirs: tuple[list[Completion], float]
) -> dict[str, Any]:
    pairs = list(zip(ours[0], theirs[0], strict=True))
    speeds = {"vllm_tokens_s": _speed(name, *ours), "hf_tokens_s": _speed(name, *theirs)}
    row: dict[str, Any] = {"n": len(pairs), "other_tokens": sum(a.prompt_ids != b.prompt_ids for a, b in pairs)}
    if name == "texts":
        return row | {"equal_texts": sum(a.text == b.text for a, b in pairs)} | speeds
    values = [both for a, b in pairs for both in zip(a.loglikelihoods, b.loglikelihoods, strict=True)]
    apart = [abs(a.value - b.value) / max(1, a.tokens) for a, b in values]
    row |= {"largest_per_token": round(max(apart), 6), "mean_per_token": round(sum(apart) / len(apart), 6)}
    row |= {"other_greedy": sum(a.greedy != b.greedy for a, b in values)}
    if name == "choices":
        row |= {"other_choice": sum(_best(a) != _best(b) for a, b in pairs)}
    return row | speeds


def _best(one: Completion) -> int:
    values = [value.value for value in one.loglikelihoods]
    return values.index(max(values))


def _speed(name: str, found: Sequence[Completion], seconds: float) -> float:
    """Tokens per second: written ones for texts, else read ones, a context of several continuations counted once."""
    tokens = sum((one.usage.tokens_out if name == "texts" else one.usage.tokens_in) or 0 for one in found)
    return round(tokens / seconds, 1)


if __name__ == "__main__":
    sys.exit(main())
