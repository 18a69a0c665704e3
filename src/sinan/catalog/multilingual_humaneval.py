"""Multilingual HumanEval: the functions of HumanEval in other languages, by translation of prompts and tests.

    Athiwaratkun et al., Multi-lingual Evaluation of Code Generation Models, arXiv:2210.14868 (2022).

A row of HumanEval_javascript_v1.1.jsonl (made up):
    {"task_id": "HumanEval_javascript/900", "language": "javascript", "entry_point": "twice",
     "prompt": "/**\\n * Twice the number.\\n */\\nfunction twice(n) {\\n", "canonical_solution": null,
     "test": "\\nvar x0 = twice(4);\\nif (x0 !== 8) {\\n    throw 'Error'\\n}\\n"}
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.datasets import fetch, pinned
from sinan.datasets.programs import human_eval
from sinan.datasets.readers import jsonl
from sinan.prompts import Programming, Template
from sinan.prompts.programming import ENDS
from sinan.scoring import Code, languages
from sinan.solving import OneTurn
from sinan.statistics.repeats import PASS_AT_1, by_kind
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "amazon-science/mxeval", "e09974f990eeaf0c0e8f2b5eaff4be66effb2c86"
FILES = {
    "go": "HumanEval_go_v1",
    "java": "HumanEval_java_v1.1",
    "javascript": "HumanEval_javascript_v1.1",
    "perl": "HumanEval_perl_v1.1",
    "php": "HumanEval_php_v1.1",
    "python": "HumanEval",
    "ruby": "HumanEval_ruby_v1.1",
}


def rows(name: str, language: str, source: Source) -> Iterator[Sample]:
    """The tasks of a language; a problem is one cluster with the same in other languages. Raises UsageError where its
    programs cannot be run here; `name` is whose they are."""
    languages.refuse_missing(f"{name}/{language}", language)
    for row in jsonl(fetch(source)):
        sample = human_eval(row.fields, row.place)
        yield replace(sample, cluster=sample.id.rpartition("/")[2])


def asked() -> dict[str, Protocol]:
    """A chat model is told to complete the function, a base model goes on from the prompt, as in humaneval."""
    goes_on = Sampling(max_tokens=1024, stop=ENDS)
    as_it_is = Template(base="{question}", chat="{question}")
    return {
        "default": Protocol(Programming(), OneTurn(), Code(needs=()), goes_on),
        "base": Protocol(as_it_is, OneTurn(), Code("continuation", needs=()), goes_on, chat_sampling=goes_on),
    }


def _source(language: str) -> Source:
    return pinned(REPO, REVISION, f"data/multilingual_humaneval/{FILES[language]}.jsonl")


def benchmark() -> Benchmark:
    """As `asked` says."""
    return Benchmark(
        id="multilingual_humaneval",
        card=Card(
            title="Multilingual HumanEval",
            measures="Short functions in seven programming languages, by whether they pass tests.",
            dimension="code",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2210.14868",
            note="160 to 164 tasks in each language. A language whose compiler or interpreter is not on the machine is "
            "refused: ask for single ones, such as multilingual_humaneval/javascript.",
        ),
        dataset=Dataset(
            read=lambda language, seed: rows("multilingual_humaneval", language, _source(language)),
            subsets=tuple(FILES),
            sources=lambda language: (_source(language),),
        ),
        metric=by_kind(PASS_AT_1),
        protocols=asked(),
    )
