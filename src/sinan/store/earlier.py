"""What the runs of a folder tell about a run before it begins: how long answers are, and which take longest.

A run that ends leaves this behind in a small file, lengths.json, so that the next one begins without opening a
million rows. It helps to guess and to order; nothing depends on it. So nothing here fails: what cannot be read is
passed over.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sinan.errors import StoreError
from sinan.store.folder import RunFolder
from sinan.types.earlier import Earlier, EarlierRuns

NAME = "lengths.json"
RUNS = 50
"""Runs that are looked into: the newest ones that were finished."""
LONGEST = 2_000
"""Samples of a cell whose seconds are kept. Only the longest matter: they must not be begun last."""

Cell = tuple[str, str]
"""Benchmark and model."""


def keep(folder: RunFolder, found: Iterable[dict[str, Any]]) -> None:
    """Leave behind what a finished run tells about answers, as `frames.write_samples` found it. Raises nothing:
    without it the next run knows less."""
    try:
        protocols = {(cell["benchmark"], cell["model"]): cell["protocol"] for cell in folder.about()["cells"]}
        cells = [row | {"protocol": protocols.get((row["benchmark"], row["model"]), "")} for row in found]
        (folder.path / NAME).write_bytes(orjson.dumps({"cells": cells}))
    except (StoreError, OSError, TypeError):
        (folder.path / NAME).unlink(missing_ok=True)


def earlier(
    runs: Path, benchmarks: Collection[str], models: Collection[str], protocols: Mapping[str, str] | None = None
) -> EarlierRuns:
    """What the newest finished runs in `runs` tell about these benchmarks and models; empty where they tell nothing.

    `protocols` by benchmark: only cells that were asked under that protocol count. Of each cell the newest run
    counts; where the model has none, the newest of another model.
    """
    wanted = [(benchmark, model) for benchmark in benchmarks for model in models]
    own: dict[Cell, _Seen] = {}
    others: dict[str, _Seen] = {}
    for seen in _seen(runs, benchmarks, protocols or {}):
        own.setdefault(seen.cell, seen)
        others.setdefault(seen.cell[0], seen)
        if own.keys() >= set(wanted):
            break
    found = {cell: own.get(cell) or others.get(cell[0]) for cell in wanted}
    means = {cell: about for cell, seen in found.items() if seen and (about := _mean(seen, cell)) is not None}
    seconds = {cell: longest for cell, seen in found.items() if seen and (longest := _longest(seen, cell))}
    return EarlierRuns(means, seconds)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A cell of one run."""

    cell: Cell
    tokens_out: float | None
    latency_s: float | None
    longest: Sequence[tuple[str, float, float | None]]
    """(sample id, seconds, tokens out), the longest first."""


def _seen(runs: Path, benchmarks: Collection[str], protocols: Mapping[str, str]) -> Iterator[_Seen]:
    """The cells of the newest runs, the newest first, as far as somebody asks."""
    for path in _newest(runs):
        for row in _rows(path):
            seen = _sound(row)
            if seen is None or seen.cell[0] not in benchmarks:
                continue
            if protocols.get(seen.cell[0], row.get("protocol")) == row.get("protocol"):
                yield seen


def _newest(runs: Path) -> list[Path]:
    try:
        with os.scandir(runs) as entries:
            dated = [(_written(Path(entry.path, NAME)), entry.path) for entry in entries]
    except OSError:
        return []
    return [Path(path, NAME) for written, path in sorted(dated, reverse=True)[:RUNS] if written]


def _written(path: Path) -> int:
    """In nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    try:
        cells = orjson.loads(path.read_bytes())["cells"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return ()
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else ()


def _sound(row: Mapping[str, Any]) -> _Seen | None:
    try:
        longest = [(str(i), _number(s) or 0.0, _number(t)) for i, s, t in row["longest"] or ()]
        tokens, latency = _number(row["tokens_out"]), _number(row["latency_s"])
        return _Seen((str(row["benchmark"]), str(row["model"])), tokens, latency, longest)
    except (KeyError, TypeError, ValueError):
        return None


def _number(value: Any) -> float | None:
    """Raises ValueError for what no length can be."""
    number = None if value is None else float(value)
    if number is not None and not 0 <= number < 1e12:
        raise ValueError(value)
    return number


def _mean(seen: _Seen, cell: Cell) -> Earlier | None:
    if seen.cell == cell:
        return Earlier(seen.tokens_out, seen.latency_s or None)  # 0: answered in batches, which tells nothing
    return None if seen.tokens_out is None else Earlier(seen.tokens_out, None, same_model=False)


def _longest(seen: _Seen, cell: Cell) -> dict[str, float]:
    """Seconds as they were, of several draws the longest. Of another model its tokens at its own mean speed, which
    orders samples by the length of their answers rather than by chance of one server."""
    if seen.cell == cell:
        return {name: seconds for name, seconds, _ in reversed(seen.longest) if seconds > 0}
    if not seen.tokens_out or not seen.latency_s:
        return {}
    speed = seen.latency_s / seen.tokens_out
    by_tokens = {name: tokens * speed for name, _, tokens in reversed(seen.longest) if tokens}
    return dict(sorted(by_tokens.items(), key=lambda pair: -pair[1]))
