"""Replies of the Gemini API, whole and in chunks, read into our nouns; requests are written in `google`.

Pure functions. A reply is a stranger's JSON: whatever it holds, reading it gives a Completion or raises a ModelError,
and nothing else. A raw reply; each chunk of a stream is one of the same shape with some of the parts:

    {"candidates": [{"content": {"role": "model", "parts": [{"text": "2+2", "thought": true}, {"text": "4"}]},
                     "finishReason": "STOP"}],
     "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1, "thoughtsTokenCount": 3}}

Signatures of calls are kept (`google.SIGNED`); those of texts and thoughts are not: the API does not insist on them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sinan.errors import ModelUnusable, RequestRejected, TransientError
from sinan.models.dialects.google import SIGNED
from sinan.models.dialects.untrusted import arguments, count, server_error, text_or_empty
from sinan.types import Completion, ToolCall, Usage
from sinan.types.completion import FinishReason

_FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR",
         "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"), "refusal"
    ),
    **dict.fromkeys(
        ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"), "stop"
    ),
}  # fmt: skip
"""The last four are answers that the model spoiled. They are answers all the same, mostly without a text: asking again
until one is sound would flatter it. What is in none of these lines (`OTHER` is) is no answer."""


def read_reply(reply: Any) -> Completion:
    """The completion in a reply of :generateContent. Raises TransientError where there is none."""
    return _completion([reply], streamed=False)


def read_stream(chunks: Sequence[Any]) -> Completion:
    """The completion in all chunks of a :streamGenerateContent. Raises TransientError where they are not whole."""
    return _completion(chunks, streamed=True)


def ended_at(completion: Completion, stops: Sequence[str]) -> Completion:
    """The completion as if the server had stopped before the first of these texts."""
    places = [place for stop in stops if (place := completion.text.find(stop)) >= 0]
    if not places:
        return completion
    return replace(completion, text=completion.text[: min(places)], finish_reason="stop", tool_calls=())


def _completion(chunks: Sequence[Any], streamed: bool) -> Completion:
    sound = [_sound(chunk) for chunk in chunks]
    candidates = [found for chunk in sound if (found := _candidate(chunk)) is not None]
    blocked = any(_object(chunk.get("promptFeedback")).get("blockReason") for chunk in sound)
    if not candidates and not blocked:
        raise TransientError("the reply holds no candidates")
    parts = [part for candidate in candidates for part in _parts(candidate)]
    text, thoughts = ("".join(_text(p) for p in parts if (p.get("thought") is True) is kind) for kind in (False, True))
    called = [part for part in parts if "functionCall" in part]
    calls = tuple(_call(part, number) for number, part in enumerate(called, 1))
    reasons = [candidate["finishReason"] for candidate in candidates if candidate.get("finishReason") not in _NOT_YET]
    finish = "refusal" if blocked else _finish(reasons[-1:], wrote=bool(parts), streamed=streamed)
    return Completion(text, "tool_calls" if calls and finish == "stop" else finish, _usage(sound), thoughts, calls)


_NOT_YET = (None, "", "FINISH_REASON_UNSPECIFIED")


def _finish(reasons: Sequence[Any], wrote: bool, streamed: bool) -> FinishReason:
    """`reasons` holds the last reason that was given, or nothing."""
    if not reasons:
        if streamed or not wrote:
            raise TransientError("the answer has no end (no finishReason)")
        return "stop"
    reason = reasons[0]
    if not isinstance(reason, str) or not re.fullmatch(r"[A-Z_]{1,40}", reason):
        raise TransientError("the reply's finishReason cannot be read")
    if reason == "PUP_LIMITED_DISABLED":
        raise ModelUnusable("the account is limited or disabled for what was asked before (PUP_LIMITED_DISABLED)")
    if reason == "MISSING_THOUGHT_SIGNATURE":
        raise RequestRejected("a call of an earlier turn came back without its thought signature")
    if reason not in _FINISH:
        raise TransientError(f"the server gave up on its answer (finishReason {reason})")
    return _FINISH[reason]


def _sound(chunk: Any) -> dict[str, Any]:
    if isinstance(chunk, list) and len(chunk) == 1:
        chunk = chunk[0]  # errors come so where no stream of events was asked for
    if not isinstance(chunk, dict):
        raise TransientError("the reply is no object")
    if chunk.get("error") is not None:
        said = server_error(chunk)
        raise TransientError(f"the reply holds an error: {said}" if said else "the reply holds an error")
    return chunk


def _candidate(chunk: Mapping[str, Any]) -> dict[str, Any] | None:
    candidates = chunk.get("candidates")
    if candidates is None or candidates == []:
        return None
    if not isinstance(candidates, list) or not isinstance(candidates[0], dict):
        raise TransientError("the reply's candidates cannot be read")
    return candidates[0]


def _parts(candidate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An answer that was blocked, or that the model did not begin, has no content."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else content
    if parts is None:
        return []
    if (
        not isinstance(content, dict)
        or not isinstance(parts, list)
        or not all(isinstance(part, dict) for part in parts)
    ):
        raise TransientError("the reply's content cannot be read")
    return parts


def _text(part: Mapping[str, Any]) -> str:
    text = part.get("text", "")
    if not isinstance(text, str):
        raise TransientError("the reply holds a text that is none")
    return text


def _call(part: Mapping[str, Any], number: int) -> ToolCall:
    """A call without an id gets its number: a result finds its call by it."""
    call = part["functionCall"]
    name = call.get("name") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(name, str) or not name:
        raise TransientError("the reply holds a call without a name")
    call_id = text_or_empty(call.get("id")) or f"call_{number}"
    signature = text_or_empty(part.get("thoughtSignature"))
    return ToolCall(call_id + (SIGNED + signature if signature else ""), name, arguments(call.get("args") or {}))


def _usage(chunks: Sequence[Mapping[str, Any]]) -> Usage:
    """Every chunk counts all that came before it. The API leaves out what is 0: where it gives a total, an answer
    without a count has none."""
    counts: dict[str, Any] = {}
    for chunk in chunks:
        counts |= _object(chunk.get("usageMetadata"))
    number = {name: count(counts.get(name)) for name in counts}
    written = [number.get("candidatesTokenCount"), number.get("thoughtsTokenCount")]
    known = [one for one in written if one is not None]
    total = number.get("totalTokenCount")
    asked = number.get("promptTokenCount")
    return Usage(
        tokens_in=None if asked is None else asked + (number.get("toolUsePromptTokenCount") or 0),
        tokens_out=sum(known) if known or total is not None else None,
        cache_read=number.get("cachedContentTokenCount"),
        reasoning=number.get("thoughtsTokenCount"),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
