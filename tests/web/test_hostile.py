"""What attackers send: texts that want to be scripts, paths that want out, bodies that want memory, names that are not
ours. The pages that are there are found by following their links, so that a new one is tried too."""

import re
import shutil

import pytest

from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import audit, people, shelf
from sinan.web.service.tables import organisations, runs, users
from sinan.web.site import opened
from tests.web import hostile
from tests.web.clients import Client

PAGES = 120


@pytest.fixture
def attacked(client):
    """The site with a hostile run, hostile names and a hostile log, as ada sees it."""
    site = client.site
    folder = sorted(site.runs.glob("*small"))[0]
    name = 'x"><script>alert(9)<'
    shutil.copytree(folder, site.runs / name)
    text = (site.runs / name / "run.json").read_text("utf-8").replace(folder.name, "hostile")
    (site.runs / name / "run.json").write_text(text, "utf-8")
    hostile.make(site.runs, site.runs / name)
    shelf.index(site.database, site.runs)
    with site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public"))
        connection.execute(users.update().where(users.c.name == "otto").values(email=hostile.TEXT[:254]))
        connection.execute(organisations.insert().values(name=hostile.GROUP, folded="x", created=0))
        audit.note(connection, people.Asker(address=hostile.TEXT), hostile.GROUP, hostile.TEXT, **{"a": hostile.TEXT})
    return client.as_("ada")


def crawled(client, start=("/", "/runs", "/rank", "/hub", "/compare", "/arena", "/jobs", "/account", "/admin")):
    """Pages by following links; those of hostile things first."""
    seen, waiting = {}, list(dict.fromkeys([*start, "/admin/audit", "/sign-in", "/submit"]))
    while waiting and len(seen) < PAGES:
        address = waiting.pop(0)
        answer = client.http.get(address, follow_redirects=False)
        seen[address] = answer
        assert answer.status_code < 500 or answer.status_code == 503, address
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in hostile.read(answer.text).links:
            plain = link.partition("#")[0]
            if plain.startswith("/") and not plain.startswith("//") and plain not in seen and plain not in waiting:
                strange = "alert" in plain or "%3C" in plain
                waiting.insert(0 if strange else len(waiting), plain)
    return seen


def test_no_text_of_a_model_or_a_user_becomes_anything_but_text(attacked):
    found = crawled(attacked)
    faults = {}
    for address, answer in found.items():
        if answer.headers.get("content-type", "").startswith("text/html"):
            reader = hostile.read(answer.text)
            if reader.faults:
                faults[address] = reader.faults
            assert "49" not in re.findall(r"\{\{ 7\*7 \}\}|\b49\b(?= \$\{)", answer.text), "a template was run"
    assert not faults
    assert any("alert" in answer.text for answer in found.values()), "the hostile texts are shown nowhere"


def test_every_answer_keeps_scripts_and_frames_out(attacked):
    for address, answer in crawled(attacked).items():
        policy = answer.headers["content-security-policy"]
        assert "unsafe-eval" not in policy, address
        assert "script-src 'self'" in policy or "default-src 'none'" in policy, address
        assert answer.headers["x-content-type-options"] == "nosniff", address
        if answer.headers["content-type"].startswith("text/html"):
            assert "unsafe-inline" not in policy, address
            assert "frame-ancestors 'none'" in policy, address
            assert answer.headers["x-frame-options"] == "DENY", address


OUT = [
    "%2e%2e",
    "%2e%2e%2f%2e%2e",
    "....//",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\etc\\passwd",
    "%00",
    "a%00b",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "~root",
    "a" * 5000,
    "%ff%fe",
    "con",
    "*",
    "?",
    "%0d%0aSet-Cookie:a=b",
]


def test_no_parameter_of_an_address_leads_out_of_its_folder(client):
    app, ada = client.app, client.as_("ada")
    secret = (client.site.config.site / "secret").read_text("utf-8").strip()
    for path in app.openapi()["paths"]:
        for bad in OUT if "{" in path else ():
            address = re.sub(r"{\w+(:\w+)?}", lambda _: bad, path)  # noqa: B023
            for form in (address, address.removesuffix(".json")):
                answer = ada.http.get(form, follow_redirects=False)
                assert answer.status_code in (200, 400, 401, 403, 404, 405, 422, 503), (form, answer.status_code)
                assert "root:" not in answer.text, form
                assert secret not in answer.text, form
                assert "set-cookie" not in answer.headers, form


@pytest.mark.parametrize("bad", OUT)
def test_static_files_are_those_of_the_folder_alone(client, bad):
    for address in (f"/static/{bad}", f"/static/0123456789ab/{bad}", f"/static/0123456789ab/x/../{bad}"):
        assert client.http.get(address, follow_redirects=False).status_code in (404, 405, 400)


def test_what_stands_in_next_stays_in_its_place(client):
    script = '/"><script>alert(1)</script>'
    for bad in ("/\r\nSet-Cookie: a=b", "//evil.test", "/\\evil.test", "javascript:alert(1)", script):
        answer = client.http.get("/sign-in", params={"next": bad})
        assert "set-cookie" not in answer.headers
        assert not hostile.read(answer.text).faults
        assert not re.search(r'(data-next|href)="(//|/\\\\|/\s|javascript)', answer.text)


BOMBS = {
    "deep": b"[" * 200_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "number": b"9" * 500_000,
    "exponent": b"1e999999999",
    "names": b'{"name": "' + b"a" * 900_000 + b'"}',
    "keys": b"{" + b",".join(b'"%d":1' % number for number in range(50_000)) + b"}",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a pair": b'{"name": "\\ud800", "\\udfff": 1}',
    "NUL": b'{"name": "a\\u0000b"}',
    "nothing": b"",
    "null": b"null",
    "NaN": b'{"days": NaN, "name": "x", "scopes": ["read"]}',
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_body_that_is_a_bomb_is_refused(client, kind):
    ada = client.as_("ada")
    how = {"content": BOMBS[kind], "headers": {"Content-Type": "application/json"}}
    for path, found in client.app.openapi()["paths"].items():
        address = re.sub(r"{\w+(:\w+)?}", "1", path)
        for method in {"post", "put"} & set(found):
            answer = ada.http.request(method.upper(), address, **how)
            assert 400 <= answer.status_code < 500 or answer.status_code in (200, 201, 202, 204), (path, answer.text)
            if found[method].get("requestBody"):
                assert answer.status_code != 500


def test_a_body_that_is_too_large_is_told_so_whether_its_length_is_said_or_not(client):
    large = b'{"name": "' + b"a" * (2 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    assert client.http.post("/api/session", content=large, headers=headers).status_code == 413
    pieces = (large[start : start + 65536] for start in range(0, len(large), 65536))
    assert client.http.post("/api/session", content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8765", "127.0.0.1.evil.test", "localhost.evil.test", "[", "a b"]
)
def test_a_name_that_is_not_ours_is_not_answered(client, host):
    answer = client.http.get("/index.json", headers={"Host": host})
    assert answer.status_code == 400
    assert "runs" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "[::1]:8765", "192.168.1.7"])
def test_our_own_names_are(client, host):
    assert client.http.get("/index.json", headers={"Host": host}).status_code == 200


def test_a_host_that_was_made_up_is_written_nowhere(tmp_path):
    site = opened(Config(runs=tmp_path / "runs", site=tmp_path / "site", host="0.0.0.0"))
    client = Client(application(site), site)
    text = client.http.get("/sign-in", headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"}).text
    assert "evil.test" not in text
    site.database.close()


def test_links_for_passwords_lead_to_the_address_that_was_configured(client):
    client.site.config = Config(**vars(client.site.config) | {"address": "https://sinan.test"})
    ada = client.as_("ada")
    ada.http.cookies.set("__Host-sinan_session", ada.http.cookies["sinan_session"])
    headers = {"Host": "127.0.0.1", "X-Forwarded-Host": "evil.test"}
    answer = ada.http.post("/api/users/eva/reset", json={}, headers=headers)
    assert answer.json()["link"].startswith("https://sinan.test/reset?link=")


def test_what_fails_tells_nothing_of_the_inside(client):
    """An error that nobody foresaw: a table is gone."""
    quiet = Client(client.app, client.site)
    quiet.http = type(quiet.http)(client.app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    with client.site.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO gone")
    for address in ("/", "/index.json", "/runs", "/account", "/nothing", "/api/nothing"):
        answer = quiet.http.get(address)
        for inside in ("Traceback", "sqlalchemy", "SELECT", str(client.site.config.site), "site-packages", ".py"):
            assert inside not in answer.text, (address, inside)
        assert "content-security-policy" in answer.headers


def test_an_address_from_a_proxy_that_is_not_known_is_not_believed(client):
    forged = {"X-Forwarded-For": "6.6.6.6"}
    client.send("POST", "/api/session", {"name": "eva", "password": "wrong"}, 401, headers=forged)
    told = client.as_("ada").get("/admin/audit.json?action=session.refused")["entries"]
    assert told[0]["address"] == "testclient"
