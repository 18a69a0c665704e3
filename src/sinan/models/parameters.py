"""Generation parameters as a user gives them, checked before anything runs; whoever the model's server is."""

from collections.abc import Mapping
from typing import Any

from sinan.errors import UsageError
from sinan.models.options import looks_secret

RESERVED = ("model", "messages", "prompt", "stream", "n", "echo", "logprobs", "images")
"""Fields of a request that decide what a reply looks like: set by sinan, never by a user."""

_KNOWN: dict[str, tuple[tuple[type, ...], str]] = {
    "temperature": ((int, float, type(None)), "a number or null"),
    "top_p": ((int, float, type(None)), "a number or null"),
    "max_tokens": ((int, type(None)), "a whole number or null"),
    "seed": ((int, type(None)), "a whole number or null"),
    "stop": ((str, list, tuple), "a text or a list of texts"),
    "thinking_tokens": ((int, type(None)), "a whole number or null"),
    "reasoning_effort": ((str, type(None)), "a text or null"),
    "think_end": ((str, type(None)), "a text or null"),
    "schema": ((dict, type(None)), "a JSON schema or null"),
}
EFFORTS = ("none", "minimal", "low", "medium", "high")


def check(parameters: Mapping[str, Any]) -> None:
    """Those that we know must have their types; others are the server's business. Raises UsageError."""
    for key, value in parameters.items():
        if key in RESERVED:
            raise UsageError(f"parameter {key}: it is set by sinan itself (repeated draws: --samples)")
        if looks_secret(key, value):
            raise UsageError("a key is no generation parameter: parameters are written to runs. See: sinan models")
        if key in _KNOWN and (isinstance(value, bool) or not isinstance(value, _KNOWN[key][0])):
            raise UsageError(f"parameter {key}={value}: {key} must be {_KNOWN[key][1]}")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise UsageError(f"parameter {key}={value}: whole numbers go up to 64 bits")
    limit, stop = parameters.get("max_tokens"), parameters.get("stop", ())
    if limit is not None and limit < 1:
        raise UsageError(f"parameter max_tokens={limit}: max_tokens must be at least 1")
    _check_thoughts(parameters)
    if stop == "" or not all(isinstance(s, str) and s for s in stop):
        raise UsageError("parameter stop: it must be a text or a list of texts, none of them empty")


def _check_thoughts(parameters: Mapping[str, Any]) -> None:
    """Ranges of what concerns a model's thoughts."""
    tokens, effort = parameters.get("thinking_tokens"), parameters.get("reasoning_effort")
    if tokens is not None and tokens < 0:
        raise UsageError(f"parameter thinking_tokens={tokens}: it must be 0 (no thoughts) or more")
    if effort is not None and effort not in EFFORTS:
        raise UsageError(f"parameter reasoning_effort={effort}: it is one of {', '.join(EFFORTS)}")
    if parameters.get("think_end") == "":
        raise UsageError("parameter think_end: it must be the text that ends the thoughts, such as </think>")
