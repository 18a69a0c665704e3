"""Templates of task files: Jinja2 in a sandbox, with the settings of lm-evaluation-harness.

A hole without a value is an error, a newline at the end is kept, and there is the filter `regex_replace`. Templates
come from strangers: they reach no private attribute, and cannot make a short text into an endless one.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from sinan.errors import MissingExtra, UsageError

LONGEST = 10_000_000
"""Characters, or items, that a repetition may make."""


def render(template: str, fields: Mapping[str, Any], where: str) -> str:
    """The template filled from a document. Raises UsageError, naming `where`."""
    import jinja2

    try:
        return str(_compiled(template).render(**fields))
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{where}: the template {template!r:.120} fails: {type(error).__name__}: {error}") from None


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

    class Bounded(SandboxedEnvironment):  # type: ignore[misc]
        """Repetitions and powers within bounds."""

        intercepted_binops = frozenset(["*", "**"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """The operation. Raises SecurityError where its result would be too large."""
            if _size(operator, left, right) > LONGEST:
                raise jinja2.exceptions.SecurityError(f"`{operator}` makes too much")
            return super().call_binop(context, operator, left, right)

    environment = Bounded(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["regex_replace"] = _regex_replace
    return environment


def _size(operator: str, left: Any, right: Any) -> float:
    """Characters, items or digits of the result, about."""
    if operator == "**":
        if isinstance(left, int) and isinstance(right, int):
            return abs(left).bit_length() * abs(right)
        return 0
    for one, times in ((left, right), (right, left)):
        if hasattr(one, "__len__") and isinstance(times, int):
            return len(one) * max(0, times)
    return 0


def _regex_replace(string: str, pattern: str, repl: str, count: int = 0) -> str:
    return re.sub(pattern, repl, string, count=count)
