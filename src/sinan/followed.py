"""A run that another process writes, its numbers kept up with its journal. Nothing of the run is touched."""

from dataclasses import replace

from sinan.engine import CellTally
from sinan.errors import StoreError
from sinan.statistics import metrics
from sinan.store import RunFolder
from sinan.store.finals import Finals
from sinan.store.living import Growth
from sinan.store.record import answered, key
from sinan.types import CellResult

BATCH = 20_000
"""Records that are read before the numbers are looked at again: some 0.1 s."""


class Followed:
    """The numbers of a run, kept from what its journal holds and what is added to it."""

    def __init__(self, folder: RunFolder) -> None:
        about = folder.about()
        self.id = folder.id
        self.expected: int | None = about.get("expected") if isinstance(about.get("expected"), int) else None
        self._growth = Growth(folder.journal)
        self._cells = {(cell["benchmark"], cell["model"]): cell for cell in about["cells"]}
        try:
            draws = about["spec"]["draws"]
            self._tallies = {name: CellTally(metrics(cell), draws) for name, cell in self._cells.items()}
        except KeyError as error:
            raise StoreError(f"run {folder.id} cannot be followed: {error} is no metric of this sinan") from None
        self._finals = {name: Finals() for name in self._cells}
        self._answers = dict.fromkeys(self._cells, 0)

    def read(self) -> bool:
        """Count what was added, at most a batch of it; whether there was anything."""
        found = False
        for record in self._growth.read(BATCH):
            found, name = True, (record["benchmark"], record["model"])
            # Of a question that stands in the journal twice its first answer counts, and a failure until there is one.
            if name in self._cells and self._finals[name].note(key(record), 0, answered(record)):
                self._answers[name] += 1
                self._tallies[name].replay(record)
        return found

    def results(self) -> list[CellResult]:
        """As they stand."""
        return [self._result(name) for name in self._cells]

    def _result(self, name: tuple[str, str]) -> CellResult:
        cell = self._cells[name]
        result = self._tallies[name].result(name[0], cell["version"], cell["protocol"], name[1])
        failed = result.outcomes["failed"] + len(self._finals[name]) - self._answers[name]
        return replace(result, outcomes={**result.outcomes, "failed": failed})

    @property
    def done(self) -> int:
        """Questions that have a result."""
        return sum(map(len, self._finals.values()))

    @property
    def behind(self) -> int:
        """Bytes of the journal that were not read yet."""
        return self._growth.behind
