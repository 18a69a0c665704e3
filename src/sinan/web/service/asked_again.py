"""A share of a run's questions, asked again: which, and what came of it. Works in the process that asks models.

The share is drawn from a seed that did not exist before somebody asked for it: whoever made the run could not prepare
for these questions. What is asked is as run.json says, worked examples and seeds included; nothing is taken from a
cache. A question that was asked in several forms is drawn whole.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sinan.statistics.reproduced import Reproduced, Verdict, overall, reproduced
from sinan.store import RunFolder, description, frames
from sinan.types import RunSpec
from sinan.types.answered import Key

Row = tuple[Any, ...]
"""Of a question: what it shares with others, its score before and again, its draws, the share of equal texts."""
LEAST, MOST = 100, 2_000
"""Questions of a benchmark that are asked again at least, where it has as many, and at the most."""


@dataclass(frozen=True)
class Again:
    """What is asked again."""

    folder: RunFolder
    share: float
    seed: str

    @classmethod
    def of(cls, runs: Path, order: Mapping[str, Any]) -> "Again":
        """As an order says it."""
        return cls(RunFolder(runs / order["run"]), order["share"], order["seed"])

    def spec(self, asked: RunSpec) -> RunSpec:
        """What the run asked, of the models as they are reached now. Code is not trusted."""
        before = description.spec_from_json(self.folder.about())
        return replace(before, models=asked.models, judges=asked.judges, trust=False)

    def keys(self) -> list[Key]:
        """The results that are made again."""
        chance, chosen = random.Random(self.seed), set()
        with frames.together(self.folder) as (connection, (rows,)):
            unit = _unit(rows)
            found = connection.execute(f"SELECT DISTINCT benchmark, {unit} FROM {rows.sql} ORDER BY 1, 2").fetchall()
            for benchmark in sorted({row[0] for row in found}):
                units = [row[1] for row in found if row[0] == benchmark]
                count = max(math.ceil(self.share * len(units)), min(LEAST, len(units)))
                chosen |= {(benchmark, one) for one in chance.sample(units, min(count, MOST))}
            every = connection.execute(
                f"SELECT benchmark, model, sample_id, draw, {unit} FROM {rows.sql} ORDER BY 1, 2, 3, 4"
            )
            return [row[:4] for row in _all(every) if (row[0], row[4]) in chosen]

    def found(self, again: RunFolder) -> dict[str, Any]:
        """What came of it, as it is stored: a verdict on all, and on each benchmark and model."""
        before = self.folder.about()
        same = {name: before.get(name) for name in ("spec", "models", "judges")}
        differing = description.difference(before, again.about() | same)
        rows = {(benchmark, model): found for benchmark, model, found in self._beside(again)}
        verdict, cells = judged(rows)
        told = {"cells": cells, "differing": differing, "n": sum(one["n"] for one in cells), "seed": self.seed}
        return {"verdict": "undecided" if differing else verdict} | told

    def _beside(self, again: RunFolder) -> Iterator[tuple[str, str, list[Row]]]:
        """(benchmark, model, rows), a row for each question."""
        with frames.together(self.folder, again) as (connection, (before, after)):
            cluster = "coalesce(nullif(x.cluster, ''), '')" if "cluster" in before.columns else "''"
            unit = "coalesce(nullif(x.unit, ''), x.sample_id)" if "unit" in before.columns else "x.sample_id"
            rows = connection.execute(
                f"SELECT x.benchmark, x.model, {unit} AS u, any_value({cluster}), "
                "avg(x.score), avg(y.score), count(*), "
                "avg(CASE WHEN x.completion = y.completion THEN 1.0 ELSE 0.0 END) "
                f"FROM {before.sql} AS x JOIN {after.sql} AS y USING (benchmark, model, sample_id, draw) "
                "WHERE x.score IS NOT NULL AND y.score IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()
        for benchmark, model in sorted({row[:2] for row in rows}):
            mine = [row for row in rows if row[:2] == (benchmark, model)]
            yield benchmark, model, [(row[3] or row[2], *row[4:]) for row in mine]


def _unit(rows: frames.Rows) -> str:
    return "coalesce(nullif(unit, ''), sample_id)" if "unit" in rows.columns else "sample_id"


def _all(found: Any) -> Iterator[tuple[Any, ...]]:
    while batch := found.fetchmany(10_000):
        yield from batch


def judged(rows: Mapping[tuple[str, str], Sequence[Row]]) -> tuple[Verdict, list[dict[str, Any]]]:
    """The verdict on all, and what is told of each. Scores that are shares are judged together as well: of small
    benchmarks each by itself decides nothing; where one is contradicted all are. What two models were asked alike
    counts as two: each answer was drawn anew."""
    each = {key: _judged(found) for key, found in rows.items()}
    shares = {key: found for key, found in rows.items() if all(0 <= one <= 1 for row in found for one in row[1:3])}
    verdicts: list[Verdict] = [one.verdict for key, one in each.items() if key not in shares]
    verdicts += [each[key].verdict for key in shares if each[key].verdict == "contradicted"]
    if shares:
        pooled = [((*key, row[0]), *row[1:]) for key, found in shares.items() for row in found]
        verdicts.append(_judged(pooled).verdict)
    told = [
        {"benchmark": key[0], "model": key[1], **one.to_json(), "same_text": sum(r[4] for r in rows[key]) / one.n}
        for key, one in each.items()
    ]
    return overall(verdicts), told


def _judged(rows: Sequence[Row]) -> Reproduced:
    numbers: dict[Any, int] = {}
    clusters = [numbers.setdefault(row[0], len(numbers)) for row in rows]
    before, again = ([row[at] for row in rows] for at in (1, 2))
    return reproduced(before, again, clusters, single=all(row[3] == 1 for row in rows))
