"""Is a value one of those that are allowed? The rules of BFCL's checker, for values of one argument.

Text is compared without case, blanks and the signs `,./-_*^`, and with both kinds of quotes alike; inside a list, and
for the values of a dict, too. Numbers are compared as numbers. An allowed value "" says that the argument may be left
out. Where the allowed values are of another type than the description says, they are names of variables (or null),
and the value must be exactly one of them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sinan.scoring.tool_calls.mismatch import Mismatch

_PASSED_OVER = re.compile(r"[ ,./\-_*^]")


def standard(value: Any) -> Any:
    """A text as it is compared; anything else as it is."""
    return _PASSED_OVER.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value


def kind_of(allowed: Sequence[Any]) -> type | None:
    """The type of the allowed values, as far as there is more than the leave to leave it out."""
    return next((type(one) for one in allowed if one != ""), None)


def mistyped(value: Any, allowed: Sequence[Any], kind: type, element: type | None) -> bool:
    """Whether a value has neither the declared type nor that of the allowed values. Of lists the elements count, too,
    one level deep; only those of the declared type are looked into."""
    found: type = type(value)
    if found is not kind:
        return found is not kind_of(allowed)
    if element is None:
        return False
    return not any(
        not isinstance(one, list) or not any(mistyped(item, one, element, None) for item in value) for one in allowed
    )


def disallowed(name: str, value: Any, allowed: Sequence[Any], kind: type, element: type | None) -> Mismatch | None:
    """What is wrong with a value of the right type; None where it is allowed."""
    wrong = Mismatch("value", name, list(allowed), value)
    if kind_of(allowed) not in (None, kind):
        return None if value in allowed else wrong
    if kind is dict:
        return _closest([_dict(name, value, one) for one in allowed if isinstance(one, Mapping)], wrong)
    if kind is list and element is dict:
        return _closest([_dicts(name, value, one or []) for one in allowed if one == "" or type(one) is list], wrong)
    if kind is list:
        known = [[standard(item) for item in one] for one in allowed if isinstance(one, list | str)]
        return None if [standard(item) for item in value] in known else wrong
    return None if standard(value) in [standard(one) for one in allowed] else wrong


def _closest(found: Sequence[Mismatch | None], wrong: Mismatch) -> Mismatch | None:
    """None where one of them matches; else what is wrong with the only one, or that it is none of them."""
    if None in found:
        return None
    return found[0] if len(found) == 1 else wrong


def _dict(name: str, value: Mapping[str, Any], allowed: Mapping[str, Any]) -> Mismatch | None:
    """A dict by its keys, each with its own allowed values."""
    known = {key: choices if isinstance(choices, list) else [choices] for key, choices in allowed.items()}
    for key, one in value.items():
        if key not in known:
            return Mismatch("unexpected", f"{name}.{key}", sorted(known), one)
        choices = known[key]
        if not any(_same(one, choice) for choice in choices):
            return Mismatch("value", f"{name}.{key}", choices, one)
    for key, choices in known.items():
        if key not in value and "" not in choices:
            return Mismatch("missing", f"{name}.{key}", choices)
    return None


def _same(value: Any, choice: Any) -> bool:
    """Equal, or a dict whose values are lists of what is allowed in turn."""
    if standard(value) == standard(choice):
        return True
    return isinstance(value, Mapping) and isinstance(choice, Mapping) and _dict("", value, choice) is None


def _dicts(name: str, value: Sequence[Any], allowed: Sequence[Any]) -> Mismatch | None:
    """Dicts in a row, in order."""
    if len(value) != len(allowed):
        return Mismatch("count", name, len(allowed), len(value))
    for place, (one, choice) in enumerate(zip(value, allowed, strict=True)):
        if not (isinstance(one, Mapping) and isinstance(choice, Mapping)):
            return Mismatch("type", f"{name}.{place}", choice, one)
        wrong = _dict(f"{name}.{place}", one, choice)
        if wrong:
            return wrong
    return None
