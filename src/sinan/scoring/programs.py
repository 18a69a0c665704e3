r"""What a completion gives as its program: a fenced block, its whole text, or what goes on from the prompt's last line.

The rules in order, each recorded with its stretch of the completion:

1. the last fenced block of the language (or of none) that defines what is asked for; a block that was cut ends with
   the text;
2. the last such block that defines something else: what goes on from the prompt, if its first line is indented, else a
   program as it is;
3. without blocks: the whole text, where it defines what is asked for;
4. else what goes on from the prompt.

`Continuation` takes the whole text as what goes on from the prompt, as harnesses for base models do.
"""

import re
from dataclasses import dataclass

from sinan.scoring.languages import Language
from sinan.scoring.verdict import Reading
from sinan.types import Completion

_HEAD = re.compile(r"import\s|#include|using\s|<\?php")
_FENCE = re.compile(r"(?:^|\n)[ \t]{0,8}(?P<marks>`{3,}|~{3,})[ \t]*(?P<tag>[\w+#.-]*)[^\n`]*(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Found:
    """A program, as far as the completion gives it."""

    code: str
    continues: bool
    """Whether it goes on from the prompt's last line; else it is a program by itself."""
    reading: Reading
    cut: bool = False
    """Whether it lacks its end: the completion ended inside."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its stretch of the text."""

    tag: str
    start: int
    end: int
    closed: bool


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a text, in order. One that is not closed ends with the text."""
    found, at = [], 0
    while opening := _FENCE.search(text, at):
        marks = opening["marks"]
        closing = re.compile(rf"\n?[ \t]{{0,8}}{re.escape(marks[0])}{{{len(marks)},}}[ \t]*(?:\n|$)")
        start = opening.end()
        end = next((m for m in closing.finditer(text, max(start - 1, 0)) if _begins_line(text, m, start)), None)
        if end is None:
            found.append(Block(opening["tag"].lower(), start, len(text), False))
            break
        found.append(Block(opening["tag"].lower(), start, max(start, end.start()), True))
        at = max(end.end() - 1, start)
    return found


def _begins_line(text: str, match: re.Match[str], start: int) -> bool:
    """Whether a closing fence stands at the beginning of a line of the block."""
    return match[0].startswith("\n") or match.start() == start


def found(completion: Completion, offset: int, language: Language, defines: str, continuation: bool) -> Found | None:
    """The program in a completion's text from `offset` on; None where there is nothing. `defines`: the name that is
    asked for, or empty."""
    text = completion.text
    cut = completion.finish_reason == "length"
    if continuation:  # also where it is empty: a prompt that ends in a docstring is a function already
        return _span(text, offset, len(text), "what goes on from the prompt", True, cut)
    if not text[offset:].strip():
        return None
    fenced = [
        Block(block.tag, block.start + offset, block.end + offset, block.closed)
        for block in blocks(text[offset:])
        if block.tag in ("", *language.tags)
    ]
    if fenced:
        return _of_blocks(text, fenced, language, defines, cut)
    if not defines or _defines(text[offset:], defines, language):
        return _span(text, offset, len(text), "the whole text", False, cut)
    return _span(text, offset, len(text), "what goes on from the prompt", True, cut)


def _of_blocks(text: str, fenced: list[Block], language: Language, defines: str, cut: bool) -> Found:
    tagged = [block for block in fenced if block.tag] or fenced
    defining = [block for block in fenced if defines and _defines(text[block.start : block.end], defines, language)]
    if defining:
        block, rule = defining[-1], f"the last block that defines {defines}"
    else:
        block, rule = tagged[-1], "the last block"
    code = text[block.start : block.end]
    first = next((line for line in code.splitlines() if line.strip()), "")
    continues = bool(defines) and not defining and first[:1] in (" ", "\t")
    return _span(text, block.start, block.end, rule, continues, cut and not block.closed)


def _span(text: str, start: int, end: int, rule: str, continues: bool, cut: bool) -> Found:
    code = text[start:end]
    return Found(code, continues, Reading(code, rule, (start, end)), cut)


def _defines(code: str, name: str, language: Language) -> bool:
    word = rf"{re.escape(name)}\b"
    patterns = {
        "python": rf"^(?:async\s+)?(?:def|class)\s+{word}|^{word}\s*[:=]",
        "javascript": rf"\b(?:function\*?|class)\s+{word}|\b(?:const|let|var)\s+{word}|^\s*(?:\w+\.)*{word}\s*=",
        "bash": rf"^\s*(?:function\s+)?{word}\s*\(\)|^\s*function\s+{word}",
    }
    return re.search(patterns.get(language.name, rf"\b{word}\s*\("), code, re.MULTILINE) is not None


def preamble(prompt: str, code: str, name: str, language: Language) -> str:
    """What of a prompt a whole program rests on without repeating it: in Python all before the definition that is asked
    for (imports and helpers); elsewhere the lines that bring in libraries, as far as the program lacks them."""
    if language.name == "python":
        places = list(re.finditer(rf"^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", prompt, re.MULTILINE))
        return prompt[: places[-1].start()] if name and places else ""
    if language.name == "go":
        return "" if re.search(r"^package\b", code, re.MULTILINE) else prompt.partition("\n)\n")[0] + "\n)\n"
    heads = [line for line in prompt.splitlines() if _HEAD.match(line) and line.strip() not in code]
    return "".join(f"{line}\n" for line in heads)
