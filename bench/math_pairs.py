"""Answers to problems of MATH as models give them, judged by sinan or by math-verify called one by one.

    python bench/math_pairs.py make FILE COUNT HANGING    [gold, completion] lines: MATH's golds, answers made from them
    python bench/math_pairs.py sinan FILE                 prints {"seconds", "verdicts", "longest"}
    python bench/math_pairs.py library FILE

Of four answers one is the published solution, one the same with its box written otherwise, one another problem's
solution, and one a sentence. Those that hang do so in SymPy, where an alarm can reach them.
"""

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HANGS = "We sum the terms, and get $\\boxed{\\sum_{n=1}^{10^9} \\sin(n^2)}$."
REWRITTEN = (("\\frac", "\\dfrac"), ("\\left(", "("), ("\\right)", ")"), ("x^2", "x^{2}"), ("\\!", ""))


def make(file: Path, count: int, hanging: int) -> None:
    from sinan import catalog

    dataset = catalog.load("math").dataset
    samples = [sample for subset in dataset.subsets for sample in dataset.read(subset, 0)]
    chance = random.Random(0)
    chosen = chance.sample(samples, count)
    pairs = [(sample.target, answer(at, sample, chance.choice(samples))) for at, sample in enumerate(chosen)]
    for at in range(hanging):
        pairs.insert((at + 1) * count // (hanging + 1), ("55", HANGS))
    file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))


def answer(at, sample, other) -> str:
    if at % 4 == 0:
        return sample.metadata["worked"]
    if at % 4 == 1:
        gold = sample.target
        for old, new in REWRITTEN:
            gold = gold.replace(old, new)
        return f"{sample.metadata['worked'].rpartition('boxed')[0][:-1]}\\boxed{{{gold}}}$."
    return other.metadata["worked"] if at % 4 == 2 else f"The final answer is ${sample.target}$."


def sinan(pairs) -> list[tuple[str, float]]:
    """As a run does it: several samples at once, in threads."""
    from sinan.scoring import Math
    from sinan.types import Completion, Sample

    def judge(pair):
        began = time.perf_counter()
        score = Math()(Sample("", "", pair[0]), Completion(pair[1], "stop"))
        return str(score.outcome), time.perf_counter() - began

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(judge, pairs))


def library(pairs) -> list[tuple[str, float]]:
    """As its documentation shows it, with its own time limits of 5 s."""
    from math_verify import parse, verify

    found = []
    for gold, completion in pairs:
        began = time.perf_counter()
        same = verify(parse(f"${gold}$"), parse(completion))
        found.append(("correct" if same else "wrong", time.perf_counter() - began))
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        sys.exit()
    pairs = [json.loads(line) for line in Path(sys.argv[2]).read_text().splitlines()]
    began = time.perf_counter()
    judged = (sinan if sys.argv[1] == "sinan" else library)(pairs)
    seconds = time.perf_counter() - began
    verdicts = [verdict for verdict, _ in judged]
    print(json.dumps({"seconds": seconds, "verdicts": verdicts, "longest": max(took for _, took in judged)}))
