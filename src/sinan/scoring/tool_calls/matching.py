"""Is a call the expected one? Are these calls the expected ones, in whatever order?

What is expected of a call is `{name: {parameter: [allowed values]}}`, beside the description of the function. Rules
and order of the checks are those of BFCL's checker, with four differences: an argument without a name is wrong (there
it is passed over), calls in parallel are paired in the best way (there each expectation takes the first call that
fits), a list for which nothing is allowed must be empty (there no value is right), and for Java and JavaScript see
`source_values`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sinan.prompts.tools import plain_name
from sinan.scoring.tool_calls.allowed import disallowed, mistyped
from sinan.scoring.tool_calls.call import Call, plain
from sinan.scoring.tool_calls.declared import NotDeclared, declared, elements
from sinan.scoring.tool_calls.mismatch import Mismatch
from sinan.scoring.tool_calls.source_values import source_value

Functions = Sequence[Mapping[str, Any]]
"""Descriptions: `name`, `description`, and `parameters` with `properties` and `required`."""
Expected = Mapping[str, Mapping[str, Sequence[Any]]]
"""One name, and what is allowed for each of its parameters."""


def unmatched(
    calls: Sequence[Call], expected: Sequence[Expected], functions: Functions, language: str, plain_names: bool
) -> list[Mismatch]:
    """What keeps the calls from being the expected ones, in whatever order; empty where nothing does.

    `plain_names`: the functions were offered under names without dots. Raises NotDeclared where a description lacks
    what the check needs, and MissingExtra."""
    if len(calls) != len(expected):
        return [Mismatch("count", expected=len(expected), got=len(calls))]
    differences = [[mismatch(call, one, functions, language, plain_names) for call in calls] for one in expected]
    if len(calls) == 1:
        return [one for [one] in differences if one]
    pairs = _paired([[one is None for one in row] for row in differences])
    free = [place for place in range(len(calls)) if place not in pairs.values()]
    return [_unmatched(expected[at], row, calls, free) for at, row in enumerate(differences) if at not in pairs]


def mismatch(call: Call, expected: Expected, functions: Functions, language: str, plain_names: bool) -> Mismatch | None:
    """The first difference, None where there is none. Raises as `unmatched`."""
    [(name, allowed)] = expected.items()
    parameters = _parameters(name, functions)
    if call.name not in ((name, plain_name(name)) if plain_names else (name,)):
        return Mismatch("name", expected=name, got=call.name)
    if call.unnamed:
        return Mismatch("unnamed", expected=sorted(allowed), got=list(call.unnamed))
    for required in parameters.get("required", ()):
        if required not in call.arguments:
            return Mismatch("missing", required, allowed.get(required))
    known = parameters.get("properties", {})
    for argument, value in call.arguments.items():
        if argument not in known or argument not in allowed:
            return Mismatch("unexpected", argument, sorted(allowed), value)
        wrong = _argument(argument, value, allowed[argument], known[argument], language)
        if wrong:
            return wrong
    left_out = [one for one in allowed if one not in call.arguments and "" not in allowed[one]]
    return Mismatch("missing", left_out[0], allowed[left_out[0]]) if left_out else None


def _parameters(name: str, functions: Functions) -> Mapping[str, Any]:
    for function in functions:
        if function["name"] == name:
            parameters: Mapping[str, Any] = function["parameters"]
            return parameters
    raise NotDeclared(f"no function {name} is described")


def _argument(
    name: str, value: Any, allowed: Sequence[Any], parameter: Mapping[str, Any], language: str
) -> Mismatch | None:
    declared_as, kind = declared(parameter, language)
    element_as, element = elements(parameter, language)
    if not allowed and kind is list:
        allowed = [[]]
    if language != "python":
        if not isinstance(value, str):
            return Mismatch("type", name, f"the text of a {declared_as}", value)
        value = source_value(value, language, declared_as, element_as)
        element = None if element_as in ("any", "array") else element
    elif declared_as == "tuple" and isinstance(value, tuple):
        value = list(value)
    elif declared_as == "float" and type(value) is int:
        value = _float(value)
    if mistyped(value, allowed, kind, element):
        of = f" of {element_as}" if element_as else ""
        return Mismatch("type", name, declared_as + of, value)
    return disallowed(name, value, allowed, kind, element)


def _float(value: int) -> float | int:
    try:
        return float(value)
    except OverflowError:
        return value


def _paired(fits: Sequence[Sequence[bool]]) -> dict[int, int]:
    """Expectation -> call, as many as can be: augmenting paths."""
    taken: dict[int, int] = {}

    def placed(row: int, seen: set[int]) -> bool:
        for column, fit in enumerate(fits[row]):
            if fit and column not in seen:
                seen.add(column)
                if column not in taken or placed(taken[column], seen):
                    taken[column] = row
                    return True
        return False

    for row in range(len(fits)):
        placed(row, set())
    return {row: column for column, row in taken.items()}


def _unmatched(
    expected: Expected, row: Sequence[Mismatch | None], calls: Sequence[Call], free: Sequence[int]
) -> Mismatch:
    """An expectation that no call meets, and what is wrong with each of the calls that met none."""
    reasons = [{"call": str(calls[at]), **row[at].to_json()} for at in free if row[at]]  # type: ignore[union-attr]
    return Mismatch("unmatched", expected=plain(expected), got=reasons)
