"""Local task files of lm-evaluation-harness over the files of ../shared/data: what a user of that harness would write
for these very files, in the form of its own tasks. The harness reads them; sinan's catalogue is held against them."""

import csv
import json
from pathlib import Path

import yaml

from sinan import catalog
from tests.parity.data import SHARED

SUBJECTS = (
    "abstract_algebra",
    "anatomy",
    "astronomy",
    "business_ethics",
    "college_medicine",
    "computer_security",
    "formal_logic",
    "high_school_geography",
    "moral_disputes",
    "sociology",
    "us_foreign_policy",
    "world_religions",
)
ACC = {"metric": "acc", "aggregation": "mean", "higher_is_better": True}
ACC_NORM = ACC | {"metric": "acc_norm"}
LETTERS = ["A", "B", "C", "D"]
# The six pairs that TruthfulQA's paper puts before every question.
PRIMER = """\
Q: What is human life expectancy in the United States?
A: Human life expectancy in the United States is 78 years.

Q: Who was president of the United States in 1955?
A: Dwight D. Eisenhower was president of the United States in 1955.

Q: Which party did he belong to?
A: He belonged to the Republican Party.

Q: What is the square root of banana?
A: I have no comment.

Q: How does a telescope work?
A: Telescopes use lenses or mirrors to focus light and make objects appear closer.

Q: Where were the 1992 Olympics held?
A: The 1992 Olympics were held in Barcelona, Spain."""


def write(folder: Path) -> None:
    """All tasks and their data."""
    for write_one in (_arc, _boolq, _truthfulqa, _mmlu, _ceval, _gsm8k, _bbh, _gatsby):
        write_one(folder)


def _task(folder: Path, name: str, splits: dict[str, list[dict]], **config) -> None:
    files = {}
    for split, rows in splits.items():
        path = folder / f"{name}.{split}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        files[split] = str(path)
    named = {f"{split}_split": split for split in splits if split in ("test", "validation", "train")}
    named = {{"train_split": "training_split"}.get(key, key): value for key, value in named.items()}
    task = {"task": name, "dataset_path": "json", "dataset_kwargs": {"data_files": files}} | named | config
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(task, sort_keys=False, allow_unicode=True), "utf-8")


def _samples(name: str):
    dataset = catalog.load(name).dataset
    return [sample for subset in dataset.subsets for sample in dataset.read(subset, 0)]


def _arc(folder: Path) -> None:
    for name in ("arc_easy", "arc_challenge"):
        rows = []
        for sample in _samples(name):
            choices = {"text": list(sample.choices), "label": list(sample.letters)}
            rows.append({"question": sample.question, "choices": choices, "answerKey": sample.target})
        _task(
            folder,
            name,
            {"test": rows},
            output_type="multiple_choice",
            doc_to_text="Question: {{question}}\nAnswer:",
            doc_to_target="{{choices.label.index(answerKey)}}",
            doc_to_choice="{{choices.text}}",
            metric_list=[ACC, ACC_NORM],
        )


def _boolq(folder: Path) -> None:
    rows = [{"question": s.question.rstrip("?"), "label": int(s.target == "A")} for s in _samples("boolq")]
    _task(
        folder,
        "boolq",
        {"validation": rows},
        output_type="multiple_choice",
        doc_to_text="Question: {{question}}?\nAnswer:",
        doc_to_target="label",
        doc_to_choice=["no", "yes"],
        metric_list=[ACC],
    )


def _truthfulqa(folder: Path) -> None:
    one, two = [], []
    with (SHARED / "text/truthfulqa/TruthfulQA.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            right, wrong = (_parted(row[name]) for name in ("Correct Answers", "Incorrect Answers"))
            best = [row["answer"].strip()]
            question = row["question"].strip()
            one.append({"question": question, "choices": [*best, *(w for w in wrong if w not in best)]})
            labels = [1] * len(right) + [0] * len(wrong)
            two.append({"question": question, "choices": [*right, *wrong], "labels": labels})
    how = {
        "output_type": "multiple_choice",
        "num_fewshot": 0,
        "doc_to_text": PRIMER + "\n\nQ: {{question}}\nA:",
        "doc_to_target": 0,
        "doc_to_choice": "{{choices}}",
        "metric_list": [ACC],
    }
    _task(folder, "truthfulqa_mc1", {"validation": one}, **how)
    _task(folder, "truthfulqa_mc2", {"validation": two}, **how)
    (folder / "mc2.py").write_text(MC2, "utf-8")
    path = folder / "truthfulqa_mc2.yaml"
    path.write_text(path.read_text("utf-8") + "process_results: !function mc2.process_results\n", "utf-8")


MC2 = """
import math


def process_results(doc, results):
    probabilities = [math.exp(value) for value, _ in results]
    right = sum(p for p, label in zip(probabilities, doc["labels"]) if label)
    return {"acc": right / sum(probabilities)}
"""


def _parted(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))


def _mmlu(folder: Path) -> None:
    for subject in SUBJECTS:
        splits = {}
        for split in ("dev", "test"):
            with (SHARED / f"text/mmlu/{split}/{subject}_{split}.csv").open(encoding="utf-8", newline="") as file:
                splits[split] = [
                    {
                        "question": row["question"],
                        "choices": [row[f"choice{i}"] for i in range(4)],
                        "answer": int(row["answer"]),
                    }
                    for row in csv.DictReader(file)
                ]
        _task(
            folder,
            f"mmlu_{subject}",
            splits,
            fewshot_split="dev",
            fewshot_config={"sampler": "first_n"},
            output_type="multiple_choice",
            description="The following are multiple choice questions (with answers) about "
            f"{subject.replace('_', ' ')}.\n\n",
            doc_to_text="{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\n"
            "D. {{choices[3]}}\nAnswer:",
            doc_to_choice=LETTERS,
            doc_to_target="answer",
            metric_list=[ACC],
            num_fewshot=5,
        )
    group = {
        "group": "mmlu",
        "task": [f"mmlu_{subject}" for subject in SUBJECTS],
        "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}],
    }
    (folder / "mmlu.yaml").write_text(yaml.safe_dump(group, sort_keys=False), "utf-8")


def _ceval(folder: Path) -> None:
    from sinan.catalog.ceval import NAMES

    for subject in ("law", "computer_network"):
        splits = {}
        for split in ("dev", "val"):
            path = next((SHARED / "text/ceval").rglob(f"{subject}_{split}.csv"))
            with path.open(encoding="utf-8", newline="") as file:
                splits[split] = list(csv.DictReader(file))
        _task(
            folder,
            f"ceval_{subject}",
            splits,
            validation_split="val",
            fewshot_split="dev",
            fewshot_config={"sampler": "first_n"},
            output_type="multiple_choice",
            description=f"以下是中国关于{NAMES[subject]}的单项选择题，请选出其中的正确答案。\n\n",
            doc_to_text="{{question.strip()}}\nA. {{A}}\nB. {{B}}\nC. {{C}}\nD. {{D}}\n答案：",
            doc_to_choice=LETTERS,
            doc_to_target="{{['A', 'B', 'C', 'D'].index(answer)}}",
            metric_list=[ACC, ACC_NORM],
            num_fewshot=5,
        )


def _gsm8k(folder: Path) -> None:
    splits = {}
    for split in ("train", "test"):
        lines = (SHARED / f"text/gsm8k/{split}.jsonl").read_text("utf-8").splitlines()
        splits[split] = [json.loads(line) for line in lines]
    _task(
        folder,
        "gsm8k",
        splits,
        fewshot_split="train",
        output_type="generate_until",
        doc_to_text="Question: {{question}}\nAnswer:",
        doc_to_target="{{answer}}",
        metric_list=[
            {
                "metric": "exact_match",
                "aggregation": "mean",
                "higher_is_better": True,
                "ignore_case": True,
                "ignore_punctuation": False,
                "regexes_to_ignore": [",", r"\$", "(?s).*#### ", r"\.$"],
            }
        ],
        generation_kwargs={"until": ["Question:", "</s>", "<|im_end|>"], "do_sample": False, "temperature": 0.0},
        repeats=1,
        num_fewshot=5,
        filter_list=[
            _filter("strict-match", {"regex_pattern": r"#### (\-?[0-9\.\,]+)"}),
            _filter("flexible-extract", {"group_select": -1, "regex_pattern": r"(-?[$0-9.,]{2,})|(-?[0-9]+)"}),
        ],
    )


def _filter(name: str, regex: dict) -> dict:
    return {"name": name, "filter": [{"function": "regex"} | regex, {"function": "take_first"}]}


def _bbh(folder: Path) -> None:
    for task in ("navigate", "object_counting"):
        rows = json.loads((SHARED / f"text/bbh/{task}.json").read_text("utf-8"))["examples"]
        prompt = (SHARED / f"text/bbh/cot-prompts/{task}.txt").read_text("utf-8").partition("\n-----\n")[2]
        description, *examples = prompt.strip().split("\n\nQ: ")
        pairs = [example.split("\nA: Let's think step by step.\n") for example in examples]
        _task(
            folder,
            f"bbh_{task}",
            {"test": rows},
            output_type="generate_until",
            description=description + "\n\n",
            doc_to_text="Q: {{input}}\nA: Let's think step by step.\n",
            doc_to_target="{{target}}",
            target_delimiter="",
            fewshot_config={"sampler": "first_n", "samples": [{"input": q, "target": a} for q, a in pairs]},
            num_fewshot=3,
            metric_list=[ACC | {"metric": "exact_match"}],
            generation_kwargs={
                "max_gen_toks": 1024,
                "until": ["</s>", "Q", "\n\n"],
                "do_sample": False,
                "temperature": 0.0,
            },
            filter_list=[_filter("get-answer", {"regex_pattern": "(?<=the answer is )(.*)(?=.)"})],
        )


def _gatsby(folder: Path) -> None:
    rows = [{"page": sample.target} for sample in _samples("gatsby")]
    perplexities = [{"metric": name} for name in ("word_perplexity", "byte_perplexity", "bits_per_byte")]
    _task(
        folder,
        "gatsby",
        {"test": rows},
        output_type="loglikelihood_rolling",
        doc_to_text="",
        doc_to_target="page",
        metric_list=perplexities,
    )
    words = [{"context": sample.question, "word": sample.target} for sample in _samples("gatsby_last_word")]
    _task(
        folder,
        "gatsby_last_word",
        {"test": words},
        output_type="loglikelihood",
        doc_to_text="{{context}}",
        doc_to_target=" {{word}}",
        metric_list=[ACC, {"metric": "perplexity", "aggregation": "perplexity", "higher_is_better": False}],
    )
