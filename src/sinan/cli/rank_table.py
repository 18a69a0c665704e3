"""A leaderboard as a table: the ranks that a model may have stand where others print a rank."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from sinan.cli.numbers import interval, percent, plain, value
from sinan.cli.table import AMBER, MUTED, RED, console, outcome_table, safe
from sinan.types.leaderboard import Leaderboard, Standing

MANY = 12
"""Letters of ties that are shown."""
LONG, SHORT, PADDING = 48, 16, 2
"""Columns of a name at most, and where a terminal is narrow; and blanks beside a column."""
NOT_RIGHT = ("unparsed", "truncated", "refused", "failed")


@dataclass(frozen=True)
class _Column:
    """A head and a cell per model."""

    head: str
    cells: tuple[Text, ...]
    order: int = 0
    """Which columns go first where a terminal is narrow: the highest, the last of them before the others; 0: none."""

    @property
    def width(self) -> int:
        return PADDING + max(cell_len(self.head), *(cell.cell_len for cell in self.cells), 0)


def print_board(board: Leaderboard) -> None:
    """One line per model, and below it what the numbers rest on."""
    out = console()
    columns = [_Column("rank", tuple(Text(ranks(one)) for one in board.standings)), _models(board), *_columns(board)]
    if not out.is_terminal:
        out.width = max(out.width, sum(one.width for one in columns))
    shown = _fitting(columns, out.width)
    table = outcome_table(*(one.head for one in shown), left=("model", "tied"))
    for row in zip(*(one.cells for one in shown), strict=True):
        table.add_row(*row)
    out.print()
    out.print(Text.assemble("  ", (safe(board.name, 60).plain, "bold"), ("   " + _told(board), MUTED)))
    out.print(table)
    left = [one.head for one in columns if one.head not in {kept.head for kept in shown}]
    told = [f"no room here for: {', '.join(left)}. All is in --json and in a wider window"] if left else []
    for line in (*told, *_lines(board)):
        out.print(Text("  ").append(safe(line)), style=MUTED)
    out.print()


def _fitting(columns: Sequence[_Column], room: int) -> list[_Column]:
    """Numbers are never cut: columns go, and names are as long as the rest allows."""
    kept = list(columns)
    while (over := sum(one.width for one in kept) - room) > max(0, kept[1].width - PADDING - SHORT):
        last = max(range(len(kept)), key=lambda at: (kept[at].order, at))
        if not kept[last].order:
            break
        del kept[last]
    if over > 0:
        names = tuple(name.copy() for name in kept[1].cells)
        for name in names:
            name.truncate(max(SHORT, kept[1].width - PADDING - over), overflow="ellipsis")
        kept[1] = replace(kept[1], cells=names)
    return kept


def _models(board: Leaderboard) -> _Column:
    names = tuple(safe(" ".join(one.model.split())) for one in board.standings)
    for name in names:
        name.truncate(LONG, overflow="ellipsis")
    return _Column("model", names)


def _columns(board: Leaderboard) -> Iterator[_Column]:
    """What stands beside the models."""
    all_of, further = board.standings, board.further
    scores = list(further.get("benchmarks", ()))
    values = tuple(Text(value(one.estimate, board.in_percent), style="bold") for one in all_of)
    yield _Column("overall" if scores else board.metric, values)
    yield _Column("95 % interval", tuple(Text(interval(one.estimate, board.in_percent)) for one in all_of))
    yield _Column("vs next", tuple(_gap(board, one) for one in all_of), 1)
    yield _Column("tied", tuple(_letters(one) for one in all_of), 4)
    yield _Column("n", tuple(Text(f"{one.estimate.n:,}") for one in all_of), 3)
    for name in (name for name in NOT_RIGHT if any(one.outcomes.get(name) for one in all_of)):
        yield _Column(name, tuple(_outcome(one, name) for one in all_of), 2)
    for name in ("wins", "losses", "ties") if further.get("kind") == "votes" else ():
        yield _Column(name, tuple(Text(f"{one.outcomes.get(name, 0):,}") for one in all_of), 5)
    if scores:
        yield _Column("over weights", tuple(_over_weights(one) for one in all_of), 5)
    for name in scores:
        yield _Column(safe(name, LONG).plain, tuple(_score(one, name) for one in all_of), 6)


def ranks(standing: Standing) -> str:
    """`1-4`, or `5` where only one is possible; a dash without a number."""
    if standing.rank_interval is None:
        return "-"
    low, high = standing.rank_interval
    return str(low) if low == high else f"{low}-{high}"


def _gap(board: Leaderboard, one: Standing) -> Text:
    if (gap := one.vs_next) is None:
        return Text("")
    shown = f"{_signed(board, gap.difference)} {_span(board, gap.ci)}"
    return Text(shown + ("  better" if gap.sure else "  tied"), style="" if gap.sure else MUTED)


def _letters(one: Standing) -> Text:
    letters = one.tie_group.split()
    return Text(" ".join(letters[:MANY]) + (" ..." if len(letters) > MANY else ""))


def _outcome(one: Standing, name: str) -> Text:
    count = one.outcomes.get(name, 0)
    return Text(f"{count:,}", style="" if not count else RED if name == "failed" else AMBER)


def _over_weights(one: Standing) -> Text:
    low, high = one.further.get("rank_over_weights", (None, None))
    return Text("" if low is None else str(low) if low == high else f"{low}-{high}")


def _score(one: Standing, name: str) -> Text:
    return Text("imputed" if name in one.further["imputed"] else percent(one.further["scores"][name]))


def _signed(board: Leaderboard, number: float) -> str:
    return f"{round(100 * number, 1) + 0.0:+.1f}" if board.in_percent else f"{'+' if number > 0 else ''}{plain(number)}"


def _span(board: Leaderboard, ci: tuple[float, float] | None) -> str:
    if ci is None:
        return "[not estimable]"
    return f"[{_signed(board, ci[0])}, {_signed(board, ci[1])}]"


def _told(board: Leaderboard) -> str:
    about = [board.further.get(name, "") for name in ("protocol", "version")]
    parts = [f"{about[0]} {about[1][:8]}".strip(), _several(len(board.standings), "model")]
    parts.append(_several(board.n, "vote" if board.further.get("kind") == "votes" else "item"))
    parts += [] if board.clusters is None else [_several(board.clusters, "cluster")]
    parts += [f"chance {percent(board.chance)}"] * (board.chance is not None)
    parts += ["less is better"] * board.less_is_better
    return "   ".join(part for part in parts if part)


def _lines(board: Leaderboard) -> list[str]:
    level = f"{100 * (1 - board.alpha):g} %"
    if board.method == "none" or not board.family:
        return list(board.notes)
    lines = [
        f"rank: simultaneous {level}, {_several(board.family, 'pair')} of models; who shares a letter is tied",
        f"{board.method} · {board.estimand}",
    ]
    further = board.further
    lines += [_effect(one) for one in further.get("effects", ())]
    if flip := further.get("flip"):
        share, first, then = f"{100 * flip['share']:.2g} %", safe(flip["from"], LONG), safe(flip["to"], LONG)
        lines.append(f"without {_several(flip['votes'], 'vote')} ({share}), {then} would be first, not {first}")
    if further.get("kind") == "votes":
        lines.append(str(further["convention"]))
    return [*lines, *board.notes]


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _effect(one: dict[str, float]) -> str:
    low, high = one["effect"] - 1.96 * one["stderr"], one["effect"] + 1.96 * one["stderr"]
    return f"effect of {one['name']}, in log-odds per standard deviation: {one['effect']:.3f} [{low:.3f}, {high:.3f}]"
