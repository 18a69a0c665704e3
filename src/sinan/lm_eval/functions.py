"""Python functions that task files name: run only where the user said that they trust them."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sinan.errors import SinanError, UsageError
from sinan.lm_eval.yaml_files import Function


def loaded(function: Function, trust: bool, where: str) -> Callable[..., Any]:
    """The function, imported. `where` says what wants it (`gsm8k: process_docs`).

    Raises UsageError without `trust`, and where it cannot be had.
    """
    if not trust:
        raise UsageError(
            f"{where} is the function {function}: code of a task file runs only where you say so. "
            "Remedy: read it, then add --trust"
        )
    module, _, name = function.name.rpartition(".")
    try:
        found = getattr(_module(function, module), name)
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{where}: the function {function} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not callable(found):
        raise UsageError(f"{where}: {function} is no function")
    return found  # type: ignore[no-any-return]


def called(where: str, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """What the function gives. Raises UsageError with whatever it raises."""
    try:
        return function(*arguments, **more)
    except SinanError:
        raise
    except (Exception, SystemExit) as error:
        name = getattr(function, "__name__", "its function")
        raise UsageError(f"{where}: {name} raised {type(error).__name__}: {error}") from error


def _module(function: Function, name: str) -> ModuleType:
    file = function.file
    return _from_file(file.resolve()) if file else importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    """The module of a file. One of the installed harness keeps its own name, so that what it imports finds it."""
    parts = path.with_suffix("").parts
    inside = [i for i, part in enumerate(parts[:-1]) if (part, parts[i + 1]) == ("lm_eval", "tasks")]
    name = ".".join(parts[inside[-1] :]) if inside else f"sinan_task_{path.stem}_{abs(hash(path)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: a dataclass looks for its module there
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module
