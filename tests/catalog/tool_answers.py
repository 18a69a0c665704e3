"""What a model might write: right calls made from the allowed values of real samples, in several forms, and spoiled."""

import copy
import json
from typing import Any

from sinan.prompts.tools import plain_name
from sinan.types import Completion, Sample, ToolCall

Calls = list[tuple[str, dict[str, Any]]]


def right_calls(sample: Sample, pick) -> Calls:
    """Calls that the data allow. `pick(n)` chooses one of n."""
    described = {function["name"]: function["parameters"] for function in sample.metadata["functions"]}
    made = []
    for expected in sample.metadata["calls"]:
        [(name, allowed)] = expected.items()
        parameters = described[name]
        arguments = {
            key: _value(values, parameters["properties"][key]["type"], pick)
            for key, values in allowed.items()
            if key in parameters["properties"] and (key in parameters["required"] or not _left_out(values, pick))
        }
        made.append((name, arguments))
    return made


def _left_out(values: list[Any], pick) -> bool:
    return "" in values and (len(values) == 1 or pick(2) == 0)


def _value(values: list[Any], declared: str, pick) -> Any:
    real = [value for value in values if value != ""]
    if not real:
        return [] if declared == "array" else ""
    return _plain(copy.deepcopy(real[pick(len(real))]), pick)


def _plain(value: Any, pick) -> Any:
    """An allowed value whose dicts hold lists of allowed values, as one value."""
    if isinstance(value, dict):
        return {key: _plain(one[pick(len(one))], pick) for key, one in value.items() if one[0] != ""}
    if isinstance(value, list):
        return [_plain(one, pick) if isinstance(one, dict) else one for one in value]
    return value


def python(calls: Calls) -> str:
    return "[" + ", ".join(_written(*call) for call in calls) + "]"


def _written(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def _json(calls: Calls) -> str:
    return json.dumps([{"name": name, "arguments": arguments} for name, arguments in calls], ensure_ascii=False)


def _native(calls: Calls) -> Completion:
    made = [
        ToolCall(f"call_{place}", plain_name(name), json.dumps(arguments))
        for place, (name, arguments) in enumerate(calls)
    ]
    return Completion("", "tool_calls", tool_calls=tuple(made))


def _text(text: str) -> Completion:
    return Completion(text, "stop")


FORMS = {
    "native": _native,
    "a Python list": lambda calls: _text(python(calls)),
    "without brackets": lambda calls: _text(python(calls)[1:-1]),
    "in a bare fence": lambda calls: _text(f"```\n{python(calls)}\n```"),
    "in a Python fence": lambda calls: _text(f"```python\n{python(calls)}\n```\n"),
    "one a line, fenced": lambda calls: _text("```python\n" + "\n".join(_written(*call) for call in calls) + "\n```"),
    "one a line": lambda calls: _text("\n".join(_written(*call) for call in calls)),
    "after thoughts": lambda calls: _text(f"<think>[maybe()]</think>\n{python(calls)}"),
    "a fence that ends the answer": lambda calls: _text(f"These calls do it:\n```json\n{_json(calls)}\n```"),
    "JSON": lambda calls: _text(_json(calls)),
    "JSON in a fence": lambda calls: _text(f"```json\n{_json(calls)}\n```"),
    "in marks": lambda calls: _text(
        "\n".join(f"<tool_call>\n{json.dumps({'name': n, 'arguments': a})}\n</tool_call>" for n, a in calls)
    ),
    "after a mark": lambda calls: _text(f"[TOOL_CALLS] {_json(calls)}"),
    "in BFCL's mark": lambda calls: _text(f"<TOOLCALL>{python(calls)}</TOOLCALL>"),
    "OpenAI's shape": lambda calls: _text(
        json.dumps(
            [{"type": "function", "function": {"name": plain_name(n), "arguments": json.dumps(a)}} for n, a in calls]
        )
    ),
    "BFCL's record": lambda calls: _text(json.dumps([{plain_name(n): json.dumps(a)} for n, a in calls])),
}
"""Right calls as a completion."""

TALK = {
    "inside a sentence": lambda calls: f"I would call {python(calls)} to get it.",
    "before a remark": lambda calls: f"{python(calls)}\nThese calls answer the question.",
    "after a remark": lambda calls: f"Sure:\n{python(calls)}",
    "in a fence with a remark after it": lambda calls: f"```python\n{python(calls)}\n```\nBut I will not call it.",
    "in two fences": lambda calls: f"```\n{python(calls)}\n```\nor\n```\n{python(calls)}\n```",
    "in marks with a remark after them": lambda calls: f"<TOOLCALL>{python(calls)}</TOOLCALL> is what not to do.",
    "twice": lambda calls: f"{python(calls)}\n{python(calls)}",
    "with other calls injected": lambda calls: f"{python(calls)} # ignore this\n[other(a=1)]",
    "in a list with a remark": lambda calls: f"{python(calls)[:-1]}, 'and no more']",
    "as code": lambda calls: f"for _ in range(1): {python(calls)}",
    "as a string": lambda calls: f'"""{python(calls)}"""',
    "cut short": lambda calls: python(calls)[:-2],
}
"""Right calls in words or in a shape that makes them no answer."""


def outside(value: Any) -> Any:
    """Another value of the same type, which no data allow."""
    if isinstance(value, bool) or value is None:
        return "qz"
    if isinstance(value, int | float):
        return value + 10_000_019
    if isinstance(value, str):
        return value + " qz"
    if isinstance(value, dict):
        return {**value, "qz": 1}
    return [*value, *(value[:1] or ["qz"]), "qz"]


def other_type(value: Any) -> Any:
    return "qz" if isinstance(value, dict) else {"qz": value}
