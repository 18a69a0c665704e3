"""Tasks as benchmarks: one task, or a group whose tasks are asked alike and make one number together."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sinan.lm_eval import data
from sinan.lm_eval.generation import sampling
from sinan.lm_eval.judge import Judge
from sinan.lm_eval.task import Task
from sinan.lm_eval.tree import Aggregate, Group, Node
from sinan.lm_eval.yaml_files import Function, functions
from sinan.solving import Likelihood, OneTurn, Repeated, Rolling
from sinan.statistics.over_groups import over
from sinan.types import (
    Benchmark,
    Card,
    Completion,
    Dataset,
    Form,
    Metric,
    Prompt,
    Protocol,
    Sample,
    Score,
    Solver,
)

PROTOCOL = "lm-eval"
OVER_MESSAGES = "lm-eval-chat"
"""Likelihoods behind messages, as the model's chat template writes them."""


def benchmarks(nodes: Sequence[Node]) -> list[Benchmark]:
    """One for each task, or for a group where that can be one; else for what is in the group."""
    found: dict[str, Benchmark] = {}
    for node in nodes:
        for benchmark in _benchmarks(node):
            found.setdefault(benchmark.id, benchmark)
    return list(found.values())


def _benchmarks(node: Node) -> Iterator[Benchmark]:
    if isinstance(node, Task):
        yield _benchmark(node.name, [Judge(node)], ("",), None)
        return
    judges = [Judge(task) for task in node.tasks]
    if node.aggregates and _alike(judges):
        yield _benchmark(node.name, judges, tuple(judge.task.name for judge in judges), node)
        return
    for member in node.members:
        yield from _benchmarks(member)


def _alike(judges: Sequence[Judge]) -> bool:
    """Whether one protocol asks them all, and a metric of one name is made in one way."""
    asked = {repr((_solver(j.task), sampling(j.task.config), j.task.config.num_fewshot)) for j in judges}
    kinds: dict[str, set[str]] = {}
    for judge in judges:
        for name, metric in judge.metrics.items():
            kinds.setdefault(name, set()).add(metric.kind)
    return len(asked) == 1 and all(len(one) == 1 for one in kinds.values())


def _benchmark(name: str, judges: Sequence[Judge], subsets: tuple[str, ...], group: Group | None) -> Benchmark:
    by_name = dict(zip(subsets, judges, strict=True))
    first = judges[0].task
    metrics, within = _metrics(by_name, group)
    asked = TaskPrompt(name, by_name)
    drawn = sampling(first.config)
    protocol = Protocol(
        asked,
        _solver(first),
        TaskScorer(name, by_name, within),
        drawn,
        shots=first.config.num_fewshot or 0,
        few_shot=FewShot(name, by_name),
        chat_sampling=drawn,
        metrics=metrics,
    )
    protocols = {PROTOCOL: protocol, "default": protocol}
    if first.config.output_type in ("multiple_choice", "loglikelihood"):
        protocols[OVER_MESSAGES] = replace(protocol, prompt=replace(asked, chat=True))
    return Benchmark(
        id=f"lm-eval:{name}",
        card=_card(name, judges),
        dataset=TaskData(by_name).dataset(),
        metric=metrics[0],
        protocols=protocols,
    )


def _solver(task: Task) -> Solver:
    if task.config.output_type == "loglikelihood_rolling":
        return Rolling()
    if task.config.output_type != "generate_until":
        return Likelihood()
    return OneTurn() if task.config.repeats == 1 else Repeated(task.config.repeats)


def _card(name: str, judges: Sequence[Judge]) -> Card:
    tasks = [judge.task for judge in judges]
    versions = sorted({str(task.config.metadata.get("version", "none")) for task in tasks})
    paths = sorted({str(task.config.dataset_path or "made by its file") for task in tasks})
    return Card(
        title=name,
        measures=f"What the task file of lm-evaluation-harness asks ({tasks[0].config.output_type}).",
        dimension="lm-eval",
        languages=(),
        licence="",
        source=", ".join(paths),
        note=f"{len(tasks)} task{'s' * (len(tasks) != 1)}; its own version: {', '.join(versions)}",
    )


Within = Mapping[str, tuple[tuple[str, str], ...]]
"""By task: (name in an inner group's metric, name in the task's)."""


def _metrics(judges: Mapping[str, Judge], group: Group | None) -> tuple[tuple[Metric, ...], Within]:
    """All that is reported, what the group makes one number of first; and which values inner groups take."""
    own = {name: metric for judge in judges.values() for name, metric in judge.metrics.items()}
    if group is None:
        return tuple(own.values()), {}
    ways = _ways(group, judges)
    whole = [over(own[name], way) for name, way in ways.items()]
    rest = [over(metric, "apart") for name, metric in own.items() if name not in ways]
    inner: list[Metric] = []
    within: dict[str, list[tuple[str, str]]] = {}
    for part in group.groups:
        of_part = {task.name: judges[task.name] for task in part.tasks}
        for name, way in _ways(part, of_part).items():
            shown = f"{part.name}:{name}"
            inner.append(over(own[name], way).named(shown, of=shown))
            for task, judge in of_part.items():
                if name in judge.metrics:
                    within.setdefault(task, []).append((shown, name))
    return (*whole, *inner, *rest), {task: tuple(pairs) for task, pairs in within.items()}


def _ways(group: Group, judges: Mapping[str, Judge]) -> dict[str, str]:
    """By the name of a metric in results: how the group makes one number of it."""
    found: dict[str, str] = {}
    for aggregate in group.aggregates:
        for name in sorted(_named(aggregate, judges)):
            found.setdefault(name, "by_size" if aggregate.by_size else "plain")
    return found


def _named(aggregate: Aggregate, judges: Mapping[str, Judge]) -> set[str]:
    return {
        pipe.metric(measure.name)
        for judge in judges.values()
        for pipe in judge.pipelines
        for measure in judge.measures
        if measure.name == aggregate.metric and (aggregate.filters is None or pipe.name in aggregate.filters)
    }


@dataclass(frozen=True, repr=False)
class TaskPrompt:
    """Asks each sample as its task's file says."""

    name: str
    judges: Mapping[str, Judge]
    chat: bool = False

    def __repr__(self) -> str:
        return f"TaskPrompt({self.name!r}, chat={self.chat})"

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. Raises UsageError where a template fails."""
        judge = self.judges[sample.group]
        return judge.task.prompt(sample, judge.unconditional, self.chat)(sample, form, shots)


@dataclass(frozen=True, repr=False)
class TaskScorer:
    """Judges each answer as its task's file says; groups within the group take part in it."""

    name: str
    judges: Mapping[str, Judge]
    within: Within

    def __repr__(self) -> str:
        return f"TaskScorer({self.name!r})"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        score = self.judges[sample.group](sample, completion)
        more = {shown: score.values[name] for shown, name in self.within.get(sample.group, ()) if name in score.values}
        return replace(score, values={**score.values, **more}) if more else score


@dataclass(frozen=True, repr=False)
class FewShot:
    """Draws worked examples as each task does; none for a task whose file says that it has none."""

    name: str
    judges: Mapping[str, Judge]

    def __repr__(self) -> str:
        return f"FewShot({self.name!r})"

    def __call__(self, seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        """The examples."""
        task = self.judges[sample.group].task
        if task.config.num_fewshot == 0:
            return ()
        found: Sequence[Sample] = task.few_shot(seed, sample, pool, k)
        return found


@dataclass(frozen=True)
class TaskData:
    """The documents of tasks as a dataset: a subset for each task of a group."""

    judges: Mapping[str, Judge]

    def dataset(self) -> Dataset:
        """Reads the data: how many there are and what is in them is known before anything is asked."""
        tasks = [judge.task for judge in self.judges.values()]
        return Dataset(
            read=self.read,
            subsets=tuple(self.judges),
            size=sum(len(task.documents) for task in tasks),
            pool=self.pool,
            fingerprint=_fingerprint(tasks),
        )

    def read(self, subset: str, seed: int) -> Iterator[Sample]:
        """The samples of a task."""
        return self.judges[subset].task.samples(subset)

    def pool(self, subset: str, seed: int) -> Sequence[Sample]:
        """What its worked examples are chosen from."""
        return self.judges[subset].task.pool


def _fingerprint(tasks: Sequence[Task]) -> str:
    """Of the task files with what they include, of the functions that they name, and of the data."""
    total = hashlib.sha256()
    for task in tasks:
        files = [*task.files, *_code(task)]
        for part in (repr(_settings(task)), *(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)):
            total.update(hashlib.sha256(part.encode()).digest())
        total.update(_data(task).encode())
    return total.hexdigest()


def _settings(task: Task) -> list[tuple[str, str]]:
    """What is in force, whatever file or group it is from; without the folder that the files are in."""
    return [(key, _shown(value)) for key, value in sorted(vars(task.config).items())]


def _shown(value: object) -> str:
    if isinstance(value, Function):
        return f"!function {value.name}"
    if isinstance(value, dict):
        return repr([(key, _shown(one)) for key, one in value.items()])
    if isinstance(value, list | tuple):
        return repr([_shown(one) for one in value])
    if hasattr(value, "__dataclass_fields__"):
        return _shown(vars(value))
    return repr(value)


def _code(task: Task) -> list[Path]:
    named = functions(vars(task.config) | {"shots": vars(task.config.shots)})
    return sorted({file for one in named if (file := one.file) is not None})


def _data(task: Task) -> str:
    config = task.config
    asked = config.test_split or config.validation_split
    names = dict.fromkeys(
        (asked, config.shots.split or config.training_split or config.validation_split or config.test_split)
    )
    wanted: Callable[[str], tuple[str, object]] = partial(_named_split, task)
    return data.digest(wanted(name) for name in names if name)


def _named_split(task: Task, name: str) -> tuple[str, object]:
    return name, data.split(task.config, task.splits, name)
