"""The shape of the house: long files and functions, import cycles, and the files that one sample enters.

A sample is followed by running one question on the smallest bundled model under a trace, so the count is of what was
executed, not of what could be. Another model can be named as the one argument.
"""

import ast
import inspect
import os
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import grimp

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sinan"
LONG_FILE, LONG_FUNCTION, MANY_FILES, MANY_LINES = 400, 60, 25, 2500
MODEL = sys.argv[1] if len(sys.argv) > 1 else "needle/xs"
QUESTION = ("run", "arithmetic", "-m", MODEL, "-n", "1", "--quiet")


def main() -> None:
    long_files()
    long_functions()
    cycles()
    benchmark_files()
    one_sample()


def long_files() -> None:
    sizes = {path: lines(path) for path in python_files()}
    report(f"files over {LONG_FILE} lines", [f"{n:5}  {name(p)}" for p, n in sizes.items() if n > LONG_FILE])
    print(f"{len(sizes)} files, {sum(sizes.values()):,} lines, median {statistics.median(sizes.values()):.0f}\n")


def long_functions() -> None:
    found = [(size, where) for path in python_files() for size, where in functions(path)]
    report(f"functions over {LONG_FUNCTION} lines", [f"{n:5}  {where}" for n, where in found if n > LONG_FUNCTION])
    print(f"{len(found)} functions, median {statistics.median(n for n, _ in found):.0f} lines\n")


def functions(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1, f"{name(path)}:{node.lineno} {node.name}"


def cycles() -> None:
    """Every import that lies on a circle; imports for type checkers alone do not count."""
    graph = grimp.build_graph("sinan", exclude_type_checking_imports=True, cache_dir=None)
    edges = [(a, b) for a in sorted(graph.modules) for b in sorted(graph.find_modules_directly_imported_by(a))]
    report("imports on a cycle", [f"{a} -> {b}" for a, b in edges if graph.chain_exists(importer=b, imported=a)])


def benchmark_files() -> None:
    files = [path for path in (SOURCE / "catalog").glob("*.py") if "def benchmark(" in path.read_text("utf-8")]
    if sizes := sorted(lines(path) for path in files):
        print(f"{len(sizes)} benchmark files, median {statistics.median(sizes):.0f} lines, longest {sizes[-1]}\n")


def one_sample() -> None:
    """The files of the whole command; those marked with a star are entered while the sample is asked and judged."""
    command, sample = followed()
    total = sum(lines(path) for path in sample)
    mark = "  !" if len(sample) > MANY_FILES or total > MANY_LINES else ""
    print(f"one sample enters {len(sample)} files, {total:,} lines (aim: {MANY_FILES}, {MANY_LINES:,}){mark}")
    print(f"the whole command enters {len(command)}, {sum(lines(path) for path in command):,} lines")
    for path in sorted(command):
        print(f"{lines(path):5} {'*' if path in sample else ' '} {name(path)}")


def followed() -> tuple[set[Path], set[Path]]:
    """The files in which a function ran, other than while a module was being imported: in all, and while the engine's
    schedule was running."""
    from sinan.cli.main import program

    command: set[str] = set()
    sample: set[str] = set()
    asking = False

    def trace(frame: FrameType, event: str, argument: object) -> None:
        nonlocal asking
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        if not file.startswith(str(SOURCE)):
            return
        asking = (asking or (function == "run" and file.endswith("engine/schedule.py"))) and function != "write_samples"
        if file not in (sample if asking else command) and is_function(frame) and not importing(frame):
            command.add(file)
            if asking:
                sample.add(file)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SINAN_CACHE"] = folder
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            code = program.main([*QUESTION, "--runs", folder], standalone_mode=False)
        finally:
            sys.settrace(None)
            threading.settrace(None)
    if code:
        sys.exit(f"the sample's run ended with {code}")
    return {Path(file) for file in command}, {Path(file) for file in sample}


def is_function(frame: FrameType) -> bool:
    """A function's own frame: not a module's, not a class body's."""
    return bool(frame.f_code.co_flags & inspect.CO_OPTIMIZED)


def importing(frame: FrameType | None) -> bool:
    """Whether a module of ours is being imported below this frame."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(str(SOURCE)):
            return True
        frame = frame.f_back
    return False


def python_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def report(title: str, rows: list[str]) -> None:
    print(f"{title}: {len(rows) or 'none'}")
    for row in rows:
        print(f"  {row}")


if __name__ == "__main__":
    main()
