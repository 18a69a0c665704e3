"""Floor 3, below the catalogue: task files of lm-evaluation-harness, read into benchmarks as they are.

    lm-eval:PATH.yaml, lm-eval:NAME -> yaml_files, index -> tree of tasks and groups -> benchmark

A task's numbers are those that the harness gives: its prompts, its worked examples, its filters, its metrics and their
standard errors. What is not reproduced is refused in one line, and so is code of a task file without `--trust`.
"""

from pathlib import Path

from sinan.types import Benchmark

PREFIX = "lm-eval:"


def is_target(target: str) -> bool:
    """Whether a target is meant for here."""
    return target.startswith(PREFIX)


def absolute(target: str) -> str:
    """A target that is a file, by its whole path."""
    name = target.removeprefix(PREFIX)
    return f"{PREFIX}{Path(name).expanduser().absolute()}" if name.endswith((".yaml", ".yml")) else target


def resolve(target: str, trust: bool = False) -> list[Benchmark]:
    """The benchmarks of a target. Raises UsageError for what is not reproduced, DataError where data are missing."""
    from sinan import settings
    from sinan.lm_eval.benchmark import benchmarks
    from sinan.lm_eval.index import folders, index
    from sinan.lm_eval.tree import Tree

    name = target.removeprefix(PREFIX)
    return benchmarks(Tree(lambda: index(tuple(folders(settings.load().lm_eval_tasks))), trust).nodes(name))
