"""A worker and the process that asks: a job from its submission to its end, pauses, faults, keys that go nowhere."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from sinan.web.config import Config, network
from sinan.web.service import jobs, keys, people
from sinan.web.service.tables import job_log, model_keys
from sinan.web.service.tables import jobs as table
from sinan.web.serving import begin
from sinan.web.site import opened
from tests.server import ChatServer

KEY = "sk-very-secret-0123456789abcdef"


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it never came to that")


class Bench:
    """A site without its server, and workers that a test begins and ends."""

    def __init__(self, tmp_path, **how):
        folder = {"runs": tmp_path / "runs", "site": tmp_path / "site"}
        self.site = opened(Config(**folder, networks=(network("127.0.0.1/32"),), **how))
        with self.site.database.write() as connection:
            number = people.create(connection, "eva", None, "evaluator")
        self.eva = people.Person(number, "eva", "evaluator")
        self.workers = []

    def key(self, address, name=None):
        with self.site.database.write() as connection:
            return keys.add(connection, self.site.ciphers, self.eva, name, "openai", address, KEY)

    def submit(self, targets=("arithmetic",), models=({"provider": "needle", "name": "xs"},), **more):
        how = {name: more.pop(name) for name in ("webhook", "webhook_secret") if name in more}
        order = {"targets": list(targets), "models": list(models), "limit": 20} | more
        with self.site.database.write() as connection:
            return jobs.add(connection, self.eva, order, "a title", **how)

    def model(self, server, key=None):
        told = {"provider": "openai", "name": "mock", "address": f"http://127.0.0.1:{server.port}/v1"}
        return told | ({"key": key} if key else {})

    def row(self, job):
        with self.site.database.read() as connection:
            return connection.execute(table.select().where(table.c.id == job)).one()

    def log(self, job):
        with self.site.database.read() as connection:
            return [one.line for one in connection.execute(job_log.select().where(job_log.c.job == job))]

    def work(self):
        self.workers.append(begin(self.site.config, "sinan.web.service.worker"))
        return self.workers[-1]

    def over(self, job, seconds=60.0):
        def look():
            row = self.row(job)
            return row if row.state in (*jobs.ENDED, jobs.PAUSED) else None

        return until(look, seconds)

    def ask(self, what, job, *given):
        with self.site.database.write() as connection:
            return what(connection, connection.execute(table.select().where(table.c.id == job)).one(), *given)

    def close(self):
        for one in self.workers:
            if one.poll() is None:
                one.kill()
            one.wait()
            one.stdin.close()
        self.site.database.close()


@pytest.fixture
def bench(tmp_path):
    found = Bench(tmp_path)
    yield found
    found.close()


def answer(question):
    return "ANSWER: 1"


def test_a_job_becomes_a_run_on_its_owners_shelf(bench):
    job = bench.submit()
    bench.work()
    row = bench.over(job)
    assert row.state == "complete", (row.error, bench.log(job))
    assert row.progress["done"] == 20 and row.progress["cells"][0]["n"] == 20
    assert row.progress["cells"][0]["low"] <= row.progress["cells"][0]["value"] < row.progress["cells"][0]["high"]
    with bench.site.database.read() as connection:
        from sinan.web.service.tables import cells, runs

        run = connection.execute(runs.select()).one()
        assert (run.id, run.owner, run.visibility, run.status, run.samples) == (
            row.run, bench.eva.id, "private", "complete", 20,
        )  # fmt: skip
        assert connection.execute(cells.select()).one().value == pytest.approx(row.progress["cells"][0]["value"])


def test_a_key_reaches_its_server_and_nothing_else(bench, tmp_path):
    with ChatServer(lambda q: f"your key is {KEY}") as server:
        number = bench.key(f"http://127.0.0.1:{server.port}/v1")
        job = bench.submit(models=[bench.model(server, number)])
        bench.work()
        row = bench.over(job)
    assert row.state == "complete", (row.error, bench.log(job))
    assert all(one["Authorization"] == f"Bearer {KEY}" for one in server.headers)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
    with bench.site.database.read() as connection:
        assert connection.execute(model_keys.select()).first() is None  # it was for this job alone


def test_what_the_machines_owner_has_is_given_to_nobody(bench, monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-operators-0123456789")
    with ChatServer(answer) as server:
        job = bench.submit(models=[bench.model(server)])
        bench.work()
        assert bench.over(job).state == "complete"
    assert server.headers and not any("Authorization" in one for one in server.headers)


def test_a_key_is_sent_to_no_other_origin_whatever_the_row_says(bench):
    with ChatServer(answer) as server:
        number = bench.key("https://api.example.com/v1", "mine")
        job = bench.submit(models=[bench.model(server, number)])
        bench.work()
        row = bench.over(job)
    assert row.state == "failed" and "sent nowhere else" in row.error and not server.asked


def test_what_is_paused_goes_on_where_it_was(bench):
    with ChatServer(answer, hold_after=7) as server:
        job = bench.submit(models=[bench.model(server)], concurrency=2)
        bench.work()
        until(lambda: server.held.is_set() and (bench.row(job).progress or {}).get("done") == 7)
        assert bench.ask(jobs.pause, job) == "running"
        row = bench.over(job)
        assert row.state == "paused", row.error
        answered = set(server.answered)
        server.release()
        server.asked.clear()
        bench.ask(jobs.resume, job)
        again = until(lambda: bench.over(job) if bench.row(job).state == "complete" else None)
    assert again.run == row.run and again.progress["done"] == 20
    assert not answered & set(server.asked) and set(server.asked.values()) == {1}


def test_a_worker_that_is_told_to_end_gives_its_job_to_another_at_once(bench):
    with ChatServer(answer, hold_after=5) as server:
        job = bench.submit(models=[bench.model(server)], concurrency=2)
        first = bench.work()
        until(server.held.is_set)
        first.terminate()
        first.wait(15)
        assert bench.row(job).state == "queued"
        answered = set(server.answered)
        server.release()
        server.asked.clear()
        bench.work()
        assert bench.over(job).state == "complete"
    assert not answered & set(server.asked)


def test_a_worker_ends_with_the_site_that_began_it_and_its_job_waits_for_another(bench):
    with ChatServer(answer, hold_after=5) as server:
        job = bench.submit(models=[bench.model(server)], concurrency=2)
        worker = bench.work()
        until(server.held.is_set)
        worker.stdin.close()  # as when the site is killed
        worker.wait(20)
        assert bench.row(job).state == "queued"


def test_what_ends_the_job_for_good_is_told_in_one_line(bench):
    with ChatServer(lambda q: (401, "no such key")) as server:
        job = bench.submit(models=[bench.model(server)])
        bench.work()
        row = bench.over(job)
    assert row.state in ("stopped", "failed") and "401" in row.error and "\n" not in row.error


def test_a_private_address_is_not_reached_without_leave(tmp_path):
    bench = Bench(tmp_path)
    object.__setattr__(bench.site.config, "networks", ())
    try:
        with ChatServer(answer) as server:
            job = bench.submit(models=[bench.model(server)])
            bench.work()
            row = bench.over(job)
        assert row.state in ("failed", "stopped") and "must not be connected to" in row.error and not server.asked
    finally:
        bench.close()


def test_a_budget_stops_a_job_and_counts_anew_when_it_goes_on(bench):
    with ChatServer(answer) as server:
        job = bench.submit(models=[bench.model(server)], max_tokens=60, parameters={"max_tokens": 3}, concurrency=1)
        bench.work()
        row = bench.over(job)
        assert row.state == "stopped" and "tokens" in row.error, row
        assert 0 < row.progress["done"] < 20
        bench.ask(jobs.resume, job, {"max_tokens": 100_000})
        again = until(lambda: bench.row(job) if bench.row(job).state == "complete" else None)
    assert again.run == row.run and sum(server.asked.values()) == 20


def test_a_process_that_is_killed_is_begun_again(bench):
    with ChatServer(answer, hold_after=5) as server:
        job = bench.submit(models=[bench.model(server)], concurrency=2)
        worker = bench.work()
        until(server.held.is_set)
        (child,) = children_of(worker.pid)
        os.kill(child, 9)
        until(lambda: not alive(child))
        server.release()
        row = bench.over(job)
    assert row.state == "complete" and any("was killed" in line for line in bench.log(job))


def tried(bench, job, claims):
    with bench.site.database.write() as connection:
        connection.execute(table.update().where(table.c.id == job).values(attempts=claims))


def test_a_job_is_not_given_up_for_its_workers_died(bench):
    job = bench.submit()
    tried(bench, job, 3 * jobs.DEATH)
    bench.work()
    assert bench.over(job).state == "complete"


@pytest.mark.parametrize("claims", [jobs.ATTEMPTS - 1, jobs.ATTEMPTS])
def test_a_job_is_given_up_whose_process_dies_and_dies(bench, claims):
    with ChatServer(answer, hold_after=0) as server:
        job = bench.submit(models=[bench.model(server)])
        tried(bench, job, claims)
        worker = bench.work()
        if claims < jobs.ATTEMPTS:
            until(server.held.is_set)
            os.kill(children_of(worker.pid)[0], 9)
        row = bench.over(job)
        server.release()
    assert row.state == "failed" and row.error.startswith("given up")


def test_the_first_answer_lets_all_tries_before_be_forgotten(bench):
    with ChatServer(answer, hold_after=1) as server:
        job = bench.submit(models=[bench.model(server)], concurrency=1)
        tried(bench, job, 5)
        bench.work()
        until(lambda: bench.row(job).progress.get("answered"))
        assert bench.row(job).attempts == 0 and bench.row(job).state == "running"
        server.release()
        assert bench.over(job).state == "complete"


def test_the_process_that_asks_dies_with_its_worker(bench):
    with ChatServer(answer, hold_after=3) as server:
        bench.submit(models=[bench.model(server)])
        worker = bench.work()
        until(server.held.is_set)
        (child,) = children_of(worker.pid)
        worker.kill()
        until(lambda: not alive(child))


def test_nothing_secret_is_in_the_arguments_or_the_environment_of_who_asks(bench):
    with ChatServer(answer, hold_after=3) as server:
        number = bench.key(f"http://127.0.0.1:{server.port}/v1")
        bench.submit(models=[bench.model(server, number)])
        os.environ["SINAN_SERVE_SECRET_OF_TEST"] = "1"
        worker = bench.work()
        until(server.held.is_set)
        (child,) = children_of(worker.pid)
        environment = Path(f"/proc/{child}/environ").read_bytes()
        arguments = Path(f"/proc/{child}/cmdline").read_bytes()
        server.release()
    del os.environ["SINAN_SERVE_SECRET_OF_TEST"]
    assert KEY.encode() not in environment + arguments and b"SINAN_SERVE_SECRET" not in environment


def children_of(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(one) for one in out.split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False
