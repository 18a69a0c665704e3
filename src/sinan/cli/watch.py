"""What the command line hears while a run goes on, without a terminal to draw on: a few plain lines."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import click

from sinan import __version__
from sinan.cli.output import visible
from sinan.engine import CellTally, EndpointPace, Tally
from sinan.evaluate import Watch
from sinan.types import Benchmark, Outcome, Run, SampleResult


class Plain(Watch):
    """Remembers what it hears, and says on standard error what a reader of a log would want. Holds the run once it
    has ended."""

    def __init__(self, quiet: bool = False, silent: bool = False) -> None:
        """`quiet`: no title. `silent`: not a word."""
        self.run: Run | None = None
        self.first_failure = ""
        self._quiet, self._silent = quiet, silent
        self.foresight: Callable[[Sequence[Benchmark]], str] = lambda benchmarks: ""
        """What the run will leave open; empty for nothing."""
        self._guesses: list[str] = []
        self._tally: Tally | None = None
        self._paces: Sequence[EndpointPace] = ()

    @property
    def running(self) -> bool:
        """Whether the run exists and has not ended: there is something to conclude."""
        return self._tally is not None and self.run is None

    @property
    def left_behind(self) -> str:
        """What goes on at the models' side although the run was stopped, in a few words; '' for nothing."""
        doing = "; ".join(pace.doing for pace in self._paces if pace.doing)
        return f"{doing}; that goes on there, and the same command fetches it" if doing else ""

    def __enter__(self) -> "Plain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """How files of one's own were understood: a guess, so it is said when the run begins. And what it will leave
        open."""
        self._guesses = [f"  {b.card.title}: {b.card.note}" for b in benchmarks if b.card.dimension == "own"]
        if told := self.foresight(benchmarks):
            self._guesses.append(f"sinan: {told}")

    def notice(self, line: str) -> None:
        """Something that the user should know, and that is no error."""
        if not self._silent:
            self._say(f"sinan: {line}")

    def began(self, run: str, path: Path, expected: int, tally: Tally, paces: Sequence[EndpointPace]) -> None:
        """The title line."""
        self._tally, self._paces = tally, paces
        for guess in () if self._silent else self._guesses:
            self._say(guess)
        if not self._quiet:
            self._say(title(run, expected, tally))

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """Only a first failure is kept: it is told at the end."""
        if result.score.outcome is Outcome.FAILED:
            self.first_failure = self.first_failure or result.score.explanation

    def ended(self, run: Run) -> None:
        """Kept for the command, which prints it."""
        self.run = run

    def _say(self, line: str) -> None:
        click.echo(visible(line), err=True)


def title(run: str, expected: int, tally: Tally) -> str:
    """`司南 sinan 0.1.0   run 7f3a-first-light   3 models x 8 benchmarks   2,400 samples`."""
    models, benchmarks = {m for _, m in tally.cells}, {b for b, _ in tally.cells}
    size = f"{len(models)} model{'s' * (len(models) > 1)} x {len(benchmarks)} benchmark{'s' * (len(benchmarks) > 1)}"
    count = f"   {expected:,} sample{'s' * (expected != 1)}"
    already = f"   {tally.resumed:,} answered before" if tally.resumed else ""
    return f"司南 sinan {__version__}   run {run}   {size}{count}{already}"
