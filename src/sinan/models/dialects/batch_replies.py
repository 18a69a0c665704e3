"""What vendors' replies about batches have in common. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from sinan.errors import TransientError
from sinan.models.dialects import untrusted


def identifier(reply: Any) -> str:
    """The id of a file or a batch. Raises TransientError."""
    found = reply.get("id") if isinstance(reply, dict) else None
    if not isinstance(found, str) or not found:
        raise TransientError("the reply names no id")
    return found


def listed(reply: Any) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """A page of a list of batches, newest first, and the id after which the next one begins; None where it is the
    last. Raises TransientError."""
    rows = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(rows, list):
        raise TransientError("the reply lists no batches")
    batches = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return batches, str(batches[-1]["id"]) if batches and reply.get("has_more") is True else None


def requests(reply: Mapping[str, Any], name: str) -> int:
    """How many requests of a batch are `name`; 0 where it does not say."""
    counts = reply.get("request_counts")
    return untrusted.count(counts.get(name)) or 0 if isinstance(counts, dict) else 0
