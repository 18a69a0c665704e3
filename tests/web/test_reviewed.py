"""What a review of the site found: each is a way in that was open once."""

import asyncio
import dataclasses

import pytest
from starlette.requests import Request

from sinan.web.app import application
from sinan.web.failures import NotSignedIn
from sinan.web.ready import Ready
from sinan.web.service import passwords, people
from sinan.web.service.tables import benchmarks
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
