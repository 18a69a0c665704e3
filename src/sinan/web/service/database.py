"""The database: SQLite by default, PostgreSQL by URL; opened with its tables as they must be.

Every change is one short transaction. SQLite writes one at a time: `write` takes the lock at its beginning, so that
what was read in a transaction still holds when it writes.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config as Migrations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import QueuePool

from sinan.errors import StoreError, UsageError
from sinan.web.service.tables import now

PATIENCE_MS = 30_000
"""How long a writer waits for another."""


class Database:
    """Connections to one database. Safe to use from several threads; processes open their own."""

    def __init__(self, url: str) -> None:
        """Raises UsageError where the URL names no database that is known here."""
        self.url = url
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with. Raises StoreError where the database cannot be reached."""
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing. Raises StoreError."""
        with _told(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def migrate(self) -> None:
        """Bring the tables to what this sinan needs. Raises StoreError where they are of a newer one."""
        with _told(), self.engine.connect() as connection:
            if not self.is_sqlite:  # several processes begin at once: one migrates
                connection.exec_driver_sql("SELECT pg_advisory_lock(727)")
            try:
                _upgrade(connection)
            finally:
                connection.rollback()  # of what failed: it must not hide behind the lock
                if not self.is_sqlite:
                    connection.exec_driver_sql("SELECT pg_advisory_unlock(727)")
                    connection.commit()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        raise UsageError(
            "--db names no database: give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        if parsed.get_backend_name() != "postgresql":
            raise UsageError(f"--db {parsed.drivername}: there are sqlite and postgresql")
        return sqlalchemy.create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=32, pool_timeout=10)
    except ModuleNotFoundError:
        raise UsageError("--db postgresql needs psycopg: pip install 'sinan[postgres]'") from None


def _sqlite(url: sqlalchemy.URL) -> Engine:
    if not url.database:
        raise UsageError("--db sqlite needs a file: sqlite:///FILE")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    if not Path(url.database).exists():
        os.close(os.open(url.database, os.O_CREAT | os.O_RDWR, 0o600))
    how: dict[str, Any] = {"connect_args": {"timeout": PATIENCE_MS / 1000, "check_same_thread": False}}
    engine = sqlalchemy.create_engine(url, poolclass=QueuePool, pool_size=8, max_overflow=64, **how)

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={PATIENCE_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlalchemy.exc.OperationalError as error:
        raise StoreError(f"the site's database cannot be used: {str(error.orig).splitlines()[0]}") from error


def clock(connection: Connection) -> int:
    """This moment by the clock that all share who hold leases: PostgreSQL's own, whose clients may be machines that
    disagree; SQLite is of one machine."""
    if connection.dialect.name == "sqlite":
        return now()
    moment = sqlalchemy.func.floor(sqlalchemy.func.extract("epoch", sqlalchemy.func.clock_timestamp()) * 1000)
    return int(connection.execute(sqlalchemy.select(sqlalchemy.cast(moment, sqlalchemy.BigInteger))).scalar_one())


def migrations() -> Migrations:
    """Alembic's view of our migrations."""
    config = Migrations()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    config = migrations()
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    there = _revision(connection)
    if there is not None and there not in known:
        raise StoreError(
            f"the site's database was made by a newer sinan (its tables are at {there}). Remedy: update sinan"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _revision(connection: Connection) -> str | None:
    if not sqlalchemy.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(found) if found else None
