"""The filters that a task names, as steps of a pipeline."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval.functions import loaded
from sinan.lm_eval.task import Task
from sinan.lm_eval.yaml_files import Function
from sinan.scoring.filtered import Pipeline
from sinan.scoring.filters import BY_NAME, Filter
from sinan.types import Sample


def pipelines(task: Task) -> tuple[Pipeline, ...]:
    """In the order of the file; without any, the first answer as it is. Raises UsageError for what is not known."""
    listed = task.config.filter_list
    if listed is None:
        return (Pipeline(),)
    if not listed:
        raise UsageError(f"{task.name}: its filter_list is empty, so that no answer would be read")
    if task.config.output_type != "generate_until" and any(not _idle(entry) for entry in listed):
        raise UsageError(f"{task.name}: filters on log-likelihoods are not reproduced")
    return tuple(_pipeline(task, entry) for entry in listed)


def _idle(entry: Mapping[str, Any]) -> bool:
    steps = entry.get("filter")
    return isinstance(steps, list) and [isinstance(one, dict) and one.get("function") for one in steps] == [
        "take_first"
    ]


def _pipeline(task: Task, entry: Mapping[str, Any]) -> Pipeline:
    name, steps = entry.get("name"), entry.get("filter")
    if (
        not isinstance(name, str)
        or not name.isprintable()
        or not isinstance(steps, list)
        or not all(isinstance(step, dict) for step in steps)
    ):
        raise UsageError(f"{task.name}: a filter of filter_list needs a name and a list of steps")
    return Pipeline(name, tuple(_step(task, step) for step in steps))


def _step(task: Task, step: Mapping[str, Any]) -> Filter:
    given, where = step.get("function"), f"{task.name}: filter"
    settings = {key: value for key, value in step.items() if key != "function"}
    if given == "custom" and isinstance(settings.get("filter_fn"), Function):
        return _Applied(task, "custom", loaded(settings["filter_fn"], task.trust, where))
    if isinstance(given, Function):
        made = loaded(given, task.trust, where)(**settings)
        return _Applied(task, str(given.name), made.apply)
    name = str(given)
    if name not in BY_NAME and task.trust and (registered := _registered(name)) is not None:
        return _Applied(task, name, registered(**settings).apply)
    if name not in BY_NAME:
        raise UsageError(f"{task.name}: the filter {name:.80} is not reproduced (these: {', '.join(BY_NAME)})")
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    try:
        _compile(settings)
        return BY_NAME[name](**settings)
    except (TypeError, re.error) as error:
        raise UsageError(f"{task.name}: the filter {name} cannot be made so: {error}") from None


def _compile(settings: Mapping[str, Any]) -> None:
    """Raises re.error and TypeError for a pattern that is none: before anything is asked, not behind every answer."""
    for pattern in (settings.get("regex_pattern", ""), *(settings.get("regexes_to_ignore") or ())):
        re.compile(pattern)


def _registered(name: str) -> Callable[..., Any] | None:
    """A filter that the code of a task file has entered among those of the installed harness."""
    registry = sys.modules.get("lm_eval.api.registry")
    try:
        return None if registry is None else registry.get_filter(name)
    except KeyError:
        return None


@dataclass(frozen=True, repr=False)
class _Applied:
    """A filter of the task file: over the answers of all documents there, of one here."""

    task: Task
    name: str
    apply: Callable[..., Any]

    def __repr__(self) -> str:
        return f"Applied({self.name!r})"

    def __call__(self, answers: Any, sample: Sample) -> Any:
        """What it makes of one document's answers."""
        (found,) = self.apply([answers], [self.task.document(sample)])
        return found
