"""A folder of runs for boards: so many made-up models on so many benchmarks of the catalogue, one run a model.

One run is written as runs are, answer by answer through the store; the others are its columns with other verdicts.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from sinan import catalog, store
from sinan.statistics.intervals import estimate_accuracy
from sinan.store import frames
from sinan.store.description import spec_to_json
from sinan.types import CellResult, Completion, Outcome, Prompt, Question, RunSpec, Sample, SampleResult, Score, Usage

SEED = 7
MAKERS = ("qwen", "llama", "mistral", "gemma", "deepseek", "glm", "phi", "internlm", "gpt", "claude")


def names(count: int) -> list[str]:
    """Benchmarks of the catalogue, then subsets of one."""
    subsets = (f"mmlu/{name}" for name in catalog.load("mmlu").dataset.subsets if name)
    return list(islice((name for some in (catalog.names(), subsets) for name in some), count))


def models(count: int) -> list[str]:
    """Names as they are on boards."""
    return [f"vllm/{MAKERS[at % len(MAKERS)]}-{at // len(MAKERS) + 1}-{1 + 7 * (at % 11)}b" for at in range(count)]


def write(runs: Path, model_count: int, benchmark_count: int, questions: int) -> Iterator[store.RunFolder]:
    """The runs, as they are written."""
    benchmarks, random = names(benchmark_count), np.random.default_rng(SEED)
    hardness = random.normal(0, 1.3, (benchmark_count, questions))
    for at, model in enumerate(models(model_count)):
        strength = random.normal(0.8, 0.9)
        right = random.random(hardness.shape) < 1 / (1 + np.exp(hardness - strength))
        yield run(runs, f"m{at:03d}", model, benchmarks, right, runs / ".template.parquet", day=1 + at % 28)


def run(
    runs: Path, name: str, model: str, benchmarks: Sequence[str], right: Any, template: Path, day: int = 28
) -> store.RunFolder:
    """One finished run. `right`: (benchmarks, questions)."""
    folder = store.create(runs, name)
    if not template.exists():
        _as_runs_are(folder, model, benchmarks, right.shape[1])
        folder.samples.rename(template)
    folder.journal.touch()
    _samples(folder, model, benchmarks, right, template)
    results = [_result(model, benchmark, row) for benchmark, row in zip(benchmarks, right, strict=True)]
    folder.describe(_about(model, benchmarks, day))
    folder.conclude([row for one in results for row in one.to_json()])
    return folder


def _as_runs_are(folder: store.RunFolder, model: str, benchmarks: Sequence[str], questions: int) -> None:
    journal = store.DiskJournal(folder.journal)
    for benchmark in benchmarks:
        for at in range(questions):
            question = Question(Sample(f"{benchmark}/{at:05d}", "?", "A"), Prompt(text="?"))
            completion = Completion("A", "stop", usage=Usage(120, 40))
            journal.append(SampleResult(benchmark, model, question, completion, Score(1.0, Outcome.CORRECT, "A")))
    journal.close()
    frames.write_samples(folder, repeated=False)


def _samples(folder: store.RunFolder, model: str, benchmarks: Sequence[str], right: Any, template: Path) -> None:
    """The template's columns, in the order of its benchmarks and samples, with other verdicts."""
    order = np.argsort(np.array(benchmarks))
    verdicts = {"verdict": right[order].reshape(-1).astype(float)}
    with duckdb.connect() as connection:
        connection.register("verdicts", verdicts)
        connection.execute(
            f"COPY (SELECT t.* REPLACE ('{folder.id}' AS run, '{model}' AS model, v.verdict AS score, "
            "CASE WHEN v.verdict = 1 THEN 'correct' ELSE 'wrong' END AS outcome) "
            f"FROM (SELECT * FROM read_parquet('{template}') ORDER BY benchmark, sample_id) t "
            "POSITIONAL JOIN verdicts v) "
            f"TO '{folder.samples}' (FORMAT parquet, COMPRESSION zstd)"
        )


def _result(model: str, benchmark: str, right: Any) -> CellResult:
    correct, n = int(right.sum()), len(right)
    return CellResult(
        benchmark,
        "0" * 12,
        "default",
        model,
        "accuracy",
        estimate_accuracy(right.astype(float).tolist(), 1, list(range(n))),
        1,
        {one.value: 0 for one in Outcome} | {"correct": correct, "wrong": n - correct},
        (),
        120 * n,
        40 * n,
        0.0004 * n,
    )


def _about(model: str, benchmarks: Sequence[str], day: int) -> dict[str, Any]:
    told = {"prompt": "p", "solver": "one_turn", "scorer": "exact", "few_shot": "", "needs": "chat"}
    entry = {"version": "0" * 12, "protocol": "default", "model": model, "form": "chat", "metric": "accuracy"}
    entry |= {"metrics": [{"name": "accuracy"}], "shots": 0, "sampling": {}, **told}
    return {
        "status": "complete",
        "created": f"2026-11-{day:02d}T00:00:00Z",
        "sinan": "bench",
        "spec": spec_to_json(RunSpec(tuple(benchmarks), (model,))),
        "cells": [{"benchmark": benchmark, **entry} for benchmark in benchmarks],
        "models": [{"name": model, "identity": {}}],
        "judges": [],
        "files": {},
        "data": [],
    }
