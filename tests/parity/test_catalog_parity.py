"""The protocol `lm-eval` of the catalogue gives lm-evaluation-harness's numbers: each log-likelihood, each sample's
metrics, each aggregate and its standard error, on weights of random numbers and on a bundled model.

SINAN_PARITY=full asks everything and writes the table of docs/parity.md anew; CI asks the first few of each task.
"""

import asyncio
import os
from pathlib import Path

import pytest

from sinan.evaluate import evaluate
from sinan.types import RunSpec
from tests.parity import agreement, rival, tasks, weights

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.usefixtures("mirrored")

FULL = os.environ.get("SINAN_PARITY") == "full"
SINGLE = ("arc_easy", "arc_challenge", "boolq", "truthfulqa_mc1", "truthfulqa_mc2")
MMLU = tuple(f"mmlu/{subject}" for subject in tasks.SUBJECTS)
CEVAL = ("ceval/law", "ceval/computer_network")
BBH = ("bbh/navigate", "bbh/object_counting")
TEXTS = ("gatsby", "gatsby_last_word")
DOCS = Path(__file__).parents[2] / "docs"
MARK = "|---|---|---:|---:|---:|---:|---:|"
ROWS: list[str] = []


@pytest.fixture(scope="session")
def local_tasks(tmp_path_factory, mirror):
    folder = tmp_path_factory.mktemp("tasks")
    tasks.write(folder)
    return folder


@pytest.fixture(scope="session", params=["random", "needle-m"])
def model(request, tmp_path_factory):
    if request.param == "random":
        return weights.random_llama(tmp_path_factory.mktemp("llama"))
    return weights.NEEDLE / request.param


@pytest.fixture(scope="module", autouse=True)
def table():
    """What was compared; after a full run, in the documents."""
    yield
    if FULL:
        for page in (DOCS / "parity.md", DOCS / "zh/parity.md"):
            head, mark, _ = page.read_text("utf-8").partition(MARK)
            page.write_text(head + mark + "\n" + "\n".join(ROWS) + "\n", "utf-8")


def name(target: str) -> str:
    """Of the local task that asks what a target of ours does."""
    return target.replace("/", "_")


def number(sample_id: str) -> int:
    return int(sample_id.rpartition("/")[2])


def held(targets, model: Path, local_tasks: Path, runs: Path, limit: int | None):
    spec = RunSpec(tuple(targets), (f"hf/{model}?chat=0",), limit=limit, protocol="lm-eval")
    run = asyncio.run(evaluate(spec, runs=runs))
    assert run.failed == 0
    theirs = rival.measured(model, local_tasks, [name(t) for t in targets], limit=limit, batch_size=16)
    return [agreement.hold(name(target), run, target, theirs, number) for target in targets]


def agree(found, model: Path) -> None:
    ROWS.extend(one.row("random weights" if model.parent.name != "weights" else model.name) for one in found)
    assert not [fault for one in found for fault in one.faults[:5]]


def test_choices_by_likelihood_agree_to_the_last_metric(model, local_tasks, tmp_path):
    agree(held(SINGLE, model, local_tasks, tmp_path, None if FULL else 12), model)


def test_five_shots_of_twelve_subjects_agree(model, local_tasks, tmp_path):
    agree(held((*MMLU, *CEVAL), model, local_tasks, tmp_path, None if FULL else 3), model)


def test_texts_and_last_words_agree(model, local_tasks, tmp_path):
    agree(held(TEXTS, model, local_tasks, tmp_path, None if FULL else 12), model)


def test_written_answers_agree_by_every_filter(model, local_tasks, tmp_path):
    agree(held(("gsm8k", *BBH), model, local_tasks, tmp_path, 100 if FULL else 3), model)
