"""Templates of task files: Jinja2 in a sandbox, with the settings of lm-evaluation-harness.

A hole without a value is an error, a newline at the end is kept, and there is the filter `regex_replace`. Templates
come from strangers: they reach no private attribute, only plain values and none of the methods of a picture or a table
(some write files), and no single step makes a short text into an endless one.
"""

import datetime
import decimal
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sinan.errors import MissingExtra, UsageError

LONGEST = 10_000_000
"""Characters, or items, that one step may make."""

_PLAIN = (str, bytes, int, float, complex, list, tuple, set, frozenset, dict, type(None), decimal.Decimal)
_TIMES = (datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo)


def render(template: str, fields: Mapping[str, Any], where: str) -> str:
    """The template filled from a document. Raises UsageError, naming `where`."""
    import jinja2

    try:
        return str(_compiled(template).render(**fields))
    except (
        jinja2.TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        re.error,
    ) as error:
        raise UsageError(f"{where}: the template {template!r:.120} fails: {type(error).__name__}: {error}") from None
    except (RecursionError, MemoryError) as error:
        raise UsageError(f"{where}: the template {template!r:.120} makes too much ({type(error).__name__})") from None


def is_template(text: str) -> bool:
    """Whether anything in it is to be filled."""
    return "{{" in text or "{%" in text or "{#" in text


@cache
def _compiled(template: str) -> Any:
    return _environment().from_string(template)


@cache
def _environment() -> Any:
    try:
        import jinja2
        from jinja2.sandbox import SandboxedEnvironment
    except ImportError:
        raise MissingExtra("a template of a task file", "jinja2", "lm-eval") from None

    def refuse(what: str) -> None:
        raise jinja2.exceptions.SecurityError(f"`{what}` makes too much")

    class Bounded(SandboxedEnvironment):  # type: ignore[misc]
        """Attributes of plain values alone; repetitions, powers and paddings within bounds."""

        intercepted_binops = frozenset(["*", "**", "%"])

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """What another library made of a document may do anything when it is called."""
            mine = isinstance(obj, (*_PLAIN, *_TIMES)) or type(obj).__module__.startswith("jinja2.")
            return mine and bool(super().is_safe_attribute(obj, attr, value))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """The operation. Raises SecurityError where its result would be too large."""
            if _size(operator, left, right) > LONGEST:
                refuse(operator)
            return super().call_binop(context, operator, left, right)

        def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
            """The call. Raises SecurityError where a method of a text would make too much."""
            text = getattr(getattr(called, "__wrapped__", called), "__self__", None)
            name = getattr(called, "__name__", "")
            if isinstance(text, str) and _made(text, name, (*args, *kwargs.values())) > LONGEST:
                refuse(name)
            return super().call(context, called, *args, **kwargs)

    environment = Bounded(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    for name in ("center", "format", "indent", "batch", "slice"):
        environment.filters[name] = _bounded(name, environment.filters[name], refuse)
    environment.filters["regex_replace"] = _regex_replace
    return environment


def _bounded(name: str, filter: Callable[..., Any], refuse: Callable[[str], None]) -> Callable[..., Any]:
    """The filter of Jinja, without widths beyond bounds."""

    @functools.wraps(filter)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        given = (*args[1:], *kwargs.values())
        if (_percent(args[0], given) if name == "format" else _largest(given)) > LONGEST:
            refuse(name)
        return filter(*args, **kwargs)

    return bounded


_PADS = ("ljust", "rjust", "center", "zfill", "expandtabs")
_WIDE = re.compile(r"\{[^{}]*:[^{}]*\d{8}")
_NESTED = re.compile(r"\{[^{}]*:[^{}]*\{")
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(?:\d{8}|\d*\.\d{8})")


def _made(text: str, method: str, given: Sequence[Any]) -> float:
    """Characters that a method of a text makes, where they can be more than it is given."""
    if method in _PADS:
        return _largest(given) * (text.count("\t") if method == "expandtabs" else 1)
    if method in ("format", "format_map"):
        widths = [one for value in given for one in (value.values() if isinstance(value, dict) else [value])]
        return math.inf if _WIDE.search(text) else _largest(widths) if _NESTED.search(text) else 0
    if method == "replace" and len(given) > 1 and all(isinstance(one, str) for one in given[:2]):
        return text.count(given[0]) * len(given[1])
    return 0


def _percent(text: Any, given: Sequence[Any]) -> float:
    """Characters that `text % given` may make beyond what it is given: those of its widths."""
    if not isinstance(text, str):
        return 0
    return math.inf if _WIDE_PERCENT.search(text) else _largest(given) if "*" in text else 0


def _largest(given: Sequence[Any]) -> int:
    return max((one for one in given if isinstance(one, int)), default=0)


def _size(operator: str, left: Any, right: Any) -> float:
    """Characters, items or digits of the result, about."""
    if operator == "**":
        if isinstance(left, int) and isinstance(right, int):
            return abs(left).bit_length() * abs(right)
        return 0
    if operator == "%":
        return _percent(left, right if isinstance(right, tuple) else (right,))
    for one, times in ((left, right), (right, left)):
        if hasattr(one, "__len__") and isinstance(times, int):
            return len(one) * max(0, times)
    return 0


def _regex_replace(string: str, pattern: str, repl: str, count: int = 0) -> str:
    return re.sub(pattern, repl, string, count=count)
