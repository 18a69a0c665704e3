"""The bench's questions as tasks of Inspect: `inspect eval inspect_task.py@problem -T file=w1.jsonl`."""

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.scorer import answer
from inspect_ai.scorer import choice as chosen
from inspect_ai.solver import generate, multiple_choice


@task
def problem(file: str) -> Task:
    return Task(dataset=json_dataset(file, _problem), solver=generate(), scorer=answer("line"))


@task
def choice(file: str) -> Task:
    return Task(dataset=json_dataset(file, _choice), solver=multiple_choice(), scorer=chosen())


def _problem(row: dict[str, Any]) -> Sample:
    asked = f"{row['question']}\n\nEnd with a line `ANSWER: X`."
    return Sample(id=row["id"], input=asked, target=row["answer"])


def _choice(row: dict[str, Any]) -> Sample:
    return Sample(id=row["id"], input=row["question"], choices=[row[at] for at in "ABCD"], target=row["answer"])
