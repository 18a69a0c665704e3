"""Trains the needle family: `python tools/needle/train.py --out src/sinan/models/local/weights`.

Every size reads the same stream of tokens, as far as its recipe says. README.md beside this file has what came out.
"""

import argparse
import csv
import itertools
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
import vocabulary
from corpus import documents
from export import export
from grow import grow, load
from network import SHAPES, Llama
from tokenizers import Tokenizer
from torch import Tensor

QUESTION_WEIGHT = 0.05  # of a question's token in the loss; an answer's token has 1
SHARD = 8192  # documents sorted by length together, so that little is padded
WARMUP = 0.02  # share of all tokens


@dataclass(frozen=True)
class Recipe:
    """What decides a training run."""

    tokens: int
    rate: float
    """Peak learning rate, of both optimizers."""
    batch: int = 2048
    """Tokens of one step, padding included."""
    decay: float = 0.05
    seed: int = 0
    grown_from: str = ""
    """The size whose trained network this one starts from, made wider; empty to start from noise."""


# A size may have several stages; each goes on from the one before it.
RECIPES = {
    "xs": (Recipe(tokens=12_000_000, rate=6e-3),),
    "s": (Recipe(tokens=12_000_000, rate=3e-3),),
    "m": (
        Recipe(tokens=4_500_000, rate=1.5e-3, batch=4096, seed=1, grown_from="s"),
        Recipe(tokens=4_000_000, rate=2e-3, batch=4096, seed=2),
        Recipe(tokens=3_500_000, rate=1.5e-3, batch=4096, seed=3),
    ),
}

Row = tuple[list[int], list[float]]  # ids, and the weight of predicting each


def rows(tokenizer: Tokenizer, seed: int) -> Iterator[list[Row]]:
    """Endless shards of documents as ids and weights, sorted by length."""
    stream = documents(seed)
    while True:
        shard = list(itertools.islice(stream, SHARD))
        texts = [text for document in shard for text, _ in document]
        codes = iter(tokenizer.encode_batch(texts, add_special_tokens=False))
        yield sorted((_row(tokenizer, [(next(codes).ids, gold) for _, gold in doc]) for doc in shard), key=_length)


def _length(row: Row) -> int:
    return len(row[0])


def _row(tokenizer: Tokenizer, stretches: list[tuple[list[int], bool]]) -> Row:
    ids, weights = [tokenizer.token_to_id(vocabulary.BOS)], [0.0]
    for stretch, gold in stretches:
        ids += stretch
        weights += [1.0 if gold else QUESTION_WEIGHT] * len(stretch)
    return [*ids, tokenizer.token_to_id(vocabulary.EOS)], [*weights, 1.0]


def batches(tokenizer: Tokenizer, recipe: Recipe) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Endless (ids, weights, tokens that are not padding); rows of a batch have nearly one length."""
    rng = random.Random(f"train/batches/{recipe.seed}")
    pad = tokenizer.token_to_id(vocabulary.PAD)
    for shard in rows(tokenizer, recipe.seed):
        cut: list[list[Row]] = [[]]
        for row in shard:
            if (len(cut[-1]) + 1) * _length(row) > recipe.batch:
                cut.append([])
            cut[-1].append(row)
        rng.shuffle(cut)
        for batch in cut:
            width = max(map(_length, batch))
            ids = torch.tensor([r[0] + [pad] * (width - len(r[0])) for r in batch])
            weights = torch.tensor([r[1] + [0.0] * (width - len(r[1])) for r in batch])
            yield ids, weights, sum(map(_length, batch))


def optimizers(net: Llama, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside, AdamW for embeddings and norms."""
    matrices = [p for p in net.layers.parameters() if p.ndim == 2]
    inside = {id(p) for p in matrices}
    others = [p for p in net.parameters() if id(p) not in inside]
    muon = torch.optim.Muon(matrices, lr=recipe.rate, weight_decay=recipe.decay, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.0)]


def losses(net: Llama, ids: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted loss to descend, and the mean loss of answer tokens alone; nats per token."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = net.logits(net(ids[:, :-1]))
    each = F.cross_entropy(logits.float().transpose(1, 2), ids[:, 1:], reduction="none")
    weight = weights[:, 1:]
    answers = weight == 1.0
    return (each * weight).sum() / weight.sum(), each.detach()[answers].mean()


def rate(done: float) -> float:
    """Share of the learning rate after this share of the tokens: up, then down to nothing in a line."""
    return min(done / WARMUP, (1 - done) / (1 - WARMUP))


def train(net: Llama, tokenizer: Tokenizer, recipe: Recipe, log: Path) -> Llama:
    """One network, with a line per 25 steps in `log`."""
    opts = optimizers(net, recipe)
    seen, smooth, began, cpu = 0, math.nan, time.time(), time.process_time()
    with log.open("w", newline="", buffering=1) as file:
        table = csv.writer(file)
        table.writerow(["step", "tokens", "answer_loss", "wall_s", "cpu_s"])
        for step, (ids, weights, tokens) in enumerate(batches(tokenizer, recipe)):
            if seen >= recipe.tokens:
                break
            loss, answer = losses(net, ids, weights)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            seen += tokens
            for opt in opts:
                opt.param_groups[0]["lr"] = recipe.rate * max(0.0, rate(min(1.0, seen / recipe.tokens)))
                opt.step()
                opt.zero_grad()
            smooth = float(answer) if math.isnan(smooth) else 0.95 * smooth + 0.05 * float(answer)
            if step % 25 == 0:
                spent = time.process_time() - cpu
                table.writerow([step, seen, f"{smooth:.4f}", f"{time.time() - began:.1f}", f"{spent:.1f}"])
    return net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", default="xs,s,m")
    parser.add_argument("--tokens", type=int, help="fewer than the recipe says, to try something out")
    parser.add_argument("--logs", type=Path, default=Path(__file__).parent / "logs")
    parser.add_argument("--stage", type=int, default=1, help="where to begin, for a size of several stages")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tokenizer = vocabulary.train(seed=0)
    args.logs.mkdir(parents=True, exist_ok=True)
    for size in args.sizes.split(","):
        vocabulary.save(tokenizer, args.out / f"needle-{size}")
        for stage, recipe in enumerate(RECIPES[size][args.stage - 1 :], args.stage):
            recipe = replace(recipe, tokens=args.tokens or recipe.tokens)
            print(json.dumps({"size": size, "stage": stage} | run(size, stage, tokenizer, recipe, args)), flush=True)


def run(size: str, stage: int, tokenizer: Tokenizer, recipe: Recipe, args: argparse.Namespace) -> dict[str, int]:
    """Train and export one stage; returns its parameters and seconds."""
    began, cpu = time.time(), time.process_time()
    torch.manual_seed(recipe.seed)
    folder = args.out / f"needle-{size}"
    if recipe.grown_from:
        net = grow(args.out / f"needle-{recipe.grown_from}", size)
    else:
        net = Llama(SHAPES[size]) if stage == 1 else load(folder, size)
    net = train(net, tokenizer, recipe, args.logs / (f"{size}.csv" if stage == 1 else f"{size}-{stage}.csv"))
    export(net, folder, tokenizer)
    spent = {"wall_s": round(time.time() - began), "cpu_s": round(time.process_time() - cpu)}
    return {"parameters": sum(p.numel() for p in net.parameters())} | spent


if __name__ == "__main__":
    main()
