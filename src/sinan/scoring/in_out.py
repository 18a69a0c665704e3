"""Programs that read standard input and write standard output, or whose one function is called: inputs and outputs.

Every test is a run of its own, and what it expects never enters the sandbox. Outputs are compared as LiveCodeBench
does: line by line without blanks at both ends; lines that differ as texts are alike where they are the same numbers,
exactly. What a function returns must be the expected value; a tuple counts as a list at the top.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sinan.sandbox import Limits, Program, Sandbox
from sinan.scoring.exams import COMPILED, SHOWN, Went, ended
from sinan.scoring.languages import Language

_CALL = """import json, sys
import sinan_values as values
sys.path.append(".")
name, token, given = json.loads(sys.stdin.read())
import solution
called = getattr(getattr(solution, "Solution", None), name, None)
called = getattr(solution.Solution(), name) if called else getattr(solution, name)
value = called(*given)
value = list(value) if isinstance(value, tuple) else value
def kept(other):
    raise TypeError(f"the function returned a {type(other).__name__}")
print()
print(token, json.dumps(values.packed(value, kept)))
"""


def run_all(
    sandbox: Sandbox, metadata: Mapping[str, Any], text: str, language: Language, limits: Limits, token: str
) -> Went:
    """All tests, up to the first that fails."""
    tests = metadata["tests"]
    seconds = 0.0
    isolation = ""
    for number, test in enumerate(tests, 1):
        program = _program(metadata, text, language, str(test["input"]), token)
        ran = sandbox.run(program, limits)
        seconds, isolation = seconds + ran.seconds, ran.isolation
        evidence: dict[str, Any] = {"test": number, "of": len(tests), "ended": ran.ended, "exit_code": ran.exit_code}
        evidence |= {"seconds": round(seconds, 3), "isolation": isolation, "stderr": ran.stderr[-SHOWN:]}
        evidence |= {"input": str(test["input"])[:SHOWN], "expected": str(test["output"])[:SHOWN]}
        evidence |= {"stdout": ran.stdout[-SHOWN:]}
        if ran.ended != "exited" or ran.exit_code != 0:
            return Went(False, f"test {number} of {len(tests)}: {ended(ran, limits)}", False, evidence)
        if not _right(metadata, ran.stdout, str(test["output"]), token):
            return Went(False, f"test {number} of {len(tests)}: another output than expected", False, evidence)
    return Went(True, "", False, {"tests": len(tests), "seconds": round(seconds, 3), "isolation": isolation})


def alike(said: str, expected: str) -> bool:
    """Whether two outputs count as the same."""
    left, right = ([line.strip() for line in text.strip().split("\n")] for text in (said, expected))
    return len(left) == len(right) and all(
        one == other or _same_numbers(one, other) for one, other in zip(left, right, strict=True)
    )


def same(packed: Any, expected: Any) -> bool:
    """Whether a value, as it comes out of the sandbox, is the expected JSON value."""
    if isinstance(packed, dict):
        ((kind, held),) = packed.items()
        if kind != "dict" or not isinstance(expected, dict) or len(held) != len(expected):
            return False
        return all(isinstance(key, str) and key in expected and same(value, expected[key]) for key, value in held)
    if isinstance(packed, list):
        return (
            isinstance(expected, list)
            and len(packed) == len(expected)
            and all(same(one, other) for one, other in zip(packed, expected, strict=True))
        )
    return not isinstance(expected, list | dict) and bool(packed == expected)


def _program(metadata: Mapping[str, Any], text: str, language: Language, given: str, token: str) -> Program:
    if name := metadata.get("call"):
        from sinan.scoring import in_jail

        files = in_jail.texts(("sinan_values.py",)) | {"solution.py": text, "main.py": _CALL}
        arguments = [json.loads(line) for line in given.split("\n") if line.strip()]
        return Program(files, ("python", "main.py"), json.dumps([name, token, arguments]))
    if language.name == "python":
        return Program({"main.py": text}, ("python", "main.py"), given)
    if language.name == "bash":
        return Program({"main.sh": text}, ("bash", "main.sh"), given)
    if language.name == "javascript":  # node reads the machine's own settings of OpenSSL, and ends where it may not
        start = "OPENSSL_CONF=/dev/null exec node main.js\n"
        return Program({"main.js": text, "main.sh": start}, ("bash", "main.sh"), given)
    if not language.build:
        return Program({language.file: text}, tuple(language.run.split()), given)
    script = f"{language.build} >&2 </dev/null || exit {COMPILED}\nexec {language.run}\n"
    return Program({language.file: text, "main.sh": script}, ("bash", "main.sh"), given)


def _right(metadata: Mapping[str, Any], stdout: str, expected: str, token: str) -> bool:
    if not metadata.get("call"):
        return alike(stdout, expected)
    _, mark, after = stdout.rpartition(f"\n{token} ")
    try:
        return bool(mark) and same(json.loads(after), json.loads(expected))
    except (ValueError, RecursionError):
        return False


def _same_numbers(one: str, other: str) -> bool:
    try:
        return [Decimal(word) for word in one.split()] == [Decimal(word) for word in other.split()]
    except InvalidOperation:
        return False
