"""What the text of an argument is in Java or JavaScript, by the type that the function declares.

As published: a number needs the form of its type (`5L` for a long, `3.0f` for a float, `5n` for a Bigint), collections
are those of Java 8's own syntax, and a text that does not fit its type stays a text: the name of a variable.
Strings inside a collection lose their quotes, whatever its elements are declared as.
"""

import re
from typing import TYPE_CHECKING, Any

from sinan.scoring.tool_calls.call import Unreadable
from sinan.scoring.tool_calls.source_calls import STRINGS, items, parsed, written

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_FORMS: dict[str, dict[str, tuple[re.Pattern[str], type]]] = {
    "java": {
        **dict.fromkeys(("byte", "short", "integer"), (re.compile(r"(-?\d+)"), int)),
        "long": (re.compile(r"(-?\d+)[lL]"), int),
        "float": (re.compile(rf"({_NUMBER})[fF]"), float),
        "double": (re.compile(rf"({_NUMBER})"), float),
    },
    "javascript": {
        "integer": (re.compile(r"(-?\d+)"), int),
        "float": (re.compile(r"(-?\d+(?:\.\d+)?)"), float),
        "Bigint": (re.compile(r"(-?\d+)n"), int),
    },
}
_COLLECTIONS = {"Array", "ArrayList", "HashMap", "array", "dict"}


def source_value(text: str, language: str, declared: str, nested: str) -> Any:
    """The value of an argument's text. `declared` is the type by its name in the function's description, `nested` that
    of its elements (empty: none is named). Raises MissingExtra."""
    if declared in _COLLECTIONS:
        return _collection(text, language, declared, nested)
    form = _FORMS[language].get(declared)
    if form:
        match = form[0].fullmatch(text) if len(text) < 400 else None
        return form[1](match[1]) if match else text
    if declared in ("boolean", "Boolean") and text in ("true", "false"):
        return text == "true"
    if declared == "String" and language == "javascript" and len(text) > 1 and text[0] == text[-1] in "\"'":
        return text[1:-1]
    return text


def _collection(text: str, language: str, declared: str, nested: str) -> Any:
    text = text.strip()
    try:
        node = _expression(text, language)
    except Unreadable:
        return text
    elements = _java_elements(node, declared) if language == "java" else _javascript_elements(node, declared)
    if elements is None:
        return text
    if isinstance(elements, dict):
        return {key: _natural(one, language) for key, one in elements.items()}
    return [_element(one, language, nested) for one in elements]


def _expression(text: str, language: str) -> "Node":
    statement = parsed(f"x = {text}", language).children[0]
    value = statement.children[0].child_by_field_name("right")
    if value is None:
        raise Unreadable("no expression")
    return value


def _element(node: "Node", language: str, nested: str) -> Any:
    if not nested or nested in ("any", "array") or node.type in STRINGS:
        return _natural(node, language)
    return source_value(written(node), language, nested, "")


def _natural(node: "Node", language: str) -> Any:
    """A value by what it looks like, where nothing declares its type."""
    text = written(node)
    if node.type in STRINGS:
        return text
    if text in ("true", "false"):
        return text == "true"
    for kind in ("array", "dict") if language == "javascript" else ():
        elements = _javascript_elements(node, kind)
        if isinstance(elements, dict):
            return {key: _natural(one, language) for key, one in elements.items()}
        if elements is not None:
            return [_natural(one, language) for one in elements]
    for form, made in _FORMS[language].values():
        match = form.fullmatch(text) if len(text) < 400 else None
        if match:
            return made(match[1])
    return float(text) if len(text) < 400 and re.fullmatch(_NUMBER, text) else text


def _javascript_elements(node: "Node", declared: str) -> "list[Node] | dict[str, Node] | None":
    if declared == "dict":
        return _pairs(node) if node.type == "object" else None
    if node.type == "array":
        return items(node)
    arguments = node.child_by_field_name("arguments")
    maker = node.child_by_field_name("constructor")
    if node.type == "new_expression" and maker is not None and written(maker) == "Array" and arguments is not None:
        return items(arguments)
    return None


def _pairs(node: "Node") -> "dict[str, Node] | None":
    found: dict[str, Node] = {}
    for pair in items(node):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or written(key) in found:
            return None
        found[written(key)] = value
    return found


def _java_elements(node: "Node", declared: str) -> "list[Node] | dict[str, Node] | None":
    if declared == "Array":
        value = node.child_by_field_name("value") if node.type == "array_creation_expression" else None
        return None if value is None else items(value)
    if node.type != "object_creation_expression" or not _named(node, declared):
        return None
    arguments = node.child_by_field_name("arguments")
    given = [] if arguments is None else items(arguments)
    body = next((child for child in node.children if child.type == "class_body"), None)
    if declared == "HashMap":
        return None if given else _puts(body)
    if body is not None:
        return None if given else [adds[0] for adds in _statements(body, "add") if len(adds) == 1]
    return _as_list(given)


def _named(node: "Node", wanted: str) -> bool:
    kind = node.child_by_field_name("type")
    return kind is not None and written(kind).partition("<")[0].strip() == wanted


def _as_list(given: "list[Node]") -> "list[Node] | None":
    """`Arrays.asList(...)` inside of `new ArrayList<>(...)`; nothing inside is an empty list."""
    if not given:
        return []
    arguments = given[0].child_by_field_name("arguments")
    if len(given) > 1 or arguments is None or not written(given[0]).startswith("Arrays.asList"):
        return None
    return items(arguments)


def _puts(body: "Node | None") -> "dict[str, Node]":
    pairs = [] if body is None else [given for given in _statements(body, "put") if len(given) == 2]
    return {written(key): value for key, value in pairs}


def _statements(body: "Node", name: str) -> "list[list[Node]]":
    """The arguments of every call of a name in a block within the body: `{{ add(1); add(2); }}`."""
    found: list[list[Node]] = []
    for block in items(body):
        for statement in items(block):
            call = statement.named_children[0] if statement.named_children else statement
            called, arguments = call.child_by_field_name("name"), call.child_by_field_name("arguments")
            if called is not None and arguments is not None and written(called) == name:
                found.append(items(arguments))
    return found
