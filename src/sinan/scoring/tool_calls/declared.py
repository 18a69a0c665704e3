"""The types that a function's description gives its parameters, by the names of each language.

They are those of BFCL's data; `any` is a text, for what is written out as such.
"""

from collections.abc import Mapping
from typing import Any

_PYTHON: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
_JAVA: dict[str, type] = {
    **dict.fromkeys(("byte", "short", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    **dict.fromkeys(("char", "String", "any"), str),
    **dict.fromkeys(("Array", "ArrayList", "Queue", "Stack", "Set"), list),
    **dict.fromkeys(("HashMap", "Hashtable"), dict),
    "boolean": bool,
}
_JAVASCRIPT: dict[str, type] = {
    "String": str,
    "integer": int,
    "float": float,
    "Bigint": int,
    "Boolean": bool,
    "dict": dict,
    "array": list,
    "any": str,
}
TYPES: Mapping[str, Mapping[str, type]] = {"python": _PYTHON, "java": _JAVA, "javascript": _JAVASCRIPT}
"""By language: a type's name in a description, and what a value of it is here."""


class NotDeclared(ValueError):
    """A description that lacks a type, or has one that is not known: the data's fault, not the model's."""


def declared(parameter: Mapping[str, Any], language: str) -> tuple[str, type]:
    """The name of a parameter's type, and the type. Raises NotDeclared."""
    name = parameter.get("type")
    kind = TYPES[language].get(name) if isinstance(name, str) else None
    if kind is None:
        raise NotDeclared(f"the type {name!r} is not known for {language}")
    return str(name), kind


def elements(parameter: Mapping[str, Any], language: str) -> tuple[str, type | None]:
    """The same of the elements of a list; ("", None) where the parameter is none, or nothing is said of them."""
    items = parameter.get("items")
    if declared(parameter, language)[1] is not list or not isinstance(items, Mapping) or not items.get("type"):
        return "", None
    return declared(items, language)
