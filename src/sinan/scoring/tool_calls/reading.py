"""Which calls did the model make? Native tool calls, or the calls that a text consists of.

In order, and each of them whole or not at all: the calls of the reply itself; a text that is a list of calls in the
language asked for, with or without its brackets; calls as JSON; marks of tool calls (`<tool_call>...</tool_call>`,
`<TOOLCALL>`, `[TOOL_CALLS]`) with nothing after them; a text that is one fenced block; calls one a line; one fenced
block that ends a text. In a fence, and line by line, only the offered functions are calls: else any piece of code would
be one. Calls that stand in prose are no calls: nobody knows whether they were meant.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sinan.prompts.tools import plain_name
from sinan.scoring.tool_calls.call import LONGEST, Call, Unreadable
from sinan.scoring.tool_calls.json_calls import arguments, is_record, json_calls
from sinan.scoring.tool_calls.python_calls import python_calls, python_lines
from sinan.scoring.tool_calls.source_calls import source_calls
from sinan.scoring.verdict import Reading, said
from sinan.types import Completion, ToolCall

_FENCE = re.compile(r"```[ \t]*([\w+-]{0,20})[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_MARK = re.compile(r"<(/?)(tool_call|TOOLCALL|tool_calls|function_call)>")
_MISTRAL = "[TOOL_CALLS]"
_Parser = Callable[[str], list[Call]]


@dataclass(frozen=True, slots=True)
class Read:
    """The calls that were read, and how."""

    calls: tuple[Call, ...]
    reading: Reading
    as_asked: bool = False
    """Whether they came as the protocol asks for them, as the published reader takes them: natively, or as a whole
    text that is a list, or recorded as BFCL records native ones."""
    plain_names: bool = False
    """Whether names may be those of tools, without dots."""


def read(completion: Completion, functions: Sequence[str], language: str) -> Read | None:
    """The calls of a completion; None where it holds none that can be read. `functions` are the names offered.
    Raises MissingExtra for Java and JavaScript without their parsers."""
    if completion.tool_calls:
        return _native(completion.tool_calls)
    answer = said(completion)
    text = answer.strip()
    if not text or len(text) > LONGEST:
        return None
    start = completion.text.rfind(answer) + answer.index(text)
    offered = {*functions, *map(plain_name, functions)}
    return _of_text(text, start, offered, language)


def _native(given: Sequence[ToolCall]) -> Read:
    """Arguments that are no JSON object make no call that could be right, but a call all the same."""
    calls: list[Call] = []
    for one in given:
        try:
            calls.append(Call(one.name, arguments(one.arguments)))
        except Unreadable:
            calls.append(Call(one.name, {}, (one.arguments,)))
    return Read(tuple(calls), _reading(calls, "native tool calls", None), True, True)


def _reading(calls: Sequence[Call], rule: str, span: tuple[int, int] | None, sure: bool = True) -> Reading:
    return Reading(f"[{', '.join(map(str, calls))}]", rule, span, sure)


def _of_text(text: str, start: int, offered: set[str], language: str) -> Read | None:
    span = (start, start + len(text))
    bare = text.strip("`\n ").strip("'")
    calls = _first([_list_of(language)], bare)
    if calls is not None:
        return Read(tuple(calls), _reading(calls, "the whole answer is a list of calls", span), True)
    calls = _first([json_calls], text)
    if calls is not None:
        reading = _reading(calls, "the whole answer is JSON", span)
        return Read(tuple(calls), reading, as_asked=is_record(text), plain_names=True)
    return (
        _marked(text, start, language)
        or _fenced(text, start, offered, language)
        or (_lines(text, span, offered) if language == "python" else None)
    )


def _list_of(language: str) -> _Parser:
    return python_calls if language == "python" else lambda text: source_calls(text, language)


def _first(parsers: Sequence[_Parser], text: str) -> list[Call] | None:
    for parser in parsers:
        try:
            return parser(text)
        except Unreadable:
            continue
    return None


def _marked(text: str, start: int, language: str) -> Read | None:
    """What stands in marks, where all of it can be read and nothing but white space is between and after them."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return _mistral(text, start)
    calls: list[Call] = []
    for at in range(0, len(marks), 2):
        inner = _between(text, marks[at : at + 3], language)
        if inner is None:
            return None
        calls += inner
    span = (start + marks[0].start(), start + len(text))
    alone = not text[: marks[0].start()].strip()
    return Read(tuple(calls), _reading(calls, f"inside <{marks[0][2]}>", span, alone), plain_names=True)


def _between(text: str, marks: Sequence[re.Match[str]], language: str) -> list[Call] | None:
    """The calls between a mark and the one that closes it, if only white space follows up to the next one."""
    if len(marks) < 2 or (marks[0][1], marks[1][1]) != ("", "/") or marks[0][2] != marks[1][2]:
        return None
    after = text[marks[1].end() : marks[2].start() if len(marks) > 2 else len(text)]
    if after.strip():
        return None
    return _first([json_calls, _list_of(language)], text[marks[0].end() : marks[1].start()].strip())


def _mistral(text: str, start: int) -> Read | None:
    before, mark, after = text.partition(_MISTRAL)
    calls = _first([json_calls], after.strip()) if mark else None
    if calls is None:
        return None
    span = (start + len(before), start + len(text))
    return Read(tuple(calls), _reading(calls, f"after {_MISTRAL}", span, not before.strip()), plain_names=True)


def _fenced(text: str, start: int, offered: set[str], language: str) -> Read | None:
    """The only fence of a text, at its end."""
    found = list(_FENCE.finditer(text))
    if len(found) != 1 or found[0].end() != len(text) or text.count("```") != 2:
        return None
    inside = found[0][2].strip()
    as_json = _first([json_calls], inside)
    calls = as_json or _first([_list_of(language), *([python_lines] if language == "python" else [])], inside)
    if not calls or not {call.name for call in calls} <= offered:
        return None
    alone = found[0].start() == 0
    rule = "the whole answer is a fenced block" if alone else "in the fenced block that ends the answer"
    span = (start + found[0].start(2), start + found[0].end(2))
    return Read(tuple(calls), _reading(calls, rule, span, alone), plain_names=as_json is not None)


def _lines(text: str, span: tuple[int, int], offered: set[str]) -> Read | None:
    calls = _first([python_lines], text)
    if not calls or not {call.name for call in calls} <= offered:
        return None
    return Read(tuple(calls), _reading(calls, "the answer is calls, one a line", span, sure=False))
