"""Where a process that works for somebody else may connect to: by name, by number, behind a redirect, after the name
has come to mean something else."""

import asyncio
import ipaddress
import socket

import pytest

from sinan.errors import ModelError, ModelUnusable
from sinan.models import reach
from sinan.models.transport import Endpoint, Patience, Transport
from tests.models.loopback import Server, http

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::",
    "2001:db8::1", "fec0::1", "100::1", "3fff::1", "not an address",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1", "172.32.0.1", "100.128.0.1",
]  # fmt: skip
NUMBERS = ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "localhost", "[::1]"]


@pytest.fixture
def limited():
    reach.limit(())
    yield
    reach._here[0] = reach.everything


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address):
    assert reach.Reach(()).refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address):
    assert reach.Reach(()).refusal(address) == ""


def test_the_command_line_reaches_everything():
    assert not any(reach.everything.refusal(one) for one in PRIVATE)


def test_a_network_that_is_named_may_be_reached_however_it_is_written():
    some = reach.Reach([ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/8")])
    assert some.refusal("10.1.2.3") == "" and some.refusal("::ffff:10.1.2.3") == "" and some.refusal("fd00::1") == ""
    assert some.refusal("10.2.0.1") and some.refusal("127.0.0.1") and some.refusal("::ffff:127.0.0.1")


def _transport(url: str) -> Transport:
    return Transport(Endpoint("openai/mock", url, "KEY", "sk-0123456789"), Patience(attempts=2, connect=2))


@pytest.mark.parametrize("host", NUMBERS)
async def test_no_notation_reaches_this_machine(limited, server: Server, host):
    server.answers = [http(200, {})]
    transport = _transport(f"http://{host}:{server.port}/v1")
    with pytest.raises(ModelUnusable, match=r"must not be connected to|cannot be resolved|nothing answers"):
        await transport.check()
    with pytest.raises(ModelError, match=r"must not be connected to|InvalidUrl"):  # aiohttp takes no bare number
        await transport.post("/x", {}, lambda told: told)
    await transport.close()
    assert server.asked == []


async def test_a_redirect_is_never_followed(server: Server):
    reach.limit([ipaddress.ip_network("127.0.0.1/32")])
    try:
        server.answers = [http(307, b"", f"Location: http://127.0.0.1:{server.port}/v1/secret\r\n")]
        transport = _transport(server.url)
        with pytest.raises(ModelUnusable, match="307"):
            await transport.post("/x", {}, lambda told: told)
        await transport.close()
        assert [one.path for one in server.asked] == ["/v1/x"]
    finally:
        reach._here[0] = reach.everything


class _Rebinding:
    """A resolver that names a public address when it is asked first, and this machine ever after."""

    def __init__(self, monkeypatch) -> None:
        self.asked, real = 0, socket.getaddrinfo

        def resolve(host, port, *args, **how):
            host = host.decode() if isinstance(host, bytes) else host
            if host != "rebinding.test":
                return real(host, port, *args, **how)
            self.asked += 1
            address = "93.184.216.34" if self.asked == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)


async def test_a_name_that_comes_to_mean_this_machine_is_refused_then(limited, server: Server, monkeypatch):
    resolver = _Rebinding(monkeypatch)
    server.answers = [http(200, {})]
    connected: list[str] = []

    async def connect(self, sock, address):  # the first answer of the resolver is nobody's server
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "sock_connect", connect)
    transport = _transport(f"http://rebinding.test:{server.port}/v1")
    with pytest.raises(ModelUnusable, match="nothing answers"):
        await transport.check()
    with pytest.raises(ModelUnusable, match="must not be connected to"):
        await transport.post("/x", {}, lambda told: told)
    await transport.close()
    assert resolver.asked >= 2 and connected == ["93.184.216.34"] and server.asked == []


async def test_what_is_allowed_is_reached(server: Server):
    reach.limit([ipaddress.ip_network("127.0.0.1/32")])
    try:
        server.answers = [http(200, {"a": 1})]
        transport = _transport(server.url)
        await transport.check()
        assert (await transport.post("/x", {}, lambda told: told)).value == {"a": 1}
        await transport.close()
    finally:
        reach._here[0] = reach.everything
