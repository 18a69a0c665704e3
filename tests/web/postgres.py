"""PostgreSQL of one's own for the tests that hold both databases to the same: on a socket of its own, gone at the end.

Where no PostgreSQL is installed, those tests are passed over.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []


def _found() -> Path | None:
    there = shutil.which("createdb")
    return BINARIES[-1] if BINARIES else Path(there).parent if there else None


class Postgres:
    """A server that is asked for databases."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="sinan-pg-", dir="/tmp"))  # a socket's path must be short
        self.user = "nobody" if os.geteuid() == 0 else None  # it refuses to be run by root
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "sinan", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self._count = 0

    def _run(self, program: str, *arguments: str) -> None:
        how = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid} if self.user else {}
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **how
        )
        assert done.returncode == 0, done.stderr

    def url(self) -> str:
        """Of a new, empty database."""
        self._count += 1
        name = f"test{self._count}"
        self._run("createdb", "-h", str(self.folder), "-U", "sinan", name)
        return f"postgresql://sinan@/{name}?host={self.folder}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres():
    """A server; `postgres.url()` is a new database."""
    binaries = _found()
    if binaries is None:
        pytest.skip("no PostgreSQL is installed")
    pytest.importorskip("psycopg")
    server = Postgres(binaries)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """A URL of each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'site.db'}"
    return request.getfixturevalue("postgres").url()
