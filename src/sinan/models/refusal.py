"""What a server said when it did not answer, in one line that is safe to show: short, printable, without keys."""

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

_LONGEST = 600
"""Characters of a whole error line."""
_TOKEN = re.compile(r"(?i)\b(bearer|basic)\s+\S+|\bsk-[\w*.-]{6,}")


def message(body: bytes) -> str:
    """The message in the body of an error, whatever the server's habit; empty where there is none."""
    text = body.decode("utf-8", "replace")
    try:
        found = _said(json.loads(text))
    except (ValueError, RecursionError):
        found = "" if text.lstrip().startswith("<") else text  # a page of HTML says nothing in one line
    return one_line(found)


def _said(body: Any) -> str:
    """OpenAI: error.message (and its code); Anthropic and Google: error.message (and why, in one word); FastAPI:
    detail; others: message or error."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]  # Google, where a stream was asked for and none came
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    if isinstance(inner, dict):
        parts = [inner.get("message"), inner.get("code")]
        if not isinstance(parts[1], str) or not parts[1]:
            parts[1] = _google_kind(inner) or (_kind(inner) if body.get("type") == "error" else None)
        return " ".join(f"({p})" if i else p for i, p in enumerate(parts) if isinstance(p, str) and p)
    found = inner or body.get("message") or body.get("detail") or ""
    return found if isinstance(found, str) else json.dumps(found)


def _kind(error: dict[str, Any]) -> Any:
    details = error.get("details")
    return (details.get("error_code") if isinstance(details, dict) else None) or error.get("type")


def _google_kind(error: dict[str, Any]) -> Any:
    """The quota of a day that is used up, else the reason, else the status (google.rpc: QuotaFailure, ErrorInfo)."""
    details = _details(error)
    violations = [one for detail in details for one in _listed(detail.get("violations"))]
    days = [one["quotaId"] for one in violations if "PerDay" in str(one.get("quotaId"))]
    reasons = [detail["reason"] for detail in details if isinstance(detail.get("reason"), str)]
    return (days or reasons or [error.get("status")])[0]


def wait_told(body: bytes) -> float | None:
    """Seconds that the body of an error asks to wait, as Google's does (google.rpc: RetryInfo); else None."""
    try:
        error = json.loads(body)["error"]
        delays = [detail["retryDelay"] for detail in _details(error) if "retryDelay" in detail]
        return next((float(delay.removesuffix("s")) for delay in delays if float(delay.removesuffix("s")) > 0), None)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    return _listed(error.get("details"))


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


_MONEY = re.compile(
    r"insufficient_quota|spend_limit_reached|billing_error|credit balance is too low|"
    r"specified (API|workspace) usage limits|\(FAILED_PRECONDITION\)$"
)
_DAY = re.compile(r"PerDay[^()\s]*\)$")
_KEY = re.compile(r"\(API_KEY_INVALID\)$")


def is_about_account(said: str) -> bool:
    """Whether a server says that no request is answered until somebody pays, waits for another day or has another
    key: some do so with a status that says something else (400, 429)."""
    return any(kind.search(said) for kind in (_MONEY, _DAY, _KEY))


_DECLINED = {
    "content_filter",
    "content_policy_violation",
    "ResponsibleAIPolicyViolation",
    "image_content_policy_violation",
    "bio_policy",
    "misalignment_policy_violation",
}
"""Codes by which OpenAI and Azure decline to answer."""


def is_declined(body: bytes) -> bool:
    """Whether an error says that a filter declined to answer: OpenAI in error.code, Azure also in
    error.innererror.code."""
    try:
        error = json.loads(body.decode("utf-8", "replace"))["error"]
        inner = error.get("innererror")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    tables = (error, inner) if isinstance(inner, dict) else (error,)
    return any(declines(table.get("code"), table.get("message")) for table in tables)


def declines(code: object, said: object) -> bool:
    """Whether an error's code and message mean that the model's side declines to answer. `invalid_prompt` alone may
    also be about the request's form; Anthropic has no code for it, and says so in these words."""
    if isinstance(said, str) and "content filtering policy" in said:
        return True
    if not isinstance(code, str):
        return False
    return code in _DECLINED or (code == "invalid_prompt" and isinstance(said, str) and "polic" in said)


def one_line(text: str) -> str:
    """On one line and printable. Not cut: `scrub` cuts, once the key is out, or half of it could stay."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def scrub(text: str, key: str | None) -> str:
    """The text without the key, in any form a server may echo it, cut to a readable length."""
    for secret in _forms(key or ""):
        text = text.replace(secret, "***")
    text = _TOKEN.sub("***", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _forms(key: str) -> list[str]:
    """A key of less than four characters (a placeholder) is left alone: it is part of too many words."""
    return sorted({key, quote(key, safe=""), json.dumps(key)[1:-1]}, key=len, reverse=True) if len(key) >= 4 else []


def unusable(status: int, url: str, key_name: str, key_sent: bool, said: str) -> str:
    """Why no request will succeed, and what to look at. The server's own words about a key are not repeated: they
    often hold a part of it."""
    because = f": {said}" if said else ""
    if key_sent and (status == 401 or _KEY.search(said)):
        return f"{url} refused the key ({status}). Check {key_name}, in the environment or under [keys] of sinan.toml."
    if status == 401 or _KEY.search(said):
        return f"{url} wants a key ({status}). Set {key_name} in the environment or under [keys] of sinan.toml."
    if status == 403:
        return f"{url} does not allow this ({status}{because}). Check what the key in {key_name} may use."
    if status == 404:
        return (
            f"{url} has no such model or path ({status}{because}). "
            "Check the model's name, and base_url (for most servers it ends with /v1)."
        )
    if _DAY.search(said):
        return f"{url} answers no more today ({status}{because}). Go on tomorrow, or look at the account of {key_name}."
    return f"{url} answers no more without payment ({status}{because}). Check the account of {key_name}."


def redirect(url: str, status: int, location: str) -> str:
    """Why a redirect is not followed. Only scheme, host and path of the target are shown."""
    try:
        target = urlsplit(location)
        where = f"{target.scheme}://{target.hostname}{target.path}" if target.hostname else target.path
    except ValueError:
        where = "an unreadable address"
    return (
        f"{url} redirects ({status}) to {one_line(where) or 'nowhere'}, which is not followed: the key would travel "
        "along. If that is the right server, name it with base_url."
    )


def wait_asked(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that an answer's headers ask to wait: `retry-after-ms`, which is finer, else `Retry-After`."""
    try:
        wait = float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        return retry_after(headers.get("Retry-After"), now)
    return wait if wait > 0 else None


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as a date; None where it says nothing.

    `now` is the time since the epoch in seconds.
    """
    if value is None:
        return None
    try:
        wait = float(value)
    except ValueError:
        try:
            wait = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return wait if wait > 0 else None
