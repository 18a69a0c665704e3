"""Who may see a run, and what a published number rests on.

To publish is to show: the questions, the prompts and every answer of the run may then be read by everybody. What is
written down at that moment (hashes of journal and samples, who, when) is what a later reader can hold the files
against. A run that is withdrawn leaves the boards; that it was public, and why it is no more, stays in the audit log
and in its provenance.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import Connection

from sinan import catalog
from sinan.errors import SinanError, StoreError
from sinan.store import RunFolder
from sinan.web.failures import Clash, Denied, Failure
from sinan.web.service import audit, shelf
from sinan.web.service.database import Database
from sinan.web.service.people import Asker, Person
from sinan.web.service.shelf import ENDED, ORGANISATION, PRIVATE, PUBLIC, ShelvedRun
from sinan.web.service.tables import now, runs

Visibility = Literal["private", "organisation", "public"]
REMOVED = "removed"
"""Folder of the site where removed runs lie until the operator takes them away, or moves them back."""


def set_visibility(
    database: Database,
    folders: Path,
    asker: Asker,
    name: str,
    visibility: Visibility,
    organisation: int | None = None,
    reason: str = "",
) -> ShelvedRun:
    """Who may see a run from now on. A public run is withdrawn with a reason.

    Raises Missing, NotSignedIn, Denied, Clash for a run that is not finished, Failure where something is missing."""
    person = asker.known("publish", "evaluator")
    run, folder = shelf.opened(database, folders, asker, name)
    _must_own(run, person, asker)
    organisation = _organisation(person, asker, visibility, organisation)
    withdrawn = run.visibility == PUBLIC and visibility != PUBLIC
    if withdrawn and not reason.strip():
        raise Failure(f"{name} is published: it is withdrawn with a reason, which stays on record. Remedy: give one")
    if visibility != PRIVATE and run.status not in ENDED:
        raise Clash(f"{name} is {run.status}: only a run that has ended is shown to others")
    told = dict(run.provenance)
    if visibility == PUBLIC and run.visibility != PUBLIC:
        told["published"] = hashes(folder)
    if withdrawn:
        entry = {"at": now(), "by": person.name, "reason": reason.strip()[:500]}
        told["withdrawn"] = [*told.get("withdrawn", ())[-19:], entry]
    with database.write() as connection:
        _store(connection, name, person, visibility, organisation, told, run.visibility)
        audit.note(
            connection, asker, "run.withdraw" if withdrawn else "run.visibility", name, visibility=visibility,
            organisation=organisation, reason=reason.strip()[:500],
        )  # fmt: skip
        return shelf.found(connection, asker, name)


def _store(
    connection: Connection,
    name: str,
    person: Person,
    visibility: str,
    organisation: int | None,
    told: Mapping[str, Any],
    before: str,
) -> None:
    values: dict[str, Any] = {"visibility": visibility, "organisation": organisation, "provenance": dict(told)}
    if visibility != PUBLIC:
        values |= {"published": None, "published_by": None}
    elif before != PUBLIC:
        values |= {"published": now(), "published_by": person.id}
    changed = connection.execute(runs.update().where(runs.c.id == name, runs.c.visibility == before).values(**values))
    if changed.rowcount != 1:
        raise Clash(f"{name} was changed by somebody else at the same moment. Remedy: look at it again")


def _must_own(run: ShelvedRun, person: Person, asker: Asker) -> None:
    if run.owner != person.id and not asker.admin:
        raise Denied(f"{run.id} is another's: only its owner and administrators may do this")


def _organisation(person: Person, asker: Asker, visibility: str, organisation: int | None) -> int | None:
    """Which one sees it. Raises Failure where none is named, or one that the person is not of."""
    if visibility != ORGANISATION:
        return None
    if organisation is None and len(person.organisations) == 1:
        return next(iter(person.organisations))
    if organisation is None:
        raise Failure("which organisation shall see it? Remedy: name one that you are a member of")
    if organisation not in person.organisations:
        raise Failure("you are a member of no such organisation")
    return organisation


def remove(database: Database, folders: Path, site: Path, asker: Asker, name: str) -> None:
    """Take a run away: its folder is moved to SITE/removed, from where the operator can move it back.

    Raises Missing, NotSignedIn, Denied, Clash for a run that is published or that is being written."""
    person = asker.known("push", "evaluator")
    run, folder = shelf.opened(database, folders, asker, name)
    _must_own(run, person, asker)
    if run.visibility == PUBLIC:
        raise Clash(f"{name} is published. Remedy: withdraw it first, with a reason")
    lock = _held(folder)
    try:
        with database.write() as connection:
            still = (runs.c.id == name) & (runs.c.visibility == run.visibility)
            if connection.execute(runs.delete().where(still)).rowcount != 1:
                raise Clash(f"{name} was changed by somebody else at the same moment. Remedy: look at it again")
            audit.note(connection, asker, "run.remove", name, owner=run.owner, origin=run.origin)
            _put_away(folder, site, {"run": name, "owner": run.owner, "by": person.name, "at": now()})
    finally:
        if lock is not None:
            lock.release()


def _held(folder: RunFolder) -> Any:
    """The run's lock: nobody writes what is taken away."""
    if not folder.path.is_dir():
        return None
    try:
        return folder.lock()
    except StoreError:
        raise Clash(f"{folder.id} is being written. Remedy: cancel its job first") from None


def _put_away(folder: RunFolder, site: Path, note: Mapping[str, Any]) -> None:
    if not folder.path.is_dir():
        return
    there = site / REMOVED
    there.mkdir(parents=True, exist_ok=True)
    name = f"{folder.id}.{now()}.{os.urandom(2).hex()}"
    (there / f"{name}.json").write_bytes(orjson.dumps(note))
    shutil.move(folder.path, there / name)


def hashes(folder: RunFolder) -> dict[str, Any]:
    """What the files of a run are, at this moment."""
    about = folder.about()
    spec = orjson.dumps(about["spec"], option=orjson.OPT_SORT_KEYS)
    return {
        "at": now(),
        "spec_sha256": hashlib.sha256(spec).hexdigest(),
        "journal_sha256": _sha256(folder.journal),
        "samples_sha256": _sha256(folder.samples),
        "results_sha256": _sha256(folder.path / "results.json"),
        "files": marks(folder),
    }


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def marks(folder: RunFolder) -> list[str]:
    """Changes when a file that was hashed does; cheap enough to ask with every page."""
    found = []
    for path in (folder.path / "run.json", folder.journal, folder.samples, folder.path / "results.json"):
        try:
            stat = path.stat()
        except OSError:
            found.append("-")
        else:
            found.append(f"{stat.st_mtime_ns:x}.{stat.st_size:x}")
    return found


FREE = ("apache", "mit", "cc-by", "cc by", "cc0", "public domain", "bsd", "odc", "generated")


def licence(benchmark: str) -> tuple[str, bool]:
    """The licence of a benchmark's questions, and whether showing them to everybody is surely allowed. Of one that is
    not in the catalogue, or says none, it is not known."""
    try:
        card = catalog.load(benchmark).card
    except SinanError:
        return "", False
    plain = card.licence.lower().replace("_", "-")
    return card.licence, plain.startswith(FREE) and "-nc" not in plain and "-nd" not in plain
