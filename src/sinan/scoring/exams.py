"""A program and the tests of its sample, put together for the sandbox; and how that went.

What the metadata of a sample say (`datasets.programs` writes them):

    language      python, javascript, bash, java, ...
    prompt        the text that a continuation goes on from; empty where a task is described in words
    entry_point   the name that is asked for; may be empty
    test          what is run after the program: it raises, or ends otherwise, where the program is wrong
    closing       what ends a continuation before the tests, such as the `}` of a function in bash

Whether a program passed is said by a line with a token that is made anew for every run. In Python, JavaScript and bash
program and tests are two processes: the program never holds the token, the tests, nor what they expect. In the other
languages they are one text, and the token stands in standard input: ending early, exit codes and guessed tokens pass
nothing, but a program written against this very harness could read it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import SinanError
from sinan.sandbox import Limits, Program, Ran
from sinan.scoring import in_jail
from sinan.scoring.languages import Language
from sinan.scoring.programs import Found, preamble

COMPILED = 65
"""Exit code of a program that could not be built."""
SHOWN = 1000
"""Characters of an output's end that are kept."""


@dataclass(frozen=True, slots=True)
class Went:
    """How a program did."""

    passed: bool
    why: str = ""
    """In words, where it did not pass."""
    unfit: bool = False
    """Whether the fault is not the program's: there is no verdict then."""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def source(metadata: Mapping[str, Any], found: Found, language: Language) -> str:
    """The program's text, with what the prompt gives of it."""
    prompt = str(metadata.get("prompt", ""))
    if found.continues:
        return prompt + found.code + str(metadata.get("closing", ""))
    head = preamble(prompt, found.code, str(metadata.get("entry_point", "")), language)
    head = str(metadata.get("preamble", "")) + head
    if language.name == "python" and "from __future__" in found.code:
        return _future_first(head, found.code)
    return f"{head}\n{found.code}" if head else found.code


def put_together(metadata: Mapping[str, Any], text: str, language: Language, token: str) -> Program:
    """What the sandbox runs, to find out whether the program `text` passes its tests."""
    test, name = str(metadata["test"]), str(metadata.get("entry_point", ""))
    if language.name == "python":
        exam = {"token": token, "given": _given(metadata), "test": test, "entry_point": name}
        return _in_parts(in_jail.PYTHON, "sinan_python.py", {}, {"program": text}, exam)
    if language.name == "javascript":
        script = "\n".join(
            ["'use strict'; {", *in_jail.texts(in_jail.NODE_TESTS).values(), "}"]
        )  # a block: its names stay in it
        commands = {"program": ["node", "sinan_program.js"], "tests": ["node", "-e", script]}
        rest = {"token": token, "exam": {"test": test, "entry_point": name}}
        return _in_parts(in_jail.NODE, "sinan_two.py", {"solution.js": text}, commands, rest)
    if language.name == "bash":
        rest = {"token": token, "test": test, "entry_point": name}
        return _in_parts(in_jail.BASH, "sinan_bash.py", {"solution.sh": text}, {}, rest)
    return _in_one(text, test, language, token)


def went(ran: Ran, token: str, language: Language, limits: Limits) -> Went:
    """What a run says of the program."""
    report = _report(ran.stdout, token) if language.runs == "apart" else _passed_to_its_end(ran, token)
    told = dict(report or {})
    told.pop("passed", None)
    evidence = {"ended": ran.ended, "exit_code": ran.exit_code, "seconds": round(ran.seconds, 3)} | told
    evidence |= {"isolation": ran.isolation, "tests": language.runs}
    evidence |= {"stdout": _end(ran.stdout, token), "stderr": _end(ran.stderr, token)}
    if report is not None and "unfit" in report:
        return Went(False, str(report["unfit"]), True, evidence)
    if report is not None and report.get("passed") is True and ran.ended == "exited":
        return Went(True, "", False, evidence)
    return Went(False, _why(ran, report, limits), False, evidence)


def ended(ran: Ran, limits: Limits) -> str:
    """In words how a program ended."""
    words = {
        "timeout": f"it took longer than {limits.seconds:g} s",
        "memory": f"it took more than {limits.memory_mb} MiB of memory",
        "output": f"it wrote more than {limits.output_bytes} bytes",
        "disk": f"it wrote more than {limits.disk_mb} MiB of files",
        "signal": f"it was ended by signal {-(ran.exit_code or 0)}",
    }
    return words.get(ran.ended, f"it ended with exit code {ran.exit_code}")


def token() -> str:
    """32 hex digits that nobody can guess."""
    return secrets.token_hex(16)


def _why(ran: Ran, report: Mapping[str, Any] | None, limits: Limits) -> str:
    if report is None:
        if ran.exit_code == COMPILED:
            return "it cannot be built"
        if ran.ended == "exited":
            return f"it ended before its tests did, with exit code {ran.exit_code}"
        return ended(ran, limits)
    line, error = report.get("line"), report.get("error")
    at = f" at `{line}`" if line else ""
    return f"{report.get('failed', 'a test failed')}{at}" + (f" ({error})" if error else "")


def _in_parts(
    harness: tuple[str, ...], main: str, files: dict[str, str], first: Mapping[str, Any], rest: Mapping[str, Any]
) -> Program:
    texts = in_jail.texts(harness)
    begin = json.dumps(first)
    return Program(texts | files, ("python", main), f"{len(begin)}\n{begin}{json.dumps(rest)}")


def _in_one(text: str, test: str, language: Language, token: str) -> Program:
    whole = language.first + text + _with_end(test, language)
    files = {language.file: whole, **dict(language.extra)}
    if not language.build:
        return Program(files, tuple(language.run.split()), token)
    files["main.sh"] = f"{language.build} >&2 || exit {COMPILED}\nexec {language.run}\n"
    return Program(files, ("bash", "main.sh"), token)


def _with_end(test: str, language: Language) -> str:
    if not language.before:
        return f"{test}\n{language.last}\n"
    before, mark, after = test.rpartition(language.before)
    if not mark:
        raise SinanError(f"tests in {language.name} end with {language.before!r}; these do not, and cannot be judged")
    return f"{before}\n{language.last}\n{mark}{after}"


def _given(metadata: Mapping[str, Any]) -> str:
    """The prompt, where it is Python by itself: tests may use what it defines."""
    import ast

    prompt = str(metadata.get("prompt", ""))
    try:
        ast.parse(prompt)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return prompt


def _future_first(head: str, code: str) -> str:
    lines = code.splitlines(keepends=True)
    first = [line for line in lines if line.startswith("from __future__")]
    return "".join(first) + head + "\n" + "".join(line for line in lines if line not in first)


def _report(stdout: str, token: str) -> dict[str, Any] | None:
    """The line that only the tests' side could write."""
    _, mark, after = stdout.rpartition(f"\n{token} ")
    if not mark:
        return None
    try:
        report = json.loads(after.partition("\n")[0])
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def _passed_to_its_end(ran: Ran, token: str) -> dict[str, Any] | None:
    reached = token in ran.stdout.split()
    if reached and ran.exit_code == 0:
        return {"passed": True}
    return {"failed": "a test failed"} if ran.ended == "exited" and ran.exit_code not in (0, COMPILED) else None


def _end(text: str, token: str) -> str:
    """The end of an output, without the harness's own line."""
    kept = "\n".join(line for line in text.split("\n") if token not in line).rstrip()
    return kept[-SHOWN:]
