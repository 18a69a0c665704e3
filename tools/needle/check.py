"""A quick look at accuracy in PyTorch: `python tools/needle/check.py FOLDER...`, by benchmark and level.

Greedy decoding writes the target exactly when the target's every token is the most likely one at its place, so one
forward pass judges a generated answer. The numbers that count come from `sinan run`, not from here.
"""

import sys
from pathlib import Path

import torch
import vocabulary
from corpus import MAKERS, PROMPTS, pieces
from grow import load
from network import Llama
from tokenizers import Tokenizer

from sinan.datasets.generated import LEVELS, nth

ITEMS = 200


@torch.inference_mode()
def likelihood(net: Llama, context: list[int], tail: list[int]) -> tuple[float, bool]:
    """Log-likelihood of the tail, and whether it is the greedy continuation."""
    logits = net.logits(net(torch.tensor([context + tail])))[0, len(context) - 1 : -1].log_softmax(-1)
    gold = torch.tensor(tail)
    return float(logits.gather(1, gold[:, None]).sum()), bool((logits.argmax(-1) == gold).all())


def right(net: Llama, tokenizer: Tokenizer, name: str, i: int) -> bool:
    sample = nth(name, MAKERS[name].item, "0", i)
    text, answer = pieces(PROMPTS[name], sample)
    context = tokenizer.encode(text).ids
    if not sample.choices:
        tail = tokenizer.encode(answer, add_special_tokens=False).ids
        return likelihood(net, context, [*tail, tokenizer.token_to_id(vocabulary.EOS)])[1]
    tails = [tokenizer.encode(f" {choice}", add_special_tokens=False).ids for choice in sample.choices]
    values = [likelihood(net, context, tail)[0] for tail in tails]
    return max(range(len(values)), key=values.__getitem__) == sample.gold


def main() -> None:
    torch.set_num_threads(2)
    for folder in map(Path, sys.argv[1:]):
        net, tokenizer = (
            load(folder, folder.name.removeprefix("needle-")),
            Tokenizer.from_file(str(folder / "tokenizer.json")),
        )
        total = []
        for name in MAKERS:
            hits = [right(net, tokenizer, name, i) for i in range(ITEMS)]
            levels = " ".join(f"{sum(hits[k::LEVELS]) / len(hits[k::LEVELS]):.2f}" for k in range(LEVELS))
            total.append(sum(hits) / len(hits))
            print(f"{folder.name:10} {name:17} {total[-1]:.3f}   by level {levels}", flush=True)
        print(f"{folder.name:10} {'mean':17} {sum(total) / len(total):.3f}", flush=True)


if __name__ == "__main__":
    main()
