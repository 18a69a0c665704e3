"""Making one comparison of two or more runs, for `compared`: in the site's process, or as one of its own.

Every two of the runs are compared, and all that comes of it is one family: what the page says of many pairs holds for
all of them together. Of two runs the numbers are those of `sinan compare`.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from sinan import comparison, store
from sinan.comparison import words
from sinan.comparison.family import as_family
from sinan.comparison.pairs import StoredRun, paired_cells
from sinan.errors import SinanError, UnknownName, UsageError
from sinan.types import Comparison

MOST = 250
"""Comparisons at once."""


def make(runs: Path, asked: Mapping[str, Any], into: Path) -> None:
    """Write what is found; that nothing can be compared is a finding too. Raises StoreError for a run that cannot be
    read."""
    notices: list[str] = []
    trouble = ""
    found: Sequence[tuple[tuple[int, int], Comparison]] = ()
    try:
        found = _found(runs, asked, into, notices)
    except (UsageError, UnknownName) as error:
        trouble = str(error)
    told = {
        "comparisons": [_told(one, pair, asked["sample"] is not None) for pair, one in found],
        "notices": notices,
        "trouble": trouble,
    }
    (into / "found.json").write_bytes(orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY))


def _found(
    runs: Path, asked: Mapping[str, Any], into: Path, notices: list[str]
) -> list[tuple[tuple[int, int], Comparison]]:
    names = asked["runs"]
    pairs = list(combinations(range(len(names)), 2)) or [(0, 0)]
    _refuse_many(runs, asked, pairs)
    found: list[tuple[tuple[int, int], Comparison]] = []
    refused: list[SinanError] = []
    for a, b in pairs:
        try:
            some = comparison.compare(
                runs / names[a],
                runs / names[b],
                runs=runs,
                benchmarks=asked["benchmarks"],
                models=asked["models"],
                metrics=asked["metrics"],
                epsilon=asked["epsilon"],
                fdr=asked["fdr"],
                anyway=asked["anyway"],
                sample=asked["sample"],
                beside=tuple(asked["beside"]) if asked["beside"] else None,
                closer=into,
                catalogued=True,
                notice=notices.append,
            )
        except UsageError as error:
            refused.append(error)
            continue
        found += [((a, b), one) for one in some]
    if not found and refused:
        raise refused[0]
    notices += [str(error) for error in refused]
    way: Any = "benjamini-hochberg" if asked["fdr"] else "holm"
    together = as_family([one for _, one in found], way, asked["epsilon"])
    return [(pair, one) for (pair, _), one in zip(found, together, strict=True)]


def _refuse_many(runs: Path, asked: Mapping[str, Any], pairs: Sequence[tuple[int, int]]) -> None:
    opened = [StoredRun(folder, folder.about()) for folder in (store.RunFolder(runs / name) for name in asked["runs"])]
    beside = tuple(asked["beside"]) if asked["beside"] else None
    count = sum(
        sum(1 for _ in paired_cells(opened[a], opened[b], asked["benchmarks"], asked["models"], lambda _: None, beside))
        for a, b in pairs
    )
    if count > MOST:
        raise UsageError(
            f"that is {count:,} comparisons; up to {MOST} are made at once. Remedy: choose a benchmark or models"
        )


def _told(one: Comparison, pair: tuple[int, int], whole: bool) -> dict[str, Any]:
    """As `sinan compare --json` tells it, and what a page says of it. `whole`: with the draws that were explained."""
    told = replace(one, differing=one.differing if whole else ()).to_json()
    if not whole:
        del told["differing"]
    closer = one.closer.to_json() | {"file": one.closer.file} if one.closer else None
    return told | {
        "pair": list(pair),
        "in_percent": one.in_percent,
        "less_is_better": one.less_is_better,
        "finding": one.finding,
        "says": _said(words.verdict(one)),
        "why_not": _said(words.why_not(one)) if one.verdict == "not comparable" else None,
        "differences": [
            {"what": d.what, "a": d.a, "b": d.b, "unfair": d.unfair, "sort": d.sort} for d in one.protocol_differences
        ],
        "explained": len(one.differing),
        "targets": one.targets,
        "closer": closer,
    }


def _said(said: words.Said) -> dict[str, Any]:
    values = {name: value if isinstance(value, str) else _said(value) for name, value in said.values.items()}
    return {"text": said.text, "values": values}


def main() -> int:
    """One comparison, as standard input asks for it; end when that ends."""
    told = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_site, daemon=True).start()
    os.nice(5)
    try:
        make(Path(told["runs"]), told["asked"], Path(told["into"]))
    except SinanError as error:
        print(error)
        return 1
    return 0


def _end_with_the_site() -> None:
    while os.read(0, 1 << 16):  # past Python's buffer: its lock would be held when this process ends
        pass
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
