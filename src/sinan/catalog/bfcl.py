"""BFCL: which functions does a model call, and with which arguments? Judged by the calls' syntax.

    Patil et al., The Berkeley Function Calling Leaderboard (BFCL), PMLR 267 (2025). Version 4, one turn.

A row of BFCL_v4_multiple.json, and its answer in possible_answer/ (made up; an allowed "" may be left out):
    {"id": "multiple_0", "question": [[{"role": "user", "content": "How warm is it in Oslo?"}]],
     "function": [{"name": "weather.now", "description": "...", "parameters": {"type": "dict", "properties":
      {"city": {"type": "string"}, "unit": {"type": "string"}}, "required": ["city"]}}, ...]}
    {"id": "multiple_0", "ground_truth": [{"weather.now": {"city": ["Oslo"], "unit": ["", "celsius"]}}]}
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts.tools import ToolsAsText, ToolsOffered
from sinan.scoring.tool_calls import ToolCalls
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Metric, Protocol, Sample, Sampling, Source

REPO, REVISION = "ShishirPatil/gorilla", "6ea57973c7a6097fd7c5915698c54c17c5b1b6c8"
FOLDER = "berkeley-function-call-leaderboard/bfcl_eval/data"
SECTIONS = {
    "simple_python": "non_live",
    "multiple": "non_live",
    "parallel": "non_live",
    "parallel_multiple": "non_live",
    "irrelevance": "irrelevance",
    "live_simple": "live",
}
"""By category, the section of the published table that it counts in."""
TARGETS = {"none": "no call", "some": "any call"}


def _source(category: str, folder: str = "") -> Source:
    return pinned(REPO, REVISION, f"{FOLDER}/{folder}BFCL_v4_{category}.json")


def sources(category: str) -> tuple[Source, ...]:
    """The questions of a category, and the allowed calls where it has any."""
    if category.endswith("relevance"):
        return (_source(category),)
    return _source(category), _source(category, "possible_answer/")


def rows(category: str, section: str) -> Iterator[Sample]:
    """The samples of a category."""
    question, *answer = [jsonl(fetch(source)) for source in sources(category)]
    if not answer:
        calls = "none" if category.endswith("irrelevance") else "some"
        return (sample(category, section, row.fields, calls) for row in question)
    truths = {row.fields["id"]: row.fields["ground_truth"] for row in answer[0]}
    return (sample(category, section, row.fields, truths[row.fields["id"]]) for row in question)


def sample(category: str, section: str, row: dict[str, Any], calls: Any) -> Sample:
    """One row. The language stands at the end of the category's name."""
    [messages] = row["question"]
    return Sample(
        id=row["id"],
        question="\n\n".join(message["content"] for message in messages),
        target=TARGETS.get(calls, calls) if isinstance(calls, str) else json.dumps(calls, ensure_ascii=False),
        group=category,
        metadata={
            "functions": row["function"],
            "language": next((one for one in ("javascript", "java") if category.endswith(one)), "python"),
            "calls": calls,
            "section": section,
            "messages": messages,
        },
    )


def asked(*metrics: Metric) -> dict[str, Protocol]:
    """The protocols, with metrics of sections after accuracy and `strict`."""
    sampling = Sampling(max_tokens=512, stop=("\nRequest:", "\n\n"))
    reported = (accuracy, average.named("strict", "strict"), *metrics)
    offered = Protocol(ToolsOffered(), OneTurn(), ToolCalls(), sampling, metrics=reported)
    return {"default": offered, "text": replace(offered, prompt=ToolsAsText())}


def benchmark() -> Benchmark:
    """The functions as tools of the request; in the text for a model that only continues text. `text` describes them in
    the first message of a chat, and asks for a Python list of calls.

    `non_live` is the mean of its categories, each of which counts the same, as published; there Java and JavaScript
    belong to `simple`. `strict` counts only calls that came natively or as that list, as the published reader does.
    """
    return Benchmark(
        id="bfcl",
        card=Card(
            title="BFCL v4, one turn",
            measures="Calls of the right functions with the right arguments, one or several, or none where none fits.",
            dimension="tools",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="https://proceedings.mlr.press/v267/patil25a.html",
            note="Six of the thirteen categories of one turn, in Python; the others are `bfcl_further`. The published "
            "overall score also needs conversations and agents.",
        ),
        dataset=Dataset(
            read=lambda category, seed: rows(category, SECTIONS[category]),
            subsets=tuple(SECTIONS),
            size=1498,
            sources=sources,
        ),
        metric=accuracy,
        protocols=asked(
            over(average.named("non_live", "non_live"), "plain"),
            average.named("live", "live"),
            average.named("irrelevance", "irrelevance"),
        ),
    )
