"""The line that lives while a run goes on: rate, time left, running estimate, tokens, failures. On a terminal only."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import rich.progress
from rich.console import Console
from rich.text import Text

from sinan import __version__
from sinan.cli.table import safe
from sinan.engine import CellTally, Tally
from sinan.evaluate import Watch
from sinan.types import Benchmark, Outcome, Run, SampleResult


class Progress(Watch):
    """Draws what it hears on standard error. Holds the run once it has ended."""

    def __init__(self, quiet: bool, silent: bool) -> None:
        """`quiet`: no title and no bar. `silent`: not a word."""
        self.run: Run | None = None
        self._quiet, self._silent = quiet, silent
        self._guesses: list[str] = []
        self.first_failure = ""
        self._console = Console(stderr=True, highlight=False)
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn(" "),
            rich.progress.BarColumn(40, complete_style="yellow", finished_style="green"),
            rich.progress.TaskProgressColumn(),
            _Rate(),
            rich.progress.TimeRemainingColumn(compact=True),
            rich.progress.TextColumn("left "),
            rich.progress.TextColumn("{task.fields[told]}"),
            console=self._console,
            disable=quiet or not sys.stderr.isatty(),
            transient=True,
        )
        self._task: rich.progress.TaskID | None = None
        self._tally: Tally | None = None

    @property
    def running(self) -> bool:
        """Whether the run exists and has not ended: there is something to conclude."""
        return self._tally is not None and self.run is None

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """How files of one's own were understood: a guess, so it is said when the run begins."""
        self._guesses = [f"  {b.card.title}: {b.card.note}" for b in benchmarks if b.card.dimension == "own"]

    def fetching(self, done: int, total: int) -> None:
        """Data files, while they are fetched."""
        if self._task is None:
            self._task = self._bar.add_task("data", total=total, told="data files")
        self._bar.update(self._task, completed=done)

    def began(self, run: str, path: Path, expected: int, tally: Tally) -> None:
        """The title line, and an empty bar."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._tally = tally
        for guess in () if self._silent else self._guesses:
            self._console.print(safe(guess), style="dim", soft_wrap=True)
        if not self._quiet:
            self._console.print(_title(run, expected, tally), soft_wrap=True)
        self._task = self._bar.add_task("run", total=expected, completed=tally.resumed, told="")

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """One step, and what the cell now looks like."""
        if self._task is None or self._tally is None:
            return
        if result.score.outcome is Outcome.FAILED:
            self.first_failure = self.first_failure or result.score.explanation
        running = "" if cell.running is None else f"{result.benchmark} {100 * cell.running:.1f}   "
        self._bar.update(self._task, advance=1, told=f"{running}failed {self._tally.failed}")

    def ended(self, run: Run) -> None:
        """Kept for the command, which prints it."""
        self.run = run


class _Rate(rich.progress.ProgressColumn):
    def render(self, task: rich.progress.Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


def _title(run: str, expected: int, tally: Tally) -> Text:
    models, benchmarks = {m for _, m in tally.cells}, {b for b, _ in tally.cells}
    size = f"{len(models)} model{'s' * (len(models) > 1)} x {len(benchmarks)} benchmark{'s' * (len(benchmarks) > 1)}"
    count = f"   {expected:,} sample{'s' * (expected != 1)}"
    already = f"   {tally.resumed:,} answered before" if tally.resumed else ""
    return Text.assemble(("司南 sinan", "bold yellow"), f" {__version__}   run {run}   {size}{count}{already}")
