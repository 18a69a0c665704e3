"""BFCL, the other categories of one turn: Java, JavaScript, and more that users asked for (live). Rows as in bfcl.py.

    Patil et al., The Berkeley Function Calling Leaderboard (BFCL), PMLR 267 (2025). Version 4, one turn.

In Java and JavaScript every argument is the text of an expression (made up):
    {"id": "simple_java_0", "ground_truth": [{"Printer.print": {"copies": [2], "pages": [[1, 2]]}}]}
"""

from sinan.catalog.bfcl import REPO, asked, rows, sources
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset

SECTIONS = {
    "simple_java": "non_live",
    "simple_javascript": "non_live",
    "live_multiple": "live",
    "live_parallel": "live",
    "live_parallel_multiple": "live",
    "live_relevance": "relevance",
    "live_irrelevance": "irrelevance",
}
"""By category, the section of the published table that it counts in."""


def benchmark() -> Benchmark:
    """As `bfcl`. `live` is the mean over its samples, as published; there `live_simple` belongs to it, too."""
    return Benchmark(
        id="bfcl_further",
        card=Card(
            title="BFCL v4, one turn: Java, JavaScript, live",
            measures="Calls of the right functions with the right arguments, one or several, or none where none fits.",
            dimension="tools",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="https://proceedings.mlr.press/v267/patil25a.html",
            note="Seven of the thirteen categories of one turn; the others are `bfcl`. Java and JavaScript need the "
            "extra `tools`.",
        ),
        dataset=Dataset(
            read=lambda category, seed: rows(category, SECTIONS[category]),
            subsets=tuple(SECTIONS),
            size=2143,
            sources=sources,
        ),
        metric=accuracy,
        protocols=asked(*(average.named(name, name) for name in ("non_live", "live", "relevance", "irrelevance"))),
    )
