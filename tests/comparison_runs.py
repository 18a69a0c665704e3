"""A benchmark whose protocols differ from the default in exactly one thing each, and runs of it on a scripted server.

The server stands at one address for all runs of a test: the model is the same, and what it says is what the test says.
"""

from pathlib import Path

import sinan
from tests.server import ChatServer

OWN = '''
from dataclasses import dataclass, replace
from sinan.prompts import Template, few_shot
from sinan.scoring import After, MostLikely, Number
from sinan.solving import Likelihood, OneTurn
from sinan.statistics import accuracy
from sinan.types import Benchmark, Card, Dataset, Outcome, Protocol, Sample, Sampling, Score

SAMPLES = [
    Sample(f"r{i:02}", f"#{i}# times seven?", str(i * 7), group=f"g{i % 2}") for i in range(12)
]
POOL = [Sample(f"p{i}", f"#{i}# plus one?", str(i + 1)) for i in range(100, 104)]

@dataclass(frozen=True)
class Kind:
    def __call__(self, sample, completion):
        read = Number()(sample, completion)
        return Score(1.0, Outcome.CORRECT, read.answer, "anything will do")

@dataclass(frozen=True)
class Cut:
    """The same prompt, of which the beginning may be lost."""
    prompt: Template
    def __call__(self, sample, form, shots):
        return replace(self.prompt(sample, form, shots), cut=True)

@dataclass(frozen=True)
class Long:
    """How long the answer is: neither right nor wrong."""
    def __call__(self, sample, completion):
        return Score(len(completion.text) / 100, Outcome.MEASURED, None)

def reversed_pool(seed, sample, pool, k):
    return list(pool)[:k][::-1]

def benchmark():
    drawn = Sampling(max_tokens=64)
    base = Protocol(Template(base="{question}", chat="{question}"), OneTurn(), Number(), drawn, chat_sampling=drawn)
    worded = replace(base, prompt=Template(chat="Tell me: {question}"))
    return Benchmark(
        "own",
        Card("Own", "Nothing.", "math", ("en",), "none", "generated"),
        Dataset(lambda subset, seed: SAMPLES, size=12, pool=lambda subset, seed: POOL),
        accuracy,
        {
            "default": base,
            "worded": worded,
            "headed": replace(base, prompt=replace(base.prompt, header="Be brief.")),
            "cut": replace(base, prompt=Cut(base.prompt)),
            "cut-shown": replace(base, prompt=Cut(base.prompt), shots=2),
            "shown": replace(base, shots=2),
            "reversed": replace(base, shots=2, few_shot=reversed_pool),
            "warm": replace(base, chat_sampling=replace(drawn, temperature=0.7)),
            "stops": replace(base, chat_sampling=replace(drawn, stop=("\\n",))),
            "short": replace(base, chat_sampling=replace(drawn, max_tokens=4)),
            "after": replace(base, scorer=After()),
            "kind": replace(base, scorer=Kind()),
            "worded-after": replace(worded, scorer=After()),
            "long": replace(base, scorer=Long()),
        },
    )
'''


def number_in(question):
    return int(question.split("#")[1])


def right(question):
    return f"The answer is {number_in(question) * 7}."


def wrong_at(*numbers, text="The answer is 1."):
    """Right, but for these questions."""
    return lambda question: text if number_in(question) in numbers else right(question)


class Runs:
    """Runs one after the other on one server."""

    def __init__(self, server: ChatServer, work: Path) -> None:
        self.server, self.work, self.made = server, work, []

    def ask(self, answer=right, target="own.py", model="mock", options="", **how):
        self.server.answer = answer
        name = f"openai/{model}?base_url={self.server.url}{options}"
        run = sinan.run(target, how.pop("models", None) or name, cache=False, **how)
        self.made.append(run)
        return run

    def compare(self, **how):
        (one,) = sinan.compare(*self.made, **how)
        return one
