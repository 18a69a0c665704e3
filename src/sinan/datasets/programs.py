"""Rows that ask for a program, in the layouts in which they are published, as samples.

    {"task_id", "prompt", "entry_point", "test", "canonical_solution"}      HumanEval, HumanEval+, MBXP and its kin
    {"task_id", "text" or "prompt", "code", "test_list", ...}               MBPP; MBPP+ with a `test` beside the list
    {"name", "language", "prompt", "tests", "stop_tokens"}                  MultiPL-E
    {"question_content", "public_test_cases", "private_test_cases", ...}    LiveCodeBench
    {"question", "tests": [{"input", "output"}]}                            one's own; `call` names a function

The metadata of a sample say how its program is judged (`scoring.exams`) and how it is asked (`prompts.Programming`):
`asks` is `continue` (the program goes on from the prompt), `describe`, `read and write` or `method`.
"""

import base64
import io
import json
import pickletools
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from sinan.errors import BadFile
from sinan.types import Sample

Fields = Mapping[str, Any]
LANGUAGES = {"py": "python", "sh": "bash", "js": "javascript"}
"""MultiPL-E's names of the languages whose layout is known here."""
CONTEST = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json "
    "builtins typing"
).split()
"""What LiveCodeBench imports before a solution, in its order: every name of these modules."""
IDS = ("task_id", "question_id", "name")
"""Fields that hold a row's id where there is no `id`."""
LARGEST = 1 << 30
"""Bytes of one row's hidden tests, unpacked."""


def layout(row: Fields) -> Callable[[Fields, str, str], Sample] | None:
    """What makes a sample of a row that asks for a program: (row, where it stands, its id) -> sample. None for any
    other row."""
    for names, made in _LAYOUTS:
        if all(row.get(name) is not None for name in names):
            return made
    return read_and_write if _has_tests(row) else None


def kind(sample: Sample) -> tuple[str, str] | None:
    """The language of the program that a sample asks for, and how it asks; None where it asks for none."""
    asks = sample.metadata.get("asks")
    judged = asks is not None and bool({"test", "tests"} & sample.metadata.keys())
    return (str(sample.metadata["language"]), str(asks)) if judged else None


def human_eval(row: Fields, where: str, name: str = "") -> Sample:
    """A function whose head and description are given; `test` defines `check`, which is called with it."""
    prompt, entry = _text(row, "prompt", where), _text(row, "entry_point", where)
    language = str(row.get("language") or "python").lower()
    test = _text(row, "test", where)
    if language == "python" and "def check(" in test and not re.search(r"^check\(", test, re.MULTILINE):
        test = f"{test}\ncheck({entry})\n"
    metadata = {"asks": "continue", "language": language, "prompt": prompt, "entry_point": entry, "test": test}
    solution = row.get("canonical_solution")
    return _sample(row, name or str(row.get("task_id") or ""), prompt, prompt + solution if solution else "", metadata)


def mbpp(row: Fields, where: str, name: str = "") -> Sample:
    """A task in words with tests that the model is shown; with a `test` (MBPP+), that is what judges."""
    question = _text(row, "text" if row.get("text") is not None else "prompt", where)
    shown = row["test_list"]
    if not isinstance(shown, list) or not all(isinstance(one, str) for one in shown) or not shown:
        raise BadFile(f"{where}: test_list must be a list of assertions")
    setup = row.get("test_setup_code") or "\n".join(row.get("test_imports") or ())
    test = str(row.get("test") or "\n".join([setup, *shown]))
    metadata = {"asks": "describe", "language": "python", "prompt": "", "test": test, "tests_shown": "\n".join(shown)}
    metadata |= {"entry_point": _called(shown[0])}
    metadata |= {f"test_{number}": shown[min(number, len(shown) - 1)] for number in range(3)}
    code = str(row.get("code") or "").replace("\r\n", "\n")
    return _sample(row, name or str(row.get("task_id", "")), question, code, metadata)


def multipl_e(row: Fields, where: str, name: str = "") -> Sample:
    """A function whose head and description are given, in one of three languages."""
    said = _text(row, "language", where)
    if said not in LANGUAGES:
        raise BadFile(f"{where}: MultiPL-E rows are run in {', '.join(LANGUAGES)}; this one is in {said}")
    language, prompt, test = LANGUAGES[said], _text(row, "prompt", where), _text(row, "tests", where)
    heads = {
        "python": r"^def\s+(\w+)\s*\(",
        "bash": r"^(\w+)\s*\(\)\s*\{",
        "javascript": r"^(?:function\s+|const\s+)(\w+)",
    }
    entries = re.findall(heads[language], prompt, re.MULTILINE)
    if not entries:
        raise BadFile(f"{where}: no function's head can be found in the prompt")
    closing = ""
    if language == "bash" and test.lstrip().startswith("}"):
        closing, test = "\n}", test.lstrip().removeprefix("}")
    metadata = {"asks": "continue", "language": language, "prompt": prompt, "entry_point": entries[-1], "test": test}
    metadata |= {"closing": closing, "stop_tokens": row.get("stop_tokens")}
    return _sample(row, name or _text(row, "name", where), prompt, "", metadata)


def live_code_bench(row: Fields, where: str, name: str = "") -> Sample:
    """A task of a contest: a program that reads and writes, or a method of a class where `metadata` names one."""
    about = _json(row.get("metadata") or "{}", where, "metadata")
    call = str(about.get("func_name") or "")
    tests = _json(row["public_test_cases"], where, "public_test_cases")
    tests += _hidden(row.get("private_test_cases") or "[]", where)
    starter = str(row.get("starter_code") or "")
    metadata: dict[str, Any] = {"asks": "method" if call else "read and write", "language": "python"}
    metadata |= {"prompt": "", "entry_point": "", "tests": _checked(tests, where), "starter_code": starter}
    metadata |= {"preamble": _contest(), **({"call": call} if call else {})}
    for key in ("contest_date", "platform", "question_title"):
        if row.get(key) is not None:
            metadata[key] = row[key]
    return _sample(
        row,
        name or str(row.get("question_id") or ""),
        _text(row, "question_content", where),
        "",
        metadata,
        str(row.get("difficulty") or ""),
    )


def read_and_write(row: Fields, where: str, name: str = "") -> Sample:
    """A task of one's own with inputs and outputs."""
    key = next((key for key in ("question", "prompt", "input") if row.get(key) is not None), "question")
    language, call = str(row.get("language") or "python").lower(), str(row.get("call") or "")
    if call and language != "python":
        raise BadFile(f"{where}: `call` names a function of Python; this row is in {language}")
    metadata: dict[str, Any] = {"asks": "method" if call else "read and write", "language": language, "prompt": ""}
    metadata |= {"entry_point": call, "tests": _checked(row["tests"], where), "starter_code": ""}
    metadata |= {"call": call} if call else {}
    return _sample(row, name or str(row.get("id", "")), _text(row, key, where), "", metadata)


_LAYOUTS: tuple[tuple[tuple[str, ...], Callable[[Fields, str, str], Sample]], ...] = (
    (("prompt", "entry_point", "test"), human_eval),
    (("test_list", "text"), mbpp),
    (("test_list", "prompt"), mbpp),
    (("prompt", "language", "tests", "name"), multipl_e),
    (("question_content", "public_test_cases"), live_code_bench),
)


def _has_tests(row: Fields) -> bool:
    """Whether a row of one's own comes with inputs and outputs, and not with an answer."""
    tests = row.get("tests")
    if (
        not isinstance(tests, list)
        or not tests
        or any(row.get(key) is not None for key in ("answer", "target", "gold"))
    ):
        return False
    return all(isinstance(test, dict) and {"input", "output"} <= test.keys() for test in tests)


def _sample(row: Fields, name: str, question: str, target: str, metadata: Mapping[str, Any], group: str = "") -> Sample:
    if row.get("task_id") is not None:
        metadata = {**metadata, "task_id": row["task_id"]}
    return Sample(name, question, target or "passes its tests", group=group, metadata=metadata)


def _text(row: Fields, key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadFile(f"{where}: {key} must be a text, and not an empty one")
    return value


def _called(assertion: str) -> str:
    """The function that an assertion is about: the first name that is called, without those every Python has."""
    import builtins

    names = re.findall(r"(?<![\w.])([A-Za-z_]\w*)\s*\(", assertion.replace("assert", " ", 1))
    return next((name for name in names if not hasattr(builtins, name)), "")


def _contest() -> str:
    stars = [f"from {name} import *" for name in CONTEST]
    return "\n".join([*stars, *(f"import {name}" for name in CONTEST[:-2]), "sys.setrecursionlimit(50000)", ""])


def _json(value: Any, where: str, what: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise BadFile(f"{where}: {what} is not JSON") from None


def _hidden(value: Any, where: str) -> Any:
    """Hidden tests: JSON, or as published a pickled text of JSON, zipped, in base 64. Nothing is unpickled: its one
    text is taken out of the pickle."""
    if not isinstance(value, str) or value.lstrip().startswith("["):
        return _json(value, where, "private_test_cases")
    try:
        unzip = zlib.decompressobj()
        data = unzip.decompress(base64.b64decode(value, validate=True), LARGEST)
        texts = [held for _, held, _ in pickletools.genops(io.BytesIO(data)) if isinstance(held, str)]
    except (ValueError, zlib.error, MemoryError):
        raise BadFile(f"{where}: private_test_cases is neither JSON nor what LiveCodeBench publishes") from None
    if len(texts) != 1:
        raise BadFile(f"{where}: private_test_cases holds {len(texts)} texts, not one")
    return _json(texts[0], where, "private_test_cases")


def _checked(tests: Any, where: str) -> list[dict[str, str]]:
    if not isinstance(tests, list) or not tests:
        raise BadFile(f"{where}: tests must be a list of {{input, output}}, and not an empty one")
    for test in tests:
        fields = test if isinstance(test, dict) else {}
        if not all(isinstance(fields.get(key), str) for key in ("input", "output")):
            raise BadFile(f"{where}: a test must be {{input, output}}, both of them texts")
    return [{"input": test["input"], "output": test["output"]} for test in tests]
