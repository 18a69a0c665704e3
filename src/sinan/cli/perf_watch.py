"""A load test while it goes on: a bar per level on a terminal, and each level's table as soon as it is measured."""

import sys
from types import TracebackType

import rich.progress
from rich.console import Console

from sinan.cli.perf_table import print_level
from sinan.engine.load import Bounds, Tally
from sinan.load_test import Watch
from sinan.types.load import Level, LoadTest, Over


class Drawn(Watch):
    """Draws what it hears: the bar on standard error, the levels on standard output. Holds the test once it ended."""

    def __init__(self, quiet: bool) -> None:
        """`quiet`: nothing on standard output, and no bar."""
        self.test: LoadTest | None = None
        self._quiet = quiet
        self._hidden = quiet or not sys.stderr.isatty()
        self._bar: rich.progress.Progress | None = None

    def __enter__(self) -> "Drawn":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def began(self, model: str, over: Over, at: float, bounds: Bounds, tally: Tally) -> None:
        """A bar for the level, that moves with requests, or with time where only that bounds it."""
        if self._hidden:
            return
        bar = rich.progress.Progress(
            rich.progress.TextColumn("  {task.description}"),
            rich.progress.BarColumn(40, complete_style="yellow", finished_style="green"),
            rich.progress.TaskProgressColumn(),
            rich.progress.TextColumn("{task.fields[told]}"),
            console=Console(stderr=True, highlight=False),
            transient=True,
            refresh_per_second=4,  # drawing takes time from the very process that measures
        )
        task = bar.add_task(f"{over} {at:g}", total=bounds.requests or bounds.seconds, told="")

        def answered() -> None:
            done = tally.sent - tally.in_flight if bounds.requests else min(tally.last_sent, bounds.seconds or 0.0)
            told = f"answered {tally.ok:,}   failed {tally.failed:,}   in flight {tally.in_flight:,}"
            bar.update(task, completed=done, told=told)

        tally.answered = answered
        self._bar = bar
        bar.start()

    def measured(self, level: Level) -> None:
        """The level's table."""
        self._stop()
        if not self._quiet:
            print_level(level)

    def ended(self, test: LoadTest) -> None:
        """Kept for the command, which prints the rest."""
        self._stop()
        self.test = test

    def _stop(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()
