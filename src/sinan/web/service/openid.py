"""OpenID Connect: who signs in elsewhere. The code flow with PKCE; what comes back is believed only where it is signed
by a key of the issuer, for us, for this very sign-in, and not over.

What must be remembered between leaving and coming back is in a sealed cookie of the browser that left: nobody else can
come back with it, and a state is good once. The provider is asked few, bounded things, and its redirects are not
followed.
"""

import base64
import hashlib
import json
import os
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Connection, select

from sinan.web.config import OpenId, is_loopback
from sinan.web.failures import Denied, Failure, NotYet
from sinan.web.service import people
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.tables import users

SECRET = "SINAN_OPENID_SECRET"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key pair. None of a shared secret: whoever knows the public key could make those."""
PATIENCE_S = 10.0
ANSWER_BYTES = 512 * 1024
STATE_S = 600
"""Between leaving and coming back."""
KEPT_S = 3600.0
"""How long the provider's description and keys are believed; keys are asked for again where one is not known."""
LEEWAY_S = 60


@dataclass(frozen=True)
class Left:
    """Somebody who went to sign in elsewhere: where to, and what their browser keeps meanwhile."""

    address: str
    kept: str


@dataclass(frozen=True)
class Claimed:
    """Who came back."""

    subject: str
    """ISSUER SUBJECT: the two of them are who it is; names change."""
    name: str
    email: str | None


class Provider:
    """One issuer, as it describes itself. Safe to use from several threads."""

    def __init__(self, config: OpenId, ciphers: Ciphers, back: str) -> None:
        """`back`: the address that it sends people back to."""
        self.config, self.ciphers, self.back = config, ciphers, back
        self._lock = threading.Lock()
        self._described: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._keys: tuple[float, KeySet | None] = (float("-inf"), None)
        self._used: OrderedDict[str, float] = OrderedDict()

    def leave(self, next_: str) -> Left:
        """Where to send somebody. Raises NotYet where the provider does not answer."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": self.config.client, "redirect_uri": self.back}
        asked |= {"scope": "openid profile email", "state": state, "nonce": nonce}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "next": next_}
        there = self._address("authorization_endpoint")
        address = f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"
        return Left(address, self.ciphers.sealed("openid", json.dumps(kept).encode()))

    def returned(self, kept: str, state: str, code: str) -> tuple[Claimed, str]:
        """Who came back with a code, and where they wanted to go. Raises Denied."""
        raw = self.ciphers.unsealed("openid", kept, STATE_S)
        left = json.loads(raw) if raw else None
        if left is None or not secrets.compare_digest(left["state"].encode(), state.encode("utf-8", "replace")):
            raise Denied("this sign-in was not begun here, or took too long. Remedy: begin again at /sign-in")
        self._spend(state)
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back}
        asked |= {"client_id": self.config.client, "code_verifier": left["verifier"]}
        if secret := os.environ.get(SECRET):
            asked["client_secret"] = secret
        answer = self._asked(self._address("token_endpoint"), urlencode(asked).encode())
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Denied("the provider gave no ID token")
        return self._believed(token, left["nonce"]), left["next"]

    def _spend(self, state: str) -> None:
        with self._lock:
            at = time.monotonic()
            while self._used and next(iter(self._used.values())) < at - STATE_S:
                self._used.popitem(last=False)
            if state in self._used:
                raise Denied("this sign-in was finished already. Remedy: begin again at /sign-in")
            self._used[state] = at

    def _believed(self, token: str, nonce: str) -> Claimed:
        issuer = self.config.issuer
        try:
            told = self._verified(token)
            rules = {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": self.config.client},
            }
            rules |= {"nonce": {"essential": True, "value": nonce}}
            rules |= {name: {"essential": True} for name in ("exp", "iat", "sub")}
            jwt.JWTClaimsRegistry(leeway=LEEWAY_S, **rules).validate(told)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError) as error:
            raise Denied(f"the provider's ID token cannot be believed: {type(error).__name__}") from None
        several = isinstance(told["aud"], list) and len(told["aud"]) > 1
        if (several or "azp" in told) and told.get("azp") != self.config.client:
            raise Denied("the provider's ID token is meant for somebody else")
        if not told["sub"] or len(told["sub"]) > 255:
            raise Denied("the provider's ID token names nobody")
        email = told.get("email") if told.get("email_verified") is True else None
        name = next((told[key] for key in ("preferred_username", "name", "email") if told.get(key)), "")
        return Claimed(f"{issuer} {told['sub']}", str(name), str(email)[:254] if email else None)

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a token that a key of the issuer signed; keys that are new there are asked for once."""
        try:
            return jwt.decode(token, self._key_set(fresh=False), algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError):
            return jwt.decode(token, self._key_set(fresh=True), algorithms=list(ALGORITHMS)).claims

    def _key_set(self, fresh: bool) -> KeySet:
        since, keys = self._keys
        age = time.monotonic() - since
        if keys is None or age > KEPT_S or (fresh and age > 30):
            found = self._asked(self._address("jwks_uri"))
            pairs = [one for one in found.get("keys", ()) if isinstance(one, dict) and one.get("kty") in ("RSA", "EC")]
            keys = KeySet.import_key_set({"keys": pairs})
            self._keys = (time.monotonic(), keys)
        return keys

    def _address(self, name: str) -> str:
        since, told = self._described
        if time.monotonic() - since > KEPT_S:
            told = self._asked(self.config.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if told.get("issuer") != self.config.issuer:
                raise Denied(f"{self.config.issuer} says that it is another issuer")
            self._described = (time.monotonic(), told)
        found = told.get(name)
        if not isinstance(found, str) or not _is_safe(found):
            raise Denied(f"{self.config.issuer} tells no {name} that can be used: it must be https")
        return found

    def _asked(self, address: str, form: bytes | None = None) -> dict[str, Any]:
        if not _is_safe(address):
            raise Denied("the issuer's address must be https")
        request = urllib.request.Request(address, form, {"Accept": "application/json", "User-Agent": "sinan"})
        opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_S) as answer:
                raw = _bounded(answer)
        except (OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500 and form is not None:
                raise Denied("the provider does not know this sign-in. Remedy: begin again at /sign-in") from None
            raise NotYet("the provider that signs people in does not answer as it should; try again", 10) from None
        try:
            told = json.loads(raw)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise NotYet("the provider that signs people in does not answer as it should; try again", 10)
        return told


def _bounded(answer: Any) -> bytes:
    until, found = time.monotonic() + PATIENCE_S, b""
    while piece := answer.read1(65536):
        found += piece
        if len(found) > ANSWER_BYTES or time.monotonic() > until:
            raise ValueError("too much, or too slow")
    return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _is_safe(address: str) -> bool:
    there = urlsplit(address)
    return there.scheme == "https" or (there.scheme == "http" and is_loopback(there.hostname or ""))


def account(connection: Connection, claimed: Claimed, role: str) -> tuple[int, bool]:
    """The account of who came back, made where there is none; and whether it was made. Raises Denied."""
    row = connection.execute(select(users).where(users.c.subject == claimed.subject)).first()
    if row is None:
        name = _free_name(connection, claimed.name)
        return people.create(connection, name, None, role, claimed.email, claimed.subject), True
    if row.disabled:
        raise Denied("this account is disabled")
    return int(row.id), False


def _free_name(connection: Connection, wanted: str) -> str:
    """As they are called elsewhere, as far as a name here can be so; with a number where it is taken. An account that
    is there is never taken over by its name."""
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in wanted.partition("@")[0])[:32].strip("-.")
    name = plain if len(plain) >= 2 else "person"
    for number in range(1, 1000):
        tried = name if number == 1 else f"{name}-{number}"
        if not people.known_name(connection, tried):
            return tried
    raise Failure(f"no name like {name} is free")
