"""The runs that the site knows, and who may see which. The folder is the truth; the table is an index of it.

A run is private to its owner, shared with an organisation, or public. A run without an owner was made on the machine:
administrators see it, and everybody does while the site has no account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, or_, select, true

from sinan import store
from sinan.errors import StoreError
from sinan.evaluate import stored_results
from sinan.statistics.scales import in_percent, less_is_better
from sinan.store import RunFolder, description
from sinan.types import CellResult
from sinan.web.failures import Missing
from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.tables import cells, now, runs

PRIVATE, ORGANISATION, PUBLIC = "private", "organisation", "public"
ENDED = ("complete", "partial", "stopped")


@dataclass(frozen=True)
class ShelvedRun:
    """What the index knows of a run."""

    id: str
    owner: int | None
    organisation: int | None
    visibility: str
    origin: str
    created: str
    status: str
    title: str
    samples: int
    published: int | None
    provenance: Mapping[str, Any]

    def belongs_to(self, asker: Asker) -> bool:
        """Whether they may change it: its owner, and an administrator whose credential allows that."""
        return asker.admin or (asker.person is not None and asker.person.id == self.owner)


COLUMNS = [runs.c[name] for name in ShelvedRun.__dataclass_fields__]


def visible(asker: Asker) -> ColumnElement[bool]:
    """The condition under which a row of `runs` may be seen."""
    if asker.sees_all:
        return true()
    mine: list[ColumnElement[bool]] = [runs.c.visibility == PUBLIC]
    if (person := asker.reader) is not None:
        mine.append(runs.c.owner == person.id)
        shared = runs.c.organisation.in_(sorted(person.organisations)) if person.organisations else false()
        mine.append((runs.c.visibility == ORGANISATION) & shared)
    return or_(*mine)


def found(connection: Connection, asker: Asker, name: str) -> ShelvedRun:
    """A run that the asker may see. Raises Missing, whether there is none or it is private."""
    row = connection.execute(select(*COLUMNS).where(runs.c.id == name, visible(asker))).first()
    if row is None:
        raise Missing(f"{name} is no run here, or none that you may see")
    return ShelvedRun(*row)


def folder(config_runs: Path, run: ShelvedRun) -> RunFolder:
    """Its folder."""
    return RunFolder(config_runs / run.id)


def opened(database: Database, config_runs: Path, asker: Asker, name: str) -> tuple[ShelvedRun, RunFolder]:
    """A run that the asker may see, and its folder. Raises Missing."""
    with database.read() as connection:
        run = found(connection, asker, name)
    return run, folder(config_runs, run)


def put(
    connection: Connection,
    run: str,
    owner: int | None,
    origin: str,
    organisation: int | None = None,
    visibility: str = PRIVATE,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """A run that begins here: its row stands before anything is written in its folder."""
    row: dict[str, Any] = {"id": run, "owner": owner, "origin": origin, "visibility": visibility}
    row["organisation"] = organisation
    row |= {"created": store.now(), "status": "running", "provenance": dict(provenance or {})}
    connection.execute(runs.insert().values(**row))


def index(database: Database, config_runs: Path, named: Iterable[str] | None = None, public: bool = False) -> int:
    """Bring the index to what the folders hold; how many changed. `named`: only these. `public`: whether runs that are
    new here may be seen by everybody."""
    paths = [config_runs / name for name in named] if named is not None else sorted(config_runs.glob("*/run.json"))
    with database.read() as connection:
        known = {row.id: row.seen for row in connection.execute(select(runs.c.id, runs.c.seen))}
    changed = 0
    for path in paths:
        one = RunFolder(path.parent if path.name == "run.json" else path)
        state = _state(one)
        if state and known.get(one.id) != state:
            changed += 1
            _index(database, one, state, one.id in known, public)
    return changed


def _state(one: RunFolder) -> str:
    """Changes when what is indexed does: not with every answer."""
    marks = []
    for name in ("run.json", "results.json"):
        try:
            stat = (one.path / name).stat()
        except OSError:
            marks.append("-")
        else:
            marks.append(f"{stat.st_mtime_ns:x}.{stat.st_size:x}")
    return "" if marks[0] == "-" else " ".join(marks)


def _index(database: Database, one: RunFolder, state: str, known: bool, public: bool) -> None:
    row, found_cells = _read(one)
    row["seen"] = state
    with database.write() as connection:
        if known:
            connection.execute(runs.update().where(runs.c.id == one.id).values(**row))
        else:
            about: dict[str, Any] = {"origin": "folder", "visibility": PUBLIC if public else PRIVATE, "provenance": {}}
            if public:
                about["published"] = now()
            there = connection.execute(select(runs.c.id).where(runs.c.id == one.id)).first()
            if there:  # another process was faster
                return
            connection.execute(runs.insert().values(id=one.id, **about, **row))
        connection.execute(cells.delete().where(cells.c.run == one.id))
        if found_cells:
            connection.execute(cells.insert(), [{"run": one.id} | cell for cell in found_cells])


def _read(one: RunFolder) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        about = one.about()
        results = one.results()
        if results is None and about["status"] != "running":
            results = stored_results(one)
    except StoreError as error:
        return {"created": store.now(), "status": "damaged", "title": str(error)[:200]}, []
    targets = " ".join(spec(about).get("targets", ()))[:200]
    early = description.stopped_early(about, results)
    row: dict[str, Any] = {"created": about["created"][:40], "status": about["status"][:16], "title": targets}
    counted = sum(sum(result.outcomes.values()) for result in results or ())
    return row | {"samples": counted}, [_cell(result, early) for result in results or ()] or _asked(about)


def spec(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was asked for, as it is shown: of a file its name, since where it lies on this machine is nobody's
    business."""
    found = dict(about["spec"])
    if "targets" in found:
        found["targets"] = [Path(one).name if one.startswith("/") else one for one in found["targets"]]
    return found


def _cell(result: CellResult, early: Mapping[tuple[str, str], int | None]) -> dict[str, Any]:
    estimate = result.estimate
    ends = estimate.ci or (None, None)
    kind = result.kind or result.metric
    return {
        "benchmark": result.benchmark[:200],
        "model": result.model[:300],
        "version": result.version,
        "protocol": result.protocol[:80],
        "metric": result.metric[:80],
        "value": estimate.value,
        "low": ends[0],
        "high": ends[1],
        "n": estimate.n,
        "outcomes": {name: count for name, count in result.outcomes.items() if count},
        "tokens_in": result.tokens_in,
        "tokens_out": result.tokens_out,
        "cost_usd": result.cost_usd,
        "in_percent": in_percent(kind, [estimate]),
        "less_is_better": less_is_better(kind),
    }


def _asked(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cells of a run that has no numbers yet."""
    rows = {}
    for entry in about["cells"]:
        key = entry["benchmark"][:200], entry["model"][:300]
        rows[key] = {
            "benchmark": key[0],
            "model": key[1],
            "version": str(entry.get("version", "")),
            "protocol": str(entry.get("protocol", ""))[:80],
            "metric": str(entry.get("metric", ""))[:80],
            "n": 0,
            "outcomes": {},
        }
    return list(rows.values())
