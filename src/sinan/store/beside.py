"""Two stored cells, row beside row. DuckDB joins them on sample and draw and counts; of all columns only those that
count are read, and no text but that of the rows that are asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sinan.store import frames
from sinan.store.folder import RunFolder
from sinan.types import Differing

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GiB"
"""For the join; beyond it DuckDB goes to disk."""

TAKEN = ("tokens_in", "tokens_out", "latency_s", "cost_usd")
"""What an answer takes."""
SHOWN = 300
"""Characters of an answer in a table of many."""

Key = tuple[str, int]
"""Sample id and draw."""


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two cells, and which of its numbers counts."""

    folder: RunFolder
    benchmark: str
    model: str
    of: str = ""
    """Which of a score's values (`Metric.of`); empty: the score itself."""
    width: int = 1
    """`Metric.width`: 1 for a number, anything else for a list of them."""

    def sql(self, rows: frames.Rows) -> str:
        """The columns that count, under the names of an older or a newer sinan alike."""
        there = rows.columns
        unit = "coalesce(nullif(unit, ''), sample_id)" if "unit" in there else "sample_id"
        parts = {
            "sample_id": "sample_id",
            "draw": "draw",
            "unit": unit,
            "unit_size": "unit_size" if "unit_size" in there else "1",
            "cluster": "nullif(cluster, '')" if "cluster" in there else "NULL::VARCHAR",
            "grp": '"group"',
            "value": frames.value_of(self.of, self.width),
            "outcome": "outcome",
            "answer": "answer",
            "target": "target",
            "prompt_hash": "prompt_hash",
        }
        chosen = ", ".join(f"{sql} AS {name}" for name, sql in parts.items())
        return f"SELECT {chosen} FROM {rows.sql} WHERE {self.where}"

    @property
    def where(self) -> str:
        """Which rows of the run are the cell's."""
        return f"benchmark = {frames.literal(self.benchmark)} AND model = {frames.literal(self.model)}"

    def right(self, name: str) -> str:
        """Whether a row is right: by its number where that is 0 or 1, else by its outcome."""
        by_outcome = f"{name}.outcome = 'correct'"
        if self.width != 1:
            return by_outcome
        verdict = f"{name}.value IN (0, 1) AND {name}.outcome <> 'measured'"
        return f"CASE WHEN {verdict} THEN {name}.value = 1 ELSE {by_outcome} END"


class Counts(NamedTuple):
    """How the rows of two cells lie beside each other."""

    statuses: Mapping[str, int]
    """`pair`, and of what is none: `only_a`, `only_b`, `failed` and `collected` (in one of them)."""
    flips: tuple[int, int]
    """Pairs that are right in a only, and in b only."""
    differ: int
    """Pairs whose number, outcome or answer differs."""
    targets: int
    """Pairs whose right answer differs."""
    prompts: int
    """Pairs that were not asked in the same words."""
    alone: bool
    """Whether every row is a unit by itself."""


class Joined:
    """The join, as long as its connection is open."""

    def __init__(
        self,
        connection: "duckdb.DuckDBPyConnection",
        halves: Sequence[Half],
        rows: Sequence[frames.Rows],
        answers: bool,
    ) -> None:
        self._connection, self._halves, self._rows_of = connection, halves, rows
        a, b = halves
        connection.execute(f"""
            CREATE TEMP TABLE pair AS
            SELECT coalesce(a.unit, b.unit) AS unit, sample_id, draw, a.value AS a, b.value AS b,
                a.unit_size AS size_a, b.unit_size AS size_b,
                a.outcome IS NOT NULL AS in_a, b.outcome IS NOT NULL AS in_b,
                coalesce(a.cluster, b.cluster) AS cluster, coalesce(a.grp, b.grp) AS grp,
                CASE WHEN b.outcome IS NULL THEN 'only_a' WHEN a.outcome IS NULL THEN 'only_b'
                    WHEN a.outcome = 'failed' OR b.outcome = 'failed' THEN 'failed'
                    WHEN a.outcome = 'collected' OR b.outcome = 'collected' THEN 'collected' ELSE 'pair' END AS status,
                status = 'pair' AND (a.value IS DISTINCT FROM b.value OR a.outcome <> b.outcome
                    OR a.answer IS DISTINCT FROM b.answer) AS differs,
                differs AND coalesce({a.right("a")}, false) AS right_a,
                differs AND coalesce({b.right("b")}, false) AS right_b,
                status = 'pair' AND a.target IS DISTINCT FROM b.target AS retargeted,
                status = 'pair' AND a.prompt_hash IS DISTINCT FROM b.prompt_hash AS reworded,
                {", ".join(f"{s}.answer AS answer_{s}" if answers else f"NULL::VARCHAR AS answer_{s}" for s in "ab")}
            FROM ({a.sql(rows[0])}) AS a FULL JOIN ({b.sql(rows[1])}) AS b USING (sample_id, draw)
        """)

    def counts(self) -> Counts:
        """Of all rows."""
        found = self._connection.execute("""
            SELECT status, count(*),
                count(*) FILTER (right_a AND NOT right_b), count(*) FILTER (right_b AND NOT right_a),
                count(*) FILTER (differs), count(*) FILTER (retargeted), count(*) FILTER (reworded),
                bool_and(unit = sample_id AND draw = 0)
            FROM pair GROUP BY status
        """).fetchall()
        statuses = Counter({row[0]: row[1] for row in found})
        sums = [sum(row[i] for row in found) for i in range(2, 7)]
        flips, (differ, targets, prompts) = (sums[0], sums[1]), sums[2:]
        return Counts(statuses, flips, differ, targets, prompts, all(row[7] for row in found))

    def columns(self, alone: bool) -> dict[str, Any]:
        """Of every unit that has a number in both, in the order of the units' names: the mean of its rows' numbers in
        `a` and `b`; how many rows it has, with and without a number, in `rows_a` and `rows_b`; `cluster` and `grp` as
        whole numbers, None where nothing is clustered or grouped. `alone`: every row is a unit, as `counts` told."""
        both = (
            "SELECT unit, a, b, 1 AS rows_a, 1 AS rows_b, cluster, grp FROM pair WHERE a IS NOT NULL AND b IS NOT NULL"
        )
        means = """SELECT unit, avg(a) AS a, avg(b) AS b, count(*) FILTER (in_a) AS rows_a,
                count(*) FILTER (in_b) AS rows_b, any_value(cluster) AS cluster, any_value(grp) AS grp
            FROM pair GROUP BY unit HAVING count(a) > 0 AND count(b) > 0"""
        source = f"({both if alone else means})"
        told = self._connection.execute(f"SELECT count(cluster), count(nullif(grp, '')) FROM {source}").fetchall()[0]
        codes = {
            "cluster": "dense_rank() OVER (ORDER BY coalesce(cluster, unit), cluster IS NULL)",
            "grp": "dense_rank() OVER (ORDER BY coalesce(grp, ''))",
        }
        coded = [f"{sql} AS {name}" for (name, sql), count in zip(codes.items(), told, strict=True) if count]
        shown = ", ".join(["a", "b", "rows_a", "rows_b", *coded])
        found = self._connection.execute(f"SELECT {shown} FROM {source} ORDER BY unit").fetchnumpy()
        return {"cluster": None, "grp": None} | dict(found)

    def group_names(self, alone: bool) -> list[str]:
        """Of the units of `columns`, in the order of their whole numbers, which begin at 1."""
        has = "a IS NOT NULL AND b IS NOT NULL"
        by_unit = "SELECT any_value(grp) AS grp FROM pair GROUP BY unit HAVING count(a) > 0 AND count(b) > 0"
        source = f"SELECT grp FROM pair WHERE {has}" if alone else by_unit
        found = self._connection.execute(f"SELECT DISTINCT coalesce(grp, '') FROM ({source}) ORDER BY 1")
        return [name for (name,) in found.fetchall()]

    def by_group(self) -> dict[str, tuple[int, int, int]]:
        """Of every group the draws that are right in a only, in b only, and that differ."""
        found = self._connection.execute("""
            SELECT coalesce(grp, ''), count(*) FILTER (right_a AND NOT right_b),
                count(*) FILTER (right_b AND NOT right_a), count(*) FILTER (differs)
            FROM pair GROUP BY 1 ORDER BY 1
        """)
        return {name: (a, b, differ) for name, a, b, differ in found.fetchall()}

    def outcomes(self) -> dict[tuple[str, str], int]:
        """How many pairs ended so in a and so in b."""
        self._look()
        found = self._connection.execute("SELECT outcome_a, outcome_b, count(*) FROM looked GROUP BY 1, 2")
        return {(one, other): count for one, other, count in found.fetchall()}

    def taken(self, column: str, alone: bool, clustered: bool) -> dict[str, Any]:
        """What the answers of each unit took, on average: `a`, `b`, how many pairs of `draws`, and, where `clustered`,
        `cluster` as a whole number. What stood in a cache took no time. `alone`: as of `columns`."""
        self._look()
        there = f"{column}_a IS NOT NULL AND {column}_b IS NOT NULL" + " AND NOT cached" * (column == "latency_s")
        numbers = ("{0}_a::DOUBLE", "{0}_b::DOUBLE", "1") if alone else ("avg({0}_a)", "avg({0}_b)", "count(*)")
        a, b, draws = (number.format(column) for number in numbers)
        cluster = "cluster" if alone else "any_value(cluster)"
        place = f", dense_rank() OVER (ORDER BY coalesce({cluster}, unit)) AS cluster" if clustered else ""
        grouped = "" if alone else "GROUP BY unit"
        return dict(
            self._connection.execute(
                f"SELECT {a} AS a, {b} AS b, {draws} AS draws {place} FROM looked WHERE {there} {grouped} ORDER BY unit"
            ).fetchnumpy()
        )

    def _look(self) -> None:
        """What a closer look needs of every pair, read once."""
        a, b = (self._of(place, ("outcome", *TAKEN, "cached")) for place in (0, 1))
        taken = ", ".join(f"a.{name} AS {name}_a, b.{name} AS {name}_b" for name in TAKEN)
        self._connection.execute(f"""
            CREATE TEMP TABLE IF NOT EXISTS looked AS
            SELECT pair.unit, pair.cluster, a.outcome AS outcome_a, b.outcome AS outcome_b, {taken},
                coalesce(a.cached, false) OR coalesce(b.cached, false) AS cached
            FROM pair JOIN {a} AS a USING (sample_id, draw) JOIN {b} AS b USING (sample_id, draw)
            WHERE pair.status = 'pair'
        """)

    def _of(self, place: int, columns: Sequence[str]) -> str:
        """These columns of one side's rows."""
        rows = self._rows_of[place]
        shown = ", ".join(name if name in rows.columns else f"NULL AS {name}" for name in columns)
        return f"(SELECT sample_id, draw, {shown} FROM {rows.sql} WHERE {self._halves[place].where})"

    def write_differing(self, path: Path, explained: Sequence[Differing]) -> None:
        """Every pair that differs, as Parquet, in the order of `differing`; `explained`: some of them, with their
        causes. Raises StoreError."""
        rows = ((one.sample_id, one.draw, list(one.causes), one.detail) for one in explained)
        columns = list(zip(*rows, strict=True))
        told = "CREATE OR REPLACE TEMP TABLE told (sample_id VARCHAR, draw INTEGER, causes VARCHAR[], detail VARCHAR)"
        self._connection.execute(told)
        if columns:
            values = [list(column) for column in columns]
            self._connection.execute("INSERT INTO told SELECT unnest(?), unnest(?), unnest(?), unnest(?)", values)
        a, b = (self._of(place, ("outcome", "answer", "target")) for place in (0, 1))
        score_a, score_b = (
            f"pair.{s}" if half.width == 1 else "NULL" for s, half in zip("ab", self._halves, strict=True)
        )
        self._connection.execute(f"""
            COPY (SELECT pair.sample_id, pair.draw, coalesce(pair.grp, '') AS "group",
                left(a.target, {SHOWN}) AS target, {score_a}::DOUBLE AS score_a, {score_b}::DOUBLE AS score_b,
                a.outcome AS outcome_a, b.outcome AS outcome_b, left(a.answer, {SHOWN}) AS answer_a,
                left(b.answer, {SHOWN}) AS answer_b,
                CASE WHEN right_a AND NOT right_b THEN 'a' WHEN right_b AND NOT right_a THEN 'b'
                    ELSE '' END AS right_in,
                coalesce(told.causes, []) AS causes, coalesce(told.detail, '') AS detail
            FROM pair JOIN {a} AS a USING (sample_id, draw) JOIN {b} AS b USING (sample_id, draw)
                LEFT JOIN told USING (sample_id, draw)
            WHERE differs ORDER BY pair.unit, pair.sample_id, pair.draw)
            TO {frames.literal(path)} (FORMAT parquet, COMPRESSION zstd)
        """)

    def units(self) -> Iterator[tuple[Any, ...]]:
        """Of every unit: its name, of either side a list of (sample id, number, answer) of the rows that have a number,
        how many rows there are, and of how many samples the unit is made; then cluster and group."""
        shown = ", ".join(
            f"coalesce(list({{'id': sample_id, 'value': {s}, 'answer': answer_{s}}} ORDER BY sample_id, draw) "
            f"FILTER ({s} IS NOT NULL), []), count(*) FILTER (in_{s}), coalesce(max(size_{s}), 1)"
            for s in "ab"
        )
        found = self._connection.execute(
            f"SELECT unit, {shown}, any_value(cluster), any_value(grp) FROM pair GROUP BY unit ORDER BY unit"
        )
        while batch := found.fetchmany(10_000):
            yield from batch

    def differing(self, most: int, seed: int, sample: str | None = None) -> list[tuple[Key, bool]]:
        """Pairs that differ, and whether one of them is right and the other is not, in the order of units, samples and
        draws. Where there are more than `most`, so many of them, drawn from the seed. `sample`: of this one alone."""
        only = "" if sample is None else f"AND sample_id = {frames.literal(sample)} "
        drawn = f"ORDER BY md5(sample_id || ' ' || draw || ' {seed}'), sample_id, draw LIMIT {most}"
        chosen = f"SELECT unit, sample_id, draw, right_a <> right_b AS flip FROM pair WHERE differs {only}{drawn}"
        found = self._connection.execute(f"SELECT sample_id, draw, flip FROM ({chosen}) ORDER BY unit, sample_id, draw")
        return [((sample_id, draw), flip) for sample_id, draw, flip in found.fetchall()]

    def whole(self, keys: Sequence[Key], batch: int) -> Iterator[list[tuple[dict[str, Any], dict[str, Any]]]]:
        """The whole rows of these pairs, so many at once, in any order. Each file is read once."""
        self._connection.execute("CREATE OR REPLACE TEMP TABLE chosen (sample_id VARCHAR, draw INTEGER)")
        names, draws = [name for name, _ in keys], [draw for _, draw in keys]
        self._connection.execute("INSERT INTO chosen SELECT unnest(?), unnest(?)", [names, draws])
        a, b = (
            f"(SELECT * FROM {rows.sql} SEMI JOIN chosen USING (sample_id, draw) WHERE {half.where})"
            for half, rows in zip(self._halves, self._rows_of, strict=True)
        )
        found = self._connection.execute(f"SELECT a.*, b.* FROM {a} AS a JOIN {b} AS b USING (sample_id, draw)")
        columns = [column[0] for column in found.description or ()]
        while rows := found.fetchmany(batch):
            yield [_halved(columns, row, len(self._rows_of[0].columns)) for row in rows]


@contextmanager
def joined(a: Half, b: Half, answers: bool = False) -> Iterator[Joined]:
    """Two cells, joined. `answers`: keep what was read, too: a vote needs it. Raises StoreError."""
    with frames.together(a.folder, b.folder) as (connection, rows):
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        yield Joined(connection, (a, b), rows, answers)


def _halved(columns: Sequence[str], row: tuple[Any, ...], first: int) -> tuple[dict[str, Any], dict[str, Any]]:
    a, b = (dict(zip(columns[part], row[part], strict=True)) for part in (slice(0, first), slice(first, None)))
    return a, b
