"""Samples of a run as a reader leafs through them: filtered, sorted, a page deep inside a million of them.

The places of a page's rows are found from the narrow columns alone; then those rows are read. Whatever is asked can be
ended from another thread, and ends by itself when its time is over. Nothing is held of rows that are not shown.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import orjson

from sinan.errors import StoreError
from sinan.store import frames
from sinan.store.folder import RunFolder
from sinan.store.frames import literal
from sinan.store.record import Record

if TYPE_CHECKING:
    import duckdb

Sort = Literal["order", "latency", "tokens", "score"]
COLUMN: Mapping[Sort, str] = {"order": "row", "latency": "latency_s", "tokens": "tokens_out", "score": "score"}

MEMORY = "512MiB"
"""Of one question; beyond it DuckDB goes to disk."""
THREADS = 2
PATIENCE_S = 10.0
"""Of one question."""
END = 400
"""Characters of an answer's end that a list shows."""
KEPT = 500
"""Counts that are remembered."""
FACETS = 5_000
"""Kinds of samples that are counted apart."""

LINE = (
    "row benchmark model sample_id draw group outcome answer target score scores tokens_in tokens_out latency_s "
    "cost_usd attempts"
).split()
"""Columns of a row in a list, besides the end of its answer and why it failed."""


class Ended(StoreError):
    """A question to the samples took too long, or nobody waits for its answer any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which samples, in which order."""

    outcomes: tuple[str, ...] = ()
    """Any of these; empty: all."""
    benchmark: str = ""
    model: str = ""
    group: str = ""
    text: str = ""
    """Stands in the prompt, the answer, what was read of it, the target or the id; case does not matter."""
    sort: Sort = "order"
    descending: bool = False

    @property
    def natural(self) -> bool:
        """Whether the order is the run's own."""
        return self.sort == "order" and not self.descending

    def where(self) -> str:
        """As SQL."""
        tests = [f"outcome IN ({', '.join(map(literal, self.outcomes))})"] if self.outcomes else []
        exact = {"benchmark": self.benchmark, "model": self.model, "group": self.group}
        tests += [f'"{column}" = {literal(value)}' for column, value in exact.items() if value]
        return " AND ".join([*tests, *([_holds(self.text)] if self.text else [])]) or "true"

    def order(self, backwards: bool = False) -> str:
        """As SQL. Rows without a number come last, and equal ones stand in the run's order."""
        down = self.descending != backwards
        if self.sort == "order":
            return f"row {'DESC' if down else 'ASC'}"
        return f"{COLUMN[self.sort]} {'DESC' if down else 'ASC'} NULLS LAST, row {'DESC' if backwards else 'ASC'}"


def _holds(text: str) -> str:
    """A pattern's own signs count as letters. Columns of JSON hold the text as JSON writes it."""
    plain, escaped = _pattern(text), _pattern(orjson.dumps(text).decode()[1:-1])
    columns = {"prompt": escaped} | dict.fromkeys(("completion", "answer", "target", "sample_id"), plain)
    return "(" + " OR ".join(f"{name} ILIKE {literal(wanted)} ESCAPE '!'" for name, wanted in columns.items()) + ")"


def _pattern(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, "!" + sign)
    return f"%{text}%"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and how many there are in all."""

    rows: Sequence[dict[str, Any]]
    total: int | None
    """None where to count them would have taken too long."""
    more: bool
    """Whether there are rows behind these."""


class Samples:
    """One run's samples, opened for some questions: in `with reading(folder) as samples`."""

    def __init__(self, folder: RunFolder, connection: "duckdb.DuckDBPyConnection", rows: str, columns: Any) -> None:
        self.folder, self.columns, self._connection, self._rows = folder, columns, connection, rows
        self._over = threading.Event()
        self._left = False

    def end(self) -> None:
        """Let the question that is asked, and every later one, end with Ended: nobody waits for it. From any thread."""
        self._left = True
        self.late()

    def late(self) -> None:
        """Let the question that is asked end with Ended: its time is over. From any thread."""
        self._over.set()
        self._connection.interrupt()

    def page(self, wanted: Wanted, limit: int, offset: int = 0) -> Page:
        """Rows of a list, and how many samples are wanted in all. Raises Ended."""
        known = _COUNTS.get(self._key(wanted))
        if wanted.text and known is None:
            return self._searched(wanted, limit, offset)
        total = self.count(wanted)
        rows = self.lines(self._places(wanted, limit, offset)) if offset < total else []
        return Page(rows, total, offset + len(rows) < total)

    def _searched(self, wanted: Wanted, limit: int, offset: int) -> Page:
        """Texts are read through once: what is found is counted, and the page's part of it kept."""
        places: list[int] = []
        count, total = 0, None
        try:
            for place in self._all_places(wanted):
                count += 1
                if offset < count <= offset + limit:
                    places.append(place)
            total = self._keep(wanted, count)
        except Ended:
            if self._left or not places:
                raise
            self._over.clear()  # what was found until now is shown
        return Page(self.lines(places), total, total is None or total > offset + limit)

    def count(self, wanted: Wanted) -> int:
        """How many samples are wanted: counted once for each state of the run's files."""
        known = _COUNTS.get(self._key(wanted))
        if known is None:
            known = self._keep(wanted, self._ask(f"SELECT count(*) FROM {self._rows} WHERE {wanted.where()}")[0][0])
        return known

    def _key(self, wanted: Wanted) -> tuple[str, Wanted]:
        return state(self.folder), replace(wanted, sort="order", descending=False)

    def _keep(self, wanted: Wanted, count: int) -> int:
        _COUNTS[self._key(wanted)] = count
        while len(_COUNTS) > KEPT:
            _COUNTS.popitem(last=False)
        return count

    def _places(self, wanted: Wanted, limit: int, offset: int) -> list[int]:
        chosen = f"{self._chosen(wanted)} LIMIT {int(limit)} OFFSET {int(offset)}"
        return [row[0] for row in self._ask(chosen)]

    def _all_places(self, wanted: Wanted) -> Iterator[int]:
        with self._ending():
            found = self._connection.execute(self._chosen(wanted))
            while rows := found.fetchmany(10_000):
                yield from (row[0] for row in rows)

    def _chosen(self, wanted: Wanted) -> str:
        """Rows come in the run's order by themselves, and then the search ends where the page does."""
        order = "" if wanted.natural else f" ORDER BY {wanted.order()}"
        return f"SELECT row FROM {self._rows} WHERE {wanted.where()}{order}"

    def lines(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The rows of a list at these places, in this order."""
        names = [f'"{name}"' for name in LINE if name == "row" or name in self.columns]
        shown = f"right(completion, {END}) AS ending, CASE WHEN outcome = 'failed' THEN explanation END AS failure"
        found = {row["row"]: row for row in self._dicts(f"{', '.join(names)}, {shown}", _at(places))}
        return [found[place] for place in places if place in found]

    def at(self, place: int) -> Record | None:
        """One sample whole."""
        return next(map(frames.opened, self._dicts("*", _at([place]))), None)

    def place(self, benchmark: str, model: str, sample_id: str, draw: int) -> int | None:
        """Where a sample stands."""
        named = {"benchmark": benchmark, "model": model, "sample_id": sample_id}
        tests = [f"{column} = {literal(value)}" for column, value in named.items()]
        found = self._ask(f"SELECT row FROM {self._rows} WHERE {' AND '.join(tests)} AND draw = {int(draw)} LIMIT 1")
        return int(found[0][0]) if found else None

    def neighbours(self, wanted: Wanted, place: int) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The samples before and after one among those that are wanted."""
        beside = [self._beside(wanted, place, backwards) for backwards in (True, False)]
        found = {row["row"]: row for row in self.lines([one for one in beside if one is not None])}
        before, after = (found.get(one) if one is not None else None for one in beside)
        return before, after

    def _beside(self, wanted: Wanted, place: int, backwards: bool) -> int | None:
        if wanted.sort == "order":
            further = f"row {'<' if wanted.descending != backwards else '>'} {int(place)}"
            query = f"{wanted.where()} AND {further} ORDER BY {wanted.order(backwards)} LIMIT 1"
            found = self._ask(f"SELECT row FROM {self._rows} WHERE {query}")
        else:
            step = "lag" if backwards else "lead"
            found = self._ask(
                f"SELECT beside FROM (SELECT row, {step}(row) OVER (ORDER BY {wanted.order()}) AS beside "
                f"FROM {self._rows} WHERE {wanted.where()}) WHERE row = {int(place)}"
            )
        return None if not found or found[0][0] is None else int(found[0][0])

    def facets(self) -> "Sequence[tuple[str, str, str, str, int]]":
        """(benchmark, model, group, outcome, how many) of all samples; remembered as counts are."""
        key = state(self.folder)
        if (known := _FACETS.get(key)) is None:
            shown = 'benchmark, model, "group", outcome'
            query = f"SELECT {shown}, count(*) FROM {self._rows} GROUP BY {shown} ORDER BY {shown} LIMIT {FACETS}"
            known = _FACETS[key] = self._ask(query)
            while len(_FACETS) > KEPT // 10:
                _FACETS.popitem(last=False)
        return known

    def stream(self, wanted: Wanted, batch: int = 200) -> Iterator[Record]:
        """Every sample that is wanted, whole, in its order. Raises Ended."""
        order = "" if wanted.natural else f" ORDER BY {wanted.order()}"
        shown = "* EXCLUDE (row)"
        with self._ending():
            found = self._connection.execute(f"SELECT {shown} FROM {self._rows} WHERE {wanted.where()}{order}")
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(batch):
                yield from (frames.opened(dict(zip(names, row, strict=True))) for row in rows)

    def _dicts(self, shown: str, where: str) -> list[dict[str, Any]]:
        with self._ending():
            found = self._connection.execute(f"SELECT {shown} FROM {self._rows} WHERE {where}")
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _ask(self, query: str) -> list[Any]:
        with self._ending():
            found: list[Any] = self._connection.execute(query).fetchall()
            return found

    @contextmanager
    def _ending(self) -> Iterator[None]:
        interrupted = frames.core().InterruptException
        if self._over.is_set():
            raise _ended()
        try:
            yield
        except interrupted:
            raise _ended() from None


def _ended() -> Ended:
    return Ended(f"looking through the samples took longer than {PATIENCE_S:g} s. Remedy: filter them more narrowly")


def _at(places: Sequence[int]) -> str:
    return f"row IN ({', '.join(str(int(place)) for place in places)})" if places else "false"


_COUNTS: OrderedDict[tuple[str, Wanted], int] = OrderedDict()
_FACETS: OrderedDict[str, Sequence[tuple[str, str, str, str, int]]] = OrderedDict()


def state(folder: RunFolder) -> str:
    """Changes whenever the rows do."""
    path = folder.samples if folder.samples.exists() else folder.journal
    try:
        stat = path.stat()
    except OSError:
        return f"{path} -"
    return f"{path} {stat.st_ino:x} {stat.st_mtime_ns:x} {stat.st_size:x}"


@contextmanager
def reading(folder: RunFolder, seconds: float | None = PATIENCE_S) -> Iterator[Samples]:
    """Open a run's samples: those of samples.parquet, or of the journal while there is none. `seconds`: when what is
    asked ends by itself; None: never. Raises StoreError."""
    with frames.together(folder) as (connection, (rows,)):
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET threads = {THREADS}")
        samples = Samples(folder, connection, _numbered(folder, rows.sql), rows.columns)
        timer = threading.Timer(seconds, samples.late) if seconds is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield samples
        finally:
            if timer is not None:
                timer.cancel()


def _numbered(folder: RunFolder, rows: str) -> str:
    """The rows with the place of each."""
    if not folder.samples.exists():
        return f"(SELECT row_number() OVER () - 1 AS row, * FROM {rows})"
    file = f"read_parquet({frames.pattern(folder.samples)}, file_row_number = true)"
    return f"(SELECT file_row_number AS row, * EXCLUDE (file_row_number) FROM {file} WHERE sample_id IS NOT NULL)"
