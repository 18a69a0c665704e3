r"""The batches of OpenAI's API, between bytes and nouns. Pure functions.

A batch is a file of requests, one JSON object a line, that is uploaded first; what comes of it are two files, of
answers and of errors, in any order:

    {"custom_id": "ID", "method": "POST", "url": "/v1/chat/completions", "body": {...}}
    {"custom_id": "ID", "response": {"status_code": 200, "body": {...}}, "error": null}
    {"custom_id": "ID", "response": null, "error": {"code": "batch_expired", "message": "..."}}

Source: the API's reference, pages "Batch" and "Files", and the types of the library `openai`.
"""

import json
from collections.abc import Mapping
from typing import Any

from sinan.errors import TransientError
from sinan.models.batches.api import State
from sinan.models.dialects.batch_replies import requests

MOST, MOST_BYTES = 50_000, 200_000_000
"""Requests of a batch, and bytes of its file."""
PURPOSE = {"purpose": "batch"}
MARK = "sinan"
"""Under which a batch's metadata hold our name for it."""
_OVER = ("completed", "expired", "cancelled", "failed")
_FULL = "token_limit_exceeded"
"""Code of a batch that has too many tokens beside those that are being worked on."""


def line(custom_id: str, path: str, body: bytes) -> bytes:
    """A request; `path` is what follows `/v1`, `body` is JSON."""
    head = json.dumps({"custom_id": custom_id, "method": "POST", "url": f"/v1{path}"})
    return head[:-1].encode() + b', "body": ' + body + b"}"


def creation(name: str, path: str, file: str) -> dict[str, Any]:
    """Body of POST /batches for an uploaded file."""
    return {
        "input_file_id": file,
        "endpoint": f"/v1{path}",
        "completion_window": "24h",
        "metadata": {MARK: name},
    }


def state(reply: Any) -> State:
    """How far a batch is, from GET /batches/ID. Raises TransientError."""
    status = reply.get("status") if isinstance(reply, dict) else None
    if not isinstance(status, str):
        raise TransientError("the reply says no status of the batch")
    files = [reply.get(name) for name in ("output_file_id", "error_file_id")]
    results = tuple(f"/files/{file}/content" for file in files if isinstance(file, str) and file)
    faults = _faults(reply) if status == "failed" else []
    return State(
        over=status in _OVER,
        answered=requests(reply, "completed"),
        failed=requests(reply, "failed"),
        fault="; ".join(said for _, said in faults[:3]) or ("no reason is given" if status == "failed" else ""),
        full=any(code == _FULL for code, _ in faults),
        cancelled=status == "cancelled",
        results=results,
    )


def named(batch: Mapping[str, Any], name: str) -> bool:
    """Whether a batch is the one of our name."""
    metadata = batch.get("metadata")
    return isinstance(metadata, dict) and metadata.get(MARK) == name


def made_before(batch: Mapping[str, Any], moment: float) -> bool:
    """Whether a batch was made before a moment, in seconds since 1970."""
    created = batch.get("created_at")
    return isinstance(created, int | float) and created < moment


def result(row: Any) -> tuple[str, int, Any]:
    """(custom_id, status, body) of a line of a result file; status 0 where the request was not worked on, and the body
    is why. Raises TransientError for a line that is none."""
    custom_id = row.get("custom_id") if isinstance(row, dict) else None
    if not isinstance(custom_id, str):
        raise TransientError("a line of the results names no request")
    response = row.get("response")
    if isinstance(response, dict) and isinstance(response.get("status_code"), int):
        return custom_id, response["status_code"], response.get("body")
    return custom_id, 0, {"error": row.get("error")}


def _faults(reply: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, what is said) of every error of a batch that failed validation."""
    errors = reply.get("errors")
    rows = errors.get("data") if isinstance(errors, dict) else None
    return [(str(row.get("code")), _said(row)) for row in rows or () if isinstance(row, dict)]


def _said(error: dict[str, Any]) -> str:
    where = f"line {error['line']}: " if isinstance(error.get("line"), int) else ""
    code = f" ({error['code']})" if isinstance(error.get("code"), str) else ""
    return " ".join(f"{where}{error.get('message') or 'no message'}{code}".split())
