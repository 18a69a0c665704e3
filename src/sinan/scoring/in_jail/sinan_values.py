"""In the sandbox: values of Python as JSON and back. Only plain values cross; anything else stays where it is.

A value of a subclass crosses as its base class, so that an object which claims to equal everything arrives as what it
holds. Reading builds nothing but the types that are named here, whatever a hostile program sends.
"""

import builtins
import importlib
import json
import sys
from collections import deque
from collections.abc import Callable, KeysView
from typing import Any

sys.set_int_max_str_digits(0)
SEQUENCES: tuple[Any, ...] = (tuple, frozenset, set, deque)
LISTS: dict[str, Callable[[Any], Any]] = {kind.__name__: kind for kind in SEQUENCES}
TEXTS: dict[str, Callable[[str], Any]] = {
    "bytes": lambda text: text.encode("latin-1"),
    "bytearray": lambda text: bytearray(text.encode("latin-1")),
    "complex": complex,
}
NUMBERS: dict[str, Callable[..., Any]] = {"range": range, "slice": slice}
SINGLE = {"Ellipsis": ..., "NotImplemented": NotImplemented}
RARER = {"Decimal": "decimal", "Fraction": "fractions"}
"""Types that are written as text, with their modules: imported only where a value needs them."""
TIMES = ("datetime", "date", "time")


def packed(value: Any, kept: Callable[[Any], Any]) -> Any:
    """The value as JSON; `kept(object)` stands for what is not plain."""
    if value is None or value is True or value is False or type(value) in (int, float, str):
        return value
    if isinstance(value, list):
        return [packed(one, kept) for one in list.__iter__(value)]
    if isinstance(value, dict):
        return {"dict": [[packed(k, kept), packed(v, kept)] for k, v in dict.items(value)]}
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    for kind in SEQUENCES:
        if isinstance(value, kind):
            return {kind.__name__: [packed(one, kept) for one in kind.__iter__(value)]}
    if isinstance(value, KeysView):
        return {"set": [packed(one, kept) for one in value]}
    return _rarer(value, kept)


def _rarer(value: Any, kept: Callable[[Any], Any]) -> Any:
    kind: Any = type(value)
    name = kind.__name__
    if kind in (bytes, bytearray):
        return {name: value.decode("latin-1")}
    if kind is complex or (name in RARER and kind.__module__ == RARER[name]):
        return {name: str(value)}
    if kind.__module__ == "datetime" and name in TIMES:
        return {name: value.isoformat()}
    if kind.__module__ == "datetime" and name == "timedelta":
        return {name: [value.days, value.seconds, value.microseconds]}
    if kind is range or kind is slice:
        return {name: [value.start, value.stop, value.step]}
    if kind is type and (own := getattr(value, "__name__", "")) and vars(builtins).get(own) is value:
        return {"type": own}
    if value is ... or value is NotImplemented:
        return {"single": repr(value)}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return {"scalar": [value.dtype.str, packed(value.item(), kept)]}
    if numpy is not None and isinstance(value, numpy.ndarray) and value.dtype.kind in "biufcSU":
        return {"array": [value.dtype.str, list(value.shape), packed(value.ravel().tolist(), kept)]}
    return kept(value)


def plain(packed_value: Any, found: Callable[[Any], Any]) -> Any:
    """The value of `packed`; `found` gives what `kept` stood for. Raises ValueError and its like for anything else."""
    if isinstance(packed_value, list):
        return [plain(one, found) for one in packed_value]
    if not isinstance(packed_value, dict):
        return packed_value
    ((kind, held),) = packed_value.items()
    if kind == "dict":
        return {plain(key, found): plain(value, found) for key, value in held}
    if kind in LISTS:
        return LISTS[kind](plain(one, found) for one in held)
    if kind in TEXTS:
        return TEXTS[kind](held)
    if kind in NUMBERS:
        return NUMBERS[kind](*held)
    if kind == "type":
        return _type(held)
    if kind == "single":
        return SINGLE[held]
    if kind in RARER or kind in TIMES or kind == "timedelta":
        return _imported(kind, held)
    if kind in ("scalar", "array"):
        return _numpy(kind, held, found)
    return found(packed_value)


def _imported(kind: str, held: Any) -> Any:
    made = getattr(importlib.import_module(RARER.get(kind, "datetime")), kind)
    if kind == "timedelta":
        return made(*held)
    return made.fromisoformat(held) if kind in TIMES else made(held)


def _type(name: Any) -> type:
    found = vars(builtins).get(name)
    if not isinstance(found, type):
        raise ValueError("no type that every Python has")
    return found


def _numpy(kind: str, held: Any, found: Callable[[Any], Any]) -> Any:
    import numpy

    dtype = numpy.dtype(str(held[0]))
    if dtype.hasobject:
        raise ValueError("an array of objects")
    if kind == "scalar":
        return dtype.type(plain(held[1], found))
    return numpy.array(plain(held[2], found), dtype=dtype).reshape([int(side) for side in held[1]])


def line(message: Any) -> bytes:
    """A message as it crosses: its length, then itself."""
    text = json.dumps(message).encode()
    return len(text).to_bytes(8, "little") + text
