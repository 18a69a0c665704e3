"""Whether a language can be used in the sandbox of this machine: found out by running a program that is right.

A compiler may be installed and still not run there: what a layer of isolation forbids, or a library that is missing,
shows only so. Without this every program of a model would be called wrong.
"""

import threading
from typing import Any

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Limits, Sandbox
from sinan.scoring import exams
from sinan.scoring.languages import Language

PATIENCE = 120.0
"""Seconds: a compiler on a busy machine."""
_HEADS = {
    "python": ("def twice(n):\n    return 2 * n\n", "assert twice(2) == 4\n"),
    "javascript": ("function twice(n) { return 2 * n }\n", "if (twice(2) !== 4) { throw 'wrong' }\n"),
    "bash": ("twice() { echo $(( $1 * 2 )); }\n", "set -e\n[[ $(twice 2) = 4 ]]\n"),
    "java": (
        "class Twice { static int twice(int n) { return 2 * n; } }\n",
        "class Main {\n  public static void main(String[] a) {\n"
        "    if (Twice.twice(2) != 4) { throw new RuntimeException(); }\n}\n}\n",
    ),
    "cpp": (
        "#include <iostream>\nint twice(int n) { return 2 * n; }\n",
        "int main() {\n  if (twice(2) != 4) { return 1; }\n  return 0;\n}\n",
    ),
    "go": (
        "package main\n\nfunc twice(n int) int { return 2 * n }\n",
        'func main() {\n\tif twice(2) != 4 { panic("wrong") }\n}\n',
    ),
    "php": (
        "<?php\nfunction twice($n) { return 2 * $n; }\n",
        "if (twice(2) !== 4) { throw new Exception('wrong'); }\n",
    ),
    "ruby": ("def twice(n)\n  2 * n\nend\n", 'raise "wrong" if twice(2) != 4\n'),
    "perl": ("sub twice { return 2 * $_[0]; }\n", 'use Data::Compare;\ndie "wrong" unless Compare(twice(2), 4);\n'),
}
_lock = threading.Lock()
_works: set[str] = set()


def refuse_what_does_not_run(sandbox: Sandbox, language: Language) -> None:
    """Raises SandboxUnavailable where a program that is right does not pass; once it did, that is known."""
    with _lock:
        if language.name in _works:
            return
        text, test = _HEADS[language.name]
        metadata: dict[str, Any] = {"test": test, "entry_point": "twice"}
        limits, token = Limits(seconds=PATIENCE), exams.token()
        went = exams.went(
            sandbox.run(exams.put_together(metadata, text, language, token), limits), token, language, limits
        )
        if not went.passed:
            said = " ".join(str(went.evidence.get("stderr", "")).split())[-200:]
            raise SandboxUnavailable(
                f"programs in {language.name} cannot be run in the sandbox of this machine "
                f"({went.evidence['isolation']} isolation): {went.why}{f' [{said}]' if said else ''}. "
                "See what `sinan doctor` says of the sandbox"
            )
        _works.add(language.name)
