"""`make bench`: what the harness costs, beside what it must cost, in one run on one machine. Writes bench/RESULTS.md.

Each figure is the median of several whole processes, peers taken in turn, so that a machine whose speed drifts
slows both alike. Read the ratios; the absolute times belong to the machine.
"""

import contextlib
import datetime
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = sys.executable
SINAN = (PYTHON, "-m", "sinan")


def measured(*command: str, cwd: str | None = None) -> tuple[float, float, float]:
    """(wall seconds, processor seconds, peak MB) of one process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}: {error.decode()[-500:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(runs: int, *commands: tuple[str, ...], cwd: str | None = None) -> list[tuple[float, float, float]]:
    """Each command's medians, the commands taken in turn."""
    taken = [[measured(*command, cwd=cwd) for command in commands] for _ in range(runs)]
    columns = zip(*taken, strict=True)
    return [_medians(column) for column in columns]


def _medians(column: tuple[tuple[float, float, float], ...]) -> tuple[float, float, float]:
    wall, cpu, peak = (statistics.median(values) for values in zip(*column, strict=True))
    return wall, cpu, peak


@contextlib.contextmanager
def server(seconds: float) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([PYTHON, str(HERE / "server.py"), str(port), str(seconds)])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def startup() -> Iterator[str]:
    yield "## Start-up (best and median of 10)\n"
    yield "| command | best ms | median ms | ratio to bare python |\n|---|---|---|---|"
    commands = {
        "`python -c pass`": (PYTHON, "-c", "pass"),
        "`python -c 'import sinan'`": (PYTHON, "-c", "import sinan"),
        "`sinan --help`": (PYTHON, "-m", "sinan", "--help"),
        "`sinan hub list`": (PYTHON, "-m", "sinan", "hub", "list"),
    }
    walls = {name: [] for name in commands}
    for _ in range(10):
        for name, command in commands.items():
            walls[name].append(measured(*command)[0] * 1000)
    bare = statistics.median(walls["`python -c pass`"])
    for name, values in walls.items():
        middle = statistics.median(values)
        yield f"| {name} | {min(values):.0f} | {middle:.0f} | {middle / bare:.2f} |"


def question(i: int) -> str:
    return json.dumps({"id": i, "question": f"Question #{i:05d}#: what is 3 + 4?", "answer": "7"}) + "\n"


def throughput() -> Iterator[str]:
    yield "\n## Overhead against the bare client loop of the same HTTP library (median of 3, in turn)\n"
    yield "| work | ideal s | bare s | sinan s | sinan / bare | sinan CPU ms a sample | bare | sinan peak MB |"
    yield "|---|---|---|---|---|---|---|---|"
    for count, seconds, concurrency in ((1_319, 0.1, 32), (1_319, 0.1, 256), (10_000, 0.05, 256)):
        with server(seconds) as port, tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "w.jsonl").write_text("".join(map(question, range(count))))
            model = f"openai/mock?base_url=http://127.0.0.1:{port}/v1"
            ours = (*SINAN, "run", "w.jsonl", "-m", model, "--concurrency", str(concurrency), "--quiet")
            bare = (PYTHON, str(HERE / "bare_client.py"), str(port), str(count), str(concurrency))
            (wall, cpu, peak), (bare_wall, bare_cpu, _) = medians(3, ours, bare, cwd=folder)
            ideal = count * seconds / concurrency
            yield (
                f"| {count:,} x {seconds * 1000:.0f} ms, concurrency {concurrency} | {ideal:.2f} "
                f"| {bare_wall:.2f} | {wall:.2f} | {wall / bare_wall:.2f} | {1000 * cpu / count:.2f} "
                f"| {1000 * bare_cpu / count:.2f} | {peak:.0f} |"
            )


def bundled() -> Iterator[str]:
    yield "\n## Bundled models: `sinan run first-light` (one run each)\n"
    yield "| model | wall s | CPU s | peak MB |\n|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        for model in ("needle/xs", "needle/s", "needle/m"):
            wall, cpu, peak = measured(PYTHON, "-m", "sinan", "run", "first-light", "-m", model, "--quiet", cwd=folder)
            yield f"| {model} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |"


def main() -> None:
    today = datetime.date.today().isoformat()
    head = f"# Measured on {today}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}\n"
    lines = [head, "By `make bench`. Whole processes, start included; server and client share the cores.\n"]
    for part in (startup, throughput, bundled):
        for line in part():
            print(line, flush=True)
            lines.append(line)
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
