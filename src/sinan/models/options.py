"""What stands behind the `?` of a model's name: options, checked before anything is opened.

A model's name is written to runs, shown on pages and kept in shell histories, so a key in it is refused, and no
message here repeats the value of anything that might be one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from sinan.errors import UsageError

_SECRET = re.compile(r"(^|[_-])(api[_-]?key|key|token|secret|password|passwd|authorization|auth|bearer)$", re.I)


def parse(query: str) -> dict[str, str]:
    """`a=1&b=x%2Fy` as a table. Raises UsageError for a repeated option."""
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs):
        raise UsageError(f"a model's option is given twice: {', '.join(_shown(name) for name, _ in pairs)}")
    return options


def refuse_secrets(model: str, options: Mapping[str, str]) -> None:
    """Raises UsageError where an option carries a key."""
    for name in options:
        if _SECRET.search(name):
            raise UsageError(
                f"{model}: a key is never part of a model's name (found the option {_shown(name)}): it would be "
                "written to runs and shell histories. Set it in the environment or under [keys] of sinan.toml; "
                "key_env=NAME says under which name."
            )


def may_be_key(text: str) -> bool:
    """Whether a text may be a key that was pasted in the place of something else."""
    return re.match(r"(sk|pk|key|hf|gsk|xai|Bearer)[-_ ]|[A-Za-z0-9_-]{32,}$", text) is not None


def looks_secret(name: str, value: Any) -> bool:
    """Whether a parameter's name is that of a key, or a header that may carry one."""
    if isinstance(value, dict):
        return any(looks_secret(str(k), v) or "header" in name.lower() for k, v in value.items())
    return bool(_SECRET.search(name)) and isinstance(value, str) and len(value) >= 12


def check_known(model: str, options: Mapping[str, str], known: Iterable[str]) -> None:
    """Raises UsageError for an option that the provider does not have, and for a key."""
    refuse_secrets(model, options)
    if unknown := [name for name in options if name not in set(known)]:
        raise UsageError(f"{model}: unknown option {_shown(unknown[0])}. Known: {', '.join(known) or 'none'}.")


def seconds(model: str, options: Mapping[str, str], name: str, default: float) -> float:
    """A positive number of seconds. Raises UsageError."""
    try:
        value = float(options.get(name, default))
    except ValueError:
        value = float("nan")
    if not 0 < value < 1e7:
        raise UsageError(f"{model}: {name} must be a positive number of seconds, such as {name}=600.")
    return value


def amount(model: str, options: Mapping[str, str], name: str, example: str) -> float | None:
    """A number of 0 or more, or None where it is not given. Raises UsageError."""
    if name not in options:
        return None
    try:
        value = float(options[name])
    except ValueError:
        value = float("nan")
    if not 0 <= value < 1e12:
        raise UsageError(f"{model}: {name} must be a number, such as {name}={example}.")
    return value


def one_of(model: str, options: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    """One of a few words. Raises UsageError."""
    value = options.get(name, default)
    if value not in known:
        raise UsageError(f"{model}: {name} must be one of {', '.join(known)}.")
    return value


def environment_name(model: str, options: Mapping[str, str], name: str, default: str) -> str:
    """Name of an environment variable. Raises UsageError, silent about the value: it may be the key itself."""
    value = options.get(name, default)
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", value):
        raise UsageError(
            f"{model}: {name} names the environment variable that holds the key, in capitals (such as {default})."
        )
    return value


def field_name(model: str, options: Mapping[str, str], name: str, default: str) -> str:
    """Name of a field of a request. Raises UsageError, silent about the value."""
    value = options.get(name, default)
    if not re.fullmatch(r"[A-Za-z_]{1,40}", value):
        raise UsageError(f"{model}: {name} names a field of the request, in letters (such as {default}).")
    return value


def base_url(model: str, value: str, where: str) -> str:
    """An http(s) address without a closing slash. Raises UsageError, silent about credentials in it."""
    parts = _split(model, value, where)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"{model}: {where} holds a user name or password, which would be written to runs. "
            "Put the key in the environment instead and name it with key_env=NAME."
        )
    if parts.query or parts.fragment:
        raise UsageError(f"{model}: {where} must end with its path (no ? or #), such as http://127.0.0.1:8000/v1.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _split(model: str, value: str, where: str) -> SplitResult:
    try:
        parts = urlsplit(value.strip())
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or re.search(r"[\s\\]", value.strip()):
        raise UsageError(f"{model}: {where} is no http address. It looks like http://127.0.0.1:8000/v1.")
    return parts


def _shown(name: str) -> str:
    """An option's name, unless it may be a key that was pasted in its place."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z_]{0,23}", name) else "(not shown)"
