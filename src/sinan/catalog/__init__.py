"""Floor 3: the benchmarks, one file each. This file finds them by name.

A name is a benchmark (`gsm8k`), one of its subsets (`mmlu/astronomy`), a suite (`first-light`), a dimension
(`dim:math`), a file of questions (`mine.jsonl`), a benchmark of one's own (`./my_benchmark.py`) or a task of
lm-evaluation-harness (`lm-eval:NAME`). Other packages add theirs through the entry points `sinan.benchmarks`.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sinan import lm_eval
from sinan.catalog.own import from_file, of_guess
from sinan.catalog.version import version
from sinan.errors import SinanError, UnknownName, UsageError
from sinan.types import Benchmark, Dataset, Suite

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["all_suites", "chance", "expand", "from_file", "load", "names", "of_guess", "resolve", "suite", "version"]

_NOT_BENCHMARKS = {"own", "suites", "version"}
_QUESTIONS = (".jsonl", ".csv", ".parquet")
_SEE = "See them with: sinan hub list"


def names() -> list[str]:
    """Every benchmark's id, sorted; no benchmark is imported."""
    own = {module.name for module in pkgutil.iter_modules(__path__)} - _NOT_BENCHMARKS
    return sorted(own | {point.name for point in _registered()})


def load(name: str, scorer: str | None = None) -> Benchmark:
    """The benchmark of a name, with `file` filled in. `scorer` is for files of questions."""
    if name.lower().endswith(_QUESTIONS):
        return from_file(name, scorer)
    if name.endswith(".py"):
        return _from_path(name)
    benchmark_id, _, subset = name.partition("/")
    if benchmark_id not in names():
        raise UnknownName(benchmark_id, "benchmark", [*names(), *all_suites()], _SEE)
    benchmark = _by_id(benchmark_id)
    return _subset(benchmark, subset) if subset else benchmark


def chance(name: str) -> float | None:
    """What guessing gets; None where it cannot be said, as for a file of one's own."""
    try:
        return load(name).card.chance
    except SinanError:
        return None


def all_suites() -> dict[str, Suite]:
    """Every suite by its id."""
    from sinan.catalog.suites import SUITES

    listed: Iterable[Suite] = SUITES.values() if isinstance(SUITES, dict) else SUITES
    return {one.id: one for one in listed}


def suite(name: str) -> Suite:
    """The suite of a name."""
    known = all_suites()
    if name not in known:
        raise UnknownName(name, "suite", known, f"Suites: {', '.join(known)}.")
    return known[name]


def expand(target: str) -> list[str]:
    """The names that a target stands for: those of a suite or a dimension, or itself."""
    if target.startswith("dim:"):
        return _of_dimension(target.removeprefix("dim:"))
    if target.lower().endswith((*_QUESTIONS, ".py")) or target in names():
        return [target]
    return list(all_suites()[target].benchmarks) if target in all_suites() else [target]


def absolute(target: str) -> str:
    """A target that is a file, by its whole path, so that a run can go on from another folder; else as it is."""
    if lm_eval.is_target(target):
        return lm_eval.absolute(target)
    return str(Path(target).absolute()) if target.lower().endswith((*_QUESTIONS, ".py")) else target


def resolve(targets: Iterable[str], scorer: str | None = None, trust: bool = False) -> list[Benchmark]:
    """The benchmarks of all targets, each once, in order. `scorer` overrides the guess for files of questions; `trust`:
    whether code that a task file names may run."""
    targets = list(targets)
    if scorer and not any(target.lower().endswith(_QUESTIONS) for target in targets):
        raise UsageError(f"--scorer {scorer} is for files of questions; a benchmark is judged as its protocol says")
    wanted = dict.fromkeys(name for target in targets for name in expand(target))
    return [one for name in wanted for one in _resolved(name, scorer, trust)]


def _resolved(name: str, scorer: str | None, trust: bool) -> list[Benchmark]:
    return lm_eval.resolve(name, trust) if lm_eval.is_target(name) else [load(name, scorer)]


def _registered() -> "Iterable[EntryPoint]":
    """Benchmarks of other packages; a name that is none, or is taken by this folder's own files, is passed over."""
    from importlib.metadata import entry_points  # 20 ms that a file of questions does not need

    points = entry_points(group="sinan.benchmarks")
    return [point for point in points if point.name.isidentifier() and point.name not in _NOT_BENCHMARKS]


def _by_id(name: str) -> Benchmark:
    if importlib.util.find_spec(f"sinan.catalog.{name}"):
        module = importlib.import_module(f"sinan.catalog.{name}")
        benchmark: Benchmark = replace(module.benchmark(), file=str(module.__file__))
        return benchmark
    point = next(point for point in _registered() if point.name == name)
    return _made(name, point.load)


def _from_path(name: str) -> Benchmark:
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"{name} is no file. A benchmark of one's own is named by its path.")

    def maker() -> Any:
        spec = importlib.util.spec_from_file_location(f"sinan_own_{path.stem}", path.absolute())
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        _execute(module, spec.loader)
        if not callable(getattr(module, "benchmark", None)):
            raise UsageError("it defines no function `benchmark()`")
        return module.benchmark

    return replace(_made(name, maker), file=str(path))


def _execute(module: ModuleType, loader: Any) -> None:
    """Run the file under its name in sys.modules, where dataclasses look for the module of a class."""
    import sys

    sys.modules[module.__name__] = module
    loader.exec_module(module)


def _made(name: str, load_maker: Callable[[], Any]) -> Benchmark:
    """What somebody else's code makes. Whatever it raises becomes one line that names it."""
    try:
        maker = load_maker()
        made = maker() if callable(maker) else maker
    except SinanError as error:
        raise UsageError(f"{name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name} cannot be loaded: {type(error).__name__}: {error}{_line_of(error, name)}") from error
    if not isinstance(made, Benchmark) or "default" not in made.protocols:
        raise UsageError(f"{name}: benchmark() must return a sinan.types.Benchmark with a protocol `default`")
    return made if made.file else replace(made, file=_file_of(maker))


def _line_of(error: BaseException, name: str) -> str:
    """Where in the named file it happened, if it did."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename) == Path(name).absolute():
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""


def _file_of(maker: Any) -> str:
    module = importlib.import_module(maker.__module__) if hasattr(maker, "__module__") else None
    return str(getattr(module, "__file__", None) or "")


def _subset(benchmark: Benchmark, subset: str) -> Benchmark:
    if subset not in benchmark.dataset.subsets or not subset:
        known = [name for name in benchmark.dataset.subsets if name]
        remedy = f"Its subsets: {', '.join(known)}." if known else f"{benchmark.id} has no subsets."
        raise UnknownName(subset, f"subset of {benchmark.id}", known, remedy)
    narrowed = {
        name: replace(protocol, dataset=protocol.dataset and _narrow(protocol.dataset, subset))
        for name, protocol in benchmark.protocols.items()
    }
    return replace(
        benchmark, id=f"{benchmark.id}/{subset}", dataset=_narrow(benchmark.dataset, subset), protocols=narrowed
    )


def _narrow(dataset: Dataset, subset: str) -> Dataset:
    """One subset of it. How many samples that has is not known before it is read."""
    return replace(dataset, subsets=(subset,), size=None)


def _of_dimension(dimension: str) -> list[str]:
    cards = {name: _by_id(name).card for name in names()}
    found = [name for name, card in cards.items() if card.dimension == dimension]
    if not found:
        known = sorted({card.dimension for card in cards.values()})
        raise UnknownName(f"dim:{dimension}", "dimension", [f"dim:{d}" for d in known], f"Known: {', '.join(known)}.")
    return found
