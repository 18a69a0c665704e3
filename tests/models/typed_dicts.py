"""Whether a JSON value is what a type of a vendor's SDK says: for servers that are as strict as the real one."""

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union

import typing_extensions

_REQUIRED = (typing.Required, typing_extensions.Required)
_LISTS = ("Iterable", "List", "list", "Sequence", "SequenceNotStr")


def misfit(value: Any, kind: Any, where: str = "body") -> str:
    """What does not fit, and where; empty where all does. Unknown fields of a TypedDict do not fit."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Annotated, typing.NotRequired, typing_extensions.NotRequired, *_REQUIRED):
        return misfit(value, arguments[0], where)
    if origin in (Union, types.UnionType):
        found = [misfit(value, one, where) for one in arguments]
        return "" if "" in found else max(found, key=_depth)  # the nearest tells the most
    if kind in (Any, object):
        return ""
    if origin is Literal:
        return "" if value in arguments else f"{where}: {value!r} is none of {arguments}"
    if typing_extensions.is_typeddict(kind):
        return _fields(value, kind, where)
    if getattr(origin or kind, "__name__", "") in _LISTS or origin in (Iterable, Sequence):
        return _each(value, arguments[0], where)
    if origin in (dict, Mapping):
        return "" if isinstance(value, dict) else f"{where}: no object"
    if kind is float:
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else f"{where}: no number"
    if kind in (int, str, bool, type(None)):
        return "" if type(value) is kind else f"{where}: no {kind.__name__}"
    return f"{where}: takes no {kind}"


def _each(values: Any, kind: Any, where: str) -> str:
    if not isinstance(values, list):
        return f"{where}: no list"
    return next((found for i, one in enumerate(values) if (found := misfit(one, kind, f"{where}.{i}"))), "")


def _fields(value: Any, kind: Any, where: str) -> str:
    if not isinstance(value, dict):
        return f"{where}: no object"
    hints = _hints(kind)
    if unknown := [name for name in value if name not in hints]:
        return f"{where}.{unknown[0]}: Extra inputs are not permitted"
    if missing := [name for name in hints if typing.get_origin(hints[name]) in _REQUIRED and name not in value]:
        return f"{where}.{missing[0]}: Field required"
    return next((found for name in value if (found := misfit(value[name], hints[name], f"{where}.{name}"))), "")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing_extensions.get_type_hints(kind, include_extras=True)


def _depth(found: str) -> int:
    return found.partition(":")[0].count(".")
