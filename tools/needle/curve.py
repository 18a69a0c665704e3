"""Draws the loss curves: `python tools/needle/curve.py`, from logs/*.csv to loss.svg. Needs nothing installed."""

import csv
import math
from pathlib import Path

HERE = Path(__file__).parent
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 56, 16, 24, 44
COLOURS = {"xs": "#b45309", "s": "#0f766e", "m": "#1d4ed8"}
STAGES = {"xs": ("xs",), "s": ("s",), "m": ("m", "m-2", "m-3")}
BEFORE = {"m": "s"}  # where `s` ended, `m` goes on
LOSSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def points(size: str) -> list[tuple[float, float]]:
    """(millions of tokens, answer loss), a point per 25 steps, all stages in a row."""
    start = points(BEFORE[size])[-1][0] if size in BEFORE else 0.0
    out: list[tuple[float, float]] = []
    for stage in STAGES[size]:
        with (HERE / "logs" / f"{stage}.csv").open() as file:
            rows = [(int(row["tokens"]) / 1e6, float(row["answer_loss"])) for row in csv.DictReader(file)]
        begin = out[-1][0] if out else start
        out += [(begin + tokens, loss) for tokens, loss in rows]
    return out


def main() -> None:
    curves = {size: points(size) for size in COLOURS}
    most = max(tokens for curve in curves.values() for tokens, _ in curve)
    losses = [loss for curve in curves.values() for _, loss in curve]
    low, high = math.log(min(losses)), math.log(max(losses))

    def x(tokens: float) -> float:
        return round(LEFT + tokens / most * (WIDTH - LEFT - RIGHT), 1)

    def y(loss: float) -> float:
        return round(TOP + (high - math.log(loss)) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    for loss in (one for one in LOSSES if low <= math.log(one) <= high):
        parts.append(f'<path d="M{LEFT} {y(loss)}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(loss) + 4}" text-anchor="end">{loss:g}</text>')
    ticks = range(0, int(most) + 1, 2)
    parts += [f'<text x="{x(tick)}" y="{HEIGHT - 24}" text-anchor="middle">{tick}</text>' for tick in ticks]
    for size, curve in curves.items():
        line = "L".join(f"{x(tokens)} {y(loss)}" for tokens, loss in curve[::3] + curve[-1:])
        parts.append(f'<path d="M{line}" fill="none" stroke="{COLOURS[size]}" stroke-width="1.5"/>')
    for number, (size, colour) in enumerate(COLOURS.items()):
        parts.append(f'<text x="{WIDTH - 90}" y="{TOP + 20 + 18 * number}" fill="{colour}">needle/{size}</text>')
    label = "millions of tokens; loss of answer tokens in nats, smoothed"
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">{label}</text>')
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#374151"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>'
    (HERE / "loss.svg").write_text(head + "\n".join(parts) + "</svg>\n")


if __name__ == "__main__":
    main()
