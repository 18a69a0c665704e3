"""Runs that could be compared: those that somebody may see, found by words, nearest to what is chosen first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, distinct, func, or_, select

from sinan.web.service import shelf
from sinan.web.service.people import Asker
from sinan.web.service.tables import cells, runs

SHOWN = 40


def candidates(connection: Connection, asker: Asker, find: str, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Without those that are chosen; where some are, only runs that have a benchmark in common with them."""
    common = select(cells.c.benchmark).where(cells.c.run.in_(chosen))
    asked = select(cells.c.run, func.count(distinct(cells.c.benchmark)).label("shared")).group_by(cells.c.run)
    beside = (asked.where(cells.c.benchmark.in_(common)) if chosen else asked).subquery()
    query = select(runs.c.id, runs.c.title, runs.c.created, runs.c.status, beside.c.shared)
    query = query.join(beside, beside.c.run == runs.c.id).where(shelf.visible(asker), runs.c.id.not_in(chosen))
    for word in find.split()[:8]:
        pattern = f"%{_literal(word)}%"
        inside = select(cells.c.run).where(
            or_(cells.c.benchmark.ilike(pattern, escape="\\"), cells.c.model.ilike(pattern, escape="\\"))
        )
        query = query.where(
            or_(
                runs.c.id.ilike(pattern, escape="\\"),
                runs.c.title.ilike(pattern, escape="\\"),
                runs.c.id.in_(inside),
            )
        )
    order = (beside.c.shared.desc(), runs.c.created.desc()) if chosen else (runs.c.created.desc(),)
    rows = connection.execute(query.order_by(*order, runs.c.id).limit(SHOWN)).all()
    held = asked_of(connection, [row.id for row in rows])
    return [
        {"id": row.id, "title": row.title, "created": row.created, "status": row.status, **held[row.id]}
        | {"shared": row.shared if chosen else 0}
        for row in rows
    ]


def asked_of(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Of each run its `benchmarks` and `models`."""
    found: dict[str, dict[str, list[str]]] = {name: {"benchmarks": [], "models": []} for name in names}
    query = select(cells.c.run, cells.c.benchmark, cells.c.model).where(cells.c.run.in_(names))
    for run, benchmark, model in connection.execute(query.order_by(cells.c.benchmark, cells.c.model)):
        for kind, name in (("benchmarks", benchmark), ("models", model)):
            if name not in found[run][kind]:
                found[run][kind].append(name)
    return found


def _literal(word: str) -> str:
    """As LIKE takes it for itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
