"""BFCL in several turns: a conversation with stateful APIs, judged by what the calls did to them.

    Patil et al., The Berkeley Function Calling Leaderboard (BFCL), PMLR 267 (2025). Version 4, multi_turn_base.

A row of BFCL_v4_multi_turn_base.json, and its answer in possible_answer/ (made up):
    {"id": "multi_turn_base_0", "question": [[{"role": "user", "content": "Make a folder."}], [{...}]],
     "initial_config": {"GorillaFileSystem": {"root": {...}}}, "involved_classes": ["GorillaFileSystem"]}
    {"id": "multi_turn_base_0", "ground_truth": [["mkdir(dir_name='new')"], ["ls()"]]}
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts.tools import ToolsOffered
from sinan.scoring.tool_state import ToolState
from sinan.solving import Recorded
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Source

REPO, REVISION = "ShishirPatil/gorilla", "6ea57973c7a6097fd7c5915698c54c17c5b1b6c8"
FOLDER = "berkeley-function-call-leaderboard/bfcl_eval/data"
QUESTIONS, ANSWERS = "BFCL_v4_multi_turn_base.json", "possible_answer/BFCL_v4_multi_turn_base.json"
FUNCTIONS = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
}
"""By API, the file that describes its functions."""


def _source(path: str) -> Source:
    return pinned(REPO, REVISION, f"{FOLDER}/{path}")


@cache
def _described(api: str) -> tuple[dict[str, Any], ...]:
    file = fetch(_source(f"multi_turn_func_doc/{FUNCTIONS[api]}.json"))
    return tuple(row.fields for row in jsonl(file))


def _rows() -> Iterator[Sample]:
    right = {row.fields["id"]: row.fields["ground_truth"] for row in jsonl(fetch(_source(ANSWERS)))}
    return (_sample(row.fields, right[row.fields["id"]]) for row in jsonl(fetch(_source(QUESTIONS))))


def _sample(row: dict[str, Any], calls: list[list[str]]) -> Sample:
    first, *further = ["\n\n".join(message["content"] for message in turn) for turn in row["question"]]
    apis, without = row["involved_classes"], set(row.get("excluded_function", ()))
    return Sample(
        id=row["id"],
        question=first,
        target=" | ".join("; ".join(turn) for turn in calls),
        metadata={
            "functions": [one for api in apis for one in _described(api) if one["name"] not in without],
            "language": "python",
            "turns": further,
            "apis": apis,
            "scenarios": row["initial_config"],
            "calls": calls,
        },
    )


def _sources(subset: str) -> tuple[Source, ...]:
    documents = [f"multi_turn_func_doc/{file}.json" for file in FUNCTIONS.values()]
    return tuple(map(_source, (QUESTIONS, ANSWERS, *documents)))


def benchmark() -> Benchmark:
    """Recorded conversations are scored with `sinan score`, in the form of BFCL's result files; none is held yet."""
    return Benchmark(
        id="bfcl_multi_turn",
        card=Card(
            title="BFCL v4, several turns (base)",
            measures="Calls of functions, turn by turn, that leave simulated systems as they should be.",
            dimension="tools",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="https://proceedings.mlr.press/v267/patil25a.html",
            note="Scores recorded conversations. TravelAPI and VehicleControlAPI are not simulated here, so that 100 "
            "of 200 conversations count as failed, outside n.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=200, sources=_sources),
        metric=accuracy,
        protocols={"default": Protocol(ToolsOffered(), Recorded(), ToolState())},
    )
