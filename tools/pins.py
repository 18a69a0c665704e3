"""Write src/sinan/datasets/pins.json: the sha256 of every file that the catalogue reads.

    python tools/pins.py FOLDER

FOLDER holds `FILES.tsv` (columns source_repo, commit, source_path, sha256 among others) and the files themselves;
NEEDS names what the catalogue wants. Run it after a benchmark's files change, and look at the difference.
"""

import csv
import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path

NEEDS = {
    "openai/grade-school-math": ["grade_school_math/data/*.jsonl"],
    "HaeChan0305/MLILAB-FedLLM": ["data/mmlu/dev/*.csv", "data/mmlu/test/*.csv"],
    "TsingmaoAI/MI-optimize": ["mi_optimize/datasets/ceval-exam/*.csv"],
    "AGI-Edgerunners/LLM-Adapters": ["dataset/ARC-*/test.json", "dataset/boolq/test.json"],
    "eyezkes/benchmarking-system": ["TruthfulQA.csv"],
    "suzgunmirac/BIG-Bench-Hard": ["bbh/*.json", "cot-prompts/*.txt"],
    "UKGovernmentBEIS/inspect_ai": ["tests/model/gatsby.txt"],
    "openai/human-eval": ["data/HumanEval.jsonl.gz"],
    "amazon-science/mxeval": ["data/mbxp/mb*_release_*.jsonl", "data/multilingual_humaneval/*.jsonl"],
    "mathllm/MATH-V": ["data/*.jsonl", "images/*.jpg"],
}
MXEVAL = "amazon-science/mxeval@e09974f990eeaf0c0e8f2b5eaff4be66effb2c86"
ELSEWHERE = {
    MXEVAL: {
        "data/mbxp/mbcpp_release_v1.2.jsonl": "34a842515927e230eb2bd6e409a44c80a852b0afcbe1172786bd08cfef8b85b0",
        "data/mbxp/mbgp_release_v1.1.jsonl": "90f519222a4c45bdbed8309076433d2f573c6f37329a848581fa789839b67da8",
        "data/mbxp/mbjp_release_v1.2.jsonl": "139a0fcdff2f4c6d456c546c82f43a1f389dfe3125f5f2c3f6a12f478483dffd",
        "data/mbxp/mbphp_release_v1.2.jsonl": "aec706039e49bc1bd1c9aaf4cf4815a34777b8387bdc59c1b274312071f3a605",
        "data/mbxp/mbplp_release_v1.jsonl": "1293f40e442bda81f1d39ab3769ab8136dfc823f7b41420294c1a1d3bf1d2b2f",
        "data/mbxp/mbpp_release_v1.jsonl": "2ea7949f20ed5ecaacf4c9970d29430ec3f13772f4dd379665b1234f14b0ec3e",
        "data/mbxp/mbrbp_release_v1.2.jsonl": "fe8c043b7d56f5d122c6aaf24e1dcb78816175a0687a73c03873043a6349b85d",
        "data/multilingual_humaneval/HumanEval.jsonl": (
            "ee8ed1495a18a21d3c285c031d38940e3208f1616dc386a32a8d28e968fe94d8"
        ),
        "data/multilingual_humaneval/HumanEval_perl_v1.1.jsonl": (
            "2d084582af233b5a0eeac1670c9e577915f61852dc974348e87f39425b031981"
        ),
    },
    "OckBench/OckBench@b72752a0ba5989d3c212675ec60d3eedcd838628": {
        "data/mbpp.jsonl": "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f",
    },
}
"""Files that the folder does not hold: they are fetched from where they are published."""
PINS = Path(__file__).parents[1] / "src/sinan/datasets/pins.json"


def needed(repo: str, path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in NEEDS.get(repo, ()))


def lock(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with (folder / "FILES.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if needed(row["source_repo"], row["source_path"]):
                found.setdefault(f"{row['source_repo']}@{row['commit']}", {})[row["source_path"]] = row["sha256"]
    for repository, files in ELSEWHERE.items():
        for path, sha256 in files.items():
            found.setdefault(repository, {}).setdefault(path, sha256)
    return found


if __name__ == "__main__":
    pins = lock(Path(sys.argv[1]))
    PINS.write_text(json.dumps(pins, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{PINS}: {sum(map(len, pins.values()))} files of {len(pins)} repositories")
