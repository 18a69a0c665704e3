"""Signing in by OpenID Connect, against a small provider on loopback; and against one that cheats."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from sinan.web.app import application
from sinan.web.config import Config, OpenId
from sinan.web.service.tables import users
from tests.web.clients import Client

CLIENT, PASSPHRASE = "sinan-client", "a client secret"


class Provider:
    """An issuer: it answers as the standard says, but for what a test bends."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.codes, self.claims, self.bend, self.sign = {}, {}, {}, None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self, None)

            def do_POST(self):
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                outer.answer(self, dict(parse_qsl(form)))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, form):
        path = urlsplit(handler.path).path
        if path in self.bend:
            status, headers, body = self.bend[path]
        elif path == "/.well-known/openid-configuration":
            status, headers, body = 200, {}, self.described()
        elif path == "/keys":
            status, headers, body = 200, {}, {"keys": [self.key.as_dict(private=False)]}
        else:
            status, headers, body = self.token(form)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def described(self):
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in names.items()}

    def authorize(self, address):
        """What the browser does there: the code and the state that it comes back with."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form):
        asked = self.codes.pop(form.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        right = asked and challenge.rstrip(b"=").decode() == asked["code_challenge"]
        if not right or form["client_secret"] != PASSPHRASE or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {}, {"error": "invalid_grant"}
        at = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "42", "exp": at + 300, "iat": at, "nonce": asked["nonce"]}
        claims |= {"preferred_username": "hanmeimei", "email": "h@example.org", "email_verified": True} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = self.sign(claims) if self.sign else jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return 200, {}, {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def provider():
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def there(site, provider, monkeypatch):
    monkeypatch.setenv("SINAN_OPENID_SECRET", PASSPHRASE)
    openid = OpenId(provider.issuer, CLIENT, "evaluator")
    site.config = Config(**vars(site.config) | {"openid": openid, "address": "http://127.0.0.1:8765"})
    return Client(application(site), site)


def leave(client, next_="/runs"):
    answer = client.http.get("/openid/start", params={"next": next_}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_back(client, told):
    return client.http.get("/openid/callback?" + urlencode(told), follow_redirects=False)


def test_who_signs_in_elsewhere_has_an_account_here(there, provider):
    assert provider.issuer in there.get("/sign-in")
    answer = come_back(there, provider.authorize(leave(there)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    told = there.get("/account.json")
    assert (told["name"], told["role"], told["email"]) == ("hanmeimei", "evaluator", "h@example.org")
    assert not told["has_password"]


def test_it_is_the_subject_that_says_who_it_is_and_no_account_is_taken_by_its_name(there, provider):
    provider.claims = {"preferred_username": "ada"}
    come_back(there, provider.authorize(leave(there)))
    assert there.get("/account.json")["name"] == "ada-2"
    provider.claims = {"preferred_username": "somebody"}
    come_back(there, provider.authorize(leave(there)))
    assert there.get("/account.json")["name"] == "ada-2"
    provider.claims = {"sub": "43", "preferred_username": '"><script>'}
    come_back(there, provider.authorize(leave(there)))
    assert "script" in there.get("/account.json")["name"]


def test_who_is_disabled_here_does_not_come_in(there, provider):
    come_back(there, provider.authorize(leave(there)))
    with there.site.database.write() as connection:
        connection.execute(users.update().where(users.c.name == "hanmeimei").values(disabled=True))
    assert come_back(there, provider.authorize(leave(there))).status_code == 403


def _unsigned(claims):
    parts = [json.dumps(one).encode() for one in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."


def _by_another(claims):
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048))


def _elliptic(claims):
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, ECKey.generate_key("P-256"))


CHEATS = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another-client"},
    "audiences without a party": {"aud": [CLIENT, "another"]},
    "another party": {"aud": [CLIENT, "another"], "azp": "another"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.test"},
    "no issuer": {"iss": None},
    "over": {"exp": 1},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "never"},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "not begun": {"iat": 99999999999},
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_token_that_claims_something_else_is_not_believed(there, provider, cheat):
    provider.claims = CHEATS[cheat]
    assert come_back(there, provider.authorize(leave(there))).status_code == 403
    there.get("/account.json", 401)


@pytest.mark.parametrize("how", ["none", "shared secret", "public key as secret", "another key", "another kind"])
def test_a_token_that_the_issuer_did_not_sign_is_not_believed(there, provider, how):
    public = provider.key.as_pem(private=False)
    provider.sign = {
        "none": _unsigned,
        "shared secret": lambda claims: jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(PASSPHRASE)),
        "public key as secret": lambda claims: _keyed(claims, public),
        "another key": _by_another,
        "another kind": _elliptic,
    }[how]
    assert come_back(there, provider.authorize(leave(there))).status_code == 403
    there.get("/account.json", 401)


def _keyed(claims, secret):
    import hmac

    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mark = hmac.digest(secret, head + b"." + body, "sha256")
    return (head + b"." + body + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


def test_a_state_is_good_once_and_for_the_browser_that_left(there, provider):
    told = provider.authorize(leave(there))
    kept = there.http.cookies["sinan_openid"]
    other = Client(there.app, there.site)
    assert come_back(other, told).status_code == 403
    assert come_back(there, told | {"state": "another"}).status_code == 403
    assert come_back(there, told).status_code == 303
    again = provider.authorize(leave(there)) | {"state": told["state"]}
    there.http.cookies.clear()
    there.http.cookies.set("sinan_openid", kept)
    assert come_back(there, again).status_code == 403


def test_a_code_of_somebody_else_is_not_taken(there, provider):
    """Another's code, in one's own sign-in: the verifier does not fit."""
    other = Client(there.app, there.site)
    stolen = provider.authorize(leave(other))
    mine = provider.authorize(leave(there))
    assert come_back(there, mine | {"code": stolen["code"]}).status_code == 403


def test_a_key_that_is_new_at_the_issuer_is_found(there, provider):
    come_back(there, provider.authorize(leave(there)))
    from sinan.web.pages.openid import provider as known

    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    one = known(there.site)
    one._keys = (one._keys[0] - 60, one._keys[1])  # a minute later
    assert come_back(there, provider.authorize(leave(there))).status_code == 303


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/.well-known/openid-configuration", (200, {}, {"issuer": "https://evil.test"}), 403),
        ("/.well-known/openid-configuration", (302, {"Location": "/keys"}, b""), 503),
        ("/.well-known/openid-configuration", (200, {}, b"x" * (1 << 20)), 503),
        ("/.well-known/openid-configuration", (200, {}, b"[" * 100_000), 503),
        ("/.well-known/openid-configuration", (500, {}, b""), 503),
    ],
)
def test_a_provider_that_answers_oddly_is_told_so_and_not_followed(there, provider, path, answer, status):
    provider.bend[path] = answer
    there.get("/openid/start", status)


def test_endpoints_of_a_provider_must_be_https(there, provider):
    described = provider.described() | {"authorization_endpoint": "http://evil.test/authorize"}
    provider.bend["/.well-known/openid-configuration"] = (200, {}, described)
    there.get("/openid/start", 403)


def test_what_comes_back_without_a_code_signs_nobody_in(there):
    leave(there)
    assert come_back(there, {"error": "access_denied", "state": "x"}).status_code == 403
    assert come_back(there, {}).status_code == 403


def test_one_goes_on_within_the_site(there, provider):
    answer = come_back(there, provider.authorize(leave(there, "//evil.test")))
    assert answer.headers["location"] == "/"


def test_where_it_is_not_configured_there_is_no_such_thing(client):
    client.get("/openid/start", 404)
    client.get("/openid/callback?state=a&code=b", 404)
