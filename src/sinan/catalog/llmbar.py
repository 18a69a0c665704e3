"""LLMBar: a benchmark of judges. Which of two outputs does what the instruction says? The model is the judge.

    Zeng et al., Evaluating Large Language Models at Evaluating Instruction Following, arXiv:2310.07641 (2023).

A row of dataset.json (made up); every pair is asked in both orders:
    {"input": "Name three birds.", "output_1": "Robin, wren, owl.", "output_2": "Birds are animals.", "label": 1}
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.prompts import Template
from sinan.scoring.judges import ByMark, NoRuling
from sinan.scoring.verdict import Reading, nothing, said, verdict
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.statistics.repeats import alike, circular
from sinan.types import Benchmark, Card, Completion, Dataset, Protocol, Sample, Sampling, Score, Source

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
class Chosen:
    """Right if the output that is chosen, in the form that was asked for, is the better one."""

    form: ByMark

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. A judge that does not keep to the form has given none."""
        text = said(completion)
        judged = (sample.metadata["output_a"], sample.metadata["output_b"])
        try:
            ruling = self.form.read(text, "", judged)
        except NoRuling as why:
            return nothing(completion, str(why))
        start = completion.text.rfind(text)
        span = ruling.span and (start + ruling.span[0], start + ruling.span[1])
        score = verdict(completion, Reading(ruling.label, "the verdict", span), ruling.label == sample.target)
        first = float((ruling.label == "a") != sample.metadata["swapped"])
        return replace(score, values={"first_output": first, "first_place": float(ruling.label == "a")})


METRICS = (
    accuracy,
    circular.named("both_orders"),
    alike.named("consistent", "first_output"),
    average.named("first_place", "first_place"),
)


def benchmark() -> Benchmark:
    """The verdict alone; `cot` gives reasons before it."""
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
        protocols={"default": default, "cot": reasoned},
    )
