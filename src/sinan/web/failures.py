"""What the site refuses, each with its HTTP status. Raised by the service and by the pages, told in `app`.

Failure (400)
├── NotSignedIn (401)   nobody is known to ask: sign in, or send a token
├── Denied (403)        somebody is, and may not
├── Missing (404)       there is no such thing, or none that the asker may know of: the two are never told apart
├── TooSlow (408)       what is sent comes too slowly; the connection is closed
├── Clash (409)         what is wanted does not go with what is there, such as a name that is taken
├── TooLarge (413)      more was sent than is taken
├── TooMany (429)       asked too often; `retry_after` says when again
└── NotYet (503)        is being made; `retry_after` says when to look again
"""

from sinan.errors import SinanError


class Failure(SinanError):
    """The root: what was sent cannot be used. The message says what was found, and the remedy."""

    status = 400

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until asking again may help."""


class NotSignedIn(Failure):
    """Nobody is known to ask."""

    status = 401

    def __init__(self, message: str = "Sign in first, or send a token: Authorization: Bearer ...") -> None:
        super().__init__(message)


class Denied(Failure):
    """Somebody is known to ask, and may not."""

    status = 403


class Missing(Failure):
    """There is no such thing, or none that the asker may know of."""

    status = 404


class TooSlow(Failure):
    """What is sent comes too slowly."""

    status = 408


class Clash(Failure):
    """What is wanted does not go with what is there."""

    status = 409


class TooLarge(Failure):
    """More was sent than is taken."""

    status = 413


class TooMany(Failure):
    """Asked too often."""

    status = 429


class NotYet(Failure):
    """It is being made."""

    status = 503
