"""Floor 4, below the ways: why one sample ends differently in two runs.

What is stored is looked at first: requests, completions, verdicts. Then parts are swapped where that needs no model:
one run's completion is judged by the other's scorer, or cut by the other's stop strings. A cause is named where it is
needed to get from one verdict to the other.
"""

from sinan.causes.protocol import differences
from sinan.causes.sample import causes
from sinan.causes.side import Answer, Side, apart

__all__ = ["Answer", "Side", "apart", "causes", "differences"]
