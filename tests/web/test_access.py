"""Every route, asked by everybody: nobody, each role, the owner and another, members, tokens with each scope, tokens
that were revoked or are over, and who is disabled. Who may stands in tests/web/access.py."""

import re

import pytest

from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import accounts, organisations, people
from sinan.web.service.tables import jobs, now, runs, tokens, users
from sinan.web.site import opened
from tests.web.access import FILLED, RULES
from tests.web.clients import Client


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    """Every method and address of the site, as OpenAPI writes them; and those that it does not tell."""
    folder = tmp_path_factory.mktemp("routes")
    site = opened(Config(runs=folder / "runs", site=folder / "site"))
    app = application(site)
    site.database.close()
    told = {f"{method.upper()} {path}" for path, found in app.openapi()["paths"].items() for method in found}
    every = set()
    for one in app.routes:
        for route in getattr(getattr(one, "original_router", None), "routes", [one]):
            every |= {f"{method} {route.path}" for method in getattr(route, "methods", ()) or ()}
    return told, every


def plain(address):
    return re.sub(r":\w+}", "}", address)


def test_every_route_says_here_who_may_ask_it(routes):
    told, every = routes
    missing = {one for one in told if plain(one) not in RULES}
    assert not missing, f"say in tests/web/access.py who may: {sorted(missing)}"
    beside = {plain(one) for one in every} - {plain(one) for one in told}
    known = {f"{method} {_page(key)}" for key in RULES for method in ("GET", "HEAD") if _page(key)}
    assert beside <= known | {"GET /openapi.json", "HEAD /openapi.json", "GET /jobs/{job}/events"}, (
        "routes that OpenAPI does not tell"
    )


def _page(key):
    method, _, path = key.partition(" ")
    if method != "GET" or not path.endswith(".json"):
        return None
    return "/" if path == "/index.json" else path.removesuffix(".json")


@pytest.fixture
def here(client):
    """The site, with a run, a job and an organisation of eva's."""
    with client.site.database.write() as connection:
        number = dict(connection.execute(people.select(users.c.name, users.c.id)).all())
        run = connection.execute(people.select(runs.c.id).order_by(runs.c.id)).scalars().first()
        connection.execute(runs.update().where(runs.c.id == run).values(owner=number["eva"]))
        organisations.create(connection, "Lab", number["eva"])
        told = {"kind": "evaluation", "title": "x", "order": {}, "state": "complete", "progress": {}, "estimate": {}}
        connection.execute(jobs.insert().values(id=FILLED["job"], user=number["eva"], created=now(), **told))
    client.run = run
    return client


def addressed(key, rule, run):
    method, _, path = plain(key).partition(" ")
    for name, value in (FILLED | rule.fill).items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"tests/web/access.py: FILLED has no value for {path}"
    return method, f"{path}?{rule.query}".rstrip("?").replace("RUN", run)


def asked(who, method, address, body):
    how = {"json": body} if body is not None else {"headers": {"Content-Type": "application/json"}}
    if method == "GET":
        how = {}
    return who.http.request(method, address, follow_redirects=False, **how)


REFUSED = (401, 403)


def expected(rule, role, owner, scopes):
    """The statuses that may come, for somebody of a role (None: nobody); `scopes`: of a token, None for a session."""
    if role is None and rule.who != "all":
        return {401, 404} if rule.hidden else {401}
    if role is not None and scopes is not None and rule.in_person:
        return {403, 404} if rule.hidden else {403}
    lacks = scopes is not None and rule.scope and rule.scope not in scopes
    below = {"all": (), "known": (), "evaluator": ("viewer",), "admin": ("viewer", "evaluator")}[rule.who]
    if lacks or role in below:
        return {403, 404} if rule.hidden else {403}
    if rule.hidden and not owner:
        return {404, 403} if rule.who != "all" else {404}
    return None  # anything but a refusal


@pytest.mark.parametrize("key", RULES)
def test_each_may_what_the_table_says(request, routes, key):
    if key not in {plain(one) for one in routes[0]}:
        pytest.skip("no such route yet")
    rule, here = RULES[key], request.getfixturevalue("here")
    method, address = addressed(key, rule, here.run)
    cases = [("nobody", here, None, False, None)]
    for name, role in (("vic", "viewer"), ("otto", "evaluator"), ("eva", "evaluator"), ("ada", "admin")):
        every = set(people.SCOPES)
        owner = name in ("eva", "ada")
        if rule.scope:
            without = here.with_token(name, *(every - {rule.scope}))
            cases.append((f"{name}, token without {rule.scope}", without, role, owner, every - {rule.scope}))
        for scope in people.SCOPES if name in ("eva", "ada") else ():
            sees = owner and (scope == "read" or (rule.scope and not rule.hidden))
            token = here.with_token(name, scope)
            if rule.hidden and not sees:
                continue  # what a token may not read it may not be told of: said by the service's own tests
            if role == "admin" and rule.hidden:
                continue
            cases.append((f"{name}, token for {scope}", token, role, owner, {scope}))
        cases.append((name, here.as_(name), role, owner, None))
    # Who is refused first: what is done by the others may change what is there.
    cases.sort(key=lambda one: expected(rule, *one[2:]) is None)
    for name, who, *of in cases:
        status, allowed = asked(who, method, address, rule.body).status_code, expected(rule, *of)
        if allowed is None:
            assert status not in REFUSED or _otherwise(key), (name, key, status)
        else:
            assert status in allowed | ({400, 422} if rule.loose else set()), (name, key, status, allowed)


def _otherwise(key):
    """Routes that refuse by 401 or 403 what was sent, whoever sends it."""
    return key in ("POST /api/setup", "POST /api/session", "POST /api/reset", "PUT /api/account/password")


def test_a_credential_that_is_no_longer_good_is_refused_everywhere(here, routes):
    revoked, over = here.with_token("ada", *people.SCOPES), here.with_token("ada", *people.SCOPES, expires=1)
    disabled, signed_in = here.with_token("otto", *people.SCOPES), here.as_("otto")
    with here.site.database.write() as connection:
        mine = people.secret_hash(revoked.http.headers["authorization"].partition(" ")[2])
        connection.execute(tokens.update().where(tokens.c.hash == mine).values(revoked=now()))
        accounts.change(connection, "otto", disabled=True)
    for key in sorted({plain(one) for one in routes[0]}):
        rule = RULES[key]
        method, address = addressed(key, rule, here.run)
        for who in (revoked, over, disabled):
            status = asked(who, method, address, rule.body).status_code
            assert status == 401 or not rule.strict or (rule.loose and status == 422), (key, status)
        status = asked(signed_in, method, address, rule.body).status_code
        allowed = (expected(rule, None, False, None) or {status}) | ({400, 422} if rule.loose else set())
        assert status in allowed, (key, status)


def test_a_site_that_is_not_public_shows_nothing_to_strangers(here, routes):
    here.site.config = Config(**vars(here.site.config) | {"public": False})
    for key in sorted({plain(one) for one in routes[0]}):
        rule = RULES[key]
        method, address = addressed(key, rule, here.run)
        status = asked(here, method, address, rule.body).status_code
        open_ = any(part in address for part in ("/sign-in", "/setup", "/reset", "/session", "/healthz", "/openid"))
        assert status == 401 or (open_ and "account" not in address), (key, status)


ORDER = {"targets": ["arithmetic"], "models": [{"provider": "needle", "name": "xs"}]}
READABLE = {
    "POST /api/keys": {"name": "mine", "provider": "openai", "key": "sk-0123456789"},
    "PUT /api/jobs/{job}/priority": {"priority": 0},
    "POST /api/runs/{run}/verifications": {"share": 0.5},
    "POST /api/models/test": {"model": ORDER["models"][0]},
    "POST /api/estimates": {"order": ORDER},
    "POST /api/jobs": {"order": ORDER},
    "POST /api/pushes": {"run": "a-run", "files": {"run.json": {"size": 1, "sha256": "0" * 64}}},
}
"""Bodies that their routes can read, of those that `loose` lets off above."""


def test_while_no_account_exists_nobody_changes_anything(tmp_path, routes):
    site = opened(Config(runs=tmp_path / "runs", site=tmp_path / "site"))
    nobody = Client(application(site), site)
    for key in sorted({plain(one) for one in routes[0]}):
        rule = RULES[key]
        if rule.who != "all":
            method, address = addressed(key, rule, "none")
            allowed = {401, 404} | ({400, 422} if rule.loose else set())
            assert asked(nobody, method, address, rule.body).status_code in allowed, key
    for key, body in READABLE.items():  # what could be read is refused for who asks, not for what it says
        method, address = addressed(key, RULES[key], "none")
        assert asked(nobody, method, address, body).status_code in (401, 404), key
    site.database.close()


FOREIGN = [
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json", "Origin": "https://evil.test"},
    {"Content-Type": "application/json", "Origin": "null"},
    {"Content-Type": "application/json", "Origin": "http://127.0.0.1:8765.evil.test"},
    {"Content-Type": "application/json", "Origin": "http://["},
    {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"},
    {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"},
]
"""What a page of another site can make a browser send, or could where we allowed it."""


def test_a_change_is_never_what_another_site_can_send(here, routes):
    ada = here.as_("ada")
    for key in sorted({plain(one) for one in routes[0] if not one.startswith("GET ")}):
        method, address = addressed(key, RULES[key], here.run)
        for who in (here, ada):
            for headers in FOREIGN:
                answer = who.http.request(method, address, content=b'{"a": 1}', headers=headers)
                assert answer.status_code in (400, 403), (key, headers, answer.status_code)
                assert "of another site" in answer.text or "application/json" in answer.text
        assert ada.http.request(method, address).status_code == 403, "a change without a content type"
