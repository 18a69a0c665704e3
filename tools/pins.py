"""Write src/sinan/datasets/pins.json: the sha256 of every file that the catalogue reads.

    python tools/pins.py FOLDER

FOLDER holds `FILES.tsv` (columns source_repo, commit, source_path, sha256 among others) and the files themselves;
NEEDS names what the catalogue wants. What is needed and pinned but not in FOLDER stays as it is. Run it after a
benchmark's files change, and look at the difference.
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
    "ZubinGou/math-evaluation-harness": [
        *(f"data/{name}/test.jsonl" for name in ("asdiv", "gsm_hard", "math", "math_oai", "mathqa"))
    ],
    "ShishirPatil/gorilla": [
        "berkeley-function-call-leaderboard/bfcl_eval/data/*BFCL_v4_*.json",
        "berkeley-function-call-leaderboard/bfcl_eval/data/multi_turn_func_doc/*_*.json",
    ],
    "shisa-ai/M-IFEval": ["data/??_input_data.jsonl"],
    "lm-sys/FastChat": [
        "fastchat/llm_judge/data/judge_prompts.jsonl",
        "fastchat/llm_judge/data/mt_bench/question.jsonl",
        "fastchat/llm_judge/data/mt_bench/reference_answer/gpt-4.jsonl",
    ],
    "tatsu-lab/alpaca_eval": [
        "results/text_davinci_003/model_outputs.json",
        "results/vicuna-7b/weighted_alpaca_eval_gpt4_turbo/annotations.json",
    ],
    "lmarena/arena-hard-auto": ["data/arena-hard-v0.1/question.jsonl", "data/arena-hard-v0.1/model_answer/gpt-4-*"],
    "princeton-nlp/LLMBar": ["Dataset/LLMBar/*dataset.json"],
    "nyu-mll/BBQ": ["data/*.jsonl"],
    "busycalibrating/AdversariaLLM": ["data/behavior_datasets/*"],
    "openai/human-eval": ["data/HumanEval.jsonl.gz"],
    "amazon-science/mxeval": ["data/mbxp/mb*_release_*.jsonl", "data/multilingual_humaneval/*.jsonl"],
    "OckBench/OckBench": ["data/mbpp.jsonl"],
    "AoiDragon/POPE": ["output/coco/coco_pope_*.json"],
    "lupantech/MathVista": ["data/query.json", "results/random/output_frequent_guess.json"],
    "TIGER-AI-Lab/MMLU-Pro": ["eval_results/model_outputs_Llama-2-7b-hf_5shots.zip"],
    "mathllm/MATH-V": ["data/*.jsonl", "images/*.jpg"],
}
PINS = Path(__file__).parents[1] / "src/sinan/datasets/pins.json"


def needed(repo: str, path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in NEEDS.get(repo, ()))


def lock(folder: Path) -> dict[str, dict[str, str]]:
    before: dict[str, dict[str, str]] = json.loads(PINS.read_text("utf-8"))
    found = {
        source: {path: sha256 for path, sha256 in paths.items() if needed(source.partition("@")[0], path)}
        for source, paths in before.items()
    }
    with (folder / "FILES.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if needed(row["source_repo"], row["source_path"]):
                found.setdefault(f"{row['source_repo']}@{row['commit']}", {})[row["source_path"]] = row["sha256"]
    return {source: paths for source, paths in found.items() if paths}


if __name__ == "__main__":
    pins = lock(Path(sys.argv[1]))
    PINS.write_text(json.dumps(pins, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{PINS}: {sum(map(len, pins.values()))} files of {len(pins)} repositories")
