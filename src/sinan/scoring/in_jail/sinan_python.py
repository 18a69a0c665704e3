"""In the sandbox: a Python program in one process, its tests in another.

First part: `program`. Rest: `token`, `given` (definitions of the benchmark's own that tests may use), `test`,
`entry_point`.
"""

import builtins
import importlib
import json
import os
import sys
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import Any, NoReturn

import sinan_parts as parts
from sinan_values import line, packed, plain

LONGEST = 1 << 28
"""Bytes of one message."""
LONGEST_SAID = 2000
"""Characters of what an exception says."""
TEXTS: dict[str, str] = {}
"""Sources by the names that tracebacks give them."""


def received(descriptor: int) -> Any:
    """The next message; None where there are no more. Raises ValueError for what is none."""
    size = parts.exactly(descriptor, 8)
    if len(size) < 8:
        return None
    if int.from_bytes(size, "little") > LONGEST:
        raise ValueError("a message that is too long")
    return json.loads(parts.exactly(descriptor, int.from_bytes(size, "little")))


def sent(descriptor: int, message: Any) -> None:
    """Write a message whole."""
    data = memoryview(line(message))
    while data:
        data = data[os.write(descriptor, data) :]


def shown(name: str, source: str) -> CodeType:
    """The source compiled; its lines appear in tracebacks."""
    TEXTS[name] = source
    return compile(source, name, "exec", dont_inherit=True)


def tell(error: BaseException) -> None:
    """Print a traceback with the lines of the sources that were run."""
    import linecache
    import traceback

    for name, text in TEXTS.items():
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    traceback.print_exception(error)


class Program:
    """The program's side: runs the source, then does what it is asked."""

    def __init__(self, source: str, asked: int, answers: int) -> None:
        self.source, self.asked, self.answers = source, asked, answers
        self.module = ModuleType("solution")
        self.objects: list[Any] = []

    def serve(self) -> NoReturn:
        """To the end of the process."""
        sys.modules["solution"] = self.module
        try:
            exec(shown("solution.py", self.source), self.module.__dict__)  # noqa: S102  this is the sandbox
        except BaseException as error:
            tell(error)
            sent(self.answers, {"broken": f"{type(error).__name__}: {error}"[:500]})
            os._exit(1)
        names = {n: v.__name__ if isinstance(v, ModuleType) else "" for n, v in vars(self.module).items()}
        sent(self.answers, {"loaded": names})
        while (message := received(self.asked)) is not None:
            answer = self._answer(message)
            sys.stdout.flush()
            sent(self.answers, answer)
        os._exit(0)

    def _answer(self, message: Any) -> Any:
        try:
            what, at, arguments, named = message
            held = plain(at, self._found)
            value = getattr(self, what)(held, *plain(arguments, self._found), **plain(named, self._found))
            return {"value": packed(value, self._kept)}
        except BaseException as error:
            if not isinstance(error, StopIteration):
                tell(error)
            return {"raised": _base(error), "type": type(error).__name__, "of": self._said(error)}

    def call(self, held: Any, /, *arguments: Any, **named: Any) -> Any:
        return held(*arguments, **named)

    def get(self, held: Any, name: str, /) -> Any:
        return getattr(held, name)

    def item(self, held: Any, key: Any, /) -> Any:
        return held[key]

    def length(self, held: Any, /) -> Any:
        return len(held)

    def walk(self, held: Any, /) -> Any:
        return iter(held)

    def step(self, held: Any, /) -> Any:
        return next(held)

    def _said(self, error: BaseException) -> Any:
        """What an exception was made of, where it is plain and short; else its text."""
        try:
            of = packed(list(error.args), self._kept)
            return of if len(json.dumps(of)) < LONGEST_SAID else [str(error)[:LONGEST_SAID]]
        except Exception:
            return []

    def _kept(self, value: Any) -> Any:
        self.objects.append(value)
        return {"object": len(self.objects) - 1}

    def _found(self, stands_for: Any) -> Any:
        ((kind, which),) = stands_for.items()
        return self.objects[which] if kind == "object" else vars(self.module)[which]


def _base(error: BaseException) -> str:
    """The nearest exception that every Python has."""
    return next(str(kind.__name__) for kind in type(error).__mro__ if vars(builtins).get(kind.__name__) is kind)


class Lost(Exception):
    """The program is gone, or has said what cannot be understood."""


class Tests:
    """The tests' side."""

    def __init__(self, asks: int, answers: int) -> None:
        self.asks, self.answers = asks, answers
        self.lost = ""
        self.last = ""
        """What the program gave last, for the reader of a failure."""

    def ask(self, what: str, at: Any, arguments: Any = (), named: Any = None) -> Any:
        """What the program answers. Raises what it raised; Lost where it does not answer."""
        if self.lost:
            raise Lost(self.lost)
        message = [what, at, packed(list(arguments), _stays), packed(named or {}, _stays)]
        try:
            sent(self.asks, message)
            answer = received(self.answers)
            if answer is None:
                raise ValueError("it ended while its functions were called")
            value = None if "raised" in answer else plain(answer["value"], self._remote)
        except (OSError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError) as error:
            self.lost = f"the program answered no more: {error}"[:300]
            raise Lost(self.lost) from None
        if "raised" in answer:
            raise self._raised(answer)
        self.last = repr(value)[:200]
        return value

    def _raised(self, answer: Any) -> Exception:
        base = getattr(builtins, str(answer["raised"]), RuntimeError)
        if not (isinstance(base, type) and issubclass(base, Exception)):
            base = RuntimeError  # SystemExit and its like end nothing here
        name = str(answer["type"])
        try:
            kind = base if name == base.__name__ else type(name, (base,), {})
            raised = kind(*plain(answer["of"], self._remote))
        except Exception:
            raised = RuntimeError(f"{name}: {answer.get('of')}"[:LONGEST_SAID])
        return raised if isinstance(raised, Exception) else RuntimeError(name)

    def _remote(self, stands_for: Any) -> "Remote":
        if not isinstance(stands_for.get("object"), int):
            raise ValueError("an unknown kind of value")
        return Remote(self, stands_for)


class Remote:
    """A function or an object of the program: it equals itself alone."""

    def __init__(self, tests: Tests, at: Any) -> None:
        self._tests, self._at = tests, at

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._tests.ask("call", self._at, arguments, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._tests.ask("get", self._at, (name,))

    def __getitem__(self, key: Any) -> Any:
        return self._tests.ask("item", self._at, (key,))

    def __len__(self) -> int:
        return int(self._tests.ask("length", self._at))

    def __iter__(self) -> Iterator[Any]:
        walked = self._tests.ask("walk", self._at)
        while True:
            try:
                yield next(walked)
            except StopIteration:
                return

    def __next__(self) -> Any:
        return self._tests.ask("step", self._at)

    def __repr__(self) -> str:
        return f"<{next(iter(self._at.values()))} of the program>"


def _stays(value: Any) -> Any:
    if isinstance(value, Remote):
        return value._at
    raise TypeError(f"a {type(value).__name__} cannot be handed to the program")


def names_in(code: CodeType) -> set[str]:
    """Every name that compiled tests mention."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*map(names_in, inner))


def scope(tests: Tests, exam: Any, code: CodeType, loaded: Any) -> dict[str, Any]:
    """What the tests can name: the benchmark's own definitions, then the program's, then the function in question."""
    known: dict[str, Any] = {"__name__": "__main__"}
    if exam["given"]:
        exec(shown("given.py", exam["given"]), known)  # noqa: S102  the benchmark's own text, in the sandbox
    for name in names_in(code) & set(loaded):
        if name in known or hasattr(builtins, name):
            continue
        known[name] = imported(loaded[name]) or Remote(tests, {"name": name})
    if exam["entry_point"]:
        known[exam["entry_point"]] = Remote(tests, {"name": exam["entry_point"]})
    return known


def imported(name: str) -> ModuleType | None:
    """The module of a name as it is installed, never one that the program wrote."""
    try:
        return importlib.import_module(name) if name else None
    except Exception:
        return None


def where(error: BaseException) -> str:
    """The line of the tests that failed."""
    number, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            number = trace.tb_lineno
        trace = trace.tb_next
    lines = TEXTS["tests.py"].splitlines()
    return lines[number - 1].strip()[:300] if 0 < number <= len(lines) else ""


def examined(exam: Any, asks: int, answers: int) -> dict[str, Any]:
    """How the tests went."""
    try:
        code = shown("tests.py", exam["test"])
    except (SyntaxError, ValueError) as error:
        return {"unfit": f"the tests cannot be compiled: {error}"}
    tests = Tests(asks, answers)
    try:
        hello = received(answers)
    except ValueError:
        hello = None
    if not isinstance(hello, dict) or not isinstance(hello.get("loaded"), dict):
        said = hello.get("broken") if isinstance(hello, dict) else None
        return {"failed": "the program cannot be run", "error": str(said or "it ended while it was loaded")}
    try:
        exec(code, scope(tests, exam, code, hello["loaded"]))  # noqa: S102  the benchmark's own text, in the sandbox
    except BaseException as error:
        tell(error)
        told = {
            "error": f"{type(error).__name__}: {error}"[:500].removesuffix(": "),
            "line": where(error),
            "gave": tests.last,
        }
        return {"failed": tests.lost or "a test failed", **told}
    return {"failed": tests.lost} if tests.lost else {"passed": True}


def main() -> None:
    """Start the program, then read the tests and run them."""
    begun = parts.first()
    parts.hidden()
    asked, asks = os.pipe()
    answers, answered = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        parts.no_input()
        os.close(asks)
        os.close(answers)
        parts.apart()
        Program(begun["program"], asked, answered).serve()
    os.close(asked)
    os.close(answered)
    here = os.path.realpath(".")
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != here]
    exam = parts.rest()
    parts.end(exam["token"], examined(exam, asks, answers), child)


main()
