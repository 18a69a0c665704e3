"""A run that follows what was declared: its cells in the drawn order, behind gates; what it heard; what it may say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sinan.asked import Asked
from sinan.engine import plan
from sinan.engine.drawn import DrawnOrder, drawn
from sinan.engine.prefix import Prefix
from sinan.errors import UsageError
from sinan.statistics.averages import estimate_mean
from sinan.statistics.intervals import estimate_accuracy
from sinan.statistics.proportions import LEVEL
from sinan.statistics.scales import less_is_better
from sinan.statistics.sequential import Following as ConfidenceSequence
from sinan.statistics.sequential import Predictor
from sinan.stopping.declared import Declared
from sinan.stopping.earlier import items
from sinan.stopping.procedures import procedure
from sinan.stopping.rules import benchmarks_of
from sinan.stopping.told import entry, head
from sinan.types import Cell, CellResult, Estimate, Metric, SampleResult, in_batches
from sinan.types.metric import FULL_RUN
from sinan.types.sequential import Followed, Procedure

if TYPE_CHECKING:
    from sinan.statistics.item_response import Items
    from sinan.stopping.adaptive import Chosen

METHOD = "confidence sequence, betting"
PREVIEW = "preview, not guaranteed"
ROUNDED = 1e-9
"""A score may be so far outside 0 and 1, by rounding."""
MEANS = (estimate_accuracy, estimate_mean)
"""What a plain mean of questions is estimated by."""


@dataclass(frozen=True)
class _Line:
    """One prefix, and what its procedures are called."""

    benchmark: str
    cells: Mapping[str, Cell]
    """By model."""
    sequences: Mapping[str, ConfidenceSequence]
    """By model: the confidence sequence that results tell, at their own level whatever a rule's is."""
    prefix: "Prefix | Chosen"
    rules: tuple[str, ...]

    @property
    def order(self) -> Iterable[plan.Placed]:
        """In which the questions are asked."""
        return self.prefix.order.samples if isinstance(self.prefix, Prefix) else self.prefix

    def estimate(self, model: str) -> Estimate:
        """Of a cell of which a part was asked."""
        if isinstance(self.prefix, Prefix):
            return _estimate(self.sequences[model].followed(), METHOD)
        ((one,),) = (decision.models for decision in self.prefix.decisions)
        return _estimate(one, PREVIEW)


class Following:
    """What is asked, and what came of it so far."""

    def __init__(self, declared: Declared, asked: Asked, lines: Sequence[_Line]) -> None:
        self.declared, self._lines, self._seed = declared, tuple(lines), asked.spec.seed
        self._of = {(line.benchmark, model): line for line in lines for model in line.cells}
        self.asked = replace(asked, cells=tuple(map(self._gated, asked.cells)))

    def note(self, result: SampleResult) -> None:
        """A result is on disk."""
        line = self._of.get((result.benchmark, result.model))
        if line is None:
            return
        sample, score = result.question.sample, result.score
        of = line.cells[result.model].metric.of
        value = score.values.get(of) if of and score.value is not None else score.value
        self._note(line, result.model, sample.unit or sample.id, value)

    def hear(self, records: Iterable[Mapping[str, Any]]) -> None:
        """The final records of an earlier process. What failed then is asked again, and is not heard."""
        for record in records:
            self._hear(record)

    def _hear(self, record: Mapping[str, Any]) -> None:
        line = self._of.get((record["benchmark"], record["model"]))
        if line is None or record["finish_reason"] is None or not record["judged"]:
            return
        of = line.cells[record["model"]].metric.of
        value = record["scores"].get(of) if of and record["score"] is not None else record["score"]
        self._note(line, record["model"], record["unit"] or record["sample_id"], value)

    @property
    def procedures(self) -> Iterator[tuple[str, str, Procedure]]:
        """Benchmark, rule and procedure, cell by cell."""
        for line in self._lines:
            if isinstance(line.prefix, Prefix):
                for rule, procedure in zip(line.rules, line.prefix.procedures, strict=True):
                    yield line.benchmark, rule, procedure

    @property
    def met(self) -> bool:
        """Whether all that was declared is found out, or was asked to the end."""
        return all(line.prefix.met for line in self._lines)

    def results(self, results: Sequence[CellResult]) -> tuple[CellResult, ...]:
        """The numbers of the cells: of one that was stopped, what is sure of it."""
        return tuple(map(self._result, results))

    def to_json(self) -> dict[str, Any]:
        """What run.json and `--json` say of it."""
        verdicts = [
            entry(line.benchmark, line.rules[number], line.prefix, decision)
            for line in self._lines
            for number, decision in enumerate(line.prefix.decisions)
        ]
        return head(self.declared, self._seed, self.met) | {"verdicts": verdicts}

    def _gated(self, cell: Cell) -> Cell:
        line = self._of.get((cell.benchmark, cell.model.name))
        if line is None:
            return cell
        return plan.in_another_order(cell, line.order, line.prefix.gate(cell.model.name))

    def _note(self, line: _Line, model: str, unit: str, value: Any) -> None:
        if isinstance(value, int | float) and -ROUNDED <= value <= 1 + ROUNDED:
            value = min(1.0, max(0.0, float(value)))
        elif value is not None:
            raise UsageError(
                f"{line.benchmark}: {model} scored {value!r:.40} on question {unit}; a run can be stopped early by "
                "scores from 0 to 1 alone. Remedy: ask it whole, without a rule"
            )
        line.prefix.note(model, unit, value)

    def _result(self, result: CellResult) -> CellResult:
        line = self._of.get((result.benchmark, result.model))
        if line is None or line.prefix.heard[result.model] == len(line.prefix.order):
            return result
        estimate = line.estimate(result.model)
        return replace(result.without_intervals(), estimate=estimate, population=len(line.prefix.order))


def follow(declared: Declared, asked: Asked) -> Following:
    """The run that was asked, as it was declared. Raises UsageError where it cannot be stopped early."""
    orders = {benchmark.id: drawn(benchmark, asked.spec) for benchmark in asked.benchmarks}
    ways = {"stop": _stopped, "adaptive": _adaptive}
    lines = list(ways.get(declared.kind, _together)(declared, asked, orders))
    for line in lines:
        for cell in line.cells.values():
            _refuse_what_cannot_stop(cell, declared)
    return Following(declared, asked, lines)


def _stopped(declared: Declared, asked: Asked, orders: Mapping[str, DrawnOrder]) -> Iterator[_Line]:
    """Of every cell its rules. Claims on which side of a threshold a score lies share the budget of errors; an interval
    is one at its own level, as everywhere."""
    from sinan.statistics.sequential import Precision, Threshold

    read = [
        (text, one, benchmarks_of(one, text, tuple(orders)))
        for text, one in zip(declared.rules, declared.parsed, strict=True)
    ]
    claims = sum(len(about) for _, one, about in read if one.kind == "threshold") * len(asked.models)
    guessed: dict[str, Predictor | None] = {}
    for cell in asked.cells:
        n, model = len(orders[cell.benchmark]), cell.model.name
        own = [(text, one) for text, one, about in read if cell.benchmark in about]
        if own and cell.benchmark not in guessed:
            guessed[cell.benchmark] = _guesses(declared, orders[cell.benchmark], cell)
        guesses = guessed.get(cell.benchmark)
        procedures: list[Procedure] = [
            Threshold(model, n, one.number, declared.alpha / claims, guesses)
            if one.kind == "threshold"
            else Precision(model, n, one.number, declared.alpha, guesses)
            for _, one in own
        ]
        if own:
            yield _line(orders[cell.benchmark], [cell], asked, procedures, tuple(text for text, _ in own))


def _adaptive(declared: Declared, asked: Asked, orders: Mapping[str, DrawnOrder]) -> Iterator[_Line]:
    """Of every cell a preview."""
    from sinan.stopping.adaptive import Chosen

    known: dict[str, Items] = {}
    for cell in asked.cells:
        order, name = orders[cell.benchmark], cell.model.name
        if cell.benchmark not in known:
            known[cell.benchmark] = items(declared.earlier, cell.benchmark, order, cell.metric)
        chosen = Chosen(order, known[cell.benchmark], name, cell.metric.reduce, asked.spec.draws, declared.questions)
        yield _Line(cell.benchmark, {name: cell}, {}, chosen, ("adaptive",))


def _together(declared: Declared, asked: Asked, orders: Mapping[str, DrawnOrder]) -> Iterator[_Line]:
    """All models on one benchmark, heard in step."""
    if len(orders) != 1:
        raise UsageError(f"a {declared.kind} is about one benchmark; here are {len(orders)}: {', '.join(orders)}")
    (order,) = orders.values()
    guesses = _guesses(declared, order, asked.cells[0])
    about = procedure(declared, [cell.model.name for cell in asked.cells], len(order), guesses)
    yield _line(order, asked.cells, asked, [about], (declared.kind,))


def _guesses(declared: Declared, order: DrawnOrder, cell: Cell) -> Predictor | None:
    if not declared.warm:
        return None
    from sinan.statistics.item_response import Guided

    return Guided(items(declared.earlier, cell.benchmark, order, cell.metric))


def _line(
    order: DrawnOrder, cells: Sequence[Cell], asked: Asked, procedures: Sequence[Procedure], rules: tuple[str, ...]
) -> _Line:
    if not len(order):
        raise UsageError(f"{cells[0].benchmark} has no question")
    by_model = {cell.model.name: cell for cell in cells}
    reduce = {name: cell.metric.reduce for name, cell in by_model.items()}
    sequences = {name: ConfidenceSequence(name, len(order), 1 - LEVEL) for name in by_model}
    prefix = Prefix(order, reduce, asked.spec.draws, procedures, lambda model, value: sequences[model].observe(value))
    return _Line(cells[0].benchmark, by_model, sequences, prefix, rules)


def _refuse_what_cannot_stop(cell: Cell, declared: Declared) -> None:
    """Raises UsageError for a metric that is no plain mean of questions, and for a model that is asked in batches."""
    if not _plain(cell.metric):
        raise UsageError(
            f"{cell.benchmark} reports {cell.metric.name}, which is no plain mean of its questions: it cannot be "
            "stopped early. Remedy: ask it whole, without a rule"
        )
    if declared.kind != "stop" and less_is_better(cell.metric.kind or cell.metric.name):
        raise UsageError(
            f"{cell.benchmark} reports {cell.metric.name}, of which less is better: no {declared.kind} of it"
        )
    if in_batches(cell.model):
        raise UsageError(
            f"{cell.model.name} answers in batches, which are sent whole: nothing would be saved by stopping early. "
            "Remedy: leave its batch=... out"
        )


def _plain(metric: Metric) -> bool:
    shaped = metric.width == 1 and not (metric.ordered or metric.vote or metric.forms or metric.over_groups)
    return shaped and metric.estimate in MEANS


def _estimate(one: Followed, method: str) -> Estimate:
    return Estimate(one.value, None, one.interval, method, one.observed - one.failed, estimand=FULL_RUN)
