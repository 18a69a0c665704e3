"""Accounts: the first one, signing in and out, passwords, sessions, tokens; what each ends, and what it leaves."""

import pytest

from sinan.web import site as sites
from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import accounts, people
from sinan.web.site import COOKIE, opened, own_path
from tests.web.clients import Client
from tests.web.conftest import PASSWORD

NEW = "another long password"


@pytest.fixture
def empty(tmp_path):
    """A site without an account."""
    found = opened(Config(runs=tmp_path / "runs", site=tmp_path / "site", port=0))
    yield Client(application(found), found)
    found.database.close()


def test_the_first_account_takes_the_code_that_was_printed(empty):
    asked = {"name": "ada", "password": NEW, "code": "abcd-efgh-jkmn"}
    assert empty.get("/setup.json")["possible"]
    empty.send("POST", "/api/setup", asked, 403)
    told = empty.send("POST", "/api/setup", asked | {"code": empty.site.setup_code.upper() + " "})
    assert told == {"name": "ada", "role": "admin"}
    assert empty.get("/account.json")["role"] == "admin"
    assert not empty.get("/setup.json")["possible"]


def test_there_is_one_first_account(empty):
    code = empty.site.setup_code
    empty.send("POST", "/api/setup", {"name": "ada", "password": NEW, "code": code})
    Client(empty.app, empty.site).send("POST", "/api/setup", {"name": "eve", "password": NEW, "code": code}, 409)


def test_the_code_cannot_be_guessed_quickly(empty):
    asked = {"name": "ada", "password": NEW, "code": "abcd-efgh-jkmn"}
    seen = {empty.http.post("/api/setup", json=asked).status_code for _ in range(12)}
    assert seen == {403, 429}


def test_a_short_password_is_refused(empty):
    empty.send("POST", "/api/setup", {"name": "ada", "password": "short", "code": empty.site.setup_code}, 400)
    assert empty.get("/setup.json")["possible"]


def test_who_signs_in_has_a_session_until_they_sign_out(client):
    told = client.send("POST", "/api/session", {"name": "EVA", "password": PASSWORD})
    assert told == {"name": "eva", "role": "evaluator"}
    copied = client.http.cookies[COOKIE]
    assert client.get("/account.json")["name"] == "eva"
    client.send("DELETE", "/api/session", status=204)
    client.get("/account.json", 401)
    client.http.cookies.set(COOKIE, copied)
    client.get("/account.json", 401)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    said = client.http.post("/api/session", json={"name": "eva", "password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Secure" not in said


def test_where_the_site_is_https_the_cookie_is_of_this_host_alone(site, client):
    site.config = sites.Config(**vars(site.config) | {"address": "https://sinan.test"})
    answer = client.http.post("/api/session", json={"name": "eva", "password": PASSWORD})
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-sinan_session=")
    assert "Secure" in said
    assert "Path=/" in said
    assert "Domain" not in said


def test_a_session_that_was_planted_is_not_the_one_that_signing_in_makes(client):
    client.http.cookies.set(COOKIE, "planted")
    answer = client.http.post("/api/session", json={"name": "eva", "password": PASSWORD})
    assert answer.cookies[COOKIE] != "planted"
    other = Client(client.app, client.site)
    other.http.cookies.set(COOKIE, "planted")
    other.get("/account.json", 401)


def test_signing_in_again_ends_the_session_before(client):
    client.send("POST", "/api/session", {"name": "eva", "password": PASSWORD})
    before = client.http.cookies[COOKIE]
    client.send("POST", "/api/session", {"name": "eva", "password": PASSWORD})
    other = Client(client.app, client.site)
    other.http.cookies.set(COOKIE, before)
    other.get("/account.json", 401)


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(client):
    wrong = client.send("POST", "/api/session", {"name": "eva", "password": "wrong wrong"}, 401)
    assert wrong == client.send("POST", "/api/session", {"name": "nobody", "password": "wrong wrong"}, 401)


def test_who_is_disabled_cannot_sign_in_and_has_no_session_or_token_left(client):
    eva, token = client.as_("eva"), client.with_token("eva", "read")
    client.as_("ada").send("PUT", "/api/users/eva", {"disabled": True})
    eva.get("/account.json", 401)
    token.get("/account.json", 401)
    client.send("POST", "/api/session", {"name": "eva", "password": PASSWORD}, 401)


def test_guesses_become_slow_but_sessions_that_stand_keep_working(client):
    eva = client.as_("eva")
    seen = [client.http.post("/api/session", json={"name": "eva", "password": "wrong"}) for _ in range(7)]
    assert [one.status_code for one in seen][-1] == 429
    assert int(seen[-1].headers["retry-after"]) >= 1
    assert eva.get("/account.json")["name"] == "eva"


def test_the_password_is_changed_by_who_knows_it_and_other_sessions_end(client):
    here, elsewhere = client.as_("eva"), client.as_("eva")
    here.send("PUT", "/api/account/password", {"password": "wrong wrong", "new": NEW}, 403)
    here.send("PUT", "/api/account/password", {"password": PASSWORD, "new": "short"}, 400)
    here.send("PUT", "/api/account/password", {"password": PASSWORD, "new": NEW}, 204)
    here.get("/account.json")
    elsewhere.get("/account.json", 401)
    client.send("POST", "/api/session", {"name": "eva", "password": PASSWORD}, 401)
    client.send("POST", "/api/session", {"name": "eva", "password": NEW})


def test_sessions_are_listed_without_what_would_open_them_and_are_ended(client):
    here, elsewhere = client.as_("eva"), client.as_("eva")
    told = here.get("/account.json")["sessions"]
    assert [one["here"] for one in sorted(told, key=lambda one: not one["here"])] == [True, False]
    for secret in (here.http.cookies[COOKIE], people.secret_hash(here.http.cookies[COOKIE])):
        assert secret not in here.get("/account")
    other = next(one["id"] for one in told if not one["here"])
    client.as_("otto").send("DELETE", f"/api/account/sessions/{other}", status=404)
    here.send("DELETE", "/api/account/sessions/%25", status=404)
    here.send("DELETE", f"/api/account/sessions/{other}", status=204)
    elsewhere.get("/account.json", 401)


def test_all_other_sessions_are_ended_at_once(client):
    here, elsewhere = client.as_("eva"), client.as_("eva")
    here.send("DELETE", "/api/account/sessions", status=204)
    here.get("/account.json")
    elsewhere.get("/account.json", 401)


def _bearer(client, secret):
    return Client(client.app, client.site, {"Authorization": f"Bearer {secret}"})


def test_a_token_is_shown_once_and_works_until_it_is_revoked(client):
    eva = client.as_("eva")
    made = eva.send("POST", "/api/tokens", {"name": "ci", "scopes": ["read"], "days": 1})
    token = _bearer(client, made["token"])
    assert token.get("/account.json")["tokens"][0]["name"] == "ci"
    assert made["token"] not in eva.get("/account")
    client.as_("otto").send("DELETE", f"/api/tokens/{made['id']}", status=404)
    eva.send("DELETE", f"/api/tokens/{made['id']}", status=204)
    token.get("/account.json", 401)
    token.get("/", 401)
    eva.send("DELETE", f"/api/tokens/{made['id']}", status=404)


def test_a_token_that_is_over_allows_nothing(client):
    client.with_token("eva", "read", expires=1).get("/account.json", 401)


def test_a_token_makes_no_tokens_and_changes_no_password(client):
    token = client.with_token("ada", *people.SCOPES)
    token.send("POST", "/api/tokens", {"name": "more", "scopes": ["read"]}, 403)
    token.send("PUT", "/api/account/password", {"password": PASSWORD, "new": NEW}, 403)
    token.send("DELETE", "/api/account/sessions", status=403)


def test_a_token_without_read_reads_nothing_private(client):
    client.with_token("eva", "vote").get("/account.json", 403)
    assert client.with_token("ada", "vote").get("/index.json")["runs"] == 0


def test_scopes_that_do_not_exist_are_refused(client):
    client.as_("eva").send("POST", "/api/tokens", {"name": "x", "scopes": ["everything"]}, 400)
    client.as_("eva").send("POST", "/api/tokens", {"name": "x", "scopes": []}, 422)


def test_a_link_sets_a_password_once(client):
    made = client.as_("ada").send("POST", "/api/users/eva/reset")
    link = made["link"].partition("link=")[2]
    eva = client.as_("eva")
    assert client.get("/reset.json", params={"link": link})["name"] == "eva"
    client.send("POST", "/api/reset", {"link": link, "password": NEW}, 204)
    eva.get("/account.json", 401)
    client.send("POST", "/api/reset", {"link": link, "password": NEW}, 403)
    assert client.get("/reset.json", params={"link": link})["name"] is None
    client.send("POST", "/api/session", {"name": "eva", "password": NEW})


def test_a_link_that_was_made_up_sets_nothing(client):
    cipher = client.site.ciphers.encrypt('{"user": 1, "now": ""}').decode()
    for link in ("x", "é", cipher, client.site.ciphers.sealed("other", b'{"user": 1, "now": ""}')):
        client.send("POST", "/api/reset", {"link": link, "password": NEW}, 403)


@pytest.mark.parametrize(
    "hostile",
    ["//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)", "/\t/evil.test",
     "/\r\nSet-Cookie: a=b", "", "evil", "/api/session", "/\x00", "/" + "a" * 3000],
)  # fmt: skip
def test_one_goes_on_to_addresses_of_this_site_alone(hostile):
    assert own_path(hostile) == "/"


def test_the_page_goes_on_to_where_one_came_from(client):
    assert 'data-next="/runs?text=a&amp;b=c"' in client.get("/sign-in", params={"next": "/runs?text=a&b=c"})
    assert 'data-next="/"' in client.get("/sign-in", params={"next": "//evil.test"})


def test_pages_are_there_in_both_languages(client):
    ada = client.as_("ada")
    assert "创建令牌" in ada.get("/account?lang=zh")
    assert "审计日志" in ada.get("/admin?lang=zh")
    assert "操作记录" in ada.get("/admin/audit?lang=zh")
    assert "登录" in client.get("/sign-in?lang=zh")
    assert "密码" in client.get("/reset?lang=zh")


def test_administrators_alone_see_accounts_and_the_log(client):
    for address in ("/admin.json", "/admin/audit.json", "/admin/audit.jsonl", "/admin", "/admin/audit"):
        client.get(address, 401)
        client.as_("eva").get(address, 403)
        client.with_token("ada", "read").get(address, 403)
        client.as_("ada").get(address)
        client.with_token("ada", "read", "admin").get(address)


def test_an_account_is_added_and_its_owner_chooses_the_password(client):
    ada = client.as_("ada")
    made = ada.send("POST", "/api/users", {"name": "李雷", "role": "viewer", "email": "l@example.org"})
    ada.send("POST", "/api/users", {"name": "李雷", "role": "viewer"}, 409)
    ada.send("POST", "/api/users", {"name": "a b", "role": "viewer"}, 400)
    client.send("POST", "/api/reset", {"link": made["link"].partition("link=")[2], "password": NEW}, 204)
    assert client.send("POST", "/api/session", {"name": "李雷", "password": NEW})["role"] == "viewer"
    assert "李雷" in ada.get("/admin?text=李")


def test_the_last_administrator_stays(client):
    ada = client.as_("ada")
    ada.send("PUT", "/api/users/ada", {"role": "viewer"}, 409)
    ada.send("PUT", "/api/users/ada", {"disabled": True}, 409)
    ada.send("PUT", "/api/users/eva", {"role": "admin"})
    ada.send("PUT", "/api/users/ada", {"role": "viewer"})
    client.as_("eva").send("PUT", "/api/users/eva", {"disabled": True}, 409)


def test_what_is_done_is_noted_and_found(client):
    ada = client.as_("ada")
    ada.send("PUT", "/api/users/eva", {"role": "viewer"})
    client.send("POST", "/api/session", {"name": "eva", "password": "my other password"}, 401)
    client.send("POST", "/api/session", {"name": "my real password", "password": "eva"}, 401)
    told = ada.get("/admin/audit.json?action=user.change")["entries"]
    assert [(one["name"], one["subject"], one["detail"]) for one in told] == [("ada", "eva", {"role": "viewer"})]
    everything = ada.get("/admin/audit.jsonl")
    assert "password" not in everything
    assert ada.get("/admin/audit.json?since=&until=&name=ada")["entries"]
    assert not ada.get("/admin/audit.json?since=2999-01-01")["entries"]


def test_the_log_is_paged_without_gaps(client):
    from sinan.web.service import audit

    with client.site.database.write() as connection:
        for number in range(250):
            audit.note(connection, people.Asker(), "test", str(number))
    ada, seen, address = client.as_("ada"), [], "/admin/audit.json?action=test"
    while True:
        told = ada.get(address)
        seen += [int(one["subject"]) for one in told["entries"]]
        if told["before"] is None:
            break
        address = f"/admin/audit.json?action=test&before={told['before']}"
    assert seen == list(reversed(range(250)))


def test_there_are_so_many_tokens_and_no_more(client):
    with client.site.database.write() as connection:
        eva = accounts.named(connection, "eva").id
        for _ in range(accounts.TOKENS_MOST):
            accounts.new_token(connection, eva, "x", ["read"], None)
    client.as_("eva").send("POST", "/api/tokens", {"name": "x", "scopes": ["read"]}, 409)
