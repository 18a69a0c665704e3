"""Reads one run that a stranger sent, in a process with little memory and time: `-m sinan.web.service.pushed DIR`.

The numbers are made anew from the journal, and they are those that are shown; where the results that were sent say
something else, that is told. run.json keeps what it says of the models and the questions, and loses what would make
this machine read files or run code: paths among the targets, and the trust in code. Prints one JSON object.
"""

import re
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from sinan.errors import SinanError, StoreError
from sinan.evaluate import results_as
from sinan.store import RunFolder, description, frames
from sinan.store.record import decode
from sinan.types import CellResult

MEMORY, CPU_S = 6 << 30, 1_500
LONGEST_LINE = 64 << 20
MOST_CELLS = 20_000
NAME = re.compile(r"(dim:)?[A-Za-z0-9_-]+(/[A-Za-z0-9_ -]+)?")
"""Of a target that is looked up in the catalogue: no path, no file."""
STATUS = ("complete", "partial", "stopped")
AGREES = "Computed anew from the answers that were pushed, the numbers are those that were pushed with them."
DIFFERS = "The numbers that were pushed do not follow from the answers that were pushed; shown is what follows."
NOTHING = "No numbers were pushed; those shown follow from the answers that were."


def checked(folder: RunFolder) -> dict[str, Any]:
    """What there is to say of it; its results and samples are written. Raises StoreError where it is no run."""
    about = _about(folder)
    _refuse_lines(folder.journal)
    results = results_as(folder)
    asked = sum(sum(one.outcomes.values()) for one in results)
    if not asked:
        raise StoreError("the journal holds no answer")
    if about["status"] != "stopped" and asked < (about.get("expected") or 0):
        about["status"] = "stopped"
        folder.describe(about)
    sent = _sent(folder)
    agrees = sent is not None and _numbers(sent) == _numbers(results)
    folder.forget_results()
    folder.conclude([row for result in results for row in result.to_json()])
    frames.write_samples(folder, repeated=True)
    told = NOTHING if sent is None else AGREES if agrees else DIFFERS
    return {"checked": told, "agrees": agrees, "samples": asked}


def _about(folder: RunFolder) -> dict[str, Any]:
    """run.json, made harmless, and written so."""
    about = folder.about()
    if len(about["cells"]) > MOST_CELLS:
        raise StoreError(f"run.json has {len(about['cells']):,} cells; up to {MOST_CELLS:,} are taken")
    spec = about["spec"]
    spec["targets"] = [one if NAME.fullmatch(one) else f"pushed:{Path(one).name[:80]}" for one in spec["targets"]]
    spec["trust"] = False
    if about["status"] not in STATUS:
        about["status"] = "stopped"
    description.spec_from_json(about)
    folder.describe({name: value for name, value in about.items() if name not in ("id", "format")})
    return about


def _refuse_lines(path: Path) -> None:
    """Lines of the journal are records, and none is too long to be read."""
    bad = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise StoreError(f"a line of the journal has more than {LONGEST_LINE:,} bytes")
            bad += line.endswith(b"\n") and decode(line) is None
            if bad > 1:  # one may be what a crash left
                raise StoreError("the journal holds lines that are no answers")


def _sent(folder: RunFolder) -> list[CellResult] | None:
    try:
        return folder.results()
    except StoreError:
        raise StoreError("results.json is damaged. Remedy: push the run without it") from None


def _numbers(results: list[CellResult]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What two tellings of the same results have in common, however they were rounded."""
    return {
        (one.benchmark, one.model): (_plain(one.estimate.value), one.estimate.n, _some(one.outcomes)) for one in results
    }


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def _some(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in outcomes.items() if count}


def main(folder: Path) -> dict[str, Any]:
    """What is printed."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))
    try:
        return checked(RunFolder(folder))
    except SinanError as error:
        return {"error": str(error).replace(str(folder), folder.name)}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        return {"error": f"it is damaged ({type(error).__name__})"}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(main(Path(sys.argv[1]))))
