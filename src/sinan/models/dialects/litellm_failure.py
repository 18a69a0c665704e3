"""What the exceptions of the library litellm mean among our errors.

The library sorts what vendors say into classes of its own, by status and by words, and keeps the server's answer where
it can. That answer is read as any other (`Transport.failure`), so that a status means the same whoever sends.
"""

import json
import os
import re
import time
import typing
from typing import Any

from sinan.errors import Declined, ModelError, ModelUnusable, TransientError, Unsupported
from sinan.models import options as option
from sinan.models import refusal

if typing.TYPE_CHECKING:
    from sinan.models.transport import Transport


def failure(error: Exception, library: Any, transport: "Transport", where: str) -> ModelError:
    """What an exception means: as the status and the body of the server's answer say, if one came. `transport` has
    the patience and the key, `where` is what is said of the address."""
    if isinstance(error, TimeoutError):
        return TransientError(f"no answer within {transport.patience.timeout:g} s")
    found = _meaning(error, library, transport, where)
    found.args = (_clean(str(found)),)
    if isinstance(found, Declined):
        found.said = _clean(found.said)
    return found


def _meaning(error: Exception, library: Any, transport: "Transport", where: str) -> ModelError:
    headers = getattr(error, "litellm_response_headers", None) or {}
    body = (_content(error) if headers else b"") or _told(error).encode()
    said = refusal.message(body) or type(error).__name__
    if isinstance(error, library.UnsupportedParamsError):
        return Unsupported(_not_taken(said))
    if isinstance(error, library.ContentPolicyViolationError):
        return Declined(f"the vendor declines to answer ({said})", said)
    if isinstance(error, ImportError):
        return ModelUnusable(f"litellm needs a further library for this vendor: {said}")
    status = getattr(error, "provider_status_code", None) or getattr(error, "status_code", None)
    if not isinstance(status, int) or (not headers and (status >= 500 or status in _NO_ANSWER)):
        return TransientError(said)
    return transport.failure(status, body, where, refusal.wait_asked(headers, time.time()))


_NO_ANSWER = (408, 422)
"""Without headers, no server said so: the library waited in vain, or found an error in a reply of status 200."""


def _content(error: Exception) -> bytes:
    """The body of the server's answer; empty where the library did not keep it."""
    content = getattr(getattr(error, "response", None), "content", b"")
    return content if isinstance(content, bytes) else b""


def _told(error: Exception) -> str:
    """What the server said, as far as the message holds it: the JSON in it, else the text behind the names of the
    library's own classes."""
    said = str(error)
    if (found := re.search(r"\{.*\}", said, re.DOTALL)) and _is_json(found[0]):
        return found[0]
    return re.sub(r"^((litellm\.)?\w*(Error|Exception|Timeout)( Error)?(:| -) *)+", "", said)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _not_taken(said: str) -> str:
    found = re.search(r"parameters: \[([^\]]*)\]", said)
    names = re.findall(r"\w+", found[1]) if found else []
    which, name = ", ".join(names) or "a parameter", names[0] if names else "NAME"
    return (
        f"by litellm this model takes no {which}. -p {_OURS.get(name, name)}=null leaves it out; where the model does "
        f"take it, -p 'allowed_openai_params=[\"{name}\"]' has it sent all the same"
    )


_OURS = {"thinking": "thinking_tokens", "response_format": "schema"}
"""Our names of parameters that the library calls otherwise."""


def _clean(text: str) -> str:
    """Without the keys of the environment: the library reads some of them itself."""
    for name, value in os.environ.items():
        if option.looks_secret(name, value):
            text = refusal.scrub(text, value)
    return text
