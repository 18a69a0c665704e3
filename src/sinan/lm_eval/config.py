"""What a task file asks for, checked: every key is known, of the right kind, and reproduced, or it is refused.

Keys that change no number there change none here (`task_alias`, `tag`, decontamination). What would, and is not
reproduced, is told in one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval.yaml_files import Function

OUTPUTS = ("generate_until", "multiple_choice", "loglikelihood", "loglikelihood_rolling")

_WITHOUT_EFFECT = {
    "tag",
    "group",
    "task_list",
    "task_alias",
    "should_decontaminate",
    "doc_to_decontamination_query",
    "metadata",
}
_REFUSED = {
    "class": "is a task written in Python",
    "use_prompt": "takes its prompt from promptsource",
    "doc_to_image": "shows pictures",
    "doc_to_audio": "plays sound",
    "unsafe_code": "runs the code that models write",
}


@dataclass(frozen=True)
class Shots:
    """Where worked examples come from, and how they are written where that differs."""

    sampler: str = "default"
    split: str | None = None
    samples: Any = None
    """A list of documents, or a function that gives one."""
    process_docs: Any = None
    doc_to_text: Any = None
    doc_to_target: Any = None
    doc_to_choice: Any = None
    gen_prefix: str | None = None
    target_delimiter: str = " "
    fewshot_delimiter: str = "\n\n"
    fewshot_indices: Any = None
    """Read and without effect, as there."""


@dataclass(frozen=True)
class Config:
    """One task. Values are as the file has them; a `Function` is a function that is not loaded yet."""

    task: str
    output_type: str = "generate_until"
    dataset_path: str | None = None
    dataset_name: str | None = None
    dataset_kwargs: Mapping[str, Any] = field(default_factory=dict)
    custom_dataset: Function | None = None
    training_split: str | None = None
    validation_split: str | None = None
    test_split: str | None = None
    process_docs: Function | None = None
    doc_to_text: Any = None
    doc_to_target: Any = None
    doc_to_choice: Any = None
    process_results: Function | None = None
    description: str = ""
    target_delimiter: str = " "
    fewshot_delimiter: str = "\n\n"
    gen_prefix: str | None = None
    shots: Shots = Shots()
    num_fewshot: int | None = None
    metric_list: list[Any] | None = None
    filter_list: list[Any] | None = None
    generation_kwargs: Mapping[str, Any] | None = None
    repeats: int = 1
    metadata: Mapping[str, Any] = field(default_factory=dict)


_SHARED = ("process_docs", "doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix")
_TEXTS = ("task", "dataset_path", "dataset_name", "training_split", "validation_split", "test_split", "gen_prefix")
_FUNCTIONS = ("custom_dataset", "process_docs", "process_results")


def config(values: Mapping[str, Any]) -> Config:
    """The task of a file's values. Raises UsageError."""
    name = values.get("task")
    if not isinstance(name, str) or not name:
        raise UsageError(f"a task file must say its name as `task: NAME`, not {name!r:.80}")
    if not name.isprintable():
        raise UsageError(f"{name!r:.80} is no name of a task: it holds characters that cannot be printed")
    _refuse(name, values)
    known = {one.name for one in fields(Config)} - {"shots", "metadata"}
    given = {key: value for key, value in values.items() if key in known and value is not None}
    _check(name, given)
    metadata = values.get("metadata")
    made = replace(Config(task=name), **given, metadata=metadata if isinstance(metadata, dict) else {})
    return replace(made, shots=_shots(made, values))


def _refuse(name: str, values: Mapping[str, Any]) -> None:
    for key, why in _REFUSED.items():
        if values.get(key):
            raise UsageError(f"{name} {why} (`{key}`), which is not reproduced")
    known = {one.name for one in fields(Config)} | _WITHOUT_EFFECT | set(_REFUSED) | {"fewshot_split", "fewshot_config"}
    unknown = sorted(values.keys() - (known - {"shots"}))
    if unknown:
        raise UsageError(f"{name}: the key `{unknown[0]}` is not known: nobody can say whether it changes numbers")


def _check(name: str, given: Mapping[str, Any]) -> None:
    def wrong(key: str, what: str) -> UsageError:
        return UsageError(f"{name}: {key} must be {what}, not {given[key]!r:.100}")

    if given.get("output_type", OUTPUTS[0]) not in OUTPUTS:
        raise wrong("output_type", f"one of {', '.join(OUTPUTS)}")
    for key in (*_TEXTS, "description", "target_delimiter", "fewshot_delimiter"):
        if not isinstance(given.get(key, ""), str):
            raise wrong(key, "a text")
    for key in _FUNCTIONS:
        if not isinstance(given.get(key), Function | None):
            raise wrong(key, "a function, `!function file.name`")
    for key in ("metric_list", "filter_list"):
        if key in given and not (isinstance(given[key], list) and all(isinstance(one, dict) for one in given[key])):
            raise wrong(key, "a list of tables")
    for key in ("dataset_kwargs", "generation_kwargs"):
        if not isinstance(given.get(key, {}), dict):
            raise wrong(key, "a table")
    for key, least in (("num_fewshot", 0), ("repeats", 1)):
        value = given.get(key, least)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise wrong(key, f"a whole number from {least}")


def _shots(made: Config, values: Mapping[str, Any]) -> Shots:
    given = values.get("fewshot_config") or {}
    known = {one.name for one in fields(Shots)}
    if not isinstance(given, dict) or not given.keys() <= known:
        unknown = sorted(given.keys() - known) if isinstance(given, dict) else [str(given)]
        raise UsageError(f"{made.task}: fewshot_config has the key `{unknown[0]}`, which is not known")
    taken = {key: getattr(made, key) for key in (*_SHARED, "target_delimiter", "fewshot_delimiter")}
    return Shots(**taken | {"split": values.get("fewshot_split")} | given)
