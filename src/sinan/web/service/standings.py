"""What stored runs say of one benchmark: the runs that the reader may see, of one version and one protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from sinan.web.service import shelf
from sinan.web.service.people import Asker
from sinan.web.service.tables import cells, runs

MOST = 200
"""Models that are shown."""


@dataclass(frozen=True)
class Kind:
    """Cells that may be compared: of one version of the benchmark under one protocol."""

    protocol: str
    version: str
    models: int
    current: bool
    """Whether it is what would be run now."""


@dataclass(frozen=True)
class Standing:
    """The last cell of one model."""

    run: str
    model: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    status: str
    created: str
    in_percent: bool
    less_is_better: bool
    seen: str
    """State of the run's folder when it was read."""


def kinds(connection: Connection, by: Asker, benchmark: str, versions: Mapping[str, str]) -> list[Kind]:
    """What there is, what would be run now first. `versions`: of each protocol, as it would be run now."""
    counted = select(cells.c.protocol, cells.c.version, func.count(cells.c.model.distinct())).join_from(cells, runs)
    counted = counted.where(cells.c.benchmark == benchmark, cells.c.n > 0, shelf.visible(by))
    found = connection.execute(counted.group_by(cells.c.protocol, cells.c.version))
    made = [Kind(row[0], row[1], row[2], versions.get(row[0]) == row[1]) for row in found]
    return sorted(made, key=lambda one: (not one.current, one.protocol != "default", -one.models, one.version))


def of(connection: Connection, by: Asker, benchmark: str, kind: Kind) -> list[Standing]:
    """The last cell of each model, the best first: the last rather than the best, which luck would choose."""
    names = list(Standing.__dataclass_fields__)
    query = select(*(_column(name) for name in names)).join_from(cells, runs)
    query = query.where(
        cells.c.benchmark == benchmark,
        cells.c.protocol == kind.protocol,
        cells.c.version == kind.version,
        cells.c.n > 0,
        runs.c.status.in_(shelf.ENDED),
        shelf.visible(by),
    )
    latest: dict[str, Standing] = {}
    for row in connection.execute(query.order_by(runs.c.created.desc(), runs.c.id).limit(20 * MOST)):
        one = Standing(*row)
        latest.setdefault(one.model, one)
    return _ordered(list(latest.values()))[:MOST]


def _column(name: str) -> Any:
    return runs.c[name] if name in ("status", "created", "seen") else cells.c[name]


def _ordered(found: Sequence[Standing]) -> list[Standing]:
    def place(one: Standing) -> tuple[bool, float, str]:
        value = one.value if one.value is not None else 0.0
        return one.value is None, value if one.less_is_better else -value, one.model

    return sorted(found, key=place)
