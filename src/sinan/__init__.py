"""sinan 司南: one-stop evaluation of large language and multimodal models.

    import sinan
    run = sinan.run("gsm8k", "needle/m", limit=100)
    run.results

Nothing heavy is loaded before it is used.
"""

import typing

__version__ = "0.1.0"

if typing.TYPE_CHECKING:
    from sinan.comparison import compare, power
    from sinan.evaluate import run, run_async
    from sinan.ranked import rank
    from sinan.types import Benchmark, Card, Dataset, Message, Prompt, Protocol, Run, RunSpec, Sample, Score

_HOME = {
    **dict.fromkeys(("compare", "power"), "sinan.comparison"),
    "rank": "sinan.ranked",
    **dict.fromkeys(("run", "run_async"), "sinan.evaluate"),
    **dict.fromkeys(
        ("Benchmark", "Card", "Dataset", "Message", "Prompt", "Protocol", "Run", "RunSpec", "Sample", "Score"),
        "sinan.types",
    ),
}

__all__ = [
    "Benchmark",
    "Card",
    "Dataset",
    "Message",
    "Prompt",
    "Protocol",
    "Run",
    "RunSpec",
    "Sample",
    "Score",
    "compare",
    "power",
    "rank",
    "run",
    "run_async",
]


def __getattr__(name: str) -> typing.Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sinan' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
