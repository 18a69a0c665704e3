"""One finished call as one JSON line: the columns of samples.parquet, and nothing that is not in them."""

from typing import Any

import orjson

from sinan.types import Completion, Outcome, SampleResult

Record = dict[str, Any]
Key = tuple[str, str, str, int]
OUTCOMES = frozenset(outcome.value for outcome in Outcome)

DEEPEST = 100
"""Levels of metadata that are kept: less than every reader of JSON takes."""

COLUMNS = frozenset(
    "benchmark model sample_id draw group prompt prompt_hash completion reasoning tool_calls loglikelihoods "
    "finish_reason answer target score outcome explanation tokens_in tokens_out latency_s attempts cost_usd "
    "metadata".split()
)
"""Of every record, as of every row of samples.parquet but for `run`."""


def encode(result: SampleResult) -> bytes:
    """The line, with its newline. Text that is no valid Unicode is kept as far as Unicode goes."""
    record = to_record(result)
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(_mended(record), option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Record | None:
    """The record, or None where the line is no record of ours (torn by a crash)."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) and record.keys() >= COLUMNS and _sound(record) else None


def _sound(record: Record) -> bool:
    """Whether the columns that are counted have their types."""
    texts = ("benchmark", "model", "sample_id", "group", "outcome")
    numbers = ("score", "tokens_in", "tokens_out")
    return (
        all(isinstance(record[name], str) for name in texts)
        and all(isinstance(record[name], int | float | None) for name in numbers)
        and isinstance(record["draw"], int)
        and record["outcome"] in OUTCOMES
    )


def key(record: Record) -> Key:
    """What makes it one result of its run: (benchmark, model, sample id, draw)."""
    return record["benchmark"], record["model"], record["sample_id"], record["draw"]


def answered(record: Record) -> bool:
    """Whether the model answered: such a question is never asked again."""
    return record["finish_reason"] is not None


def to_record(result: SampleResult) -> Record:
    """The flat form of a result."""
    sample, prompt, score = result.question.sample, result.question.prompt, result.score
    return {
        "benchmark": result.benchmark,
        "model": result.model,
        "sample_id": sample.id,
        "draw": result.question.draw,
        "group": sample.group,
        "prompt": prompt.to_json(),
        "prompt_hash": prompt.hash,
        **_answer(result.completion),
        "answer": score.answer,
        "target": sample.target,
        "score": score.value,
        "outcome": score.outcome.value,
        "explanation": score.explanation,
        "attempts": result.attempts,
        "cost_usd": None,
        "metadata": dict(sample.metadata),
    }


def _answer(completion: Completion | None) -> Record:
    if completion is None:
        empty = ("completion", "reasoning", "finish_reason", "tokens_in", "tokens_out", "latency_s")
        return dict.fromkeys(empty) | {"tool_calls": [], "loglikelihoods": []}
    return {
        "completion": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in completion.tool_calls],
        "loglikelihoods": [[x.value, x.tokens, x.greedy] for x in completion.loglikelihoods],
        "finish_reason": completion.finish_reason,
        "tokens_in": completion.usage.tokens_in,
        "tokens_out": completion.usage.tokens_out,
        "latency_s": round(completion.latency_s, 6),
    }


def _mended(value: Any, depth: int = 0) -> Any:
    """Lone surrogates become U+FFFD; numbers that JSON has not, foreign types and what is nested too deep, text."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if depth > DEEPEST:
        return "(nested too deep)"
    if isinstance(value, dict):
        return {_mended(str(k)): _mended(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(v, depth + 1) for v in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    return str(value) if isinstance(value, int) and value.bit_length() < 10_000 else f"({type(value).__name__})"
