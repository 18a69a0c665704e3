"""Which cell of one run stands beside which cell of the other."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sinan import asked_before, catalog, store
from sinan.causes import Side
from sinan.datasets import download
from sinan.errors import SinanError
from sinan.statistics import accuracy, metrics
from sinan.store import description
from sinan.types import Benchmark, Metric, RunSpec

QUESTIONS = 100_000
"""Of a cell: more are not built anew for the sake of those that differ."""


@dataclass
class StoredRun:
    """A run that is compared, and what its questions were."""

    folder: store.RunFolder
    about: Mapping[str, Any]
    _benchmarks: Mapping[str, Benchmark] | None = None
    trouble: str = ""
    """Why its questions cannot be built anew; empty where they can."""
    catalogued: bool = False
    """Whether questions are built anew only of benchmarks that the catalogue has by name, and judged by no program: a
    run that came from elsewhere may name any file of this machine."""

    def cells(self, benchmarks: Collection[str], models: Collection[str]) -> dict[str, list[Mapping[str, Any]]]:
        """The cells that are wanted, by benchmark."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for cell in self.about["cells"]:
            if (not benchmarks or cell["benchmark"] in benchmarks) and (not models or cell["model"] in models):
                found.setdefault(cell["benchmark"], []).append(cell)
        return found

    @cached_property
    def _early(self) -> Collection[tuple[str, str]]:
        return description.stopped_early(self.about, self.folder.results())

    def stopped(self, entry: Mapping[str, Any]) -> bool:
        """Whether answers decided how many of the cell's questions were asked."""
        return (entry["benchmark"], entry["model"]) in self._early

    def side(self, entry: Mapping[str, Any]) -> Side:
        """The cell with its questions and its scorer, where they can be had without asking the network."""
        side = Side(self.folder.id, self.about, entry, _metrics(entry)[0])
        if self.catalogued and not _by_name(side.spec):
            self.trouble = "they are not of the catalogue"
            return side
        if (self.about.get("expected") or 0) > QUESTIONS * len(self.about["cells"]):
            self.trouble = f"they are more than {QUESTIONS:,}"
            return side
        benchmark = self._at_hand(side).get(side.benchmark)
        if benchmark is None or any(download.whereabouts(one) == "fetchable" for one in benchmark.dataset.files):
            return side
        try:
            (cell,) = asked_before.cells(self.about, [benchmark], replace(side.spec, draws=1), {side.model})
            if self.catalogued and cell.waits:
                self.trouble = "judging them anew takes programs or models"
                return side
            return replace(side, asked=cell)
        except SinanError as error:
            self.trouble = str(error)
            return side

    def _at_hand(self, side: Side) -> Mapping[str, Benchmark]:
        if self._benchmarks is None:
            try:
                scorer = asked_before.scorer_asked_for(self.about)
                found = asked_before.benchmarks(self.folder.id, self.about, side.spec, scorer)
                self._benchmarks = {benchmark.id: benchmark for benchmark in found}
            except SinanError as error:
                self._benchmarks, self.trouble = {}, str(error)
        return self._benchmarks


def _by_name(spec: RunSpec) -> bool:
    """Whether all that was asked stands in the catalogue."""
    known = {*catalog.names(), *catalog.all_suites()}
    return all(target.partition("/")[0] in known or target.startswith("dim:") for target in spec.targets)


Pair = tuple[StoredRun, Mapping[str, Any], StoredRun, Mapping[str, Any]]


def paired_cells(
    a: StoredRun,
    b: StoredRun,
    benchmarks: Collection[str],
    models: Collection[str],
    notice: Callable[[str], None],
    beside: tuple[str, str] | None = None,
) -> Iterator[Pair]:
    """The cells that stand side by side. `beside`: this model of a and that one of b. What cannot be paired is told."""
    if beside is not None:
        cells_a, cells_b = a.cells(benchmarks, beside[:1]), b.cells(benchmarks, beside[1:])
        for benchmark in (name for name in cells_a if name in cells_b):
            yield from ((a, one, b, two) for one in cells_a[benchmark] for two in cells_b[benchmark])
        return
    cells_a, cells_b = a.cells(benchmarks, models), b.cells(benchmarks, models)
    for benchmark in (name for name in cells_a if name in cells_b):
        if a is b:
            of_models = cells_a[benchmark]
            yield from ((a, one, a, two) for i, one in enumerate(of_models) for two in of_models[i + 1 :])
            continue
        named = {cell["model"]: cell for cell in cells_b[benchmark]}
        yield from ((a, cell, b, named[cell["model"]]) for cell in cells_a[benchmark] if cell["model"] in named)
        left_a = [cell for cell in cells_a[benchmark] if cell["model"] not in named]
        left_b = [cell for name, cell in named.items() if name not in {c["model"] for c in cells_a[benchmark]}]
        if len(left_a) == len(left_b) == 1:
            yield a, left_a[0], b, left_b[0]
        elif left_a and left_b:
            names = [", ".join(cell["model"] for cell in left) for left in (left_a, left_b)]
            notice(f"{benchmark}: {names[0]} of a and {names[1]} of b could be paired in several ways. Remedy: --model")


def nothing(
    opened: Sequence[StoredRun], pairs: Sequence[Pair], chosen: Collection[str] = (), judged: bool = True
) -> str:
    """Why there is nothing to compare, and the remedy. `chosen`: names of benchmarks and models that the user gave.
    `judged`: no pair was left out because nobody judged it."""
    a, b = opened
    cells = [cell for one in opened for cell in one.about["cells"]]
    held = list(dict.fromkeys(cell[what] for what in ("benchmark", "model") for cell in cells))
    if unheard := [name for name in chosen if name not in held]:
        runs = " and ".join(dict.fromkeys((a.folder.id, b.folder.id)))
        return f"{unheard[0]} is no benchmark or model of {runs}. There: {', '.join(held)}"
    names = [", ".join(dict.fromkeys(cell["benchmark"] for cell in one.about["cells"])) for one in opened]
    if pairs and not judged:
        return (
            f"runs {a.folder.id} and {b.folder.id} have no verdicts on {names[0]} to compare: answers were collected "
            "and not judged. Remedy: questions with answers, or sinan score RUN --scorer NAME"
        )
    if pairs:
        return f"runs {a.folder.id} and {b.folder.id} share no sample of {names[0]}: they asked other questions"
    if a is b:
        return f"run {a.folder.id} has no two models to compare. Remedy: name another run beside it"
    return (
        f"runs {a.folder.id} ({names[0]}) and {b.folder.id} ({names[1]}) have no cells that could be paired. Remedy: "
        "runs of the same benchmark; --benchmark and --model choose among several"
    )


def paired_metrics(a: Side, b: Side, names: Collection[str]) -> list[tuple[Metric, Metric]]:
    """The metrics that stand side by side: without `names` the first of either; else those of these names that both
    have, `all` being every one."""
    first, *further = _metrics(a.entry)
    other, *others = _metrics(b.entry)
    if not names:
        return [(first, other)]
    by_name = {metric.name: metric for metric in (other, *others)}
    both = [(one, by_name[one.name]) for one in (first, *further) if one.name in by_name]
    return [pair for pair in both if "all" in names or pair[0].name in names]


def metric_names(opened: Sequence[StoredRun]) -> list[str]:
    """Of all metrics of all cells."""
    return list(dict.fromkeys(m.name for one in opened for cell in one.about["cells"] for m in _metrics(cell)))


def _metrics(entry: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The cell's metrics; where this sinan does not know them, the mean of the first one's numbers."""
    try:
        return metrics(entry)
    except KeyError:
        of = (entry.get("metrics") or [{}])[0].get("of", "")
        return (accuracy.named(entry["metric"], of),)
