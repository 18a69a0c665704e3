"""Small tasks with tests, and completions for them."""

import pytest

from sinan.errors import SandboxUnavailable
from sinan.sandbox import open_sandbox
from sinan.scoring import Code
from sinan.types import Completion, Sample

PROMPT = 'def twice(n: int) -> int:\n    """ Twice the number.\n    >>> twice(4)\n    8\n    """\n'
CHECK = "def check(candidate):\n    assert candidate(4) == 8\n    assert candidate(-1) == -2\n\ncheck(twice)\n"
PYTHON = {"language": "python", "prompt": PROMPT, "entry_point": "twice", "test": CHECK}
JS = {
    "language": "javascript",
    "prompt": "// Twice the number.\nfunction twice(n) {\n",
    "entry_point": "twice",
    "test": "\nconst _ = require('lodash')\nvar x0 = twice(4);\nif (!_.isEqual(x0, 8)) { throw 'Error at 1' }\n"
    "var x1 = twice(-1);\nif (!_.isEqual(x1, -2)) { throw 'Error at 2' }\n",
}
BASH = {
    "language": "bash",
    "prompt": "#!/bin/bash\n# Twice the number.\ntwice() {\n",
    "entry_point": "twice",
    "closing": "\n}",
    "test": '\n\ncandidate() {\n    twice "$@"\n}\n\nset -e\nrun_test() {\n'
    '    [[ $(candidate "4") = "8" ]]\n    [[ $(candidate "-1") = "-2" ]]\n}\n\nrun_test\n',
}
JAVA = {
    "language": "java",
    "prompt": "import java.util.*;\n\nclass Twice {\n    public static int twice(int n) {\n",
    "entry_point": "twice",
    "test": "\n\nclass Main {\n    public static void main(String[] args) throws Exception {\n"
    '        if (Twice.twice(4) != 8) { throw new java.lang.Exception("case 0"); }\n'
    '        if (Twice.twice(-1) != -2) { throw new java.lang.Exception("case 1"); }\n\n}\n}\n',
}
CPP = {
    "language": "cpp",
    "prompt": "#include <bits/stdc++.h>\nusing namespace std;\n\nint twice(int n) {\n",
    "entry_point": "twice",
    "test": '\n\nint main(int argc, char* argv[]) {\n    if (twice(4) != 8) { throw runtime_error("case 0"); }\n'
    '    if (twice(-1) != -2) { throw runtime_error("case 1"); }\n\n    return 0;\n}',
}


def judged(metadata, text, finish="stop", **settings):
    """The score of one completion."""
    settings = {"seconds": 20.0} | settings
    return Code(**settings)(Sample("1", "?", "x", metadata=metadata), Completion(text, finish))


def sandboxed():
    """Whether programs can be run on this machine at all; a mark for tests."""
    try:
        open_sandbox()
    except SandboxUnavailable as error:
        return pytest.mark.skip(reason=str(error))
    return pytest.mark.filterwarnings("default")
