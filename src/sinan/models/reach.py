"""Which addresses this process may connect to. From the command line: all. Where it works for somebody else, as a site
does for who submits an evaluation: the public internet, and private networks that an administrator names.

What is checked is the address that is about to be connected to, when it is: a name that means something else a moment
later, a number in whatever notation, an address inside another one gain nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NEVER = tuple(
    ipaddress.ip_network(one)
    for one in (
        "100.64.0.0/10",  # between a provider and its customers; some clouds keep services there
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",  # Teredo and other ways around
        "2001:db8::/32",
        "3fff::/20",
    )
)
"""Beyond what `is_global` says, whichever Python says it."""
REMEDY = "an administrator can allow it: networks under [serve] of sinan.toml"


class Forbidden(OSError):
    """An address that must not be connected to."""


class Reach:
    """What may be connected to: everything that is public, and `networks`. None: everything."""

    def __init__(self, networks: Iterable[Network] | None = None) -> None:
        self._networks = None if networks is None else tuple(networks)

    def refusal(self, address: str) -> str:
        """Why an address must not be connected to, in a few words; '' where it may be."""
        if self._networks is None:
            return ""
        try:
            found = _innermost(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return f"{address} is no address of the internet"
        if any(found.version == one.version and found in one for one in self._networks):
            return ""
        return "" if _is_public(found) else f"{address} is not on the public internet"

    def socket(self, info: Any) -> socket.socket:
        """For a connector: the socket for one of a name's addresses. Raises Forbidden."""
        family, kind, protocol, _, where = info
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise Forbidden("not an address of the internet")
        if refusal := self.refusal(str(where[0])):
            raise Forbidden(f"{refusal}; {REMEDY}")
        found = socket.socket(family, kind, protocol)
        found.setblocking(False)
        return found

    async def connect(self, host: str, port: int) -> asyncio.StreamWriter:
        """A connection to the first address that takes one. Raises OSError; Forbidden where one must not be used."""
        loop = asyncio.get_running_loop()
        failure: OSError = OSError("no address")
        for info in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            found = self.socket(info)
            try:
                await loop.sock_connect(found, info[4])
                return (await asyncio.open_connection(sock=found))[1]
            except OSError as error:
                found.close()
                failure = error
            except BaseException:
                found.close()
                raise
        raise failure


everything = Reach()
_here = [everything]


def limit(networks: Iterable[Network]) -> None:
    """From here on this process connects to what is public and to these networks alone."""
    _here[0] = Reach(networks)


def here() -> Reach:
    """What this process may connect to."""
    return _here[0]


def forbidden(error: BaseException | None) -> Forbidden | None:
    """The refusal behind an error of a connection, where it was one."""
    for _ in range(8):
        if error is None or isinstance(error, Forbidden):
            return error
        inner = getattr(error, "os_error", None)
        if isinstance(inner, OSError) and REMEDY in str(inner):  # a name with several addresses gives one summary
            return inner if isinstance(inner, Forbidden) else Forbidden(str(inner))
        if REMEDY in str(error):
            return Forbidden(str(error))
        error = error.__cause__ or error.__context__
    return None


def _is_public(found: Address) -> bool:
    if any(found.version == one.version and found in one for one in _NEVER):
        return False
    if isinstance(found, ipaddress.IPv6Address) and found not in _UNICAST:
        return False
    return found.is_global and not (
        found.is_private or found.is_multicast or found.is_reserved or found.is_loopback or found.is_unspecified
    )


def _innermost(found: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, which is where its packets end."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if inner := found.ipv4_mapped or found.sixtofour:
        return inner
    if any(found in one for one in _NAT64) or (int(found) >> 32 == 0 and int(found) > 1):  # ::a.b.c.d
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found
