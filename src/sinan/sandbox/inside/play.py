"""Runs a file in Python as `python FILE ...` would, in an interpreter that has long been started."""

import atexit
import builtins
import os
import random
import sys
import threading
from types import ModuleType
from typing import Any, cast


def prepared(argv: list[str], folder: str) -> ModuleType:
    """The main module, with argument list, module path and streams as the interpreter makes them."""
    main = ModuleType("__main__")
    main.__file__ = argv[0]
    cast(Any, main).__builtins__ = builtins
    for name in [name for name in sys.modules if name.partition(".")[0] == "sinan"]:
        del sys.modules[name]  # ours: a program may have a module of that name
    sys.modules["__main__"] = main
    sys.argv = list(argv)
    sys.orig_argv = [sys.executable, *argv]
    sys.path.insert(0, os.path.join(folder, os.path.dirname(argv[0])).rstrip("/"))  # noqa: PTH118, PTH120
    streams = cast(Any, sys)
    streams.stdin = streams.__stdin__ = _stream(0, "r", "surrogateescape")
    streams.stdout = streams.__stdout__ = _stream(1, "w", "surrogateescape")
    streams.stderr = streams.__stderr__ = _stream(2, "w", "backslashreplace")
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # else every fork would draw the same numbers
    return main


def _stream(number: int, mode: str, errors: str) -> Any:
    buffering = 1 if number == 2 else -1
    return open(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)


def played(main: ModuleType) -> int:
    """The exit code, with everything done that an interpreter does at its end."""
    code, path = 0, cast(str, main.__file__)
    try:
        with open(path, "rb") as file:  # noqa: PTH123  the path is told as it was given
            text = file.read()
        exec(compile(text, path, "exec", dont_inherit=True), main.__dict__)  # noqa: S102  this is the jail
    except SystemExit as error:
        code = _asked(error.code)
    except BaseException as error:
        _show(error)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    return _close(main, code)


def _asked(code: object) -> int:
    """The exit code that sys.exit(code) means."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> None:
    """A traceback as the interpreter prints it, without the frame that is ours."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _close(main: ModuleType, code: int) -> int:
    """Threads, exit handlers, the module's own objects, streams: in the interpreter's order."""
    try:
        cast(Any, threading)._shutdown()
        atexit._run_exitfuncs()
        main.__dict__.clear()
        sys.stdout.flush()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = code or 120
    try:
        sys.stderr.flush()
    except BaseException:
        pass
    return code
