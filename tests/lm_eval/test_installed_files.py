"""The installed harness's own task files, unchanged, over local data of the shape that they expect."""

import csv
import json
import os
import random
from pathlib import Path

import pytest

from sinan.statistics import bootstrap
from tests.lm_eval.rows import ANIMALS, GIFTS, PLACES
from tests.lm_eval.side_by_side import compare_estimate, compare_results, compare_samples, ours

SHARED = Path(__file__).parents[2].parent / "shared/data/text"
WHOLE = os.environ.get("SINAN_PARITY") == "all"
RESAMPLES = 2_000
N = 6


def draw(i):
    return random.Random(f"installed/{i}")


def said(i):
    return f"the {draw(i).choice(ANIMALS)} carries {draw(i).choice(GIFTS)} to {draw(i).choice(PLACES)}"


def arc(i):
    labels = ["1", "2", "3", "4"] if i % 3 == 0 else ["A", "B", "C", "D"]
    choices = {"text": draw(i).sample(GIFTS, 4), "label": labels}
    return {"id": str(i), "question": f"What if {said(i)}?", "choices": choices, "answerKey": labels[i % 4]}


def hellaswag(i):
    endings = [f"{said(10 * i + j)} [step] again." for j in range(4)]
    return {"activity_label": "Farming", "ctx_a": said(i), "ctx_b": "the owl", "endings": endings, "label": str(i % 4)}


def winogrande(i):
    one, two = draw(i).sample(ANIMALS, 2)
    sentence = f"The {one} chased the {two} until the _ was tired."
    return {"sentence": sentence, "option1": one, "option2": two, "answer": str(1 + i % 2)}


def truthfulqa(i):
    texts = [said(10 * i + j) for j in range(4)]
    one = {"choices": texts, "labels": [1, 0, 0, 0]}
    return {"question": f"Is it so that {said(i)}?", "mc1_targets": one, "mc2_targets": one | {"labels": [1, 1, 0, 0]}}


def mmlu(i):
    choices = draw(i).sample(GIFTS, 4)
    return {"question": f" What if {said(i)}? ", "choices": choices, "answer": i % 4, "subject": "anatomy"}


def gsm8k(i):
    a, b = draw(i).randrange(3, 40), draw(i).randrange(3, 40)
    return {"question": f"{a} bees and {b} bees?", "answer": f"{a}+{b}=<<{a}+{b}={a + b}>>{a + b}\n#### {a + b}"}


def lambada(i):
    return {"text": said(i) + " and " + said(i + 50)}


def wikitext(i):
    return {"page": f" = Heading {i} = \n {said(i)} , and {said(i + 1)} . " * (1 + 9 * (i % 3))}


def boolq(i):
    return {"passage": said(i), "question": "is it so", "label": i % 2, "idx": i}


def piqa(i):
    return {"goal": said(i), "sol1": said(i + 7), "sol2": said(i + 9), "label": i % 2}


def squad(i):
    return {"passage": said(i), "question": "who", "text": said(i)}


FILES = {
    "arc/arc_easy.yaml": (arc, {"train", "validation", "test"}, {"num_fewshot": 3}),
    "hellaswag/hellaswag.yaml": (hellaswag, {"train", "validation"}, {"num_fewshot": 2}),
    "winogrande/default.yaml": (winogrande, {"train", "validation"}, {"num_fewshot": 2}),
    "truthfulqa/truthfulqa_mc1.yaml": (truthfulqa, {"validation"}, {}),
    "mmlu/default/mmlu_anatomy.yaml": (mmlu, {"dev", "test"}, {"num_fewshot": 5}),
    "mmlu/continuation/mmlu_anatomy.yaml": (mmlu, {"dev", "test"}, {}),
    "mmlu/generative/mmlu_anatomy.yaml": (mmlu, {"dev", "test"}, {"num_fewshot": 2}),
    "gsm8k/gsm8k.yaml": (gsm8k, {"train", "test"}, {}),
    "gsm8k/gsm8k-cot.yaml": (gsm8k, {"train", "test"}, {"num_fewshot": 2}),
    "gsm8k/gsm8k-cot-zeroshot.yaml": (gsm8k, {"train", "test"}, {}),
    "lambada/lambada_openai.yaml": (lambada, {"test"}, {}),
    "wikitext/wikitext.yaml": (wikitext, {"train", "validation", "test"}, {}),
    "super_glue/boolq/default.yaml": (boolq, {"train", "validation"}, {"num_fewshot": 2}),
    "piqa/piqa.yaml": (piqa, {"train", "validation"}, {"num_fewshot": 1}),
}


@pytest.fixture(autouse=True)
def resamples(monkeypatch):
    monkeypatch.setattr(bootstrap, "ITERATIONS", RESAMPLES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file for each of the installed ones that includes it and names other data."""
    lm_eval = pytest.importorskip("lm_eval")
    place, tasks = tmp_path_factory.mktemp("installed"), Path(lm_eval.__file__).parent / "tasks"
    for file, (make, splits, more) in FILES.items():
        if (tasks / file).is_file():
            write(place, tasks / file, make, splits, more)
    return place


def write(place, file, make, splits, more):
    name = file.parent.name + "_" + file.stem
    data = {}
    for k, split in enumerate(sorted(splits)):
        data[split] = str(place / f"{name}_{split}.jsonl")
        rows = [make(i + 100 * k) for i in range(N if k == len(splits) - 1 else 9)]
        Path(data[split]).write_text("".join(json.dumps(row) + "\n" for row in rows))
    values = {"include": str(file), "task": name, "dataset_path": "json", "dataset_name": None}
    values |= {"dataset_kwargs": {"data_files": data}} | more
    (place / f"{name}.yaml").write_text(json.dumps(values))  # JSON is YAML


@pytest.fixture(scope="module")
def theirs(folder, model):
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISABLE_MULTIPROC", "1")
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        weights = HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=8)
        names = [file.stem for file in sorted(folder.glob("*.yaml"))]
        assert len(names) == len(FILES)
        more = {"gen_kwargs": "max_gen_toks=24", "bootstrap_iters": RESAMPLES, "verbosity": "ERROR"}
        return lm_eval.simple_evaluate(weights, tasks=names, task_manager=manager, log_samples=True, **more)


@pytest.mark.parametrize("file", FILES)
def test_an_installed_file_has_the_harnesss_numbers(file, folder, theirs, model, tmp_path):
    name = Path(file).parent.name + "_" + Path(file).stem
    how = {"parameters": {"max_tokens": 24}} if "generate" in theirs["configs"][name]["output_type"] else {}
    run, records = ours(f"lm-eval:{folder / name}.yaml", model, tmp_path, **how)
    compare_samples(theirs["samples"][name], records)
    compare_results(theirs["results"][name], run.results[0], theirs["samples"][name])


if WHOLE:  # 57 subjects, each loaded by both, over data that lie beside the project

    def test_all_of_mmlu_is_one_number(model, tmp_path, monkeypatch):
        lm_eval = pytest.importorskip("lm_eval")
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager

        monkeypatch.setenv("SINAN_LM_EVAL_TASKS", str(subjects(tmp_path, Path(lm_eval.__file__).parent / "tasks")))
        manager = TaskManager(include_path=os.environ["SINAN_LM_EVAL_TASKS"])
        weights = HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=8)
        theirs = lm_eval.simple_evaluate(weights, tasks=["mmlu"], task_manager=manager, num_fewshot=2, log_samples=True)
        run, _ = ours("lm-eval:mmlu", model, tmp_path / "runs", shots=2)
        (result,) = run.results
        mine = {result.metric: result.estimate} | {one.metric: one.estimate for one in result.further}
        compare_estimate(mine["acc"], theirs["groups"]["mmlu"], "acc")
        for part in ("stem", "other", "social_sciences", "humanities"):
            compare_estimate(mine[f"mmlu_{part}:acc"], theirs["groups"][f"mmlu_{part}"], "acc")
        assert len(result.groups) == 57
        for name, estimate in result.groups:
            compare_estimate(estimate, theirs["results"][name], "acc")

    def subjects(place, tasks):
        """The installed files of all subjects, over the first rows of the shared data."""
        folder = place / "subjects"
        folder.mkdir()
        (place / "runs").mkdir()
        for file in sorted((tasks / "mmlu/default").glob("mmlu_*.yaml")):
            subject = file.stem.removeprefix("mmlu_")
            data = {split: str(folder / f"{subject}_{split}.jsonl") for split in ("dev", "test")}
            for k, (split, path) in enumerate(data.items()):
                with (SHARED / f"mmlu/{split}/{subject}_{split}.csv").open() as lines:
                    rows = [
                        row for _, row in zip(range(5 + k * (len(subject) % 4)), csv.DictReader(lines), strict=False)
                    ]
                Path(path).write_text("".join(json.dumps(mmlu_row(row)) + "\n" for row in rows))
            values = {"include": str(file), "task": file.stem, "dataset_path": "json", "dataset_name": None}
            (folder / file.name).write_text(json.dumps(values | {"dataset_kwargs": {"data_files": data}}))
        return folder

    def mmlu_row(row):
        choices = [row[f"choice{i}"] for i in range(4)]
        return {"question": row["question"], "choices": choices, "answer": int(row["answer"])}
