"""Webhooks: signed, tried again, never where they must not go."""

import hashlib
import hmac
import json

import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from sinan.models import reach
from sinan.web.config import network
from sinan.web.service import deliveries
from sinan.web.service.ciphers import Ciphers
from tests.loopback import Loopback

SECRET = "a-secret-of-the-job"


class Hook(Loopback):
    """Takes what is told, and answers as it is told to."""

    def __init__(self, status=200, headers=None):
        super().__init__()
        self.status, self.headers, self.told = status, headers or {}, []

    async def serve(self):
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.up()
        await self.stop.wait()
        await runner.cleanup()

    async def _take(self, request):
        self.told.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers, body=b"x" * 100_000)


@pytest.fixture
def ciphers():
    return Ciphers([Fernet.generate_key().decode()])


@pytest.fixture
def allowed():
    reach.limit([network("127.0.0.1/32")])
    yield
    reach._here[0] = reach.everything


def due(ciphers, address):
    return deliveries.Due(7, "job.complete", json.dumps({"job": "x"}), 0, address, ciphers.encrypt(SECRET))


def test_what_is_told_is_signed(allowed, ciphers):
    with Hook() as hook:
        assert deliveries.deliver(due(ciphers, f"http://127.0.0.1:{hook.port}/hook"), ciphers) == ""
    ((path, headers, body),) = hook.told
    at, _, digest = headers["Sinan-Signature"].partition(",v1=")
    expected = hmac.new(SECRET.encode(), f"{at.removeprefix('t=')}.".encode() + body, hashlib.sha256).hexdigest()
    assert path == "/hook" and digest == expected and headers["Sinan-Event"] == "job.complete"


def test_what_is_not_taken_is_told_in_a_few_words(allowed, ciphers):
    with Hook(500) as hook:
        assert deliveries.deliver(due(ciphers, f"http://127.0.0.1:{hook.port}/"), ciphers) == "answered 500"
    assert "cannot be reached" in deliveries.deliver(due(ciphers, "http://127.0.0.1:1/"), ciphers)


def test_a_redirect_is_not_followed(allowed, ciphers):
    with Hook(302, {"Location": "/elsewhere"}) as hook:
        assert deliveries.deliver(due(ciphers, f"http://127.0.0.1:{hook.port}/"), ciphers) == "answered 302"
    assert len(hook.told) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_private_address_is_not_told(ciphers, host):
    reach.limit(())
    try:
        with Hook() as hook:
            said = deliveries.deliver(due(ciphers, f"http://{host}:{hook.port}/"), ciphers)
        assert ("must not be connected to" in said or "InvalidUrl" in said) and not hook.told
    finally:
        reach._here[0] = reach.everything


def test_it_is_given_up_after_hours():
    assert sum(deliveries.WAITS_S) > 6 * 3600
