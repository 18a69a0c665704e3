"""LLMBar: a benchmark of judges. Which of two outputs does what the instruction says? The model is the judge.

    Zeng et al., Evaluating Large Language Models at Evaluating Instruction Following, arXiv:2310.07641 (2023).

A row of dataset.json (made up); every pair is asked in both orders:
    {"input": "Name three birds.", "output_1": "Robin, wren, owl.", "output_2": "Birds are animals.", "label": 1}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.prompts import Template
from sinan.scoring.judges import ByMark, NoRuling
from sinan.scoring.verdict import Reading, nothing, said, verdict
from sinan.solving import BothOrders, OneTurn
from sinan.solving.both_orders import FIRST, SECOND
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.statistics.repeats import alike, circular
from sinan.types import (
    Benchmark,
    Card,
    Completion,
    Dataset,
    Form,
    Message,
    Prompt,
    Protocol,
    Sample,
    Sampling,
    Score,
    Source,
)

REPO, REVISION = "princeton-nlp/LLMBar", "900616bff90b6c6c8e1681f7d079250637c55992"
SUBSETS = {"Natural": "Natural", "GPTInst": "Adversarial/GPTInst"}
PAIR = (
    "One instruction, two outputs. Which of them does precisely what the instruction says? That comes first; how "
    "helpful, right and harmless it is comes after it. Neither the place of an output nor its length counts.\n\n"
    "# Instruction\n{question}\n\n# Output (a)\n{output_a}\n\n# Output (b)\n{output_b}\n\n# Decision\n"
)
ALONE = PAIR + "Answer with `Output (a)` or `Output (b)`, and with nothing else."
REASONED = PAIR + (
    "Give your reasons in a few sentences. Then end with one of these two sentences, word for word: `Therefore, "
    "Output (a) is better.` or `Therefore, Output (b) is better.`"
)
SETTLED = PAIR + (
    "Two judges contradict each other.\n\n## The judge who prefers Output (a)\n" + FIRST + "\n\n"
    "## The judge who prefers Output (b)\n" + SECOND + "\n\n"
    "Weigh both. Answer with `Output (a)` or `Output (b)`, and with nothing else."
)
VANILLA = ByMark(r"Output \((?P<label>[ab])\)", "whole")
COT = ByMark(r"Therefore, Output \((?P<label>[ab])\) is better", claim=r"Output \((?P<label>[ab])\) is better\b")


def _source(subset: str) -> Source:
    return pinned(REPO, REVISION, f"Dataset/LLMBar/{SUBSETS[subset]}/dataset.json")


def _rows(subset: str) -> Iterator[Sample]:
    for number, row in enumerate(json_list(fetch(_source(subset)))):
        first, second = row.fields["output_1"], row.fields["output_2"]
        better = "a" if row.fields["label"] == 1 else "b"
        pair = f"{subset}/{number}"
        sample = Sample(pair, row.fields["input"], "", group=subset, unit=pair, unit_size=2)
        shown = {"output_a": first, "output_b": second, "swapped": False}
        yield replace(sample, id=f"{pair}/1", target=better, metadata=shown)
        shown = {"output_a": second, "output_b": first, "swapped": True}
        yield replace(sample, id=f"{pair}/2", target="b" if better == "a" else "a", metadata=shown)


@dataclass(frozen=True)
class Swapped:
    """The pair, the pair in the other order, and what settles a contradiction."""

    asked: Template = Template(base=REASONED + "\n", chat=REASONED)
    settling: Template = Template(base=SETTLED + "\n", chat=SETTLED)

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """For `BothOrders`."""
        shown = sample.metadata
        other = replace(sample, metadata={"output_a": shown["output_b"], "output_b": shown["output_a"]})
        further = self.asked(other, form, ()), self.settling(sample, form, ())
        turns = tuple(one.messages[-1] if one.messages else Message("user", one.text) for one in further)
        return replace(self.asked(sample, form, ()), turns=turns)


@dataclass(frozen=True)
class Chosen:
    """Right if the output that is chosen, in the form that was asked for, is the better one."""

    form: ByMark
    settled: ByMark = VANILLA
    """Of the third answer, where two contradicted each other."""

    @property
    def inner(self) -> ByMark:
        """Its code is part of the version."""
        return self.form

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. A judge that does not keep to the form has given none."""
        text = said(completion)
        judged = (sample.metadata["output_a"], sample.metadata["output_b"])
        form = self.settled if len(completion.turns) == 3 else self.form
        try:
            ruling = form.read(text, "", judged)
        except NoRuling as why:
            return nothing(completion, str(why))
        start = completion.text.rfind(text)
        span = ruling.span and (start + ruling.span[0], start + ruling.span[1])
        score = verdict(completion, Reading(ruling.label, "the verdict", span), ruling.label == sample.target)
        first = float((ruling.label == "a") != sample.metadata["swapped"])
        return replace(score, values={"first_output": first, "first_place": float(ruling.label == "a")})


@dataclass(frozen=True)
class Label:
    """Which of both a text chooses."""

    form: ByMark = COT

    def __call__(self, text: str) -> str | None:
        """None where it keeps to no form."""
        try:
            return self.form.read(text).label
        except NoRuling:
            return None


METRICS = (
    accuracy,
    circular.named("both_orders"),
    alike.named("consistent", "first_output"),
    average.named("first_place", "first_place"),
)


def benchmark() -> Benchmark:
    """The verdict alone; `cot` gives reasons before it; `swap` asks with reasons in both orders and, where the verdicts
    contradict each other, once more with both reasons."""
    default = Protocol(
        Template(base=ALONE + "\n", chat=ALONE),
        OneTurn(),
        Chosen(VANILLA),
        Sampling(max_tokens=16, stop=("\n",)),
        chat_sampling=Sampling(max_tokens=1024),
        metrics=METRICS,
    )
    reasoned = replace(
        default,
        prompt=Template(base=REASONED + "\n", chat=REASONED),
        scorer=Chosen(COT),
        sampling=Sampling(max_tokens=1024, stop=("\n# Instruction",)),
    )
    return Benchmark(
        id="llmbar",
        card=Card(
            title="LLMBar",
            measures="Telling which of two outputs does what the instruction says.",
            dimension="judging",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2310.07641",
            chance=0.5,
            note="Natural and GPTInst. Both orders of a pair are asked; `both_orders` is the share of pairs that are "
            "judged rightly in both, `consistent` of those judged alike. The prompts are ours, the forms of the "
            "verdict those of LLMBar.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows(subset),
            subsets=tuple(SUBSETS),
            size=384,
            sources=lambda subset: (_source(subset),),
        ),
        metric=accuracy,
        protocols={
            "default": default,
            "cot": reasoned,
            "swap": replace(reasoned, prompt=Swapped(), solver=BothOrders(Label())),
        },
    )
