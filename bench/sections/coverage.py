"""Do 95 % intervals hold the truth 95 times in a hundred? On a grid, beside the textbook's interval."""

from collections.abc import Iterator, Sequence

import coverage
from coverage import Cell
from processes import Violation

from sections import Size

TITLE = "Coverage of 95 % intervals"
MEAN, WORST = (0.94, 0.96), 0.90
KINDS = {
    "alone": "Verdicts that stand alone (enumerated)",
    "clusters": "Questions in clusters",
    "draws": "Four draws of each question",
}


def lines(size: Size) -> Iterator[str]:
    found = list(coverage.cells(size == "small"))
    held = [cell.held for cell in found]
    yield (
        f"The functions that runs report with, on {len(found)} designs, seed {coverage.SEED}; in brackets Wald's "
        f"p ± 1.96 SE over all rows. Mean {_percent(sum(held) / len(held))}, worst {_percent(min(held))} "
        f"(Wald: {_percent(sum(cell.wald for cell in found) / len(found))} and "
        f"{_percent(min(cell.wald for cell in found))}). The bar: mean 94 to 96, worst 90.\n"
    )
    for kind, title in KINDS.items():
        yield f"{title}:\n"
        yield from _table([cell for cell in found if cell.kind == kind])
        yield ""
    if size != "small" and not (MEAN[0] <= sum(held) / len(held) <= MEAN[1] and min(held) >= WORST):
        worst = min(found, key=lambda cell: cell.held)
        raise Violation(f"coverage: mean {sum(held) / len(held):.4f}, worst {worst}")


def _table(cells: Sequence[Cell]) -> Iterator[str]:
    shares = sorted({cell.p for cell in cells})
    yield "| n | clusters | correlation | " + " | ".join(f"p = {p:g}" for p in shares) + " |"
    yield "|--:|--:|--:|" + "--:|" * len(shares)
    rows: dict[tuple[int, int, float], dict[float, Cell]] = {}
    for cell in cells:
        rows.setdefault((cell.n, cell.clusters, cell.icc), {})[cell.p] = cell
    for (n, clusters, icc), of in rows.items():
        told = " | ".join(f"{_percent(of[p].held)} ({_percent(of[p].wald)})" for p in shares)
        alone = "-" if clusters == n else f"{clusters:,}"
        yield f"| {n:,} | {alone} | {f'{icc:g}' if icc else '-'} | {told} |"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
