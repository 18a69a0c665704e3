"""The samples of a long run on the site: opened, filtered, sorted, paged, a page deep inside, searched.

The run's journal is made up, a line for each sample, and samples.parquet is written from it by the store's own writer.
What is timed is the whole answer of the site's application in its process: page and twin alike.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from evaluated import scratch
from processes import Violation

from sections import Size

TITLE = "Samples of a long run, on the site"
COUNTS = {"small": 2_000, "usual": 1_000_000, "long": 1_000_000}
SEED = 6
BAR_S = 1.0
OUTCOMES = ["correct"] * 70 + ["wrong"] * 25 + ["unparsed"] * 3 + ["truncated", "refused"]
WORDS = [f"w{i:x}" for i in range(5_000)]


def lines(size: Size) -> Iterator[str]:
    count, times = COUNTS[size], 3 if size == "small" else 7
    with scratch() as folder:
        wrong = _written(folder / "runs" / "1000-long", count)
        client = _client(folder)
        last = max(1, wrong // 50)
        asked = {
            "opened, first page": "",
            "wrong answers": "?outcome=wrong",
            "wrong answers, last page": f"?outcome=wrong&page={last}",
            "slowest first": "?sort=latency&descending=true",
            "slowest first, in the middle": f"?sort=latency&descending=true&page={max(1, count // 100)}",
            "one group of wrong answers": "?outcome=wrong&group=level+3",
            "one sample opened beside the list": f"?outcome=wrong&sample={count - 1}",
        }
        yield f"A run of {count:,} samples; medians of {times} answers of the site, the first one apart.\n"
        yield "| what | first s | then s | worst s |"
        yield "|---|--:|--:|--:|"
        for name, query in asked.items():
            took = [_seconds(client, f"/runs/1000-long/samples{query}") for _ in range(times + 1)]
            yield f"| {name} | {took[0]:.2f} | {median(took[1:]):.2f} | {max(took[1:]):.2f} |"
            if size != "small" and median(took) > BAR_S:
                raise Violation(f"web_samples: {name} took {median(took):.2f} s; the bar is {BAR_S} s")
        took = [_seconds(client, "/runs/1000-long/samples?text=w13+w5") for _ in range(2)]
        yield f"| a text looked for in all of them | {took[0]:.2f} | {took[1]:.2f} | - |"


def _seconds(client: Any, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise Violation(f"web_samples: {address} answered {answer.status_code}: {answer.text[:200]}")
    return took


def _client(folder: Path) -> Any:
    from starlette.testclient import TestClient

    from sinan.web.app import application
    from sinan.web.config import Config
    from sinan.web.service import shelf
    from sinan.web.site import opened

    site = opened(Config(runs=folder / "runs", site=folder / "site", port=0))
    shelf.index(site.database, site.runs, public=True)
    return TestClient(application(site), base_url="http://127.0.0.1")


def _written(path: Path, count: int) -> int:
    """Make the run; how many answers are wrong."""
    from sinan.store import RunFolder, frames

    path.mkdir(parents=True)
    drawn, wrong = random.Random(SEED), 0
    with (path / "journal.jsonl").open("wb") as journal:
        for number in range(count):
            record = _record(number, drawn)
            wrong += record["outcome"] == "wrong"
            journal.write(orjson.dumps(record, None, orjson.OPT_APPEND_NEWLINE))
    (path / "run.json").write_text(json.dumps(_about(path.name, count)))
    (path / "results.json").write_text("[]")
    frames.write_samples(RunFolder(path), repeated=False)
    return wrong


def _record(number: int, drawn: random.Random) -> dict[str, Any]:
    outcome = drawn.choice(OUTCOMES)
    return {
        "benchmark": "arithmetic",
        "model": "made/up",
        "sample_id": f"q{number:07}",
        "prompt": f"Question: {' '.join(drawn.choices(WORDS, k=60))}?\nAnswer:",
        "prompt_hash": f"{number:064x}",
        "target": str(number % 97),
        "score": float(outcome == "correct"),
        "outcome": outcome,
        "completion": f"{' '.join(drawn.choices(WORDS, k=40))} ANSWER: {number % 89}",
        "tokens_in": 80 + number % 50,
        "tokens_out": drawn.randrange(20, 400),
        "latency_s": round(drawn.expovariate(1), 6),
        "answer": str(number % 89),
        "explanation": "after the last answer mark",
        "group": f"level {number % 5}",
    }


def _about(name: str, count: int) -> dict[str, Any]:
    cell = {"benchmark": "arithmetic", "version": "0", "protocol": "default", "model": "made/up", "metric": "accuracy"}
    spec = {"targets": ["arithmetic"], "models": ["made/up"], "limit": None, "shots": None, "draws": 1, "seed": 0}
    spec |= {"parameters": {}, "protocol": "default", "scorer": None}
    about = {"format": 3, "id": name, "spec": spec, "cells": [cell], "models": [{"name": "made/up", "identity": {}}]}
    return about | {"expected": count, "sinan": "0", "created": "2026-01-01T00:00:00+00:00", "status": "complete"}
