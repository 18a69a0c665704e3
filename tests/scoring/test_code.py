"""What a completion gives as its program, how programs end, and what inputs and outputs count as the same."""

import base64
import json
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.datasets.programs import live_code_bench, mbpp, multipl_e
from sinan.errors import BadFile, SinanError, UnknownName, UsageError
from sinan.scoring import Code, languages, programs
from sinan.scoring.in_out import alike, same
from sinan.scoring.languages import language
from sinan.types import Completion, Outcome, Sample
from tests.scoring.programs import BASH, CPP, JAVA, JS, PYTHON, judged, sandboxed

sandbox = sandboxed()
DOUBLE = "def twice(n):\n    return 2 * n"
READINGS = [
    ("    return 2 * n\n", True, "what goes on from the prompt"),
    (f"```python\n{DOUBLE}\n```", False, "the last block that defines twice"),
    (
        f"Sure:\n```py\n{DOUBLE}\n```\nUse it so:\n```python\nprint(twice(4))\n```",
        False,
        "the last block that defines twice",
    ),
    (f"First\n```python\ndef twice(n): return n\n```\nbetter\n```python\n{DOUBLE}\n```", False, "the last block that"),
    (f"```\n{DOUBLE}\n```", False, "the last block that defines twice"),
    (f"~~~python\n{DOUBLE}\n~~~", False, "the last block that defines twice"),
    (f"```python\n{DOUBLE}", False, "the last block that defines twice"),
    ("```python\n    return 2 * n\n```", True, "the last block"),
    (f"```bash\npip install x\n```\n```python\n{DOUBLE}\n```", False, "the last block that defines twice"),
    (f"import math\n\n{DOUBLE}\n", False, "the whole text"),
    ("twice = lambda n: 2 * n", False, "the whole text"),
    (f"<think>```python\nno\n```</think>```python\n{DOUBLE}\n```", False, "the last block that defines twice"),
    (f"````python\n{DOUBLE}  # ```\n````", False, "the last block that defines twice"),
]


def read(text, finish="stop", continuation=False):
    completion = Completion(text, finish)
    from sinan.scoring.verdict import said

    return programs.found(completion, len(text) - len(said(completion)), language("python"), "twice", continuation)


@pytest.mark.parametrize(("text", "continues", "rule"), READINGS)
def test_a_program_is_read_by_a_rule_that_is_recorded_with_its_stretch(text, continues, rule):
    found = read(text)
    start, end = found.reading.span
    assert found.continues == continues
    assert found.reading.rule.startswith(rule)
    assert text[start:end] == found.code == found.reading.answer
    assert "return 2 * n" in found.code or "2 * n" in found.code


@pytest.mark.parametrize("text", ["", " \n ", "<think>long"])
def test_nothing_is_no_program(text):
    assert read(text) is None
    assert judged(PYTHON, text).outcome == Outcome.UNPARSED


@given(st.text(alphabet="`~ \ndefa():python3\t#", max_size=200), st.sampled_from(["stop", "length"]))
def test_any_text_gives_a_stretch_of_itself_or_nothing(text, finish):
    found = read(text, finish)
    if found:
        start, end = found.reading.span
        assert 0 <= start <= end <= len(text)
        assert found.code == text[start:end]


@sandbox
@pytest.mark.parametrize(("text", "continues", "rule"), READINGS)
def test_what_was_read_passes(text, continues, rule):
    score = judged(PYTHON, text)
    assert (score.value, score.outcome) == (1.0, Outcome.CORRECT), score
    assert score.evidence["isolation"] in ("full", "reduced")


GOOD = [
    (JS, "  return 2 * n\n}"),
    (JS, "```js\nconst twice = n => 2 * n\nmodule.exports = { twice }\n```"),
    (BASH, '    echo "$(( $1 * 2 ))"'),
    (BASH, "```bash\ntwice() {\n  local n=$1\n  echo $(( n + n ))\n}\n```"),
    (JAVA, "        return 2 * n;\n    }\n}"),
    (JAVA, "```java\nclass Twice {\n    static int twice(int n) { return n + n; }\n}\n```"),
    (CPP, "    return 2 * n;\n}"),
    (CPP, "```cpp\nint twice(int n) { return n + n; }\n```"),
]


@sandbox
@pytest.mark.parametrize(("metadata", "text"), GOOD)
def test_a_good_program_passes_and_a_changed_one_does_not_in_every_language(metadata, text):
    if languages.missing(metadata["language"]):
        pytest.skip(f"{metadata['language']} is not on this machine")
    assert judged(metadata, text).outcome == Outcome.CORRECT
    changed = text.replace("2", "3").replace("n + n", "n + n + 1")
    assert judged(metadata, changed).outcome == Outcome.WRONG


ENDS = [
    ("    while True: pass", "it took longer than 2 s", "timeout"),
    ("    return bytearray(1 << 31)", "MemoryError", "exited"),
    ("    a = [bytearray(1 << 20) for _ in range(100000)]", "memory", None),
    ("    print('x' * 10_000_000)", "it wrote more than", "output"),
    ("    raise KeyError('no')", "KeyError: 'no'", "exited"),
    ("    import os\n    os.kill(os.getpid(), 9)", "it ended while its functions were called", "exited"),
    ("    return 2 * m", "NameError", "exited"),
    ("    return 2 *", "the program cannot be run (SyntaxError", "exited"),
    ("    return input('a number')", "EOFError", "exited"),
]


@sandbox
@pytest.mark.parametrize(("body", "why", "ended"), ENDS)
def test_how_a_program_fails_is_said(body, why, ended):
    score = judged(PYTHON, body, seconds=2.0 if "while" in body else 30.0)
    assert score.outcome == Outcome.WRONG
    assert score.value == 0.0
    assert why.lower() in (score.explanation + str(score.evidence.get("error"))).lower(), score
    assert ended is None or score.evidence["ended"] == ended


@sandbox
def test_the_failing_line_and_what_the_program_gave_are_kept():
    score = judged(PYTHON, "    return n * n")
    assert score.evidence["line"] == "assert candidate(4) == 8"
    assert score.evidence["gave"] == "16"
    assert "assert candidate(4) == 8" in score.explanation


@sandbox
def test_a_program_that_was_cut_is_truncated_unless_it_passes():
    assert judged(PYTHON, "```python\ndef twice(n):\n    return", "length").outcome == Outcome.TRUNCATED
    assert judged(PYTHON, f"```python\n{DOUBLE}", "length").outcome == Outcome.CORRECT
    assert judged(PYTHON, "```python\ndef twice(n):\n    return 0\n```\nAnd", "length").outcome == Outcome.WRONG


@sandbox
def test_tests_that_cannot_be_compiled_are_a_failure_and_no_verdict():
    score = judged(PYTHON | {"test": "assert ("}, "    return 2 * n")
    assert (score.value, score.outcome) == (None, Outcome.FAILED)


@sandbox
def test_half_of_a_character_is_no_program():
    assert judged(PYTHON, "    return '\ud800'").outcome == Outcome.WRONG


VALUES = """
import decimal, fractions, datetime, collections
from collections import Counter, OrderedDict, deque, namedtuple
P = namedtuple('P', 'x y')
GIVEN = [None, True, 1, -(10 ** 5000), 1.5, float('inf'), 'é\\ud800', b'\\xff', [1, [2]], (1, (2,)), {1, 2},
    frozenset({1}), {(1, 2): {'a': [3]}}, 2 + 3j, range(3), ..., int, str, decimal.Decimal('1.10'),
    fractions.Fraction(1, 3), datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3), datetime.timedelta(1, 2),
    deque([1, 2]), bytearray(b'x'), slice(1, 2)]
"""


@sandbox
def test_values_arrive_as_they_are():
    test = VALUES + (
        "for value in GIVEN:\n    back = same(value)\n    assert back == value, value\n"
        "    assert type(back) is type(value)\n"
        "assert same(P(1, 2)) == (1, 2)\nassert same(Counter('aab')) == {'a': 2, 'b': 1}\n"
        "assert str(same(float('nan'))) == 'nan'\nassert same({1: 2}.keys()) == {1}\n"
    )
    code = "def same(value):\n    return value"
    score = judged({"language": "python", "prompt": "", "entry_point": "same", "test": test}, code)
    assert score.value == 1.0, score


@sandbox
def test_values_of_numpy_arrive_as_they_are():
    pytest.importorskip("numpy")
    test = (
        "import numpy as np\nassert np.array_equal(same(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3))\n"
        "assert same(np.float32(1.5)) == 1.5\nassert same(np.int64(3)) == 3\nassert same(np.bool_(True))\n"
    )
    metadata = {"language": "python", "prompt": "", "entry_point": "same", "test": test}
    code = "import numpy\ndef same(value):\n    return value"
    score = judged(metadata, code)
    if "ModuleNotFoundError" in score.explanation:
        pytest.skip("the sandbox's Python has no numpy")
    assert score.value == 1.0, score


@sandbox
def test_objects_of_a_program_stay_there_and_can_be_used():
    test = (
        "queue = Queue()\nqueue.push(3)\nqueue.push(4)\nassert queue.pop() == 3\nassert len(queue) == 1\n"
        "assert list(queue) == [4]\nassert queue[0] == 4\nassert first(queue) == 4\nassert queue != Queue()\n"
        "try:\n    Queue().pop()\n    assert False\nexcept IndexError as error:\n    assert 'pop' in str(error)\n"
        "try:\n    fail()\n    assert False\nexcept ValueError:\n    pass\n"
        "assert [n for n in numbers()] == [1, 2]\nassert next(numbers()) == 1\n"
    )
    code = (
        "class Odd(ValueError):\n    pass\nclass Queue:\n    def __init__(self): self.items = []\n"
        "    def push(self, x): self.items.append(x)\n    def pop(self): return self.items.pop(0)\n"
        "    def __len__(self): return len(self.items)\n    def __iter__(self): return iter(self.items)\n"
        "    def __getitem__(self, i): return self.items[i]\n    def __eq__(self, other): return True\n"
        "def first(queue): return queue.items[0]\ndef fail(): raise Odd('x')\ndef numbers():\n    yield 1\n    yield 2"
    )
    score = judged(
        {"language": "python", "prompt": "", "entry_point": "Queue", "test": test}, f"```python\n{code}\n```"
    )
    assert score.value == 1.0, score


@sandbox
def test_a_prompt_s_imports_and_helpers_stand_before_a_whole_program():
    prompt = 'from typing import List\n\ndef half(n):\n    return n / 2\n\ndef twice(n: List[int]):\n    """Twice."""\n'
    wanted = {"language": "python", "prompt": prompt, "entry_point": "twice", "test": "assert half(twice(4)) == 4\n"}
    assert judged(wanted, "```python\ndef twice(n: List[int]):\n    return half(n) * 4\n```").value == 1.0
    assert (
        judged(wanted, "```python\nfrom __future__ import annotations\ndef twice(n): return half(n) * 4\n```").value
        == 1.0
    )


OUTPUTS = [
    ("1 2\n3", "1 2 \n3\n", True),
    ("1.0 2", "1 2.00", True),
    ("1e3", "1000", True),
    ("1", "1\n\n2", False),
    ("0.1", "0.10000000001", False),
    ("yes", "YES", False),
    ("50000000000000000", "50000000000000001", False),
    ("a 1", "a 1.0", False),
    ("", "\n", True),
    ("sNaN", "1", False),
]


@pytest.mark.parametrize(("said", "expected", "verdict"), OUTPUTS)
def test_outputs_are_compared_line_by_line(said, expected, verdict):
    assert alike(said, expected) is verdict


@pytest.mark.parametrize(
    ("packed", "expected", "verdict"),
    [
        ([1, 2], [1, 2], True),
        (1.0, 1, True),
        ({"dict": [["a", [1]]]}, {"a": [1]}, True),
        ({"dict": [["a", 1]]}, {"b": 1}, False),
        ([{"tuple": [1]}], [[1]], False),
        ([1], [1, 2], False),
        ("1", 1, False),
        (None, [], False),
    ],
)
def test_what_a_function_returns_must_be_the_expected_value(packed, expected, verdict):
    assert same(packed, expected) is verdict


ADD = {
    "language": "python",
    "asks": "read and write",
    "tests": [{"input": "1 2\n", "output": "3"}, {"input": "0 0", "output": "0"}],
}


@sandbox
@pytest.mark.parametrize(
    ("code", "verdict", "why"),
    [
        ("print(sum(map(int, input().split())))", 1.0, ""),
        ("if __name__ == '__main__':\n    a, b = map(int, input().split())\n    print(a + b)", 1.0, ""),
        ("print(3)", 0.0, "test 2 of 2: another output"),
        ("import sys\nsys.exit(0)", 0.0, "test 1 of 2: another output"),
        ("print(3)\nraise SystemExit(1)", 0.0, "test 1 of 2: it ended with exit code 1"),
        ("while True: pass", 0.0, "test 1 of 2: it took longer"),
    ],
)
def test_a_program_that_reads_and_writes_is_judged_by_every_test(code, verdict, why):
    score = judged(ADD, f"```python\n{code}\n```", seconds=2.0 if "while" in code else 20.0)
    assert score.value == verdict, score
    assert why in score.explanation


@sandbox
def test_expected_outputs_never_enter_the_sandbox():
    secret = "what is expected 8712"
    wanted = ADD | {"tests": [{"input": "x", "output": secret}]}
    code = "import glob\nfor name in glob.glob('/proc/*/*') + glob.glob('/proc/*/fd/*') + glob.glob('*'):\n"
    code += "    if 'self' in name or name.endswith(('kmsg', 'mem', 'pagemap')): continue\n"
    code += "    try: data = open(name, 'rb', 0).read(1 << 16).decode('latin-1')\n    except OSError: continue\n"
    code += "    if 'expected ' + '8712' in data: print(data[data.index('what is'):][:21])\n"
    assert judged(wanted, f"```python\n{code}\n```").value == 0.0


@sandbox
def test_a_method_of_a_contest_is_called_with_the_inputs():
    row = {
        "question_id": "lcb/1",
        "question_content": "Add.",
        "starter_code": "class Solution:\n    def add(self, a: int, b: List[int]) -> int:\n        ",
        "public_test_cases": json.dumps([{"input": "1\n[2, 3]", "output": "[6]", "testtype": "functional"}]),
        "private_test_cases": hidden([{"input": "0\n[]", "output": "[0]"}]),
        "metadata": json.dumps({"func_name": "add"}),
        "difficulty": "easy",
    }
    sample = live_code_bench(row, "line 1")
    assert (sample.id, sample.group, len(sample.metadata["tests"])) == ("lcb/1", "easy", 2)
    code = "class Solution:\n    def add(self, a: int, b: List[int]) -> int:\n        return (a + sum(b),)"
    score = Code(seconds=20.0)(sample, Completion(f"```python\n{code}\n```", "stop"))
    assert score.value == 1.0, score
    wrong = Code(seconds=20.0)(sample, Completion(f"```python\n{code.replace('(a + ', '(6 + 0 * ')}\n```", "stop"))
    assert "test 2 of 2" in wrong.explanation


def hidden(tests):
    """As LiveCodeBench publishes them."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


def test_hidden_tests_are_taken_out_of_their_pickle_and_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trap"), "w"))

    evil = base64.b64encode(zlib.compress(pickle.dumps(Trap()))).decode()
    row = {"question_content": "x", "public_test_cases": "[]", "private_test_cases": evil, "question_id": "1"}
    with pytest.raises(BadFile, match="private_test_cases"):
        live_code_bench(row, "line 1")
    assert not (tmp_path / "trap").exists()
    for broken in ("not base64!", base64.b64encode(b"x").decode(), "[1"):
        with pytest.raises(BadFile):
            live_code_bench(row | {"private_test_cases": broken}, "line 1")


@sandbox
def test_rows_of_mbpp_and_its_plus_form_are_judged_by_their_tests():
    row = {
        "task_id": 990,
        "text": "Write a function that doubles a number.",
        "code": "def twice(n):\r\n  return 2 * n",
        "test_setup_code": "",
        "test_list": ["assert twice(4) == 8", "assert twice(0) == 0"],
    }
    sample = mbpp(row, "line 1")
    assert sample.metadata["entry_point"] == "twice"
    good, lazy = "def twice(n):\n    return n + n", "def twice(n):\n    return 8 if n == 4 else 0"
    scorer = Code(seconds=20.0)
    assert scorer(sample, Completion(good, "stop")).value == 1.0
    assert scorer(sample, Completion(lazy, "stop")).value == 1.0
    plus = "def assertion(out, exp):\n    assert out == exp\n"
    plus += "for n, exp in zip([1, 4], [2, 8]):\n    assertion(twice(n), exp)"
    sample = mbpp(row | {"test": plus}, "line 1")
    assert scorer(sample, Completion(good, "stop")).value == 1.0
    assert scorer(sample, Completion(lazy, "stop")).value == 0.0


@sandbox
@pytest.mark.parametrize(
    ("said", "prompt", "tests", "good"),
    [
        (
            "py",
            'def twice(n: int) -> int:\n    """Twice."""\n',
            "def check(candidate):\n    assert candidate(4) == 8\n\n"
            "def test_check():\n    check(twice)\n\ntest_check()\n",
            "    return 2 * n",
        ),
        (
            "js",
            "//Twice.\nfunction twice(n){\n",
            "const assert = require('node:assert');\n\n\nfunction test() {\n  let candidate = twice;\n"
            "  assert.deepEqual(candidate(4),8);\n}\n\ntest();",
            "    return 2 * n;\n}",
        ),
        (
            "sh",
            "#!/bin/bash\n# Twice.\n#\n# $1 is an integer\ntwice() {\n",
            BASH["test"].lstrip().join(["}\n\n", ""]),
            "    echo $(( $1 * 2 ))",
        ),
    ],
)
def test_rows_of_multipl_e_are_judged_by_their_tests(said, prompt, tests, good):
    row = {"name": "HumanEval_900_twice", "language": said, "prompt": prompt, "tests": tests, "stop_tokens": ["\n}"]}
    sample = multipl_e(row, "line 1")
    assert (sample.id, sample.metadata["entry_point"]) == ("HumanEval_900_twice", "twice")
    if languages.missing(sample.metadata["language"]):
        pytest.skip(f"{said} is not on this machine")
    assert Code(seconds=20.0)(sample, Completion(good, "stop")).value == 1.0
    assert Code(seconds=20.0)(sample, Completion(good.replace("2", "3"), "stop")).value == 0.0


@sandbox
def test_what_cannot_be_judged_is_one_line():
    with pytest.raises(UnknownName, match="Programs are run in"):
        Code()(Sample("1", "?", "x", metadata={"language": "cobol", "test": "x"}), Completion("x", "stop"))
    with pytest.raises(SinanError, match="neither `test` nor `tests`"):
        Code()(Sample("1", "?", "x", metadata={"language": "python"}), Completion("x = 1", "stop"))
    with pytest.raises(SinanError, match="tests in java end with"):
        judged(JAVA | {"test": "class Main"}, "        return 2 * n;\n    }\n}")
    absent = [name for name in languages.LANGUAGES if languages.missing(name)]
    for name in absent:
        with pytest.raises(UsageError, match=f"mbxp/{name} runs programs in {name}, and .* (is|are) not in .* Remedy"):
            languages.refuse_missing(f"mbxp/{name}", name)


def test_a_refusal_is_no_program():
    assert judged(PYTHON, "I cannot.", "refusal").outcome == Outcome.REFUSED


NAMES = [
    "last",
    "lost",
    "send",
    "report",
    "equal",
    "tests",
    "exam",
    "remote",
    "received",
    "valueOf",
    "names",
    "fs",
    "util",
]


@sandbox
@pytest.mark.skipif(bool(languages.missing("javascript")), reason="node is not on this machine")
@pytest.mark.parametrize("name", NAMES)
def test_a_function_may_be_called_as_anything_in_the_harness(name):
    wanted = JS | {"prompt": f"function {name}(n) {{\n", "entry_point": name, "test": JS["test"].replace("twice", name)}
    assert judged(wanted, "  return 2 * n\n}").value == 1.0


@sandbox
@pytest.mark.parametrize("name", ["tests", "parts", "plain", "exam", "asks", "main", "known", "code", "list", "check"])
def test_a_function_may_be_called_as_anything_in_the_harness_of_python(name):
    wanted = {"language": "python", "prompt": "", "entry_point": name, "test": f"assert {name}(4) == 8"}
    assert judged(wanted, f"def {name}(n):\n    return 2 * n").value == 1.0
    assert judged(wanted, f"def {name}(n):\n    return 3 * n").value == 0.0


@sandbox
@pytest.mark.parametrize("name", ["printf", "read", "sinan", "local", "echo_it"])
def test_a_function_may_be_called_as_anything_in_the_harness_of_bash(name):
    wanted = BASH | {"entry_point": name, "prompt": f"{name}() {{\n", "test": BASH["test"].replace("twice", name)}
    assert judged(wanted, "    builtin echo $(( $1 * 2 ))").value == 1.0
