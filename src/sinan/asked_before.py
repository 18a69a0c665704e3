"""What a stored run asked, built anew: its benchmarks, its cells of questions, and its answers as completions.

Scoring again and comparing runs both stand on this. No model is called: those that were asked are stood for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sinan import adapted, catalog
from sinan.engine import plan
from sinan.errors import StoreError, Unsupported, UsageError
from sinan.models.prices import price_of
from sinan.scoring import by_name
from sinan.store.record import Record
from sinan.types import (
    Benchmark,
    Cell,
    Completion,
    Form,
    Judge,
    Limits,
    LogLikelihood,
    Model,
    Pace,
    Prompt,
    RunSpec,
    Sampling,
    ToolCall,
    Usage,
)


def scorer_asked_for(about: Mapping[str, Any]) -> str | None:
    """The scorer that a run was scored again with; None where each benchmark's own judged."""
    name: str | None = about.get("scored_from", {}).get("scorer")
    return name


def benchmarks(run: str, about: Mapping[str, Any], spec: RunSpec, scorer: str | None) -> list[Benchmark]:
    """Those that the run holds answers of, judged by the scorer of that name, if any. Their data are not looked at.

    Raises UsageError where a target names no such benchmark any more, or the scorer is not known.
    """
    judge = by_name(scorer) if scorer else None
    found = {b.id: adapted.adapted(b, spec) for b in catalog.resolve(spec.targets, spec.scorer, spec.trust)}
    wanted = list(dict.fromkeys(cell["benchmark"] for cell in about["cells"]))
    if missing := [name for name in wanted if name not in found]:
        raise UsageError(
            f"run {run} holds answers to {missing[0]}, but {', '.join(spec.targets)} names no such benchmark any "
            "more: they cannot be scored without its questions"
        )
    if judge is not None:
        for name in wanted:
            before = found[name].protocols[plan.protocol_name(found[name], spec)]
            judged = replace(before, scorer=judge)
            protocols = {key: judged if one is before else one for key, one in found[name].protocols.items()}
            found[name] = replace(found[name], protocols=protocols)
    return [found[name] for name in wanted]


def cells(
    about: Mapping[str, Any],
    benchmarks: Sequence[Benchmark],
    spec: RunSpec,
    wanted: Collection[str] | None = None,
    judges: Sequence[Model] = (),
) -> list[Cell]:
    """The run's cells, in its order, with models that stand for those that were asked. `wanted`: of these models;
    `judges`: whom scorers may ask."""
    by_id = {benchmark.id: benchmark for benchmark in benchmarks}
    identities = {model["name"]: model.get("identity", {}) for model in about["models"]}
    panel = tuple(Judge(judge, price_of(judge)) for judge in judges)
    found = []
    for cell in about["cells"]:
        name = cell["model"]
        if cell["benchmark"] not in by_id or (wanted is not None and name not in wanted):
            continue
        benchmark = by_id[cell["benchmark"]]
        model = Stored(name, "base" if cell.get("form") == "base" else "chat", identities.get(name, {}))
        protocol = plan.protocol(benchmark, spec)
        reported = adapted.metrics(benchmark, protocol, spec)
        found.append(plan.cell(benchmark, protocol, model, spec, plan.Done(), metrics=reported, judges=panel))
    return found


def completion(record: Record) -> Completion:
    """The answer as it came from the model. Raises StoreError."""
    try:
        if type(record["completion"]) is not str or type(record["reasoning"]) is not str:
            raise TypeError("the completion is no text")
        return Completion(
            text=record["completion"],
            finish_reason=record["finish_reason"],
            usage=Usage(record["tokens_in"], record["tokens_out"]),
            reasoning=record["reasoning"],
            tool_calls=tuple([ToolCall(c["id"], c["name"], c["arguments"]) for c in record["tool_calls"]]),
            loglikelihoods=tuple([LogLikelihood(v, n, greedy) for v, n, greedy in record["loglikelihoods"]]),
            latency_s=record["latency_s"] or 0.0,
            attempts=record["attempts"],
            cached=record["cached"],
            turns=tuple(record["turns"]),
            prompt_ids=record["prompt_ids"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"the stored answer to {record['benchmark']} sample {record['sample_id']} is damaged: {error!r}"
        ) from None


@dataclass(frozen=True)
class Stored:
    """Stands for a model that was asked: prompts are built in its form, and it is not there to be asked again."""

    name: str
    form: Form
    identity: Mapping[str, Any]
    capabilities: frozenset[str] = frozenset()
    concurrency: int = 1
    endpoint: str = ""
    limits: Limits = field(default_factory=Limits)

    async def open(self, pace: Pace | None = None) -> None:
        """Nothing is to be got ready."""

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Refused."""
        raise Unsupported(f"{self.name} is not asked again: only its stored answers are scored")

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Refused."""
        raise Unsupported(f"{self.name} is not asked again: only its stored answers are scored")

    async def close(self) -> None:
        """Nothing is to be let go."""
