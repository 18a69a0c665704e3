"""Passwords: argon2id, off the event loop, few at a time: one takes 64 MB and a good part of a second."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sinan.web.failures import Failure, TooMany

SHORTEST, LONGEST = 10, 1000
_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(2)
_NOBODY = _hasher.hash("a password that nobody has")
"""What is verified where there is no such user, so that the answer takes as long."""


def hashed(password: str) -> str:
    """What is stored. Raises Failure for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Failure(f"a password has {SHORTEST} to {LONGEST:,} characters; this one has {len(password):,}")
    with _turn():
        return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password of `stored`; takes its time also where there is none."""
    with _turn():
        try:
            _hasher.verify(stored or _NOBODY, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


class _turn:
    """One of the few places. Raises TooMany where none becomes free soon."""

    def __enter__(self) -> None:
        if not _at_once.acquire(timeout=10):
            raise TooMany("too many people sign in at this moment; try again", 5)

    def __exit__(self, *_: object) -> None:
        _at_once.release()
