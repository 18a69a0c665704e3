"""Floor 4: two runs beside each other, on the samples they share.

two runs -> pairs of cells (pairs) -> rows side by side, and the mean of their differences (rows)
                                   -> of each row that differs its causes (two_runs, with the room `causes`)

Before there are runs: what so many questions would tell (planning), by what earlier runs told (earlier_pairs).
"""

from sinan.comparison.planning import power
from sinan.comparison.two_runs import compare

__all__ = ["compare", "power"]
