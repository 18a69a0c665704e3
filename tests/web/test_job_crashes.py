"""kill -9 at random instants: of the site, of its workers, of the processes that ask, of all at once, during several
jobs. Every job ends once, in one run; no question that was answered and written is asked again, and none is lost.

A few kills in every run of the tests; fifty, during twenty jobs, where `SINAN_LONG_TESTS` is set.
"""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from sinan.store import RunFolder, journal
from sinan.web.config import Config
from sinan.web.service import jobs, people
from sinan.web.service.tables import deliveries, runs
from sinan.web.service.tables import jobs as table
from sinan.web.site import opened
from tests.server import ChatServer
from tests.web.conftest import Served
from tests.web.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
LONG = bool(os.environ.get("SINAN_LONG_TESTS"))
KILLS, JOBS, QUESTIONS = (50, 20, 200) if LONG else (8, 5, 60)
SECONDS = 0.06 if LONG else 0.02
"""That the server takes for an answer, one at a time: the work outlasts the kills."""
AT_ONCE = 2
"""Calls in flight of one job: what a kill may have asked again."""
WORKERS = 2
KINDS = ("serve", "serve", "worker", "worker", "asking", "all")
SETTINGS = '[serve]\nnetworks = ["127.0.0.1/32"]\njobs_per_user = 4\n'


class Machine:
    """`sinan serve`, which begins again what dies beside it; it is begun again itself."""

    def __init__(self, folder, database_url):
        (folder / "sinan.toml").write_text(SETTINGS)
        self.folder, self.kills, self.met = folder, Counter(), 0
        self.arguments = ("--runs", "runs", "--site", "site", "--workers", str(WORKERS), "--db", database_url)
        self.begin()

    def begin(self):
        self.served = Served(self.folder, *self.arguments)

    def beside(self, module):
        """The processes of a kind that the site has begun."""
        return [one for one in children(self.served.process.pid) if module in command(one)]

    def kill(self, chance):
        """Whom a kill meets: the site, a worker, a process that asks, or all, as when the machine loses its power."""
        kind = chance.choice(KINDS)
        workers = self.beside("sinan.web.service.worker")
        asking = [one for worker in workers for one in children(worker)]
        if kind in ("serve", "all"):
            self.served.stop(signal.SIGKILL)
            for one in (*workers, *asking) if kind == "all" else ():
                kill(one)
            self.met += len(asking)
            self.begin()
        else:
            met = workers if kind == "worker" else asking
            if not met:
                return False
            one = chance.choice(met)
            self.met += len(children(one)) if kind == "worker" else 1
            kill(one)
        self.kills[kind] += 1
        return True


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(one) for one in out.split()]


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def submit(site, person, server, number):
    model = {"provider": "openai", "name": f"mock-{number}", "address": f"http://127.0.0.1:{server.port}/v1"}
    order = {"targets": ["arithmetic"], "models": [model], "limit": QUESTIONS, "seed": number, "concurrency": AT_ONCE}
    with site.database.write() as connection:
        return jobs.add(connection, person, order, f"job {number}", webhook="http://127.0.0.1:1/hook")


def states(site):
    with site.database.read() as connection:
        return {row.id: row for row in connection.execute(table.select())}


@pytest.mark.parametrize("luck", range(1))
def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path, database_url, luck):
    chance = random.Random(f"{luck}")
    site = opened(Config(runs=tmp_path / "runs", site=tmp_path / "site", database=database_url))
    with site.database.write() as connection:
        person = people.Person(people.create(connection, "eva", None, "evaluator"), "eva", "evaluator")
    with ChatServer(lambda question: time.sleep(SECONDS) or "ANSWER: 1") as server:
        names = [submit(site, person, server, number) for number in range(JOBS)]
        machine = Machine(tmp_path, database_url)
        try:
            _until_all_end(site, machine, chance)
        finally:
            machine.served.stop()
        found = states(site)
        needed, answered, asked = JOBS * QUESTIONS, server.answered.total(), server.asked.total()
        figures = {"kills": dict(machine.kills), "jobs": len(found), "questions": needed, "asked": asked}
        figures |= {"asked again": asked - needed, "of these answered before": answered - needed}
        figures |= {"calls in flight at the kills, at most": machine.met * AT_ONCE}
        print(figures)
        once_each(site, found, names)
        assert asked - needed <= machine.met * AT_ONCE, figures
        assert machine.kills.total() >= (KILLS if LONG else 3)
    site.database.close()


def _until_all_end(site, machine, chance):
    until = time.monotonic() + (3600 if LONG else 400)
    while True:
        found = states(site).values()
        if all(row.state in jobs.ENDED for row in found):
            return
        assert time.monotonic() < until, [(row.id, row.state, row.error) for row in found]
        busy = any(row.state == jobs.RUNNING and row.progress for row in found)
        if busy and machine.kills.total() < KILLS:
            threading.Event().wait(chance.uniform(0.2, 2.5))
            machine.kill(chance)
        threading.Event().wait(0.2)


def once_each(site, found, names):
    """One folder, one row and one end for each job; every question answered once in its run."""
    assert {row.state for row in found.values()} == {jobs.COMPLETE}, [(row.state, row.error) for row in found.values()]
    assert len({row.run for row in found.values()}) == len(names)
    assert {path.parent.name for path in site.runs.glob("*/run.json")} == {row.run for row in found.values()}
    with site.database.read() as connection:
        shelved = {row.id: row for row in connection.execute(runs.select())}
        heard = Counter(row.job for row in connection.execute(deliveries.select()))
    assert set(shelved) == {row.run for row in found.values()}
    assert set(heard.values()) == {1} and set(heard) == set(found)
    for row in found.values():
        folder = RunFolder(site.runs / row.run)
        assert folder.about()["status"] == "complete" and shelved[row.run].status == "complete"
        answered = Counter(record["sample_id"] for record in journal.read(folder.journal) if record["finish_reason"])
        assert len(answered) == QUESTIONS and set(answered.values()) == {1}, row.run
