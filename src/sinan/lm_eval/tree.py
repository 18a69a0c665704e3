"""Tasks, groups and tags as a tree: what a name or a file stands for, with what a group changes in its tasks.

A tag is a list of tasks. A group names tasks, tags, groups or whole new tasks; its keys that are no keys of a group
are given to every task in it, and what a member says itself comes before them.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan.errors import UnknownName, UsageError
from sinan.lm_eval import yaml_files
from sinan.lm_eval.config import config
from sinan.lm_eval.index import Entry, Index
from sinan.lm_eval.task import Task

DEEPEST = 20
"""Groups within groups."""

_FOUND_IN = "Task files are found in an installed lm_eval and in the folder SINAN_LM_EVAL_TASKS."

_OF_A_GROUP = {"group", "group_alias", "task", "aggregate_metric_list", "metadata"}
_STRUCTURE = ("tag", "group", "task_list")


@dataclass(frozen=True)
class Aggregate:
    """One metric that a group makes of its tasks'."""

    metric: str
    filters: tuple[str, ...] | None
    """None: all that its tasks have."""
    by_size: bool


@dataclass(frozen=True)
class Group:
    """Tasks that belong together."""

    name: str
    members: "tuple[Task | Group, ...]"
    aggregates: tuple[Aggregate, ...] = ()
    """None: the group is a list of tasks, and no number."""

    @property
    def tasks(self) -> list[Task]:
        """All tasks, those of groups within it too, each name once."""
        return list({task.name: task for task in self._tasks()}.values())

    @property
    def groups(self) -> "list[Group]":
        """All groups within it, at any depth."""
        inner = [member for member in self.members if isinstance(member, Group)]
        return [*inner, *(one for group in inner for one in group.groups)]

    def _tasks(self) -> Iterator[Task]:
        for member in self.members:
            if isinstance(member, Group):
                yield from member._tasks()
            else:
                yield member


Node = Task | Group


@dataclass(frozen=True)
class Tree:
    """Builds what names stand for."""

    names: Callable[[], Index]
    """All that are known; a file that needs none of them does not wait for them."""
    trust: bool

    @property
    def index(self) -> Index:
        """All names that are known."""
        return self.names()

    def nodes(self, target: str) -> list[Node]:
        """Of a name, a pattern such as `mmlu_*`, or the path of a task file. Raises UsageError."""
        if target.endswith((".yaml", ".yml")):
            return [self._of_file(Path(target), {}, 0)]
        names = fnmatch.filter(self.index, target) if any(sign in target for sign in "*?[") else [target]
        if target not in self.index and (names == [target] or not names):
            known = [f"lm-eval:{name}" for name in self.index]
            raise UnknownName(f"lm-eval:{target}", "task, group or tag", known, _FOUND_IN)
        return [node for name in sorted(names) for node in self._of_entry(self.index[name], {}, 0)]

    def _of_entry(self, entry: Entry, overrides: Mapping[str, Any], depth: int) -> list[Node]:
        if entry.kind == "tag":
            return [node for name in sorted(entry.tasks) for node in self._of_entry(self.index[name], overrides, depth)]
        assert entry.path is not None
        return [self._of_file(entry.path, overrides, depth)]

    def _of_file(self, path: Path, overrides: Mapping[str, Any], depth: int) -> Node:
        yaml_files.require()
        file = yaml_files.read(path)
        values = file.values
        if "group" in values and "class" not in values:
            return self._group(str(values["group"]), values, overrides, file.files, depth)
        return self._task({**values, **overrides}, file.files)

    def _task(self, values: Mapping[str, Any], files: tuple[Path, ...]) -> Task:
        own = {key: value for key, value in values.items() if key not in _STRUCTURE}
        return Task(config(own), files, self.trust)

    def _group(
        self,
        name: str,
        values: Mapping[str, Any],
        overrides: Mapping[str, Any],
        files: tuple[Path, ...],
        depth: int,
    ) -> Group:
        if not name.isprintable():
            raise UsageError(f"{name!r:.80} is no name of a group: it holds characters that cannot be printed")
        if depth > DEEPEST:
            raise UsageError(f"the group {name} is in itself, or more than {DEEPEST} groups deep")
        for_all = {key: value for key, value in values.items() if key not in _OF_A_GROUP} | dict(overrides)
        for_all.pop("tag", None)
        listed = values.get("task")
        members: list[Node] = []
        for member in listed if isinstance(listed, list) else []:
            members += self._members(name, member, for_all, files, depth + 1)
        if not members:
            raise UsageError(f"the group {name} names no task")
        return Group(name, tuple(members), _aggregates(name, values.get("aggregate_metric_list")))

    def _members(
        self, group: str, member: Any, for_all: Mapping[str, Any], files: tuple[Path, ...], depth: int
    ) -> list[Node]:
        """What one line of a group stands for."""
        if isinstance(member, str):
            member, own = {"task": member}, dict(for_all)
        elif isinstance(member, dict):
            own = {**for_all, **member}
        else:
            raise UsageError(f"the group {group} has a member that is neither a name nor a table: {member!r:.80}")
        if "group" in member:
            return self._inner(group, member, for_all, files, depth)
        name = member.get("task")
        if not isinstance(name, str):
            raise UsageError(f"the group {group} has a member that names no task: {member!r:.80}")
        entry = self.index.get(name)
        if entry is None and own.keys() <= {"task"}:
            remedy = f"It is named by the group {group}. {_FOUND_IN}"
            raise UnknownName(f"lm-eval:{name}", "task, group or tag", self.index, remedy)
        if entry is None:  # a whole task, written into the group
            return [self._task({**own, "task": f"{group}::{name}"}, files)]
        if entry.kind == "task":
            return self._of_entry(entry, {"task": name, **own}, depth)
        return self._of_entry(entry, {key: value for key, value in own.items() if key != "task"}, depth)

    def _inner(
        self, group: str, member: Mapping[str, Any], for_all: Mapping[str, Any], files: tuple[Path, ...], depth: int
    ) -> list[Node]:
        """A group within a group: one that has a file, or one that is written here."""
        name = str(member["group"])
        entry = self.index.get(name)
        if entry is not None:
            changes = {key: value for key, value in member.items() if key not in _OF_A_GROUP}
            return self._of_entry(entry, {**for_all, **changes}, depth)
        return [self._group(f"{group}::{name}", member, for_all, files, depth)]


def _aggregates(group: str, listed: Any) -> tuple[Aggregate, ...]:
    entries = [] if listed is None else [listed] if isinstance(listed, dict) else listed
    if not isinstance(entries, list) or not all(isinstance(one, dict) and "metric" in one for one in entries):
        raise UsageError(f"the group {group}: aggregate_metric_list must be a list of tables that name a metric")
    return tuple(_aggregate(group, entry) for entry in entries)


def _aggregate(group: str, entry: Mapping[str, Any]) -> Aggregate:
    unknown = sorted(entry.keys() - {"metric", "filter_list", "aggregation", "weight_by_size"})
    if unknown:
        raise UsageError(f"the group {group}: aggregate_metric_list has the key `{unknown[0]}`, which is not known")
    if entry.get("aggregation", "mean") != "mean":
        raise UsageError(f"the group {group}: the aggregation {entry['aggregation']} of groups is not reproduced")
    filters = entry.get("filter_list")
    chosen = None if filters is None else (filters,) if isinstance(filters, str) else tuple(map(str, filters))
    return Aggregate(str(entry["metric"]), chosen, bool(entry.get("weight_by_size", True)))
