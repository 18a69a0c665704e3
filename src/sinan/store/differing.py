"""The draws that end differently in two runs, as `Joined.write_differing` wrote them: pages of those that are asked
for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sinan.errors import StoreError
from sinan.store import frames
from sinan.store.beside import Key

Only = Literal["a", "b", "flips", "other", "all"]
"""Right in a only, in b only, either of these, neither, or every draw that ends differently."""
_ONLY = {
    "a": "right_in = 'a'",
    "b": "right_in = 'b'",
    "flips": "right_in <> ''",
    "other": "right_in = ''",
    "all": "true",
}


class Wanted(NamedTuple):
    """Which of them. Empty: whatever it is."""

    only: Only = "flips"
    group: str | None = None
    cause: str = ""
    outcomes: tuple[str, str] | None = None
    text: str = ""
    """In its id, its right answer or what was read from either answer; as it is written, but for case."""

    @property
    def sql(self) -> str:
        """The condition."""
        tests = [_ONLY[self.only]]
        if self.group is not None:
            tests.append(f'"group" = {frames.literal(self.group)}')
        if self.cause:
            tests.append(f"list_contains(causes, {frames.literal(self.cause)})")
        if self.outcomes:
            a, b = map(frames.literal, self.outcomes)
            tests.append(f"outcome_a = {a} AND outcome_b = {b}")
        if self.text:
            wanted = frames.literal(self.text.casefold())
            names = ("sample_id", "target", "answer_a", "answer_b")
            tests.append(f"({' OR '.join(f'contains(lower({name}), {wanted})' for name in names)})")
        return " AND ".join(tests)


def page(path: Path, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Rows in their order, and how many there are in all. Raises StoreError."""
    with _table(path) as (connection, rows):
        total = connection.execute(f"SELECT count(*) FROM {rows} WHERE {wanted.sql}").fetchall()[0][0]
        found = connection.execute(f"SELECT * FROM {rows} WHERE {wanted.sql} LIMIT {int(limit)} OFFSET {int(offset)}")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], int(total)


def one(path: Path, sample: str, draw: int) -> dict[str, Any] | None:
    """This one; None where it does not differ. Raises StoreError."""
    with _table(path) as (connection, rows):
        found = connection.execute(
            f"SELECT * FROM {rows} WHERE sample_id = {frames.literal(sample)} AND draw = {int(draw)}"
        )
        names, row = [column[0] for column in found.description or ()], found.fetchone()
        return None if row is None else dict(zip(names, row, strict=True))


def neighbours(path: Path, sample: str, draw: int, wanted: Wanted) -> tuple[Key | None, Key | None]:
    """The one before and the one after it among those that are wanted. Raises StoreError."""
    with _table(path) as (connection, rows):
        found = connection.execute(f"""
            WITH numbered AS (
                SELECT sample_id, draw, row_number() OVER () AS place, {wanted.sql} AS wanted FROM {rows}),
            here AS (SELECT place FROM numbered WHERE sample_id = {frames.literal(sample)} AND draw = {int(draw)})
            SELECT arg_max({{'s': sample_id, 'd': draw}}, place) FILTER (place < (SELECT place FROM here)),
                arg_min({{'s': sample_id, 'd': draw}}, place) FILTER (place > (SELECT place FROM here))
            FROM numbered WHERE wanted
        """).fetchall()[0]
    before, after = ((one["s"], one["d"]) if one else None for one in found)
    return before, after


@contextmanager
def _table(path: Path) -> Iterator[tuple[Any, str]]:
    """A connection, and what stands behind FROM in it."""
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1}) as connection:
        try:
            yield connection, f"read_parquet({frames.literal(path)})"
        except duckdb.Error as error:
            raise StoreError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from None
