"""A load test as tables: one per level, and one over all levels at the end."""

import sys
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, RED, console, fitting, safe
from sinan.types.load import STATISTICS, TIMES, Level, LoadTest

_FEWER = ("mean", "p50", "p95", "p99", "max")
"""Statistics of a narrow terminal."""
_NAMES = {"ttft": "first token", "tpot": "per token", "itl": "between chunks", "e2e": "whole answer"}


def print_level(level: Level) -> None:
    """Throughput in a line, latencies as rows, and what went wrong."""
    out = console()
    out.print()
    out.print(Text.assemble("  ", (f"{level.over} {level.at:g}", "bold"), "   ", _counts(level)))
    out.print(Text(f"  {_throughput(level)}"))
    if level.arrivals:
        asked = level.arrivals
        out.print(
            Text(
                f"  arrivals/s: asked {asked.asked:g}, drawn {asked.scheduled:.3g}, sent {asked.sent:.3g}   "
                f"late {_ms(asked.late_p99)} ms (p99)",
                style=MUTED,
            )
        )
    if not level.client.kept_up:
        lag = level.client
        out.print(
            Text(
                f"  the client did not keep up: it ran {_ms(lag.lag_p99)} ms late (p99), at "
                f"{100 * lag.processor:.0f} % of a core",
                style=AMBER,
            )
        )
    if not level.reached and not level.unfinished:
        out.print(Text("  the level was not reached: these are the numbers of a smaller load", style=AMBER))
    for one in level.failures:
        out.print(Text.assemble("  ", (f"failed {one.count:,}: ", RED), safe(one.example, 200)))
    if level.ok:
        out.print(fitting(out, (_latencies(level, STATISTICS), _latencies(level, _FEWER))))
    else:
        out.print(Text("  no request succeeded", style=RED))
    for verdict in level.verdicts:
        value = "no number" if verdict.value is None else f"{verdict.value:.4g}"
        word = ("kept", "green") if verdict.kept else ("missed", RED)
        out.print(Text.assemble("  ", word, f"  {verdict.target}  ({value})"))


def print_test(test: LoadTest) -> None:
    """What is said of all levels together; the levels themselves were printed when they were measured."""
    out = console()
    out.print()
    if len(test.levels) > 1:
        out.print(fitting(out, _summaries(test)))
        out.print()
    if test.spec.search:
        out.print(_found(test))
    for note in test.notes:
        out.print(Text(f"  {note}", style=MUTED), soft_wrap=not sys.stdout.isatty())


def _counts(level: Level) -> Text:
    unfinished = f", {level.unfinished:,} unfinished" if level.unfinished else ""
    failed = (f"{level.failed:,} failed", RED if level.failed else "")
    rest = f"   in flight {level.in_flight_mean:.1f} (max {level.in_flight_max:,})   {level.seconds:,.1f} s"
    return Text.assemble(f"{level.sent:,} sent, {level.ok:,} ok, ", failed, unfinished, rest)


def _throughput(level: Level) -> str:
    tokens = level.per_second(level.tokens_out_total), level.per_second(level.tokens_total)
    parts = [f"{_number(level.per_second(level.ok))} requests/s"]
    parts += [f"{_number(tokens[0])} output tokens/s"] if tokens[0] is not None else []
    parts += [f"{_number(tokens[1])} tokens/s in all"] if tokens[1] is not None else []
    return "   ".join(parts)


def _latencies(level: Level, statistics: Sequence[str]) -> Table:
    table = _table("ms", *statistics, "n")
    for name in TIMES:
        spread, head = level.spreads[name], Text.assemble((name, "bold"), f"  {_NAMES[name]}")
        if spread is not None:
            table.add_row(head, *(_ms(getattr(spread, statistic)) for statistic in statistics), f"{spread.n:,}")
        elif level.at_once:
            table.add_row(head, *("-" for _ in statistics), "-")
    for name in ("tokens_in", "tokens_out"):
        if (spread := level.spreads[name]) is not None:
            by = " (as chunks)" if name == "tokens_out" and level.counted_by == "chunks" else ""
            values = [f"{getattr(spread, statistic):,.0f}" for statistic in statistics]
            table.add_row(Text(name.replace("_", " ") + by, style=MUTED), *values, f"{spread.n:,}")
    return table


_COLUMNS = (("ttft", "p50"), ("ttft", "p99"), ("tpot", "p50"), ("e2e", "p50"), ("e2e", "p99"))


def _summaries(test: LoadTest) -> Iterator[Table]:
    """The same summary, ever narrower: heads of two lines, and then without the times that others tell best."""
    shown = [column for column in _COLUMNS if test.streamed or column[0] == "e2e"]
    yield _summary(test, shown, short=False)
    yield _summary(test, shown, short=True)
    for dropped in (("e2e", "p50"), ("ttft", "p50"), ("tpot", "p50")):
        shown = [column for column in shown if column != dropped]
        yield _summary(test, shown, short=True)


def _summary(test: LoadTest, shown: Sequence[tuple[str, str]], *, short: bool) -> Table:
    judged, over, gap = any(level.verdicts for level in test.levels), test.levels[0].over, "\n" if short else " "
    heads: list[str] = ["in\nflight" if short and over == "concurrency" else over]
    heads += ["req.\n/s", "tokens\nout/s"] if short else ["requests/s", "out tokens/s"]
    heads += [f"{m}{gap}{s}" for m, s in shown]
    table = _table(*heads, "failed", *(["targets"] if judged else []))
    if short:
        table.padding = (0, 1, 0, 0)
    for level in sorted(test.levels, key=lambda level: level.at):
        times = [_ms(level.value(m, s)) for m, s in shown]
        failed = Text(f"{level.failed:,}", style=RED if level.failed else "")
        verdict = [Text("kept", style="green") if level.kept else Text("missed", style=RED)] if judged else []
        if judged and level.kept and not level.answers:
            verdict = [Text("?", style=AMBER)]
        rates = _number(level.per_second(level.ok)), _number(level.per_second(level.tokens_out_total))
        table.add_row(f"  {level.at:g}" if short else f"{level.at:g}", *rates, *times, failed, *verdict)
    return table


def _found(test: LoadTest) -> Text:
    targets = ", ".join(target.text for target in test.spec.targets)
    if test.status == "stopped":
        return Text(f"  The search was interrupted after {len(test.levels)} levels", style=AMBER)
    if test.best is None:
        if any(level.kept for level in test.levels):
            return Text(f"  No {test.spec.search} is known to keep {targets}: see below", style=AMBER)
        lowest = min(level.at for level in test.levels)
        return Text(f"  No {test.spec.search} keeps {targets}: even {lowest:g} does not", style=RED)
    head = f"  The highest {test.spec.search} that keeps {targets}: "
    end = ", the end of the range: the limit may lie higher" if test.at_end_of_range else ""
    return Text.assemble(head, (f"{test.best:g}", "bold"), f"{end}   ({len(test.levels)} levels measured)")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _ms(seconds: float | None) -> str:
    """Milliseconds, with a decimal where it says something."""
    if seconds is None:
        return "-"
    return f"{1000 * seconds:,.1f}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
