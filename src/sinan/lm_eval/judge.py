"""What an answer to a task is worth: every metric that its file names, under every filter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval.functions import loaded
from sinan.lm_eval.generation import sampling
from sinan.lm_eval.measures import Measure, measures
from sinan.lm_eval.pipelines import pipelines
from sinan.lm_eval.task import Task
from sinan.scoring import Filtered, GreedyMatch, LikelihoodChoices, Rolling
from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Metric, Outcome, Sample, Score, Scorer


class Judge:
    """Judges the answers to one task."""

    def __init__(self, task: Task) -> None:
        """Raises UsageError for what is not reproduced, and for code that nobody trusts."""
        wanted, where = task.config.process_results, f"{task.name}: process_results"
        # First: the code that it is in may bring filters of its own.
        self._process = None if wanted is None else loaded(wanted, task.trust, where)
        self.task, self.measures, self.pipelines = task, measures(task.config, task.trust), pipelines(task)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict; its `values` hold every metric by the name that it has in results."""
        if self._process is not None:
            return self._processed(sample, completion, self._process)
        score = self._scorer(sample, completion)
        kept: dict[str, float | tuple[float, ...]] = {}
        for name, measure in self._reported:
            raw = score.values.get(name)
            value = None if raw is None else measure.kept(raw)
            if value is not None:
                kept[name] = value
        return replace(score, values=kept)

    @cached_property
    def _reported(self) -> Sequence[tuple[str, Measure]]:
        """Every metric by its name in results."""
        return [(pipe.metric(measure.name), measure) for pipe in self.pipelines for measure in self.measures]

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The same as metrics of the whole; the first is the task's result."""
        return {name: measure.metric.named(name, of=name) for name, measure in self._reported}

    @property
    def unconditional(self) -> bool:
        """Whether choices have to be weighed behind nothing too."""
        multiple = self.task.config.output_type == "multiple_choice"
        return multiple and any(measure.name == "acc_mutual_info" for measure in self.measures)

    @cached_property
    def _scorer(self) -> Scorer:
        output, names = self.task.config.output_type, tuple(measure.name for measure in self.measures)
        if output == "multiple_choice":
            return LikelihoodChoices(names)
        if output == "loglikelihood":
            return GreedyMatch(names)
        if output == "loglikelihood_rolling":
            return Rolling(names)
        compare = tuple(measure.compare for measure in self.measures if measure.compare is not None)
        return Filtered(self.pipelines, compare, sampling(self.task.config).stop)

    def _processed(self, sample: Sample, completion: Completion, process: Callable[..., Any]) -> Score:
        """The numbers that the task's own function gives, under every filter."""
        kept: dict[str, float | tuple[float, ...]] = {}
        said: Any = None
        for pipe in self.pipelines:
            results = self._results(sample, completion, pipe)
            said = results if said is None else said
            if results is None:
                return nothing(completion, f"{len(completion.loglikelihoods)} log-likelihoods")
            found = process(self.task.document(sample), results)
            if not isinstance(found, Mapping):
                raise UsageError(f"{self.task.name}: process_results gave no table of metrics")
            for measure in self.measures:
                value = measure.kept(found[measure.name]) if measure.name in found else None
                if value is not None:
                    kept[pipe.metric(measure.name)] = value
        return self._summed_up(completion, kept, said[0] if self._generates else None)

    @property
    def _generates(self) -> bool:
        return self.task.config.output_type == "generate_until"

    def _results(self, sample: Sample, completion: Completion, pipe: Callable[..., Any]) -> list[Any] | None:
        """What the harness gives to a task's function."""
        likelihoods = completion.loglikelihoods
        if self._generates:
            assert isinstance(self._texts, Filtered)
            return [pipe(self._texts.said(completion), sample)]
        if not likelihoods:
            return None
        if self.task.config.output_type == "loglikelihood_rolling":
            return [likelihoods[0].value]
        return [(one.value, one.greedy) for one in likelihoods]

    @cached_property
    def _texts(self) -> Filtered:
        return Filtered(self.pipelines, until=sampling(self.task.config).stop)

    def _summed_up(self, completion: Completion, kept: Mapping[str, Any], answer: Any) -> Score:
        """Right or wrong where the first metric is 1 or 0, else a measured number."""
        first = kept.get(self._reported[0][0])
        text = None if answer is None else str(answer)
        if first in (0.0, 1.0):
            score = verdict(completion, Reading(text or "", "process_results"), first == 1.0)
            unread = answer is not None and (answer == "" or self.pipelines[0].found_nothing(answer))
            score = nothing(completion) if unread and first == 0.0 else score
        else:
            number = first if isinstance(first, float) else first[0] if first else 0.0
            score = Score(number, Outcome.MEASURED, text, "process_results")
        return replace(score, values=dict(kept))
