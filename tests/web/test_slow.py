"""Clients that send slowly, send too much, or do not read: over real sockets, against a real server."""

import contextlib
import socket
import threading
import time

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sinan.web.app import application
from sinan.web.connections import Bounds, guarded
from sinan.web.failures import Failure
from sinan.web.gate import Gate

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@contextlib.contextmanager
def serving(app, bounds, base=H11Protocol):
    """A server in a thread; its address."""
    how = {"ws": "none", "log_level": "error", "lifespan": "off", "timeout_keep_alive": 1}
    config = uvicorn.Config(app, http=guarded(bounds, base), **how)
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(100)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def bounds():
    return Bounds(head_s=0.3, head_bytes=4096, drain_s=0.3, each=4)


@pytest.fixture(params=["h11", "httptools"])
def there(site, bounds, request):
    base = H11Protocol
    if request.param == "httptools":
        base = pytest.importorskip("uvicorn.protocols.http.httptools_impl").HttpToolsProtocol
    with serving(application(site), bounds, base) as address:
        yield address


def talk(address, *parts, wait=10.0):
    """What came back until the server closed, after each part was sent."""
    with socket.create_connection(address, timeout=wait) as sock:
        for part in parts:
            sock.sendall(part)
        return heard(sock)


def heard(sock):
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65536):
            found += piece
    return found


def test_who_sends_nothing_is_let_go(there):
    assert talk(there) == b""


def test_half_a_head_is_waited_for_no_longer_than_a_head_takes(there):
    assert talk(there, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").startswith(b"HTTP/1.1 408")


def test_a_head_that_dribbles_is_not_waited_for(there):
    with socket.create_connection(there, timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(10_000):  # the server ends it long before
                sock.sendall(b"X-%d: a\r\n" % number)
                if sock in _readable(sock):
                    break
        assert b"HTTP/1.1 200" not in heard(sock)


def _readable(sock):
    import select

    return select.select([sock], [], [], 0.02)[0]


def test_the_second_head_of_a_connection_must_come_in_time_as_well(there):
    found = talk(there, HEAD, b"GET / HTTP/1.1\r\nX-Slow: ")
    assert found.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in found or found.count(b"HTTP/1.1") == 1


def test_a_head_is_bounded(there):
    many = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 900) for n in range(40))
    found = talk(there, many)
    assert found == b"" or found.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def test_a_connection_that_asks_properly_lives_on(there):
    with socket.create_connection(there, timeout=10) as sock:
        for _ in range(3):
            sock.sendall(HEAD)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")


def test_one_address_holds_so_many_connections(there, bounds):
    bounds.head_s = 30  # a busy machine is no slow client
    none_open(bounds)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(there, timeout=10)) for _ in range(bounds.each)]
        for sock in held:
            sock.sendall(HEAD)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        assert talk(there, HEAD) == b""
    none_open(bounds)
    assert talk(there, HEAD).startswith(b"HTTP/1.1 200")


def none_open(bounds):
    deadline = time.monotonic() + 10
    while bounds.open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not bounds.open


def test_a_reader_who_takes_nothing_is_cut_off(bounds):
    ended = threading.Event()

    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(10_000):
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        finally:
            ended.set()

    with serving(endless, bounds) as address, socket.create_connection(address, timeout=10) as sock:
        sock.sendall(HEAD)
        deadline = time.monotonic() + 20
        while bounds.open and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not bounds.open


def test_a_body_that_comes_too_slowly_is_refused(bounds):
    async def refuse(scope, receive, send, failure: Failure):
        headers = [(b"connection", b"close"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": failure.status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def reads(scope, receive, send):
        try:
            while (await receive()).get("more_body"):
                pass
        except Failure as failure:
            await refuse(scope, receive, send, failure)

    app = Gate(reads, 1 << 20, admit=lambda scope: None, refuse=refuse, patience_s=0.3)
    post = b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"
    with serving(app, bounds) as address:
        assert talk(address, post).startswith(b"HTTP/1.1 408")


def test_what_is_sent_after_a_refusal_holds_nothing(there):
    post = b"POST /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    post += b"Content-Length: 99999999\r\n\r\n{"
    assert talk(there, post).startswith(b"HTTP/1.1 413")
