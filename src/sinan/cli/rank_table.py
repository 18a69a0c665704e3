"""A leaderboard as a table: the ranks that a model may have stand where others print a rank."""

from rich.text import Text

from sinan.cli.numbers import interval, percent, plain, value
from sinan.cli.table import AMBER, MUTED, RED, console, outcome_table, safe
from sinan.types.leaderboard import Leaderboard, Standing

MANY = 12
"""Letters of ties that are shown."""
NOT_RIGHT = ("unparsed", "truncated", "refused", "failed")


def print_board(board: Leaderboard) -> None:
    """One line per model, and below it what the numbers rest on."""
    out = console()
    of_votes = board.further.get("kind") == "votes"
    beside = [name for name in NOT_RIGHT if any(one.outcomes.get(name) for one in board.standings)]
    scores = list(board.further.get("benchmarks", ()))
    heads = ["rank", "model", "overall" if scores else board.metric, "95 % interval", "vs next", "tied", "n", *beside]
    heads += ["wins", "losses", "ties"] if of_votes else ["over weights", *scores] if scores else []
    table = outcome_table(*heads, left=("model", "tied"))
    for one in board.standings:
        table.add_row(*_row(board, one), *_beside(one, beside), *_more(one, of_votes, scores))
    out.print()
    out.print(Text.assemble("  ", (safe(board.name).plain, "bold"), ("   " + _told(board), MUTED)))
    out.print(table)
    for line in _lines(board):
        out.print(Text("  ").append(safe(line)), style=MUTED)
    out.print()


def ranks(standing: Standing) -> str:
    """`1-4`, or `5` where only one is possible; a dash without a number."""
    if standing.rank_interval is None:
        return "-"
    low, high = standing.rank_interval
    return str(low) if low == high else f"{low}-{high}"


def _row(board: Leaderboard, one: Standing) -> list[Text | str]:
    gap = one.vs_next
    shown = "" if gap is None else f"{_signed(board, gap.difference)} {_span(board, gap.ci)}"
    word = "" if gap is None else "  better" if gap.sure else "  tied"
    letters = one.tie_group.split()
    return [
        ranks(one),
        safe(one.model, 48),
        Text(value(one.estimate, board.in_percent), style="bold"),
        interval(one.estimate, board.in_percent),
        Text(shown + word, style="" if gap is None or gap.sure else MUTED),
        " ".join(letters[:MANY]) + (" ..." if len(letters) > MANY else ""),
        f"{one.estimate.n:,}",
    ]


def _beside(one: Standing, names: list[str]) -> list[Text]:
    counts = {name: one.outcomes.get(name, 0) for name in names}
    return [Text(f"{n:,}", style="" if not n else RED if name == "failed" else AMBER) for name, n in counts.items()]


def _more(one: Standing, of_votes: bool, scores: list[str]) -> list[str]:
    if of_votes:
        return [f"{one.outcomes.get(name, 0):,}" for name in ("wins", "losses", "ties")]
    if not scores:
        return []
    low, high = one.further.get("rank_over_weights", (None, None))
    span = "" if low is None else str(low) if low == high else f"{low}-{high}"
    own, filled = one.further["scores"], one.further["imputed"]
    return [span, *("imputed" if name in filled else percent(own[name]) for name in scores)]


def _signed(board: Leaderboard, number: float) -> str:
    return f"{round(100 * number, 1) + 0.0:+.1f}" if board.in_percent else f"{'+' if number > 0 else ''}{plain(number)}"


def _span(board: Leaderboard, ci: tuple[float, float] | None) -> str:
    if ci is None:
        return "[not estimable]"
    return f"[{_signed(board, ci[0])}, {_signed(board, ci[1])}]"


def _told(board: Leaderboard) -> str:
    about = [board.further.get(name, "") for name in ("protocol", "version")]
    count = len(board.standings)
    parts = [f"{about[0]} {about[1][:8]}".strip(), f"{count:,} model{'s' * (count != 1)}"]
    parts.append(f"{board.n:,} {'votes' if board.further.get('kind') == 'votes' else 'items'}")
    parts += [] if board.clusters is None else [f"{board.clusters:,} clusters"]
    parts += [f"chance {percent(board.chance)}"] * (board.chance is not None)
    parts += ["less is better"] * board.less_is_better
    return "   ".join(part for part in parts if part)


def _lines(board: Leaderboard) -> list[str]:
    level = f"{100 * (1 - board.alpha):g} %"
    if board.method == "none" or not board.family:
        return list(board.notes)
    lines = [
        f"rank: simultaneous {level}, all {board.family:,} pairs of {len(board.standings):,} models; who shares a "
        "letter is tied",
        f"{board.method} · {board.estimand}",
    ]
    further = board.further
    lines += [_effect(one) for one in further.get("effects", ())]
    if flip := further.get("flip"):
        share = f"{100 * flip['share']:.2g} %"
        lines.append(f"without {flip['votes']:,} votes ({share}), {flip['to']} would be first, not {flip['from']}")
    if further.get("kind") == "votes":
        lines.append(str(further["convention"]))
    return [*lines, *board.notes]


def _effect(one: dict[str, float]) -> str:
    low, high = one["effect"] - 1.96 * one["stderr"], one["effect"] + 1.96 * one["stderr"]
    return f"effect of {one['name']}, in log-odds per standard deviation: {one['effect']:.3f} [{low:.3f}, {high:.3f}]"
