"""`sinan show RUN --follow`: a run that another process writes, as it goes on. Nothing of the run is touched."""

import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Literal

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sinan import followed
from sinan.cli.numbers import interval, reported, shares, value
from sinan.cli.output import document, visible
from sinan.cli.table import MUTED, RED, console, print_results, safe
from sinan.evaluate import stored_results
from sinan.store import RunFolder
from sinan.store.living import being_written
from sinan.types import CellResult

LOOK_SECONDS, DRAW_SECONDS, RATE_SECONDS = 0.25, 1.0, 20.0

End = Literal["ended", "gone", "left"]
"""The run came to its end; its process died; or the viewer went away."""


def follow(folder: RunFolder, as_json: bool) -> int:
    """Show the run until it ends. Returns the exit code: 1 where its process died, else 0."""
    on_terminal = sys.stdout.isatty() and not as_json
    with Live(console=console(), auto_refresh=False, transient=True) if on_terminal else nullcontext() as live:
        end, results = _watched(folder, Followed(folder), None if as_json else live or _Lines())
    about = folder.about()
    if as_json:
        head = {"run": folder.id, "path": str(folder.path), "status": about["status"], "writer": end}
        click.echo(document(head | {"results": [row for r in results for row in r.to_json()], "about": about}))
    else:
        click.echo(f"  run {folder.id}   {about['status'] if end != 'gone' else 'its process is gone'}")
        print_results(results)
    if end == "gone":
        click.echo(
            f"sinan: run {visible(folder.id)} was not brought to its end and no process writes it any more. "
            f"Go on with: sinan run --resume {visible(str(folder.path))}",
            err=True,
        )
    elif end == "left" and not as_json:
        click.echo("  no longer followed; the run goes on", err=True)
    return 1 if end == "gone" else 0


def _watched(folder: RunFolder, run: "Followed", view: "Live | _Lines | None") -> tuple[End, Sequence[CellResult]]:
    """How it ended, and the last numbers: those of results.json where there is one."""
    end: End | None = None
    try:
        while end is None:
            end = _looked(folder, run)
            if not run.due():
                continue
            if isinstance(view, Live):
                view.update(_drawn(run), refresh=True)
            elif view is not None:
                view.say(run.line())
    except KeyboardInterrupt:
        return "left", run.results()
    return end, stored_results(folder) if end == "ended" else run.results()


def _looked(folder: RunFolder, run: "Followed") -> End | None:
    """Take in what was added since; None where the run goes on."""
    alive = being_written(folder)  # looked at first: what is read below is then all that a dead process wrote
    if _over(folder):
        return "ended"
    if run.read():
        return None
    if not alive:
        return "ended" if _over(folder) else "gone"
    time.sleep(LOOK_SECONDS)
    return None


def _over(folder: RunFolder) -> bool:
    return bool(folder.about()["status"] != "running")


class Followed(followed.Followed):
    """The numbers of a run, and when and how they are shown."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self._seen: deque[tuple[float, int]] = deque()
        self._drawn, self._took = 0.0, 0.0

    def due(self) -> bool:
        """Whether it is time to draw: every second, and less often where to compute the numbers takes long."""
        now = time.monotonic()
        if now - self._drawn < max(DRAW_SECONDS, 10 * self._took):
            return False
        if not self.behind or self._seen:  # what was there before the view began says nothing of the rate
            self._seen.append((now, self.done))
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_SECONDS:
            self._seen.popleft()
        self._drawn = now
        return True

    def drawn(self) -> list[CellResult]:
        """`results`, and what they cost is remembered."""
        began = time.monotonic()
        results = self.results()
        self._took = time.monotonic() - began
        return results

    def told(self) -> str:
        """`run 7f3a-q   1,204 of 2,400   50 %   412/s   0:00:03 left`."""
        of = "" if self.expected is None else f" of {self.expected:,}   {100 * self.done // max(self.expected, 1)} %"
        rate = self._rate()
        left = max(0, (self.expected or 0) - self.done)
        speed = "" if not rate else f"   {rate:,.0f}/s" if rate >= 10 else f"   {rate:.1f}/s"
        time_left = f"   {_clock(left / rate)} left" if rate and self.expected is not None else ""
        return f"run {self.id}   {self.done:,}{of}{speed}{time_left}"

    def line(self) -> str:
        """All of it on one line, for a reader that is no terminal."""
        results = self.drawn()
        scale = shares(results)
        cells = [
            f"{r.benchmark} {r.model} {_numbers(r, scale)} n {r.estimate.n:,} failed {r.outcomes['failed']:,}"
            for r in results
        ]
        return visible("   ".join([self.told(), *cells]))

    def _rate(self) -> float | None:
        """Results per second, over the last seconds."""
        if len(self._seen) < 2:
            return None
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now > began else None


class _Lines:
    """Where no terminal is: a line whenever something has changed."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, line: str) -> None:
        if line != self._last:
            self._last = line
            click.echo(line)


def _numbers(result: CellResult, scale: Mapping[str, bool]) -> str:
    """`71.0 [64.4, 76.8]`, then what else is reported: `acc_norm 74.0 [67.5, 79.6]`."""
    shown = [f"{value(m.estimate, scale[m.metric])} {interval(m.estimate, scale[m.metric])}" for m in result.reported]
    return " ".join([shown[0], *(f"{m.metric} {text}" for m, text in zip(result.further, shown[1:], strict=True))])


def _drawn(run: Followed) -> RenderableType:
    results = run.drawn()
    scale, several = shares(results), any(r.further for r in results)
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    for name in ("benchmark", "model", *(["metric"] if several else []), "value", "95 % interval", "n", "failed"):
        left = name in ("benchmark", "model", "metric")
        table.add_column(name, no_wrap=True, justify="left" if left else "right")
    for r, one in reported(results):
        first = one.metric == r.metric
        head = [safe(r.benchmark), safe(r.model)] if first else ["", ""]
        shown = Text(value(one.estimate, scale[one.metric]), style="bold" if first else "")
        failed = Text(f"{r.outcomes['failed']:,}" if first else "", style=RED if r.outcomes["failed"] else "")
        metric = [safe(one.metric)] if several else []
        table.add_row(*head, *metric, shown, interval(one.estimate, scale[one.metric]), f"{one.estimate.n:,}", failed)
    foot = Text("  Ctrl-C ends the view; the run goes on", style=MUTED)
    return Group(Text("  ") + safe(run.told()), Text(), table, Text(), foot)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
