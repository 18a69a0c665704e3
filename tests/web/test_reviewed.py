"""What a review of the site found: each is a way in that was open once."""

import asyncio
import dataclasses
import subprocess
import sys

import orjson
import pytest
from starlette.requests import Request

from sinan.store import RunFolder
from sinan.web.app import application
from sinan.web.failures import Failure, NotSignedIn
from sinan.web.pages import live
from sinan.web.ready import Ready
from sinan.web.service import children, following, jobs, passwords, people, publishing
from sinan.web.service.tables import benchmarks, runs
from sinan.web.site import COOKIE, address
from tests.web.conftest import PASSWORD


def test_the_address_that_a_proxy_adds_in_a_header_of_its_own_is_believed_over_the_askers(site):
    site.config = dataclasses.replace(site.config, proxies=("127.0.0.1",))
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.7")]
    scope = {"type": "http", "headers": headers, "client": ("127.0.0.1", 1), "app": application(site)}
    assert address(Request(scope)) == "203.0.113.7"


def test_what_is_asked_with_a_session_in_a_second_cookie_header_is_not_kept_for_others(site):
    assert site.has_accounts
    headers = [(b"cookie", b"lang=en"), (b"cookie", COOKIE.encode() + b"=x")]
    scope = {"type": "http", "method": "GET", "path": "/rank", "query_string": b"", "headers": headers}
    ready = Ready(None, site)
    assert ready._key(scope | {"headers": []}) is not None
    assert ready._key(scope) is None


def test_a_body_that_is_no_file_is_bounded_as_everywhere(client):
    for method, path in (("POST", "/api/benchmarks"), ("PUT", "/api/benchmarks/sums"), ("POST", "/api/pushes/x/done")):
        answer = client.http.request(
            method, path, content=b"[" + b"0," * (1 << 20) + b"0]", headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413, path


def test_nothing_of_a_piece_is_read_before_it_is_known_who_sends_it(client):
    async def told():
        raise AssertionError("the body was asked for")

    answers = []

    async def send(message):
        answers.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/octet-stream"), (b"content-digest", b"x")]
    path = f"/api/pushes/{'0' * 32}/files/journal.jsonl/0"
    scope = {"type": "http", "method": "PUT", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [*headers, (b"content-length", b"8000000")], "client": ("127.0.0.1", 1), "scheme": "http"}
    asyncio.run(client.app(scope, told, send))
    assert answers[0]["status"] == 401


def test_a_token_of_an_administrator_without_that_scope_changes_nothing_of_others(client):
    card = {"name": "sums", "title": "Sums", "visibility": "public"}
    client.as_("eva").send("POST", "/api/benchmarks", card, 201)
    with client.site.database.write() as connection:  # as if it had its questions: others see it then
        connection.execute(benchmarks.update().values(file="benchmarks/sums/0/sums.jsonl"))
    token = client.with_token("ada", "read", "push")
    token.send("DELETE", "/api/benchmarks/sums", status=403)
    client.with_token("eva", "push").send("PUT", "/api/benchmarks/sums", {"title": "Sums of eva's"})
    client.with_token("ada", "read", "push", "admin").send("DELETE", "/api/benchmarks/sums", status=204)


@pytest.mark.parametrize("meanwhile", [{"password": "another"}, {"disabled": True}])
def test_a_password_that_is_replaced_while_it_is_looked_at_signs_nobody_in(site, monkeypatch, meanwhile):
    matches = passwords.matches

    def slowly(password, stored):
        found = matches(password, stored)
        with site.database.write() as connection:
            connection.execute(people.users.update().values(**meanwhile))
        return found

    monkeypatch.setattr(passwords, "matches", slowly)
    with pytest.raises(NotSignedIn):
        people.signed_in(site.database, "eva", PASSWORD, "here")


def test_who_may_no_longer_see_a_run_hears_no_more_of_it_however_much_there_is_to_tell(site, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(live, "LOOK_S", 0.0)
    run = next(path.name for path in site.runs.iterdir())
    scope = {"type": "http", "method": "GET", "path": f"/runs/{run}/events", "query_string": b"", "headers": []}
    scope |= {"client": ("127.0.0.1", 1), "app": application(site)}

    async def receive():
        await asyncio.sleep(60)

    async def heard():
        watched = following.Watch(RunFolder(site.runs / run))
        found = []
        async for event in live._events(Request(scope, receive), site, watched, run):
            found.append(event)
            watched.state = dataclasses.replace(watched.state, number=watched.state.number + 1)
            assert len(found) < 10
        return found

    assert asyncio.run(asyncio.wait_for(heard(), 30))[-1] == b"event: end\ndata: gone\n\n"


def test_what_a_process_that_failed_has_said_is_logged_without_the_keys(capfd):
    command = [sys.executable, "-c", "import sys; sys.stderr.write('header: sk-secret-key')"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process, pytest.raises(Failure):
        children._last_line(process, 30, {"SINAN_JOB_KEY_1": "sk-secret-key"})
    assert capfd.readouterr().err == "header: ***"


def test_a_path_that_begins_with_two_slashes_makes_no_link_to_another_host(client):
    answer = client.http.get("http://127.0.0.1:8765//evil.test/x")
    assert answer.status_code == 404
    assert '"/evil.test/x?lang=' in answer.text
    assert '"//evil.test' not in answer.text


def test_a_run_that_is_published_at_the_moment_when_it_is_removed_stays(client, monkeypatch):
    site, held = client.site, publishing._held
    with site.database.write() as connection:
        run = connection.execute(people.select(runs.c.id)).scalars().first()

    def meanwhile(folder):
        with site.database.write() as connection:
            connection.execute(runs.update().where(runs.c.id == run).values(visibility="public"))
        return held(folder)

    monkeypatch.setattr(publishing, "_held", meanwhile)
    client.as_("ada").send("DELETE", f"/api/runs/{run}", status=409)
    assert (site.runs / run).is_dir()


def test_looking_for_a_battle_that_is_not_there_is_bounded(client):
    answers = [client.http.post("/api/battles", headers={"Content-Type": "application/json"}) for _ in range(70)]
    assert [one.status_code for one in answers].count(429) >= 5


def test_where_a_file_of_the_operators_lies_is_told_to_nobody(client):
    run = next(path for path in client.site.runs.iterdir())
    about = orjson.loads((run / "run.json").read_bytes())
    about["spec"]["targets"] = ["/srv/secret-project/sums.jsonl", "arithmetic"]
    (run / "run.json").write_bytes(orjson.dumps(about))
    with client.site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public"))
    for page in (f"/runs/{run.name}", f"/runs/{run.name}/provenance"):
        assert client.get(f"{page}.json")["spec"]["targets"] == ["sums.jsonl", "arithmetic"]
        assert "secret-project" not in client.get(page)


def test_the_jobs_of_who_is_disabled_rest(client):
    with client.site.database.write() as connection:
        number = connection.execute(people.select(people.users.c.id).where(people.users.c.name == "eva")).scalar_one()
        eva = people.Person(number, "eva", "evaluator")
        order = {"targets": ["arithmetic"], "models": [{"provider": "needle", "name": "xs"}]}
        first, second = (jobs.add(connection, eva, order, "a title") for _ in range(2))
    assert jobs.claim(client.site.database, "w", 3).id == first
    client.as_("ada").send("PUT", "/api/users/eva", {"disabled": True})
    table = jobs.jobs
    with client.site.database.read() as connection:
        told = {row.id: (row.state, row.wanted) for row in connection.execute(table.select())}
    assert told == {first: ("running", "pause"), second: ("paused", "")}
