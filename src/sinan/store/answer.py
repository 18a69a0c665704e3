"""A completion as the response cache keeps it: one JSON object that comes back as the very same completion."""

import typing
from typing import Any

import orjson

from sinan.types import Completion, LogLikelihood, ToolCall, Usage
from sinan.types.completion import FinishReason

FINISHED = frozenset(typing.get_args(FinishReason))


def encode(completion: Completion) -> bytes | None:
    """None where it would not come back as it is: text that is no valid Unicode, a number that JSON has not."""
    usage = completion.usage
    row = {
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "tokens": [usage.tokens_in, usage.tokens_out, usage.cache_read, usage.cache_write, usage.reasoning],
        "reasoning": completion.reasoning,
        "tool_calls": [[call.id, call.name, call.arguments] for call in completion.tool_calls],
        "loglikelihoods": [[x.value, x.tokens, x.greedy] for x in completion.loglikelihoods],
        "latency_s": completion.latency_s,
        "attempts": completion.attempts,
        "requests": completion.requests,
        "turns": completion.turns,
        "prompt_ids": completion.prompt_ids,
    }
    try:
        kept = orjson.dumps(row)
    except (TypeError, ValueError, RecursionError):
        return None
    return kept if decode(kept, cached=completion.cached) == completion else None


def decode(kept: bytes, cached: bool = True) -> Completion | None:
    """The completion; None where these bytes are none, or hold a value of another type."""
    try:
        row = orjson.loads(kept)
        tokens_in, tokens_out, read, written, thought = map(_count_or_none, row["tokens"])
        return Completion(
            _text(row["text"]),
            _finished(row["finish_reason"]),
            Usage(tokens_in, tokens_out, read, written, thought),
            _text(row["reasoning"]),
            tuple([ToolCall(_text(id), _text(name), _text(given)) for id, name, given in row["tool_calls"]]),
            tuple([LogLikelihood(_number(v), _count(n), _flag(g)) for v, n, g in row["loglikelihoods"]]),
            _number(row["latency_s"]),
            _count(row["attempts"]),
            _count(row["requests"]),
            cached=cached,
            turns=tuple([_text(turn) for turn in _list(row["turns"])]),
            prompt_ids=_text(row["prompt_ids"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _finished(value: Any) -> FinishReason:
    if value not in FINISHED:
        raise ValueError
    return typing.cast(FinishReason, value)


def _count(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _count_or_none(value: Any) -> int | None:
    return None if value is None else _count(value)


def _number(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise TypeError
    return float(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value
