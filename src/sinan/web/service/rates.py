"""How often something may be done: token buckets for who asks, and waits that grow where passwords are guessed.

Both are kept in the process and are bounded in memory: what was not touched for longest is forgotten first. An IPv6
address counts as its network of 64 bits, which is what one customer is given.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from sinan.web.failures import TooMany
from sinan.web.service.people import Asker

MOST = 20_000
"""Buckets that are remembered."""
FORGOTTEN_S = 3600.0
"""After which a wrong password is no longer held against anybody."""


class Rates:
    """Token buckets by name. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self.clock, self.most = clock, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, per_minute: float, burst: float | None = None) -> None:
        """One of what `key` may have: so many a minute, `burst` of them at once (as many as in a minute, where it is
        not said). Raises TooMany."""
        most, each = burst or max(1.0, per_minute), per_minute / 60
        at = self.clock()
        with self._lock:
            left, since = self._buckets.pop(key, (most, at))
            left = min(most, left + (at - since) * each)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, at)
            while len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany("too often; slow down", (1 - left) / each if each else 60)


class Limited(Protocol):
    """What holds the buckets: the site."""

    rates: Rates


def take(site: Limited, by: Asker, name: str, per_minute: float, burst: float | None = None) -> None:
    """Count one `name` against who asks: the person, else the address. Raises TooMany (429) with its Retry-After."""
    who = f"user {by.person.id}" if by.person else network(by.address)
    try:
        site.rates.take(f"{name} {who}", per_minute, burst)
    except TooMany as error:
        raise TooMany(f"{name} is allowed {per_minute:g} times a minute; slow down", error.retry_after) from None


def network(address: str) -> str:
    """What is counted as one: an IPv4 address, or 64 bits of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class Attempts:
    """Passwords that were tried. Each counts as wrong until it is known to be right, so that many at once are not free.

    Who guesses from one place waits twice as long each time. Guesses of one name from many places wait as well, but
    never long, and not where this person signed in from before: nobody can be locked out of their own account.
    """

    PAIR, PLACE, NAME = (5, 900.0), (20, 900.0), (20, 60.0)
    """Tries that are free, and the longest wait in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self.clock, self.most = clock, most
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str, familiar: bool) -> None:
        """Before a password is looked at. `familiar`: this person signed in from this address before. Raises TooMany,
        and then the password must not be looked at."""
        limits = self._limits(name, address)
        if familiar:
            del limits[f"name {name}"]
        with self._lock:
            wait = max(self._wait(key, *limit) for key, limit in limits.items())
            if wait <= 0:
                for key in self._limits(name, address):
                    self._count(key, 1)
        if wait > 0:
            raise TooMany("too many wrong passwords; sessions that stand are not touched", wait)

    def succeeded(self, name: str, address: str) -> None:
        """The password was right."""
        with self._lock:
            for key in self._limits(name, address):
                self._count(key, -1)
            self._failed.pop(next(iter(self._limits(name, address))), None)

    def _limits(self, name: str, address: str) -> dict[str, tuple[int, float]]:
        place = network(address)
        return {f"pair {place} {name}": self.PAIR, f"place {place}": self.PLACE, f"name {name}": self.NAME}

    def _wait(self, key: str, free: int, longest: float) -> float:
        failed, since = self._failed.get(key, (0, 0.0))
        passed = self.clock() - since
        if failed < free or passed > FORGOTTEN_S:
            return 0.0
        return float(min(longest, 2.0 ** min(failed - free, 20))) - passed

    def _count(self, key: str, change: int) -> None:
        at = self.clock()
        failed, since = self._failed.pop(key, (0, at))
        failed = failed if at - since <= FORGOTTEN_S else 0
        if failed + change > 0:
            self._failed[key] = (failed + change, at if change > 0 else since)
        while len(self._failed) > self.most:
            self._failed.popitem(last=False)
