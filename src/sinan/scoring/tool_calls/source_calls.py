"""Calls in Java's or JavaScript's syntax: `[Printer.print(text="a", copies=2)]`, read by tree-sitter.

Arguments are named as in Python. A value is the text of its expression, a string's or character's without its quotes:
`types_of_source` makes of it what the function declares.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from sinan.errors import MissingExtra
from sinan.scoring.tool_calls.call import Call, Unreadable, bounded

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

STRINGS = ("string_literal", "character_literal", "string")
"""Kinds of nodes whose quotes are no part of the value."""
_QUOTED = re.compile(r"\\([\"'])")
_CALLS = ("method_invocation", "call_expression")


def source_calls(text: str, language: str) -> list[Call]:
    """The calls of a text, in brackets or not; empty for `[]`. Raises Unreadable, or MissingExtra."""
    inside = text.strip()
    if inside.startswith("[") and inside.endswith("]"):
        inside = inside[1:-1].strip()
    if not inside:
        return []
    root = parsed(f"f({inside})", language)  # as arguments, so that several may stand side by side
    whole = root.children[0].children[0]
    arguments = whole.child_by_field_name("arguments")
    if whole.type not in _CALLS or arguments is None or arguments.start_byte != 1:
        raise Unreadable("no list of calls")  # a bracket of the text closed the one that was set around it
    return [_call(node) for node in items(arguments)]


def parsed(code: str, language: str) -> "Node":
    """The tree of an expression. Raises Unreadable where it holds an error, or MissingExtra."""
    root = parser(language).parse(bounded(code).encode("utf-8", "surrogatepass")).root_node
    wrong = any(node.is_error or (node.is_missing and node.type != ";") for node in _all(root))
    if wrong or len(root.children) != 1 or root.children[0].type != "expression_statement":
        raise Unreadable(f"no {language}")
    return root


def items(node: "Node") -> list["Node"]:
    """What stands between the brackets of a list of arguments or elements, comments apart."""
    return [child for child in node.named_children if "comment" not in child.type]


def written(node: "Node") -> str:
    """The text of a node; of a string or a character without its quotes, those inside it without their backslash."""
    text = (node.text or b"").decode("utf-8", "surrogatepass")
    return _QUOTED.sub(r"\1", text[1:-1]) if node.type in STRINGS else text


@cache
def parser(language: str) -> "Parser":
    """The parser of `java` or `javascript`, made once."""
    try:
        from tree_sitter import Language, Parser
    except ImportError:
        raise MissingExtra("reading calls in Java and JavaScript", "tree-sitter", "tools") from None
    return Parser(Language(_grammar(language)))


def _grammar(language: str) -> Any:
    try:
        if language == "java":
            import tree_sitter_java

            return tree_sitter_java.language()
        import tree_sitter_javascript
    except ImportError:
        raise MissingExtra("reading calls in Java and JavaScript", f"tree-sitter-{language}", "tools") from None
    return tree_sitter_javascript.language()


def _call(node: "Node") -> Call:
    if node.type not in _CALLS:
        raise Unreadable(f"{written(node)[:60]} is no call")
    arguments = node.child_by_field_name("arguments")
    if arguments is None or arguments.type not in ("argument_list", "arguments"):
        raise Unreadable(f"{written(node)[:60]} is no call")
    named: dict[str, str] = {}
    unnamed: list[str] = []
    for one in items(arguments):
        left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
        if one.type != "assignment_expression" or left is None or right is None:
            unnamed.append(written(one))
        elif written(left) in named:
            raise Unreadable(f"the argument {written(left)} is given twice")
        else:
            named[written(left)] = written(right)
    return Call(_name(node, arguments), named, tuple(unnamed))


def _name(node: "Node", arguments: "Node") -> str:
    """All that stands before the arguments, without white space."""
    whole = (node.text or b"")[: arguments.start_byte - node.start_byte]
    return "".join(whole.decode("utf-8", "surrogatepass").split())


def _all(root: "Node") -> Iterator["Node"]:
    """Every node; by a stack of our own, since a hostile text may be deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children
