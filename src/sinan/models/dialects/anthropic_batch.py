r"""The batches of Anthropic's API, between bytes and nouns. Pure functions.

A batch is one request that holds all others; what comes of it is a file of lines in any order:

    {"requests": [{"custom_id": "ID", "params": {"model": "...", "messages": [...], "max_tokens": 50}}, ...]}
    {"custom_id": "ID", "result": {"type": "succeeded", "message": {...}}}
    {"custom_id": "ID", "result": {"type": "errored", "error": {"type": "error", "error": {"type": "...", ...}}}}
    {"custom_id": "ID", "result": {"type": "expired"}}

A batch cannot be given a name, so one whose making got no answer is recognised by when it was made and by how many
requests it has. Source: the API's reference, "Message Batches", and the types of the library `anthropic`.
"""

import json
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from sinan.errors import TransientError
from sinan.models.batches.api import State
from sinan.models.batches.ledger import Entry
from sinan.models.dialects.batch_replies import requests

MOST, MOST_BYTES = 100_000, 256_000_000
"""Requests of a batch, and bytes of the request that makes it."""
CLOCKS_APART = 300.0
"""Seconds that the provider's clock and ours may differ."""
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The HTTP status that an error of this type has where a request is sent alone."""


def line(custom_id: str, body: bytes) -> bytes:
    """A request; `body` is JSON."""
    return b'{"custom_id": ' + json.dumps(custom_id).encode() + b', "params": ' + body + b"}"


def creation(lines: Sequence[bytes]) -> bytes:
    """Body of POST /messages/batches."""
    return b'{"requests": [' + b", ".join(lines) + b"]}"


def state(reply: Any) -> State:
    """How far a batch is, from GET /messages/batches/ID. Raises TransientError."""
    status = reply.get("processing_status") if isinstance(reply, dict) else None
    if not isinstance(status, str):
        raise TransientError("the reply says no status of the batch")
    gone = reply.get("archived_at") is not None
    return State(
        over=status == "ended",
        answered=requests(reply, "succeeded"),
        failed=sum(requests(reply, name) for name in ("errored", "canceled", "expired")),
        fault="its results are kept no longer" if status == "ended" and gone else "",
        cancelled=reply.get("cancel_initiated_at") is not None,
    )


def likely(batches: Sequence[Mapping[str, Any]], entry: Entry, known: Container[str]) -> str | None:
    """The batch that is most likely ours: of as many requests, made since, nobody's that we know, the earliest."""
    fit = [
        (made, str(batch["id"]))
        for batch in batches
        if batch["id"] not in known
        and _size(batch) == len(entry.ids)
        and (made := made_at(batch)) > entry.created - CLOCKS_APART
    ]
    return min(fit, key=lambda one: abs(one[0] - entry.created))[1] if fit else None


def made_at(batch: Mapping[str, Any]) -> float:
    """When a batch was made, in seconds since 1970; 0 where it does not say."""
    try:
        return datetime.fromisoformat(str(batch.get("created_at"))).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def result(row: Any) -> tuple[str, int, Any]:
    """(custom_id, status, body) of a line of the results; status 0 where the request was not worked on, and the body is
    why. Raises TransientError for a line that is none."""
    custom_id = row.get("custom_id") if isinstance(row, dict) else None
    came = row.get("result") if isinstance(row, dict) else None
    if not isinstance(custom_id, str) or not isinstance(came, dict):
        raise TransientError("a line of the results names no request or no result")
    kind = came.get("type")
    if kind == "succeeded":
        return custom_id, 200, came.get("message")
    if kind != "errored":
        return custom_id, 0, {"error": {"message": f"the request was not worked on ({kind})"}}
    error = came.get("error")
    inner = error.get("error") if isinstance(error, dict) else None
    named = inner.get("type") if isinstance(inner, dict) else None
    return custom_id, _STATUS.get(named, 500) if isinstance(named, str) else 500, error


def _size(batch: Mapping[str, Any]) -> int:
    return sum(requests(batch, name) for name in ("processing", "succeeded", "errored", "canceled", "expired"))
