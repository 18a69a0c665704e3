"""One finished call as one JSON line: the columns of samples.parquet, and nothing that is not in them.

A column that holds what it nearly always holds is left out of the line, and given back where the line is read.
"""

from typing import Any

import orjson

from sinan.types import Completion, Outcome, Reading, SampleResult
from sinan.types.answered import Key

Record = dict[str, Any]
OUTCOMES = frozenset(outcome.value for outcome in Outcome)

DEEPEST = 100
"""Levels of metadata that are kept: less than every reader of JSON takes."""

REQUIRED = frozenset("benchmark model sample_id prompt prompt_hash target outcome".split())
"""In every line. Together with `DEFAULTS` the columns of every record, as of samples.parquet but for `run`."""

DEFAULTS: Record = {
    "draw": 0,
    "group": "",
    "completion": None,
    "reasoning": "",
    "tool_calls": (),
    "loglikelihoods": (),
    "finish_reason": None,
    "answer": None,
    "score": None,
    "explanation": "",
    "tokens_in": None,
    "tokens_out": None,
    "latency_s": None,
    "attempts": 1,
    "cost_usd": None,
    "cached": False,
    "metadata": {},
    "scores": {},
    "shots": (),
    "unit": "",
    "unit_size": 1,
    "cluster": "",
    "position": None,
    "turns": (),
    "prompt_ids": "",
    "readings": (),
    "evidence": {},
    "judging": {},
    "judged": True,
}
"""What a column holds where its line says nothing. Two columns follow another: without a completion `reasoning` is
None, and with one `finish_reason` is `stop`."""


def encode(result: SampleResult) -> bytes:
    """The line, with its newline. Text that is no valid Unicode is kept as far as Unicode goes."""
    record = to_record(result)
    try:
        return orjson.dumps(record, None, orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(_mended(record), None, orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Record | None:
    """The record with all its columns, or None where the line is no record of ours (torn by a crash)."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if type(found) is not dict or not found.keys() >= REQUIRED:
        return None
    record: Record = {**DEFAULTS, **{name: kind() for name, kind in _HELD}, **found}
    if record["completion"] is None:
        record["reasoning"] = found.get("reasoning")
    elif "finish_reason" not in found:
        record["finish_reason"] = "stop"
    return record if _sound(record) else None


_HELD = tuple((name, {tuple: list, dict: dict}[type(v)]) for name, v in DEFAULTS.items() if isinstance(v, tuple | dict))


def _sound(record: Record) -> bool:
    """Whether the columns that are counted have their types."""
    return (
        type(record["benchmark"]) is type(record["model"]) is type(record["sample_id"]) is str
        and type(record["group"]) is type(record["outcome"]) is str
        and record["outcome"] in OUTCOMES
        and type(record["draw"]) is int
        and isinstance(record["score"], _NUMBER)
        and isinstance(record["tokens_in"], _NUMBER)
        and isinstance(record["tokens_out"], _NUMBER)
        and isinstance(record["cost_usd"], _NUMBER)
        and isinstance(record["latency_s"], _NUMBER)
        and type(record["attempts"]) is int
        and type(record["unit"]) is str
        and type(record["unit_size"]) is int
        and type(record["cluster"]) is str
        and isinstance(record["position"], _PLACE)
        and type(record["scores"]) is dict
        and isinstance(record["completion"], _TEXT)
        and isinstance(record["answer"], _TEXT)
        and isinstance(record["target"], _TEXT)
        and isinstance(record["explanation"], _TEXT)
        and type(record["judging"]) is dict
        and type(record["judged"]) is bool
    )


_NUMBER = (int, float, type(None))
_TEXT = (str, type(None))
_PLACE = (int, type(None))


def key(record: Record) -> Key:
    """What makes it one result of its run: (benchmark, model, sample id, draw)."""
    return record["benchmark"], record["model"], record["sample_id"], record["draw"]


def answered(record: Record) -> bool:
    """Whether the model answered and its answer has its verdict: such a question is done with. One that waits for its
    verdict is judged when the run goes on, and the model is not asked again."""
    return record["finish_reason"] is not None and record["judged"]


def to_record(result: SampleResult) -> Record:
    """The flat form of a result, without what is left out of its line."""
    question, completion, score = result.question, result.completion, result.score
    sample, prompt = question.sample, question.prompt
    record: Record = {
        "benchmark": result.benchmark,
        "model": result.model,
        "sample_id": sample.id,
        "prompt": prompt.to_json(),
        "prompt_hash": question.prompt_hash or prompt.hash,
        "target": sample.target,
        "score": score.value,
        "outcome": score.outcome.value,
    }
    if completion is not None:
        _add_answer(record, completion)
    if score.answer is not None:
        record["answer"] = score.answer
    if score.explanation:
        record["explanation"] = score.explanation
    if question.draw:
        record["draw"] = question.draw
    if sample.group:
        record["group"] = sample.group
    if result.attempts != 1:
        record["attempts"] = result.attempts
    if result.cost_usd is not None:
        record["cost_usd"] = result.cost_usd
    if sample.metadata:
        record["metadata"] = dict(sample.metadata)
    if score.values:
        record["scores"] = dict(score.values)
    if question.shots:
        record["shots"] = list(question.shots)
    if sample.unit:
        record["unit"], record["unit_size"] = sample.unit, sample.unit_size
    if sample.cluster:
        record["cluster"] = sample.cluster
    if question.position is not None:
        record["position"] = question.position
    _add_verdict(record, result)
    return record


def _add_verdict(record: Record, result: SampleResult) -> None:
    """What the verdict rests on, and what it took."""
    score = result.score
    if score.readings:
        record["readings"] = [_reading(one) for one in score.readings]
    if score.evidence:
        record["evidence"] = dict(score.evidence)
    if result.judging is not None:
        record["judging"] = result.judging.to_json()
    if not result.judged:
        record["judged"] = False


def _reading(reading: Reading) -> Record:
    """Without what is as usual."""
    found: Record = {"answer": reading.answer, "rule": reading.rule}
    if reading.span is not None:
        found["span"] = list(reading.span)
    if not reading.sure:
        found["sure"] = False
    if reading.name:
        found["name"] = reading.name
    return found


def _add_answer(record: Record, completion: Completion) -> None:
    usage = completion.usage
    record["completion"] = completion.text
    if completion.finish_reason != "stop":
        record["finish_reason"] = completion.finish_reason
    record["tokens_in"] = usage.tokens_in
    record["tokens_out"] = usage.tokens_out
    record["latency_s"] = round(completion.latency_s, 6)
    if completion.reasoning:
        record["reasoning"] = completion.reasoning
    if completion.tool_calls:
        record["tool_calls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in completion.tool_calls]
    if completion.loglikelihoods:
        record["loglikelihoods"] = [[x.value, x.tokens, x.greedy] for x in completion.loglikelihoods]
    if completion.cached:
        record["cached"] = True
    if completion.turns:
        record["turns"] = list(completion.turns)
    if completion.prompt_ids:
        record["prompt_ids"] = completion.prompt_ids


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
