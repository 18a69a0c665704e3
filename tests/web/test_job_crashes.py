"""kill -9 at random instants: of workers, of the processes that ask, of all at once, during several jobs.
Every job ends once, in one run; no question that was answered and written is asked again, and none is lost.

A few kills in every run of the tests; fifty, during twenty jobs, where `SINAN_LONG_TESTS` is set.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest

from sinan.store import RunFolder, journal
from sinan.web.config import Config, network
from sinan.web.service import jobs, people
from sinan.web.service.tables import deliveries, runs
from sinan.web.service.tables import jobs as table
from sinan.web.serving import begin
from sinan.web.site import opened
from tests.server import ChatServer
from tests.web.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
LONG = bool(os.environ.get("SINAN_LONG_TESTS"))
KILLS, JOBS, QUESTIONS = (50, 20, 200) if LONG else (8, 5, 60)
AT_ONCE = 2
"""Calls in flight of one job: what a kill may have asked again."""
WORKERS = 2


class Machine:
    """Workers that are begun again when they die, as the site does it."""

    def __init__(self, config):
        self.config, self.workers = config, [None] * WORKERS
        self.tend()

    def tend(self):
        for number, one in enumerate(self.workers):
            if one is None or one.poll() is not None:
                if one is not None:
                    one.stdin.close()
                self.workers[number] = begin(self.config, "sinan.web.service.worker", ["--number", str(number)])

    def kill(self, chance):
        """Whom a kill meets: a worker, a process that asks, or all of them, as when the machine loses its power."""
        kind = chance.choice(("worker", "worker", "asking", "all"))
        alive = [one for one in self.workers if one.poll() is None]
        if not alive:
            return 0
        if kind == "asking":
            asking = [child for one in alive for child in children(one.pid)]
            for child in chance.sample(asking, min(1, len(asking))):
                kill(child)
            return len(asking[:1])
        met = alive if kind == "all" else [chance.choice(alive)]
        for one in met:
            one.kill()
        for one in met:
            one.wait()
        return len(met) * 2  # each may have carried two jobs

    def stop(self):
        for one in self.workers:
            one.kill()
            one.wait()
            one.stdin.close()


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(one) for one in out.split()]


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
    folder = {"runs": tmp_path / "runs", "site": tmp_path / "site", "database": database_url}
    site = opened(Config(**folder, networks=(network("127.0.0.1/32"),), jobs_per_user=4))
    with site.database.write() as connection:
        person = people.Person(people.create(connection, "eva", None, "evaluator"), "eva", "evaluator")
    with ChatServer(lambda question: time.sleep(0.01) or "ANSWER: 1") as server:
        names = [submit(site, person, server, number) for number in range(JOBS)]
        machine = Machine(site.config)
        met, kills, until = 0, 0, time.monotonic() + (3600 if LONG else 400)
        try:
            while not all(row.state in jobs.ENDED for row in states(site).values()):
                assert time.monotonic() < until, {row.id: (row.state, row.error) for row in states(site).values()}
                busy = any(row.state == jobs.RUNNING and row.progress for row in states(site).values())
                if kills < KILLS and busy:
                    threading.Event().wait(chance.uniform(0.2, 2.5))
                    met += machine.kill(chance)
                    kills += 1
                machine.tend()
                threading.Event().wait(0.2)
        finally:
            machine.stop()
        found = states(site)
        assert {row.state for row in found.values()} == {jobs.COMPLETE}, [(r.state, r.error) for r in found.values()]
        assert len({row.run for row in found.values()}) == len(names)
        once_each(site, found)
        again = Counter(server.answered)
        extra = sum(again.values()) - JOBS * len(again)
        assert extra <= met * AT_ONCE + kills * AT_ONCE, (extra, met, kills)
        assert kills >= 3
    site.database.close()


def once_each(site, found):
    """One folder, one row and one end for each job; every question answered once in its run."""
    assert {path.parent.name for path in site.runs.glob("*/run.json")} == {row.run for row in found.values()}
    with site.database.read() as connection:
        shelved = {row.id: row for row in connection.execute(runs.select())}
        told = Counter(row.job for row in connection.execute(deliveries.select()))
    assert set(shelved) == {row.run for row in found.values()}
    assert set(told.values()) == {1} and set(told) == set(found)
    for row in found.values():
        folder = RunFolder(site.runs / row.run)
        assert folder.about()["status"] == "complete" and shelved[row.run].status == "complete"
        answered = Counter(record["sample_id"] for record in journal.read(folder.journal) if record["finish_reason"])
        assert len(answered) == QUESTIONS and set(answered.values()) == {1}
