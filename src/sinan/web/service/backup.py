"""A backup: one zip of all tables as lines of JSON, and of the files that are the site's own.

It is of one moment, also while the site runs, and it is the same whether the tables are in SQLite or in PostgreSQL: so
it is also the way from one to the other. Sessions are left out; model keys stay encrypted, with a key that is in it
only where that was asked for. Runs are files already, and are copied as files.
"""

import base64
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import orjson
import sqlalchemy
from sqlalchemy import Connection, LargeBinary, Table, func, select

from sinan import __version__
from sinan.errors import StoreError, UsageError
from sinan.web.service import ciphers
from sinan.web.service.database import Database
from sinan.web.service.tables import metadata

FORMAT = 1
LEFT_OUT = ("sessions", "pushes")
"""Tables of what is of the moment."""
FOLDERS = ("benchmarks",)
"""Folders of the site whose files are its own."""
LINE_BYTES = 64 << 20
TABLE_BYTES = 64 << 30
FILE_BYTES = 4 << 30
RATIO = 500
"""How much larger than packed anything may be: text packs to a hundredth at most, zeros to a thousandth."""
MANY = 500


def write(database: Database, site: Path, path: Path, with_secret: bool = False) -> dict[str, int]:
    """Write a backup, whole or not at all; how many rows of each table. Raises UsageError where the file is there."""
    if path.exists():
        raise UsageError(f"{path} is there already. Remedy: another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(fd, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                counted = _written(archive, database, site, with_secret)
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return counted


def _written(archive: zipfile.ZipFile, database: Database, site: Path, with_secret: bool) -> dict[str, int]:
    counted = {}
    with _snapshot(database) as connection:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        for table in metadata.sorted_tables:
            if table.name not in LEFT_OUT:
                with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
                    counted[str(table.name)] = _rows(connection, table, file)
        for file_ in _own_files(site):
            archive.write(file_, f"files/{file_.relative_to(site).as_posix()}")
    if with_secret:
        archive.writestr("secret", os.environ.get(ciphers.ENVIRONMENT) or (site / "secret").read_text("utf-8"))
    about = {"format": FORMAT, "sinan": __version__, "tables": revision, "rows": counted}
    archive.writestr("about.json", orjson.dumps(about | {"made": datetime.now(UTC).isoformat(timespec="seconds")}))
    return counted


def _snapshot(database: Database) -> Connection:
    """A connection that sees one moment as long as it is open."""
    connection = database.engine.connect()
    if database.is_sqlite:
        connection.exec_driver_sql("BEGIN")
    else:
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _rows(connection: Connection, table: Table, file: IO[bytes]) -> int:
    order = list(table.primary_key.columns)
    count = 0
    for row in connection.execution_options(yield_per=MANY).execute(select(table).order_by(*order)):
        file.write(orjson.dumps({str(name): _out(value) for name, value in row._mapping.items()}) + b"\n")
        count += 1
    return count


def _out(value: Any) -> Any:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _own_files(site: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((site / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def restore(database: Database, site: Path, path: Path) -> dict[str, int]:
    """Fill an empty site with what a backup holds; how many rows of each table. All of it, or nothing of the tables.

    Raises UsageError for a site that is not empty or a file that is no backup of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            about = _about(archive)
            names = _checked(archive)
            return _restored(database, site, archive, names, about)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError) as error:
        raise UsageError(f"{path} cannot be read as a backup: {error}") from None


def _about(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        with archive.open("about.json") as file:
            about = orjson.loads(file.read(1 << 20))
        known = about["format"] == FORMAT and isinstance(about["rows"], dict)
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise UsageError("this is no backup that this sinan knows. Remedy: sinan backup writes them")
    return dict(about)


def _checked(archive: zipfile.ZipFile) -> list[str]:
    """The names of its files, each of which is one that we would write. Raises UsageError."""
    names = []
    for one in archive.infolist():
        parts = PurePosixPath(one.filename).parts
        ours = one.filename in ("about.json", "secret") or (
            len(parts) > 1
            and parts[0] in ("tables", "files")
            and (parts[0] == "tables" or parts[1] in FOLDERS)
            and not any(part in ("..", "/", "") or "\\" in part or "\0" in part for part in parts)
            and "/".join(parts) == one.filename
        )
        mode = one.external_attr >> 16
        if not ours or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)) or one.filename in names:
            raise UsageError(f"the backup holds {one.filename!r}, which no backup of ours does")
        most = FILE_BYTES if parts[0] != "tables" else TABLE_BYTES
        if one.file_size > most or one.file_size > RATIO * max(one.compress_size, 1000):
            raise UsageError(f"the backup's {one.filename} would be {one.file_size:,} bytes, which is not believed")
        names.append(one.filename)
    return names


def _restored(
    database: Database, site: Path, archive: zipfile.ZipFile, names: list[str], about: dict[str, Any]
) -> dict[str, int]:
    counted = {}
    with database.write() as connection:
        there = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if about.get("tables") != there:
            raise UsageError(f"the backup's tables are at {about.get('tables')}, these at {there}: use that sinan")
        _refuse_full(connection, site, names)
        for table in metadata.sorted_tables:
            if f"tables/{table.name}.jsonl" in names:
                counted[str(table.name)] = _filled(connection, table, archive)
                if counted[table.name] != about["rows"].get(table.name):
                    raise UsageError(f"the backup's table {table.name} is not whole")
        _files(site, archive, names)
        if not database.is_sqlite:
            _number_on(connection)
    return counted


def _refuse_full(connection: Connection, site: Path, names: list[str]) -> None:
    for name in ("users", "runs", "jobs", "votes", "benchmarks"):
        if connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one():
            raise UsageError(f"this site is not empty: it has {name}. Remedy: another --site, another --db")
    for table in reversed(metadata.sorted_tables):  # what a site writes by itself when it is first opened
        connection.execute(table.delete())
    for name in names:
        target = site / name.removeprefix("files/")
        if name.startswith("files/") and target.exists():
            raise UsageError(f"{target} is there already")


def _filled(connection: Connection, table: Table, archive: zipfile.ZipFile) -> int:
    count, waiting = 0, []
    for line in _lines(archive, f"tables/{table.name}.jsonl"):
        waiting.append(_in(table, line))
        count += 1
        if len(waiting) >= MANY:
            connection.execute(table.insert(), waiting)
            waiting = []
    if waiting:
        connection.execute(table.insert(), waiting)
    return count


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with archive.open(name) as file:
        while line := file.readline(LINE_BYTES):
            try:
                found = orjson.loads(line)
            except ValueError:
                found = None
            if not isinstance(found, dict):
                raise UsageError(f"the backup's {name} holds a line that is no row")
            yield found


def _in(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    if set(row) != set(table.columns.keys()):
        raise UsageError(f"the backup's table {table.name} has other columns")
    found = dict(row)
    for column in table.columns:
        value = row[column.name]
        if isinstance(column.type, LargeBinary) and value is not None:
            try:
                found[column.name] = base64.b64decode(value["bytes"], validate=True)
            except (TypeError, KeyError, ValueError):
                raise UsageError(f"the backup's {table.name}.{column.name} cannot be read") from None
    return found


def _files(site: Path, archive: zipfile.ZipFile, names: list[str]) -> None:
    for name in names:
        if name.startswith("files/"):
            target = site / name.removeprefix("files/")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("xb") as file:
                while piece := source.read(1 << 20):
                    file.write(piece)
    if "secret" in names and not os.environ.get(ciphers.ENVIRONMENT):
        fd = os.open(site / "secret", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with archive.open("secret") as source, os.fdopen(fd, "wb") as file:
            file.write(source.read(10_000))


def _number_on(connection: Connection) -> None:
    """PostgreSQL counts by itself: from what is there on."""
    for table in metadata.sorted_tables:
        column = table.columns.get("id")
        if column is not None and isinstance(column.type, sqlalchemy.BigInteger):
            most = connection.execute(select(func.max(column))).scalar()
            if most is not None:
                sequence = func.pg_get_serial_sequence(table.name, "id")
                connection.execute(select(func.setval(sequence, most)))


def nightly(database: Database, site: Path, folder: Path, keep: int = 14) -> Path | None:
    """Today's backup in a folder, where it is not there yet; only the last `keep` of ours stay. Raises StoreError."""
    path = folder / f"sinan-{datetime.now(UTC):%Y-%m-%d}.zip"
    if path.exists():
        return None
    try:
        write(database, site, path)
        ours = sorted(folder.glob("sinan-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].zip"))
        for old in ours[:-keep]:
            old.unlink()
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be written: {error.strerror}") from None
    return path
