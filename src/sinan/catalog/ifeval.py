"""IFEval: 541 prompts with instructions that a program can check.

    Zhou et al., Instruction-Following Evaluation for Large Language Models, arXiv:2311.07911 (2023).

A row of en_input_data.jsonl (made up):
    {"key": 7, "prompt": "Name three rivers. Use no commas, and at least 40 words.",
     "instruction_id_list": ["en:punctuation:no_comma", "en:length_constraints:number_words"],
     "kwargs": [{}, {"relation": "at least", "num_words": 40}]}
"""

from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import Template
from sinan.scoring.instructions import Instructions, levels
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "shisa-ai/M-IFEval", "06f08ff3b2681a7e875124aa6946bcc93739aced"

ASKED = Template(base="Instruction: {question}\nResponse:", chat="{question}")
STOP = ("\nInstruction:",)
AS_IT_IS = Template(base="{question}")


def source(language: str) -> Source:
    """The prompts of a language."""
    return pinned(REPO, REVISION, f"data/{language}_input_data.jsonl")


def rows(language: str, before: str = "", group: str = "") -> Iterator[Sample]:
    """The prompts of a language; the id is the published key, with `before` before it."""
    for row in jsonl(fetch(source(language))):
        fields = row.fields
        asked = zip(fields["instruction_id_list"], fields["kwargs"], strict=True)
        instructions = [{"id": id.removeprefix("en:"), "kwargs": arguments} for id, arguments in asked]
        metadata = {"key": fields["key"], "instructions": instructions}
        yield Sample(f"{before}{fields['key']}", fields["prompt"], "", group=group, metadata=metadata)


def benchmark() -> Benchmark:
    """The prompt is all that is asked. Four numbers, the share of prompts that were strictly followed first.

    `lm-eval` gives a base model nothing but the prompt, and ends an answer after 1280 tokens, as that harness does.
    `evalscope` averages the share of instructions over prompts, where the paper counts every instruction the same.
    """
    answer = Sampling(max_tokens=1280)
    harness = Sampling(max_tokens=1280, stop=("</s>",))
    of_prompts = (
        accuracy.named("prompt_level_strict", "prompt_strict"),
        accuracy.named("inst_level_strict", "share_strict"),
        accuracy.named("prompt_level_loose", "prompt_loose"),
        accuracy.named("inst_level_loose", "share_loose"),
    )
    default = Sampling(max_tokens=1280, stop=STOP)
    return Benchmark(
        id="ifeval",
        card=Card(
            title="IFEval",
            measures="Following instructions on form and content that a program can check.",
            dimension="instruction",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2311.07911",
            note="25 kinds of instructions, 834 in all. Two prompts ask for `#` and `!`, which are counted here; the "
            "published checker counts a letter drawn at random instead.",
        ),
        dataset=Dataset(read=lambda subset, seed: rows("en"), size=541, sources=lambda subset: (source("en"),)),
        metric=accuracy,
        protocols={
            "default": Protocol(ASKED, OneTurn(), Instructions(), default, metrics=levels(accuracy)),
            "lm-eval": Protocol(
                AS_IT_IS, OneTurn(), Instructions(), harness, chat_sampling=answer, metrics=levels(average)
            ),
            "evalscope": Protocol(ASKED, OneTurn(), Instructions(), default, metrics=of_prompts),
        },
    )
