"""The line that lives while a run goes on: rate, pace, time left, running estimate, cost, failures, and what is being
waited for. On a terminal only."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import rich.progress
from rich.console import Console
from rich.table import Column
from rich.text import Text

from sinan.cli.output import money
from sinan.cli.table import safe
from sinan.cli.watch import Plain
from sinan.engine import CellTally, EndpointPace, Tally
from sinan.types import SampleResult


class Progress(Plain):
    """Draws what it hears on standard error."""

    def __init__(self, quiet: bool = False, silent: bool = False) -> None:
        super().__init__(quiet, silent)
        self._console = Console(stderr=True, highlight=False)
        self._cell = ""
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn(" "),
            rich.progress.BarColumn(
                40 if self._console.width >= 120 else 16, complete_style="yellow", finished_style="green"
            ),
            rich.progress.TaskProgressColumn(),
            _Rate(),
            rich.progress.TimeRemainingColumn(compact=True),
            rich.progress.TextColumn("left "),
            _Told(self),
            console=self._console,
            disable=quiet,
            transient=True,
        )
        self._task: rich.progress.TaskID | None = None

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def fetching(self, done: int, total: int) -> None:
        """Data files, while they are fetched."""
        if self._task is None:
            self._task = self._bar.add_task("data", total=total, told="data files")
        self._bar.update(self._task, completed=done)

    def began(self, run: str, path: Path, expected: int, tally: Tally, paces: Sequence[EndpointPace]) -> None:
        """The title line, and an empty bar."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        super().began(run, path, expected, tally, paces)
        self._task = self._bar.add_task("run", total=expected, completed=tally.resumed, told="")

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """One step, and what the cell now looks like."""
        super().counted(result, cell)
        if self._task is not None:
            self._bar.advance(self._task)
            if cell.running is not None:
                self._cell = f"{result.benchmark} {100 * cell.running:.1f}"

    def told(self) -> str:
        """Right of the bar: what cannot be drawn."""
        if self._tally is None:
            return ""
        waiting = [pace.waiting for pace in self._paces if pace.waiting]
        cost = self._tally.cost_usd
        parts = [
            *(waiting or [pace.told for pace in self._paces]),
            self._cell,
            "" if not cost else money(cost),
            f"cached {self._tally.cached:,}" if self._tally.cached else "",
            f"failed {self._tally.failed}",
        ]
        return "   ".join(part for part in parts if part)

    def _say(self, line: str) -> None:
        styled = Text.assemble((line[:8], "bold yellow"), line[8:]) if line.startswith("司南") else safe(line)
        self._console.print(styled, soft_wrap=True, style=None if line.startswith("司南") else "dim")


class _Rate(rich.progress.ProgressColumn):
    def render(self, task: rich.progress.Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


class _Told(rich.progress.ProgressColumn):
    def __init__(self, progress: Progress) -> None:
        super().__init__(table_column=Column(no_wrap=True, overflow="ellipsis"))
        self._progress = progress

    def render(self, task: rich.progress.Task) -> Text:
        return safe(task.fields["told"] or self._progress.told())
