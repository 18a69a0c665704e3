"""A site of one's own for each test: in the process (`client`), or as `sinan serve` on loopback (`served`)."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import sinan
from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import people, shelf
from sinan.web.site import opened
from tests.web.browser import CHROMIUM, Reader
from tests.web.clients import Client

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def sample_runs(tmp_path_factory):
    """Two small runs of bundled models, made once: `arithmetic` and `ordering`, 20 questions each, needle/xs and /s
    in the first, needle/m in the second."""
    runs = tmp_path_factory.mktemp("sample") / "runs"
    os.environ["SINAN_CACHE"] = str(tmp_path_factory.mktemp("sample-cache"))
    sinan.run(["arithmetic", "ordering"], ["needle/xs", "needle/s"], limit=20, runs=runs, name="small")
    sinan.run(["arithmetic", "ordering"], ["needle/m"], limit=20, runs=runs, name="large")
    return runs


def accounts(found) -> None:
    """ada (admin), eva and otto (evaluators), vic (viewer)."""
    with found.database.write() as connection:
        for name, role in (("ada", "admin"), ("eva", "evaluator"), ("otto", "evaluator"), ("vic", "viewer")):
            number = people.create(connection, name, None, role)
            connection.execute(people.users.update().where(people.users.c.id == number).values(password=_hashed()))


@pytest.fixture
def site(tmp_path, sample_runs):
    """A site with the sample runs in its folder, indexed, private; and accounts ada (admin), eva (evaluator), otto
    (evaluator), vic (viewer)."""
    shutil.copytree(sample_runs, tmp_path / "runs")
    found = opened(Config(runs=tmp_path / "runs", site=tmp_path / "site", port=0))
    accounts(found)
    shelf.index(found.database, found.runs)
    yield found
    found.database.close()


_HASHED: list[str] = []


def _hashed() -> str:
    if not _HASHED:  # takes a good part of a second: once
        from sinan.web.service import passwords

        _HASHED.append(passwords.hashed(PASSWORD))
    return _HASHED[0]


@pytest.fixture
def client(site):
    """Asks the site as nobody; `client.as_("eva")` is the same as somebody who is signed in."""
    return Client(application(site), site)


class Served:
    """`sinan serve` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "sinan", "serve", "--port", "0", *arguments]
        environment = os.environ | {"SINAN_CACHE": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder)} | (env or {})
        self.log = folder / f"serve-{os.urandom(3).hex()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert "http://" in line, self.log.read_text()
        self.address = line.split()[-1]

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it, and wait for that."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


@pytest.fixture
def serve(tmp_path):
    """Begins sites: `serve("--publish")`; all are ended at the end of the test."""
    begun: list[Served] = []

    def begin(*arguments, **how):
        begun.append(Served(tmp_path, *arguments, **how))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()


class Walk:
    """A site that many tests only read, and who looks at it in a browser."""

    def __init__(self, folder: Path, chromium: Any) -> None:
        self.site = opened(Config(runs=folder / "runs", site=folder / "site", port=0))
        accounts(self.site)
        self.served = Served(folder, "--publish", "--runs", str(folder / "runs"), "--site", str(folder / "site"))
        self.chromium, self.address = chromium, self.served.address
        names = sorted(path.name for path in (folder / "runs").iterdir() if (path / "run.json").exists())
        self.runs = {"run": next(one for one in names if one.endswith("small")), "other": names[0]}
        self.runs["other"] = next(one for one in names if one != self.runs["run"])
        self._boards()

    def reader(self, who: str = "", **how: Any) -> Reader:
        """Somebody with a browser."""
        session = None
        if who:
            with self.site.database.write() as connection:
                query = people.select(people.users.c.id).where(people.users.c.name == who)
                session = people.begin_session(connection, connection.execute(query).scalar_one(), "test")
        return Reader(self.chromium, self.address, session=session, **how)

    def _boards(self) -> None:
        """The maker has done its work."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/rank.json") as answer:
                if json.load(answer)["leaderboards"]:
                    return
            time.sleep(0.2)
        raise AssertionError(f"no boards: {self.served.log.read_text()}")


@pytest.fixture(scope="module")
def chromium():
    """Debian's browser. Of a module: while it is there, a loop runs in this thread, and no test can run another."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def walk(tmp_path_factory, sample_runs, chromium):
    """A site with published sample runs and accounts, its boards made; ended when all tests are."""
    folder = tmp_path_factory.mktemp("walk")
    shutil.copytree(sample_runs, folder / "runs")
    found = Walk(folder, chromium)
    yield found
    found.served.stop()
    found.site.database.close()
