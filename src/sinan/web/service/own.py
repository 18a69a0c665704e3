"""Benchmarks of one's own: a card, and a file of questions that was checked before it was kept.

    SITE/benchmarks/NAME/SHA256/NAME.jsonl

Whatever was sent is kept as JSON lines that this sinan wrote or read line by line itself (`checking`), so that nothing
that reads it later meets a compressed file. The folder carries the content's hash: what a run was asked stays what it
was while the file is replaced. The last VERSIONS of them are kept.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, or_, select, true

from sinan import catalog
from sinan.datasets import Guess, checked_before
from sinan.errors import SinanError
from sinan.hub import cards
from sinan.types import Benchmark, Card
from sinan.web.failures import Clash, Denied, Failure, Missing
from sinan.web.service import catalogue
from sinan.web.service.people import Asker, Person
from sinan.web.service.tables import benchmarks, now, organisations, users

PRIVATE, ORGANISATION, PUBLIC = "private", "organisation", "public"
FOLDER = "benchmarks"
MOST = 100
"""Benchmarks of one person."""
VERSIONS = 5
KEPT_BYTES = 2 << 30
"""Of one person, all versions together."""
RESERVED = ("new", "index", "samples", "pictures", "search")


@dataclass(frozen=True)
class Own:
    """A benchmark of somebody's own."""

    id: int
    name: str
    owner: int
    organisation: int | None
    visibility: str
    file: str
    """Below the site's folder; empty until questions were sent."""
    sha256: str
    card: Mapping[str, Any]
    """What its owner says of it: title, dimension, languages, licence, description, scorer; and `report`, what was
    found in the file."""
    created: int

    def belongs_to(self, asker: Asker) -> bool:
        """Whether they may change it: its owner, and an administrator whose credential allows that."""
        return asker.admin or (asker.person is not None and asker.person.id == self.owner)


COLUMNS = [benchmarks.c[name] for name in Own.__dataclass_fields__]


def visible(asker: Asker) -> ColumnElement[bool]:
    """The condition under which a row of `benchmarks` may be seen."""
    if asker.sees_all:
        return true()
    mine: list[ColumnElement[bool]] = [benchmarks.c.visibility == PUBLIC]
    if (person := asker.reader) is not None:
        mine.append(benchmarks.c.owner == person.id)
        shared = benchmarks.c.organisation.in_(sorted(person.organisations)) if person.organisations else false()
        mine.append((benchmarks.c.visibility == ORGANISATION) & shared)
    return or_(*mine)


def listed(connection: Connection, asker: Asker, most: int = 500) -> list[Own]:
    """Those that the asker may see, by name. Those without questions are seen by their owner alone."""
    query = select(*COLUMNS).where(visible(asker)).order_by(benchmarks.c.name).limit(most)
    found = [Own(*row) for row in connection.execute(query)]
    return [one for one in found if one.file or one.belongs_to(asker)]


def sought(connection: Connection, asker: Asker, name: str) -> Own | None:
    """One that the asker may see, or None."""
    if "\0" in name:
        return None
    row = connection.execute(select(*COLUMNS).where(benchmarks.c.name == name, visible(asker))).first()
    own = Own(*row) if row else None
    return own if own and (own.file or own.belongs_to(asker)) else None


def found(connection: Connection, asker: Asker, name: str) -> Own:
    """One that the asker may see. Raises Missing, whether there is none or it is private."""
    own = sought(connection, asker, name)
    if own is None:
        raise Missing(f"{name[:80]} is no benchmark here, or none that you may see. All of them: /hub")
    return own


def mine(connection: Connection, asker: Asker, name: str) -> Own:
    """One that the asker may change. Raises Missing, Denied."""
    own = found(connection, asker, name)
    if not own.belongs_to(asker):
        raise Denied(f"{own.name} can be changed by its owner")
    return own


def target(connection: Connection, asker: Asker, name: str) -> Path:
    """What `sinan run` is told for it: the file of its questions, **below the site's folder**. The benchmark's id in
    the run is its name. Its scorer is `found(...).scorer`. Raises Missing; Failure while there are no questions."""
    own = found(connection, asker, name)
    if not own.file:
        raise Failure(f"{name} has no questions yet. Remedy: send its file at /hub/{name}")
    return Path(own.file)


def scorer(own: Own) -> str | None:
    """The scorer that its owner chose; None leaves it to what the questions look like."""
    chosen = own.card.get("scorer")
    return str(chosen) if chosen else None


def checked_name(name: str) -> str:
    """Small letters, digits, - and _; 3 to 64 of them. Raises Failure; Clash where the catalogue has it."""
    good = 3 <= len(name) <= 64 and name[0].isalnum() and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    if not good or name != name.lower():
        raise Failure("a benchmark's name has 3 to 64 small letters, digits, - or _, and begins with a letter or digit")
    if name in RESERVED or catalogue.taken(name):
        raise Clash(f"{name} is taken: the catalogue has it. Remedy: another name")
    return name


def add(
    connection: Connection,
    person: Person,
    name: str,
    card: Mapping[str, Any],
    visibility: str,
    organisation: int | None,
) -> None:
    """A new benchmark without questions. Raises Failure, Clash."""
    name = checked_name(name)
    if connection.execute(select(benchmarks.c.id).where(benchmarks.c.name == name)).first():
        raise Clash(f"the name {name} is taken. Remedy: another one")
    count = select(func.count()).select_from(benchmarks).where(benchmarks.c.owner == person.id)
    if connection.execute(count).scalar_one() >= MOST:
        raise Clash(f"you have {MOST} benchmarks, which is the most. Remedy: delete one that is not needed")
    row: dict[str, Any] = {"name": name, "owner": person.id, "organisation": organisation, "visibility": visibility}
    row |= {"file": "", "sha256": "", "card": dict(card), "created": now()}
    connection.execute(benchmarks.insert().values(**row))


def change(connection: Connection, own: Own, **values: Any) -> None:
    """Change columns of it."""
    connection.execute(benchmarks.update().where(benchmarks.c.id == own.id).values(**values))


def keep(
    connection: Connection,
    site: Path,
    own: Own,
    questions: Path,
    sha256: str,
    report: Mapping[str, Any],
    scorer: str,
) -> None:
    """Take a checked file as its questions: moved into its place, then named by the row."""
    place = Path(FOLDER) / own.name / sha256
    (site / place).mkdir(parents=True, exist_ok=True)
    os.utime(site / place)
    if not (site / place / f"{own.name}.jsonl").exists():  # a run that reads it must find the same file to its end
        questions.replace(site / place / f"{own.name}.jsonl")
    card = dict(own.card) | {"report": dict(report), "scorer": scorer}
    change(connection, own, file=str(place / f"{own.name}.jsonl"), sha256=sha256, card=card)


def refuse_too_much(connection: Connection, site: Path, own: Own) -> None:
    """Raises Clash where its owner keeps as much as one may."""
    names = connection.execute(select(benchmarks.c.name).where(benchmarks.c.owner == own.owner)).scalars()
    kept = sum(one.stat().st_size for name in names for one in (site / FOLDER / name).glob("*/*.jsonl"))
    if kept > KEPT_BYTES:
        raise Clash(f"your benchmarks hold {kept:,} bytes, and up to {KEPT_BYTES:,} are kept. Remedy: delete one")


def forget_old(site: Path, own: Own, sha256: str) -> None:
    """Remove all but the last versions of its questions; `sha256` is the one that counts."""
    every = sorted((site / FOLDER / own.name).iterdir(), key=lambda one: (one.name == sha256, one.stat().st_mtime))
    for old in every[:-VERSIONS]:
        shutil.rmtree(old, ignore_errors=True)


def delete(connection: Connection, own: Own) -> None:
    """Remove its row."""
    connection.execute(benchmarks.delete().where(benchmarks.c.id == own.id))


def remove_files(site: Path, own: Own) -> None:
    """Remove its questions, all versions of them. Runs keep what was asked and answered."""
    shutil.rmtree(site / FOLDER / own.name, ignore_errors=True)


def organisation_of(connection: Connection, person: Person, name: str | None) -> int | None:
    """The number of an organisation that the person belongs to. Raises Failure for any other."""
    if not name:
        return None
    query = select(organisations.c.id).where(organisations.c.folded == name.strip().casefold())
    number = connection.execute(query).scalar()
    if number is None or number not in person.organisations:
        raise Failure(f"you belong to no organisation {name[:64]}")
    return int(number)


def organisations_of(connection: Connection, person: Person | None) -> list[str]:
    """The names of the organisations that somebody belongs to."""
    if person is None or not person.organisations:
        return []
    query = select(organisations.c.name).where(organisations.c.id.in_(sorted(person.organisations)))
    return sorted(connection.execute(query).scalars())


def organisation_name(connection: Connection, own: Own) -> str:
    """The organisation that may see it; empty where none."""
    query = select(organisations.c.name).where(organisations.c.id == own.organisation)
    return str(connection.execute(query).scalar() or "")


def owner_name(connection: Connection, own: Own) -> str:
    """Whose it is."""
    return str(connection.execute(select(users.c.name).where(users.c.id == own.owner)).scalar_one())


def card_of(own: Own) -> Card:
    """What its owner says of it."""
    said = own.card
    return Card(
        title=str(said.get("title") or own.name),
        measures=str(said.get("description") or ""),
        dimension=str(said.get("dimension") or "own"),
        languages=tuple(said.get("languages") or ()),
        licence=str(said.get("licence") or ""),
        source="uploaded",
    )


def benchmark(site: Path, own: Own) -> Benchmark:
    """It as the catalogue would give it; its questions are read only when they are iterated. Raises Failure, and
    BadFile where the file is gone."""
    report = own.card.get("report")
    if not own.file or not report:
        raise Failure(f"{own.name} has no questions yet")
    try:
        made = of_file(site / own.file, report["guess"], own.sha256, scorer(own))
    except OSError:
        raise Missing(f"the questions of {own.name} are no longer there. Remedy: send them again") from None
    return replace(made, id=own.name, card=replace(card_of(own), modality=made.card.modality, note=made.card.note))


def of_file(file: Path, guess: Mapping[str, Any], sha256: str, scorer: str | None) -> Benchmark:
    """The benchmark of a file that was checked, of what was guessed then. Raises OSError where it is gone."""
    known = Guess(**dict(guess) | {"languages": tuple(guess["languages"])})
    return catalog.of_guess(file, checked_before(file, known, sha256), known, scorer)


def card(site: Path, own: Own) -> dict[str, Any] | None:
    """Everything about it, as `catalogue.card` tells it; None while it has no questions."""
    if not own.file:
        return None
    try:
        made = benchmark(site, own)
        told = cards.of_benchmark(made)
    except SinanError:
        return None
    told["versions"] = {protocol: catalog.version(made, protocol) for protocol in made.protocols}
    return told
