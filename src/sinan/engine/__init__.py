"""Floor 1: ask every sample. Knows no scorer, provider, file or database: it is handed values and protocols."""

from sinan.engine.pace import EndpointPace
from sinan.engine.plan import Done
from sinan.engine.tally import CellTally, Tally

__all__ = ["CellTally", "Done", "EndpointPace", "Tally"]
