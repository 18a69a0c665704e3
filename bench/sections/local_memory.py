"""Memory of a model on this machine over many requests for log-likelihoods: nothing may be kept of what is answered."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import weights
from evaluated import scratch
from processes import PYTHON, measured

from sections import Size

TITLE = "Memory of local weights"
COUNTS = {"small": 2_000, "usual": 200_000, "long": 1_000_000}
PROGRAM = Path(__file__).parents[1] / "many_likelihoods.py"


def lines(size: Size) -> Iterator[str]:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        yield "(left out: torch and transformers are not installed)"
        return
    count = COUNTS[size]
    with scratch() as folder:
        took = measured(PYTHON, str(PROGRAM), str(weights.network(folder / "model", weights.TINY)), str(count))
    moments = [json.loads(line) for line in took.out.splitlines()]
    early, late = moments[0], moments[-1]
    growth = (late["mb"] - early["mb"]) * 2**20 / max(1, late["answered"] - early["answered"])
    yield f"{count:,} different requests of two continuations to one open model `hf/...` of one small layer.\n"
    yield "| what | |"
    yield "|---|--:|"
    yield f"| requests/s, whole process | {count / took.wall:,.0f} |"
    yield f"| requests/CPU s | {count / took.cpu:,.0f} |"
    for moment in (early, moments[len(moments) // 2], late):
        yield f"| resident MB at {moment['answered']:,} answers | {moment['mb']:.0f} |"
    yield f"| ... bytes for each answer in between | {growth:.0f} |"
