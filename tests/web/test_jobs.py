"""The queue: who is next, who may hold a job, what a worker that was thought dead may still do. On both databases."""

import threading
import time

import pytest

from sinan.web.failures import Clash, Denied, Failure, Missing, TooMany
from sinan.web.service import deliveries, jobs, keys, people
from sinan.web.service.ciphers import Ciphers, Fernet
from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.tables import deliveries as deliveries_table
from sinan.web.service.tables import job_log, model_keys, runs
from sinan.web.service.tables import jobs as table
from tests.web.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
ORDER = {"targets": ["arithmetic"], "models": [{"provider": "needle", "name": "xs"}]}


@pytest.fixture
def database(database_url):
    found = Database(database_url)
    found.migrate()
    yield found
    found.close()


@pytest.fixture
def crowd(database):
    """Persons by name."""
    with database.write() as connection:
        return {
            name: people.Person(people.create(connection, name, None, role), name, role)
            for name, role in (("ada", "admin"), ("eva", "evaluator"), ("otto", "evaluator"))
        }


def add(database, person, order=ORDER, **how):
    with database.write() as connection:
        return jobs.add(connection, person, order, "a title", **how)


def row(database, job):
    with database.read() as connection:
        return connection.execute(table.select().where(table.c.id == job)).one()


def expire(database, job):
    """Its worker has not been heard of for long."""
    with database.write() as connection:
        connection.execute(table.update().where(table.c.id == job).values(lease_until=1))


def claim(database, worker="w", per_user=3):
    return jobs.claim(database, worker, per_user)


def with_(database, work, *given, **how):
    with database.write() as connection:
        return work(connection, *given, **how)


def test_the_oldest_is_next_and_nobody_gets_it_twice(database, crowd):
    first, second = add(database, crowd["eva"]), add(database, crowd["eva"])
    assert claim(database).id == first
    assert claim(database).id == second
    assert claim(database) is None


def test_leases_go_by_the_database_s_clock_and_not_by_a_worker_s(postgres, monkeypatch):
    database = Database(postgres.url())
    database.migrate()
    with database.write() as connection:
        eva = people.Person(people.create(connection, "eva", None, "evaluator"), "eva", "evaluator")
    first, right = add(database, eva), time.time_ns
    for hours in (1, -1):  # the worker's clock is ahead, then behind
        with database.write() as connection:
            connection.execute(table.update().values(state=jobs.QUEUED, lease_until=None))
        held = claim(database, "right")
        assert held.id == first
        monkeypatch.setattr(time, "time_ns", lambda by=hours * 3_600_000_000_000: right() + by)
        assert claim(database, "wrong") is None
        assert with_(database, jobs.renew, held) == ""
        monkeypatch.undo()
        assert claim(database, "right") is None
        expire(database, first)
        monkeypatch.setattr(time, "time_ns", lambda by=hours * 3_600_000_000_000: right() + by)
        assert claim(database, "wrong").id == first
        monkeypatch.undo()
    database.close()


def test_a_higher_priority_goes_first(database, crowd):
    add(database, crowd["eva"])
    urgent = add(database, crowd["ada"], priority=5)
    assert claim(database).id == urgent


def test_users_take_turns(database, crowd):
    mine = [add(database, crowd["eva"]) for _ in range(2)]
    other = add(database, crowd["otto"])
    assert [claim(database).id for _ in range(3)] == [mine[0], other, mine[1]]


def test_nobody_has_more_running_than_they_may(database, crowd):
    for _ in range(3):
        add(database, crowd["eva"])
    assert claim(database, per_user=2) and claim(database, per_user=2)
    assert claim(database, per_user=2) is None


def test_many_workers_at_once_take_each_job_once_and_keep_the_limit(database, crowd):
    for name in ("eva", "otto"):
        for _ in range(6):
            add(database, crowd[name])
    taken, start = [], threading.Barrier(8)

    def work():
        start.wait()
        while (found := claim(database, per_user=4)) is not None:
            taken.append(found)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({one.id for one in taken}) == len(taken) == 8
    assert sorted(one.user for one in taken) == [crowd["eva"].id] * 4 + [crowd["otto"].id] * 4


def test_a_dead_workers_job_is_taken_over_with_its_run(database, crowd):
    add(database, crowd["eva"])
    first = claim(database, "dead")
    assert claim(database, "alive") is None
    expire(database, first.id)
    second = claim(database, "alive")
    assert (second.id, second.run, second.fence) == (first.id, first.run, first.fence + 1)
    with database.read() as connection:
        assert connection.execute(runs.select()).one().id == first.run


def test_a_worker_that_comes_too_late_changes_nothing(database, crowd):
    add(database, crowd["eva"])
    late = claim(database)
    expire(database, late.id)
    now = claim(database)
    assert with_(database, jobs.renew, late, {"done": 5}) is None
    assert not with_(database, jobs.end, late, jobs.FAILED, "late")
    assert not with_(database, jobs.give_back, late)
    assert row(database, late.id).state == jobs.RUNNING and row(database, late.id).progress == {}
    assert with_(database, jobs.end, now, jobs.COMPLETE, None)
    assert not with_(database, jobs.end, now, jobs.FAILED, "twice")
    assert row(database, now.id).state == jobs.COMPLETE


def test_claims_without_an_answer_are_counted_and_forgotten_with_one(database, crowd):
    add(database, crowd["eva"])
    for before in range(3):
        found = claim(database)
        assert found.attempts == before
        expire(database, found.id)
    found = claim(database)
    assert with_(database, jobs.renew, found, {"done": 1}, True) == ""
    expire(database, found.id)
    assert claim(database).attempts == 0


def test_what_is_given_back_is_next_at_once_or_later(database, crowd):
    add(database, crowd["eva"])
    found = claim(database)
    assert with_(database, jobs.give_back, found)
    again = claim(database)
    assert again.id == found.id and again.attempts == 0
    assert with_(database, jobs.give_back, again, 60_000, 1)
    assert claim(database) is None


def test_pausing_what_waits_is_done_at_once_and_what_runs_when_its_worker_hears(database, crowd):
    waiting = add(database, crowd["eva"])
    assert with_(database, jobs.pause, row(database, waiting)) == jobs.PAUSED
    assert claim(database) is None
    running = add(database, crowd["eva"])
    found = claim(database)
    assert with_(database, jobs.pause, row(database, running)) == jobs.RUNNING
    assert with_(database, jobs.renew, found) == jobs.PAUSE
    assert with_(database, jobs.end, found, jobs.PAUSED, None)
    assert with_(database, jobs.resume, row(database, running)) == jobs.QUEUED
    assert claim(database).run == found.run


def test_cancelling_beats_pausing_and_is_for_good(database, crowd):
    job = add(database, crowd["eva"])
    found = claim(database)
    with_(database, jobs.cancel, row(database, job))
    with_(database, jobs.pause, row(database, job))
    assert with_(database, jobs.renew, found) == jobs.CANCEL
    with_(database, jobs.end, found, jobs.CANCELLED, None)
    for what in (jobs.pause, jobs.cancel, jobs.resume):
        with pytest.raises(Clash):
            with_(database, what, row(database, job))


def test_what_a_dead_workers_job_was_asked_is_known_to_who_takes_it(database, crowd):
    job = add(database, crowd["eva"])
    found = claim(database)
    with_(database, jobs.cancel, row(database, job))
    expire(database, found.id)
    assert claim(database).wanted == jobs.CANCEL


def test_what_may_be_spent_counts_anew_when_a_job_goes_on(database, crowd):
    job = add(database, crowd["eva"], ORDER | {"max_tokens": 10})
    found = claim(database)
    with_(database, jobs.end, found, jobs.STOPPED, "its budget", {"tokens": 12, "cost_usd": None, "seconds": 3.0})
    with_(database, jobs.resume, row(database, job), {"max_tokens": 20})
    again = claim(database)
    assert again.order["max_tokens"] == 20 and again.progress["base"]["tokens"] == 12


def test_who_has_many_waiting_is_told_so(database, crowd):
    add(database, crowd["eva"], most_queued=1)
    with pytest.raises(TooMany):
        add(database, crowd["eva"], most_queued=1)
    add(database, crowd["otto"], most_queued=1)


def test_only_an_administrator_goes_before_others(database, crowd):
    with pytest.raises(Denied):
        add(database, crowd["eva"], priority=1)
    with pytest.raises(Failure):
        add(database, crowd["ada"], priority=11)
    add(database, crowd["eva"], priority=-10)


def test_jobs_are_seen_by_their_owner_and_administrators(database, crowd):
    job = add(database, crowd["eva"])
    asker = {name: Asker(person, "session", frozenset(people.SCOPES)) for name, person in crowd.items()}
    for name in ("eva", "ada"):
        assert with_(database, jobs.own, asker[name], crowd[name], job).id == job
        assert with_(database, jobs.found, asker[name], job).id == job
    for what in (lambda c: jobs.own(c, asker["otto"], crowd["otto"], job), lambda c: jobs.found(c, Asker(), job)):
        with pytest.raises(Missing):
            with_(database, what)


def test_a_key_for_one_job_goes_when_it_ends_and_stays_while_it_may_go_on(database, crowd):
    ciphers = Ciphers([Fernet.generate_key().decode()])
    number = with_(database, keys.add, ciphers, crowd["eva"], None, "openai", "https://a.test/v1", "sk-0123456789")
    order = {"targets": ["arithmetic"], "models": [{"provider": "openai", "name": "x", "key": number}]}
    job = add(database, crowd["eva"], order)
    with_(database, jobs.end, claim(database), jobs.STOPPED, "no money")
    with_(database, jobs.resume, row(database, job))
    with_(database, jobs.end, claim(database), jobs.FAILED, "no")
    with database.read() as connection:
        assert connection.execute(model_keys.select()).first() is None
    with pytest.raises(Clash, match="no longer here"):
        with_(database, jobs.resume, row(database, job))


def test_an_end_is_told_once_in_the_transaction_that_makes_it(database, crowd):
    add(database, crowd["eva"], webhook="https://hook.test/x")
    found = claim(database)
    with_(database, jobs.end, found, jobs.COMPLETE, None)
    with_(database, jobs.end, found, jobs.COMPLETE, None)
    with database.read() as connection:
        assert connection.execute(deliveries_table.select()).one().event == "job.complete"
    due = deliveries.next_due(database)
    assert due.address == "https://hook.test/x" and deliveries.next_due(database) is None
    deliveries.settle(database, due, "answered 500")
    assert deliveries.next_due(database) is None
    with database.read() as connection:
        assert connection.execute(deliveries_table.select()).one().next_try > 0


def test_a_log_is_bounded(database, crowd):
    job = add(database, crowd["eva"])
    for start in (0, 400, 800):
        with_(database, jobs.log, job, [f"line {start + i} " + "x" * 1000 + "\0" for i in range(400)])
    with database.read() as connection:
        lines = connection.execute(job_log.select().order_by(job_log.c.id)).all()
    assert len(lines) == jobs.LOG_LINES and lines[-1].line.startswith("line 1199 ")
    assert all(len(one.line) <= jobs.LOG_CHARACTERS for one in lines)


def test_a_key_of_a_job_that_nobody_goes_on_with_is_forgotten_after_a_month(database, crowd):
    ciphers = Ciphers([Fernet.generate_key().decode()])
    for name in (None, "mine"):
        with_(database, keys.add, ciphers, crowd["eva"], name, "openai", "https://a.test/v1", "sk-0123456789")
    with_(database, keys.forget_left_behind)
    with database.write() as connection:
        assert len(connection.execute(model_keys.select()).all()) == 2
        connection.execute(model_keys.update().values(created=1))
        keys.forget_left_behind(connection)
        assert [one.name for one in connection.execute(model_keys.select())] == ["mine"]
