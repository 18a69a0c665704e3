"""The metrics that a task names: what each makes of one answer, and how the whole is made of that.

An aggregation that is a function of the task file is given what lm-evaluation-harness would give it: the list of all
answers' values. On the way there they are rows of numbers, so that they can be kept in a journal.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval.config import Config
from sinan.lm_eval.functions import called, loaded
from sinan.lm_eval.yaml_files import Function
from sinan.scoring import ExactMatch, Overlap
from sinan.scoring.filtered import Compare
from sinan.statistics import agreement, averages, corpus
from sinan.statistics.metrics import by_function
from sinan.types import Estimate, Metric

Value = float | tuple[float, ...]

DEFAULTS = {
    "generate_until": ("exact_match",),
    "multiple_choice": ("acc", "acc_norm"),
    "loglikelihood": ("perplexity", "acc"),
    "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
}
KNOWN = {
    "generate_until": {"exact_match", *corpus.WIDTHS},
    "multiple_choice": {
        "acc",
        "acc_norm",
        "acc_bytes",
        "acc_mutual_info",
        "exact_match",
        "brier_score",
        "f1",
        "mcc",
    },
    "loglikelihood": {"perplexity", "acc"},
    "loglikelihood_rolling": {"word_perplexity", "byte_perplexity", "bits_per_byte"},
}
"""What is reproduced without a function of the task's own."""

_PASSED = {"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "f1", "mcc", "perplexity", "brier_score"}
"""Of generated text these give gold and answer as they are, for an aggregation that is a function."""

AGGREGATIONS: dict[str, Metric] = {
    "mean": averages.average,
    "median": averages.median,
    "nanmean": averages.nanmean,
    "perplexity": averages.perplexity,
    "weighted_perplexity": averages.weighted_perplexity,
    "bits_per_byte": averages.bits_per_byte,
    "brier_score": averages.brier,
    "f1": agreement.f1,
    "matthews_corrcoef": agreement.mcc,
    "bleu": corpus.bleu,
    "chrf": corpus.chrf,
    "chrf++": corpus.chrfpp,
    "ter": corpus.ter,
}
_USUAL = {
    "perplexity": "perplexity",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
    "brier_score": "brier_score",
    "f1": "f1",
    "mcc": "matthews_corrcoef",
    "bleu": "bleu",
    "chrf": "chrf",
    "chrf++": "chrf++",
    "ter": "ter",
} | dict.fromkeys(("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "likelihood"), "mean")
"""How a metric is aggregated where the file does not say."""


@dataclass(frozen=True)
class Measure:
    """One metric of a task."""

    name: str
    metric: Metric
    """Of all answers; renamed where it is reported."""
    compare: Compare | None = None
    """Of generated text: what the metric makes of gold and answer."""

    def kept(self, value: Any) -> Value | None:
        """The value of one answer as it is kept; None where there is none."""
        return _KEPT.get(self.metric.kind or self.metric.name, _number)(value)


def measures(config: Config, trust: bool) -> list[Measure]:
    """The task's metrics in order. Raises UsageError for what is not reproduced."""
    listed = config.metric_list
    if listed is None:
        listed = [{"metric": name} for name in DEFAULTS[config.output_type]]
    found = [_measure(config, entry, trust) for entry in listed]
    if not found:
        raise UsageError(f"{config.task}: its metric_list is empty")
    return found


def _measure(config: Config, entry: Mapping[str, Any], trust: bool) -> Measure:
    given, where = entry.get("metric"), f"{config.task}: metric"
    function = loaded(given, trust, where) if isinstance(given, Function) else None
    name = function.__name__ if function else given
    if not isinstance(name, str):
        raise UsageError(f"{config.task}: an entry of metric_list names no metric")
    metric = _aggregated(config, name, entry.get("aggregation"), trust)
    settings = {key: value for key, value in entry.items() if key not in _NOT_SETTINGS}
    if config.process_results is not None:
        return Measure(name, metric)
    if function is not None:
        return Measure(name, metric, _Function(config.task, name, function, settings))
    generates = config.output_type == "generate_until"
    if generates and name in _PASSED and metric.name == "function" and not entry.get("hf_evaluate"):
        return Measure(name, metric, _Passed(name))
    if name not in KNOWN[config.output_type] or (generates and entry.get("hf_evaluate")):
        known = ", ".join(sorted(KNOWN[config.output_type]))
        raise UsageError(
            f"{config.task}: the metric {name} is not reproduced for {config.output_type} (these: {known})"
        )
    return Measure(name, metric, _compare(config, name, settings))


_NOT_SETTINGS = {"metric", "aggregation", "higher_is_better", "hf_evaluate"}


def _compare(config: Config, name: str, settings: Mapping[str, Any]) -> Compare | None:
    if config.output_type != "generate_until":
        return None
    if name in corpus.WIDTHS:
        return Overlap(name)
    known = {"regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers"}
    unknown = sorted(settings.keys() - known)
    if unknown and config.metric_list is not None:
        raise UsageError(f"{config.task}: exact_match has no setting {unknown[0]}")
    patterns = settings.get("regexes_to_ignore")
    flags = {key: bool(value) for key, value in settings.items() if key != "regexes_to_ignore"}
    ignored = None if patterns is None else _patterns(config, patterns)
    return replace(ExactMatch(ignored), **flags)  # type: ignore[arg-type]


def _patterns(config: Config, given: Any) -> tuple[str, ...]:
    """Raises UsageError for a pattern that is none: before anything is asked, not behind every answer."""
    try:
        patterns = tuple(str(one) for one in given)
        for pattern in patterns:
            re.compile(pattern)
    except (TypeError, re.error) as error:
        raise UsageError(f"{config.task}: regexes_to_ignore must be a list of patterns: {error}") from None
    return patterns


def _aggregated(config: Config, name: str, given: Any, trust: bool) -> Metric:
    where = f"{config.task}: aggregation of {name}"
    if isinstance(given, Function):
        return by_function(_Whole(where, loaded(given, trust, where)))
    chosen = given if given is not None else _USUAL.get(name)
    if not isinstance(chosen, str) or chosen not in AGGREGATIONS:
        said = f"the aggregation {given}" if given is not None else f"the metric {name} without an aggregation"
        raise UsageError(f"{config.task}: {said} is not reproduced (these: {', '.join(AGGREGATIONS)})")
    return AGGREGATIONS[chosen]


@dataclass(frozen=True)
class _Function:
    """A metric that is a function of the task file."""

    task: str
    name: str
    function: Callable[..., Any]
    settings: Mapping[str, Any]

    def __call__(self, gold: Any, answer: Any) -> Mapping[str, Any]:
        """Its values by name. Of several golds: whether any has one."""
        if isinstance(gold, list):
            found = [self._one(one, answer) for one in gold]
            return {self.name: float(any(next(iter(one.values()), 0) for one in found))}
        return self._one(gold, answer)

    def _one(self, gold: Any, answer: Any) -> Mapping[str, Any]:
        try:
            value = self.function(references=[gold], predictions=[answer], **self.settings)
        except TypeError:  # functions of the other signature take both in one list
            value = self.function([gold, answer])
        return value if isinstance(value, Mapping) else {self.name: value}


@dataclass(frozen=True)
class _Passed:
    """Gold and answer, for a function that makes one number of all pairs."""

    name: str

    def __call__(self, gold: Any, answer: Any) -> Mapping[str, Any]:
        """The pair."""
        return {self.name: [gold, answer]}


@dataclass(frozen=True)
class _Whole:
    """The estimate that a function of the task file makes of all values; such have no standard error there."""

    where: str
    function: Callable[..., Any]

    def __call__(self, values: Sequence[float], k: int) -> Estimate:
        items = unpacked(values)
        if not items:
            return Estimate(None, None, None, "none", 0)
        value = float(called(self.where, self.function, items))
        return Estimate(value if math.isfinite(value) else None, None, None, "none", len(items))


def packed(value: Any) -> tuple[float, ...] | None:
    """A value as a row of numbers: 0 and a number; 1 and a list of numbers; 2 and the UTF-8 bytes of its JSON."""
    if isinstance(value, bool | int | float) or (hasattr(value, "dtype") and not getattr(value, "shape", ())):
        return (0.0, float(value)) if math.isfinite(float(value)) else None
    if isinstance(value, list | tuple) and all(isinstance(one, bool | int | float) for one in value):
        return (1.0, *map(float, value))
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return None
    return (2.0, *map(float, text.encode("utf-8", "surrogatepass")))


def unpacked(values: Sequence[float]) -> list[Any]:
    """All values of rows that stand one after the other, each behind its length."""
    items: list[Any] = []
    at = 0
    while at < len(values):
        length = int(values[at])
        kind, *row = values[at + 1 : at + 1 + length]
        at += 1 + length
        if kind == 0:
            items.append(row[0])
        else:
            items.append(list(row) if kind == 1 else json.loads(bytes(map(int, row)).decode("utf-8", "surrogatepass")))
    return items


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _present(value: Any) -> Value | None:
    number = _number(value)
    return (0.0, 0.0) if number is None else (number, 1.0)


def _pair(value: Any) -> Value | None:
    try:
        first, second = value
        return float(first), float(second)
    except (TypeError, ValueError):
        return None


def _brier(value: Any) -> Value | None:
    """Of (right class, probabilities)."""
    if isinstance(value, bool | int | float):
        return float(value)
    gold, probabilities = value
    if not -len(probabilities) <= gold < len(probabilities):
        return None
    right = gold % len(probabilities)
    return math.fsum((float(p) - (place == right)) ** 2 for place, p in enumerate(probabilities))


def _overlap(kind: str) -> Callable[[Any], Value | None]:
    def kept(value: Any) -> Value | None:
        if isinstance(value, tuple) and len(value) == corpus.WIDTHS[kind] and isinstance(value[0], float):
            return value
        gold, said = value
        return next(iter(Overlap(kind)(gold, said).values()))

    return kept


_KEPT: dict[str, Callable[[Any], Value | None]] = {
    "nanmean": _present,
    "weighted_perplexity": _pair,
    "bits_per_byte": _pair,
    "f1": _pair,
    "mcc": _pair,
    "brier_score": _brier,
    "function": packed,
} | {kind: _overlap(kind) for kind in corpus.WIDTHS}
