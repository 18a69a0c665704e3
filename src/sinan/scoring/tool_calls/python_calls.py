"""Calls in Python's syntax: `[f(a=1), g(b="x")]`, parsed and never evaluated.

Values are literals and structures of them. As the published reader has it, a bare name stands for its own text (the
variable that a question speaks of), so does a call without named arguments, and a call with named ones is a dict
`{name: arguments}`. Arithmetic between numbers is worked out here, within bounds, and strings are joined. Whatever
else is written is `Opaque`.
"""

import ast
import math
import warnings
from collections.abc import Callable
from typing import Any

from sinan.scoring.tool_calls.call import Call, Opaque, Unreadable, bounded

LARGEST = 1e18
LONGEST = 4_096
"""Bits of a whole number."""


def python_calls(text: str) -> list[Call]:
    """The calls of a list, of a tuple, or a single one; empty for `[]`. Raises Unreadable for everything else."""
    tree = _parsed(text, "eval")
    assert isinstance(tree, ast.Expression)
    return _calls(tree.body)


def python_lines(text: str) -> list[Call]:
    """Calls or lists of calls, one a line. Raises Unreadable."""
    tree = _parsed(text, "exec")
    assert isinstance(tree, ast.Module)
    found: list[Call] = []
    for line in tree.body:
        if not isinstance(line, ast.Expr):
            raise Unreadable(f"{type(line).__name__} is no call")
        found += _calls(line.value)
    return found


def _parsed(text: str, mode: str) -> ast.AST:
    text = bounded(text).strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a model writes may hold odd escapes; that is no concern of a user
            tree = ast.parse(text, mode=mode)
    except SyntaxError as error:
        raise Unreadable(f"no Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("no Python") from None
    if any(isinstance(node, ast.Constant) and _too_long(node.value) for node in ast.walk(tree)):
        raise Unreadable("a number of thousands of digits")
    return tree


def _too_long(value: object) -> bool:
    """Whether a number cannot be written down again: in hexadecimal it may have any length."""
    return isinstance(value, int) and value.bit_length() > LONGEST


def _calls(node: ast.expr) -> list[Call]:
    try:
        if isinstance(node, ast.List | ast.Tuple):
            return [_call(one) for one in node.elts]
        return [_call(node)]
    except RecursionError:
        raise Unreadable("too deep") from None


def _call(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        raise Unreadable(f"{ast.unparse(node)[:60]} is no call")
    unnamed = [_value(one) for one in node.args]
    arguments: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            unnamed.append(Opaque(f"**{ast.unparse(keyword.value)}"))
        elif keyword.arg in arguments:
            raise Unreadable(f"the argument {keyword.arg} is given twice")
        else:
            arguments[keyword.arg] = _value(keyword.value)
    return Call(_name(node.func), arguments, tuple(unnamed))


def _name(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise Unreadable(f"{ast.unparse(node)[:60]} names no function")
    return ".".join([node.id, *reversed(parts)])


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.List):
        return [_value(one) for one in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(one) for one in node.elts)
    if isinstance(node, ast.Dict):
        return _dict(node)
    if isinstance(node, ast.UnaryOp):
        return _signed(node)
    if isinstance(node, ast.BinOp):
        return _worked_out(node)
    if isinstance(node, ast.Call) and node.keywords:
        inner = _call(node)
        return {inner.name: dict(inner.arguments)}
    if isinstance(node, ast.Call | ast.Subscript):
        return ast.unparse(node)
    return Opaque(ast.unparse(node))


def _constant(node: ast.Constant) -> Any:
    value = node.value
    if value is ...:
        return "..."
    return value if value is None or isinstance(value, str | int | float) else Opaque(ast.unparse(node))


def _dict(node: ast.Dict) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = None if key is None else _value(key)
        if not isinstance(name, str | int | float):
            return Opaque(ast.unparse(node))
        found[name] = _value(value)
    return found


def _signed(node: ast.UnaryOp) -> Any:
    value = _value(node.operand)
    if _is_number(value) and isinstance(node.op, ast.USub | ast.UAdd):
        return -value if isinstance(node.op, ast.USub) else value
    return Opaque(ast.unparse(node))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
}


def _worked_out(node: ast.BinOp) -> Any:
    """`0.05/12` as a number, where neither the numbers nor the result are beyond bounds."""
    left, right, how = _value(node.left), _value(node.right), _ARITHMETIC.get(type(node.op))
    literals = isinstance(node.left, ast.Constant | ast.BinOp) and isinstance(node.right, ast.Constant | ast.BinOp)
    if literals and isinstance(node.op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return left + right
    if how is None or not (_is_number(left) and _is_number(right)):
        return Opaque(ast.unparse(node))
    if isinstance(node.op, ast.Pow) and abs(right) * math.log2(abs(left) + 2) > 60:
        return Opaque(ast.unparse(node))
    try:
        result = how(left, right)
    except ArithmeticError:
        return Opaque(ast.unparse(node))
    return result if _is_number(result) else Opaque(ast.unparse(node))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
