"""Results as a table: the value and its interval belong together, and what was not answered is said below."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinan.cli.numbers import interval, percent, reported, shares, size, value
from sinan.cli.output import money, visible
from sinan.types import CellResult, Estimate, JudgeCost, Outcome

WIDE = 118
"""Columns of a terminal that outcomes and tokens of one model need beside the score; the lines below tell them too."""
VERDICTS = ("correct", "wrong", "unparsed", "truncated", "refused", "failed")
"""Outcomes that have a column even where none came."""
OF_FORMS = (
    "each question in several forms: n counts questions, outcomes count forms; worst: the form that went worst; "
    "spread: the best form less the worst"
)
OF_VARIANTS = (
    "each question in several variants: n counts questions, outcomes count variants; the first line is their mean"
)
MANY = 6
"""So many metrics of one scale need not be named one by one."""
AMBER, RED, MUTED = "yellow", "red", "dim"


def console() -> Console:
    """Standard output; plain and unwrapped where it is no terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)


def print_results(results: Sequence[CellResult]) -> None:
    """One line per benchmark and metric, with a column per model where that fits; otherwise one line per cell."""
    out = console()
    models = list(dict.fromkeys(r.model for r in results))
    fits = 20 + 24 * len(models) + 8 + 14 * _several(results) <= out.width
    out.print()
    wide = out.width >= WIDE + 20 * (len(models) > 1) + 14 * _several(results)
    out.print(_matrix(results, models) if len(models) > 1 and fits else _long(results, len(models) > 1, wide))
    out.print()
    for line in _notes(results):
        out.print(line)
    if any(result.spread for result in results):
        from sinan.cli.spread_table import print_spread

        print_spread(results, out)


def fitting(out: Console, tables: Iterable[Table]) -> Table:
    """The first that the terminal is wide enough for, or the last."""
    unbound = out.options.update(width=10_000)
    for table in tables:
        if out.measure(table, options=unbound).maximum <= out.width:
            break
    return table


def safe(text: str, width: int | None = None) -> Text:
    """Text from outside, harmless on a terminal: control characters become visible, and it is never markup."""
    shown = visible(text, kept="\n\t")
    if width is not None:
        shown = " ".join(shown.split())
        shown = shown if len(shown) <= width else shown[: width - 1] + "…"
    return Text(shown)


def _several(results: Sequence[CellResult]) -> bool:
    """Whether a line has to say of which metric it is."""
    return len({one.metric for _, one in reported(results)}) > 1


def _matrix(results: Sequence[CellResult], models: Sequence[str]) -> Table:
    several, scale = _several(results), shares(results)
    table = outcome_table("benchmark", *(["metric"] if several else []), *models, "n")
    for benchmark in dict.fromkeys(r.benchmark for r in results):
        cells = {r.model: {m.metric: m for m in r.reported} for r in results if r.benchmark == benchmark}
        for number, metric in enumerate(dict.fromkeys(name for own in cells.values() for name in own)):
            found = {model: own[metric].estimate for model, own in cells.items() if metric in own}
            sizes = sorted({estimate.n for estimate in found.values()})
            n = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,}-{sizes[-1]:,}"
            head = [safe("" if number else benchmark), *([safe(metric)] if several else [])]
            table.add_row(*head, *(_cell(found.get(model), scale[metric]) for model in models), n)
    return table


def _long(results: Sequence[CellResult], with_model: bool, wide: bool) -> Table:
    several, scale, outcomes = _several(results), shares(results), _outcomes(results)
    of = "value" if several else next((safe(r.metric, 24).plain for r in results), "accuracy")
    heads = [
        *(["model"] if with_model else []),
        *(["metric"] if several else []),
        of,
        f"{_level(results)} interval",
        "n",
    ]
    table = outcome_table("benchmark", *heads, *(["read", *outcomes, "tokens in", "out"] if wide else []))
    for r in results:
        for number, one in enumerate(r.reported):
            first = number == 0
            head = [safe(r.benchmark), *([safe(r.model)] if with_model else [])] if first else [""] * (1 + with_model)
            shown = Text(value(one.estimate, scale[one.metric]), style="bold" if first else "")
            counts = [_count(name, r.outcomes.get(name, 0)) for name in outcomes]
            tokens = [f"{r.tokens_in:,}", f"{r.tokens_out:,}"]
            rest: list[Text | str] = [_read(r), *counts, *tokens] if wide and first else []
            metric = [safe(one.metric)] if several else []
            table.add_row(
                *head, *metric, shown, Text(interval(one.estimate, scale[one.metric])), size(one.estimate), *rest
            )
    return table


def _read(result: CellResult) -> Text:
    """The share of the answers that could be read, where any was to be."""
    rate = result.extraction_rate
    return Text("" if rate is None else f"{100 * rate:.4g} %", style=AMBER if rate is not None and rate < 1 else "")


def _outcomes(results: Sequence[CellResult]) -> list[str]:
    """Their names, in the order of the enumeration: of a verdict always, of what is no verdict where it occurs."""
    occur = {name for r in results for name, count in r.outcomes.items() if count}
    return [outcome.value for outcome in Outcome if outcome.value in VERDICTS or outcome.value in occur]


def outcome_table(first: str, *others: str, left: Sequence[str] = ("model", "metric")) -> Table:
    """A table without lines; numbers stand to the right, the columns in `left` are words."""
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(safe(name), justify="left" if name in left else "right", no_wrap=True)
    return table


def _cell(estimate: Estimate | None, share: bool) -> Text:
    if estimate is None:
        return Text("")
    return Text.assemble((value(estimate, share), "bold"), f"  {interval(estimate, share):>13}")


def _count(name: str, count: int) -> Text:
    style = (
        "" if not count or name in ("correct", "wrong") or name not in VERDICTS else RED if name == "failed" else AMBER
    )
    return Text(f"{count:,}", style=style)


def _notes(results: Sequence[CellResult]) -> list[Text]:
    """The interval's method, the outcomes that are neither correct nor wrong, and the tokens."""
    lines = [Text("  ", style=MUTED).append(safe(_told(results))), *_limits(results)]
    if any((one.kind or one.metric) == "spread" for _, one in reported(results)):
        lines.append(Text("  " + OF_FORMS, style=MUTED))
    if any(r.spread for r in results):
        lines.append(Text("  " + OF_VARIANTS, style=MUTED))
    if (draws := max((r.k for r in results), default=1)) > 1:
        lines.append(Text(f"  {draws} draws of each sample: n counts samples, outcomes count draws", style=MUTED))
    told = _extraction(results)
    for name in _outcomes(results):
        if name in ("correct", "wrong"):
            continue
        by_model: dict[str, int] = {}
        for r in results:
            by_model[r.model] = by_model.get(r.model, 0) + r.outcomes.get(name, 0)
        whose = ", ".join(f"{model} {n:,}" for model, n in by_model.items() if n)
        told.append(f"{name} {sum(by_model.values()):,}" + (f" ({whose})" if whose and len(by_model) > 1 else ""))
    lines.append(Text("  " + " · ".join(told), style=RED if not told[-1].startswith("failed 0") else ""))
    tokens = [
        f"{sum(getattr(r, key) for r in results):,} {word}"
        for key, word in (("tokens_in", "in"), ("tokens_out", "out"))
    ]
    costs = [r.cost_usd for r in results if r.cost_usd]
    cost = f" · {money(sum(costs))}" if costs else ""
    lines.append(Text(f"  tokens {', '.join(tokens)}{cost}", style=MUTED))
    return [*lines, *_judges(results)]


def _limits(results: Sequence[CellResult]) -> list[Text]:
    """What limits the numbers of clusters, and how much of the error of repeated draws is chance."""
    found = [(one.metric, one.estimate) for _, one in reported(results)]
    clustered = [estimate for _, estimate in found if estimate.clusters is not None]
    told = ["clusters: questions that share something; error bars take them together"] if clustered else []
    told += dict.fromkeys(note for _, estimate in found for note in estimate.notes)
    for r in results:
        split = r.estimate.draws
        if split is not None and split.noise_share is not None:
            told.append(
                f"{r.benchmark}, {r.model}: {100 * split.noise_share:.0f} % of the variance of one draw is chance; "
                f"the standard error {percent(r.estimate.stderr)} would be {percent(split.stderr_same_questions)} for "
                f"the same questions drawn anew, {percent(split.stderr_many_draws)} with ever more draws"
            )
    return [Text("  ", style=MUTED).append(safe(line)) for line in told]


def _level(results: Sequence[CellResult]) -> str:
    """`95 %`; that of the first where not all are alike."""
    return f"{100 * results[0].estimate.level if results else 95:.6g} %"


def _extraction(results: Sequence[CellResult]) -> list[str]:
    """`an answer read from 98.2 %`: of all answers that were to be read, by model where there are several."""
    read: dict[str, list[int]] = {}
    for r in results:
        verdicts = [r.outcomes.get(name, 0) for name in ("correct", "wrong")]
        nothing = [r.outcomes.get(name, 0) for name in ("unparsed", "truncated", "refused")]
        counts = read.setdefault(r.model, [0, 0])
        counts[0], counts[1] = counts[0] + sum(verdicts), counts[1] + sum(verdicts) + sum(nothing)
    shares_ = {model: 100 * got / of for model, (got, of) in read.items() if of}
    if not shares_:
        return []
    whole = 100 * sum(got for got, _ in read.values()) / sum(of for _, of in read.values())
    whose = ", ".join(f"{model} {share:.4g} %" for model, share in shares_.items())
    return [f"an answer read from {whole:.4g} %" + (f" ({whose})" if len(shares_) > 1 and whole < 100 else "")]


def _judges(results: Sequence[CellResult]) -> list[Text]:
    """Who judged, what it took, and how often no verdict came."""
    judged = [r for r in results if r.judging is not None]
    if not judged:
        return []
    cost = sum((r.judging for r in judged if r.judging is not None), JudgeCost())
    names = ", ".join(dict.fromkeys(name for r in judged for name in r.judges))
    usd = f" · {money(cost.cost_usd)}" if cost.cost_usd else ""
    asked = sum(sum(r.outcomes.values()) for r in judged)
    told = f"  judged by {names}: {cost.calls:,} calls, {cost.cached:,} cached, {cost.tokens_in:,} tokens in, "
    told += f"{cost.tokens_out:,} out{usd} · without a verdict {cost.failed:,} of {asked:,}"
    return [Text(told, style=RED if cost.failed else MUTED)]


def _told(results: Sequence[CellResult]) -> str:
    """`accuracy in %, perplexity as it is, with {_level(results)} intervals (wilson)`."""
    scale = shares(results)
    methods = sorted({one.estimate.method for _, one in reported(results) if one.estimate.ci})
    in_percent, plain = [sorted(name for name, share in scale.items() if share is wanted) for wanted in (True, False)]
    if not plain and len(in_percent) > MANY:
        in_percent = ["all"]
    parts = [f"{', '.join(in_percent)} in %"] * bool(in_percent) + [f"{', '.join(plain)} as it is"] * bool(plain)
    between = "; " if any("," in method for method in methods) else ", "
    return f"{', '.join(parts)}, with {_level(results)} intervals ({between.join(methods) or 'none'})"


def print_groups(results: Sequence[CellResult]) -> None:
    """One line per group and metric of each cell that has groups."""
    several, scale = _several(results), shares(results)
    heads = ["metric", "value"] if several else [next(iter(scale), "accuracy")]
    table = outcome_table("benchmark", "model", "group", *heads, f"{_level(results)} interval", "n")
    for r, one in reported(results):
        for name, e in one.groups:
            shown = Text(value(e, scale[one.metric]), style="bold")
            row = (safe(r.benchmark), safe(r.model), safe(name), *([safe(one.metric)] if several else []), shown)
            table.add_row(*row, Text(interval(e, scale[one.metric])), size(e))
        for name, e in one.strata:
            row = (safe(r.benchmark), safe(r.model), Text(f"{name} average", style=MUTED))
            shown = Text(value(e, scale[one.metric]), style="bold")
            table.add_row(
                *row, *([safe(one.metric)] if several else []), shown, interval(e, scale[one.metric]), size(e)
            )
    out = console()
    out.print(table if table.row_count else Text("  nothing is grouped here", style=MUTED))
    out.print()


def print_runs(rows: Sequence[Mapping[str, Any]]) -> None:
    """One line per run, the newest first."""
    table = outcome_table("run", "begun (UTC)", "status", "targets", "models")
    for column in table.columns[1:]:
        column.justify = "left"
    for row in rows:
        what = row.get("error") or ", ".join(Path(target).name for target in row["targets"])
        begun = safe(row["created"][:16].replace("T", " "))
        table.add_row(safe(row["run"]), begun, safe(row["status"]), safe(what, 60), safe(", ".join(row["models"]), 60))
    console().print(table)
