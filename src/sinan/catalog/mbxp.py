"""MBXP: the tasks of MBPP as functions to complete, in other languages, by translation of prompts and tests.

    Athiwaratkun et al., Multi-lingual Evaluation of Code Generation Models, arXiv:2210.14868 (2022).

A row of mbjsp_release_v1.2.jsonl (made up):
    {"task_id": "MBJSP/990", "language": "javascript", "entry_point": "twice",
     "prompt": "/**\\n * * Write a function that doubles a number.\\n */\\nfunction twice(n) {\\n",
     "canonical_solution": "    return 2 * n\\n}", "description": "Write a function that doubles a number.",
     "test": "\\nvar x0 = twice(4);\\nif (x0 !== 8) {\\n    throw 'Error'\\n}\\n"}
"""

from sinan.catalog.multilingual_humaneval import REPO, REVISION, asked, rows
from sinan.datasets import pinned
from sinan.statistics.repeats import PASS_AT_1, by_kind
from sinan.types import Benchmark, Card, Dataset, Source

FILES = {
    "cpp": "mbcpp_release_v1.2",
    "go": "mbgp_release_v1.1",
    "java": "mbjp_release_v1.2",
    "javascript": "mbjsp_release_v1.2",
    "perl": "mbplp_release_v1",
    "php": "mbphp_release_v1.2",
    "python": "mbpp_release_v1",
    "ruby": "mbrbp_release_v1.2",
}


def _source(language: str) -> Source:
    return pinned(REPO, REVISION, f"data/mbxp/{FILES[language]}.jsonl")


def benchmark() -> Benchmark:
    """Asked as multilingual_humaneval is."""
    return Benchmark(
        id="mbxp",
        card=Card(
            title="MBXP",
            measures="Short functions in eight programming languages, by whether they pass tests.",
            dimension="code",
            languages=("en",),
            licence="CC BY 4.0",
            source=f"https://github.com/{REPO}",
            paper="2210.14868",
            note="848 to 974 tasks in each language. A language whose compiler or interpreter is not on the machine is "
            "refused: ask for single ones, such as mbxp/javascript.",
        ),
        dataset=Dataset(
            read=lambda language, seed: rows("mbxp", language, _source(language)),
            subsets=tuple(FILES),
            sources=lambda language: (_source(language),),
        ),
        metric=by_kind(PASS_AT_1),
        protocols=asked(),
    )
