"""Every error that sinan raises on purpose. Each names what was attempted, what was found, and the remedy.

SinanError
├── UsageError            the command or its settings are wrong: nothing was run
│   ├── UnknownName       no such benchmark, model, protocol, scorer or run; the nearest are suggested
│   └── BadFile           a file that cannot be read as what it should be; the line is named
├── DataError             a benchmark's data cannot be had, or is not what was pinned
├── StoreError            a run cannot be read, written or locked
├── BudgetReached         a limit on cost, tokens or time stopped the run; it can be resumed
├── SandboxUnavailable    model-written code cannot be run safely here, or not at all: it was not run
├── ModelError            one call got no answer: that sample is `failed`, the run goes on
│   ├── TransientError    another try may succeed (timeout, 5xx, cut stream, nonsense)
│   │   └── Refused       the server is asked too much (429): nothing is wrong but the pace
│   ├── NoVerdict         a judge answered, but gave no verdict: nothing is guessed
│   ├── RequestRejected   this request never succeeds (400, 413, 422): not tried again
│   │   └── Declined      a filter before the model declines to answer it: a refusal, where the caller reads it so
│   └── ModelUnusable     no request succeeds (wrong key, unknown model, unreachable): the run stops
│       └── Unsupported   the model's side cannot do what the protocol asks for
└── MissingExtra          a library that an optional feature needs is not installed
"""

import difflib
from collections.abc import Iterable


class SinanError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 2


class UsageError(SinanError):
    """The command or its settings are wrong; nothing was run."""


class UnknownName(UsageError):
    """A name that is not known here, with the nearest that are."""

    def __init__(self, name: str, what: str, known: Iterable[str], remedy: str) -> None:
        near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
        nearest = f" Nearest: {', '.join(near)}." if near else ""
        super().__init__(f"{name} is no {what} here.{nearest} {remedy}")


class BadFile(UsageError):
    """A file that cannot be read as what it should be."""


class DataError(SinanError):
    """A benchmark's data cannot be had, or is not what was pinned."""


class StoreError(SinanError):
    """A run cannot be read, written or locked."""


class BudgetReached(SinanError):
    """A limit that the user set was reached before everything was asked. The run can be resumed."""

    exit_code = 3


class SandboxUnavailable(SinanError):
    """Code that nobody trusts cannot be run on this machine as it should be: it is not run at all."""


class MissingExtra(SinanError):
    """A library that an optional feature needs is not installed."""

    def __init__(self, feature: str, library: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs {library}, which is not installed: pip install {library} (the extra `{extra}`)"
        )


class ModelError(SinanError):
    """One call got no answer. `attempts` says how often it was tried."""

    attempts: int = 1
    status: int = 0
    """Of HTTP, with which a server said so; 0 where it did not."""


class TransientError(ModelError):
    """Another try may succeed. `retry_after` is the wait in seconds that the server asked for, if it did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(TransientError):
    """The server is asked more than it allows; the request itself is fine."""


class NoVerdict(ModelError):
    """A judge answered, and its answer holds no verdict in the form that was asked for: the sample is `failed`."""


class RequestRejected(ModelError):
    """This request never succeeds; the same model may answer others."""


class Declined(RequestRejected):
    """A filter before the model declines to answer, and says so with the status of an error.

    `said` are its words; `latency_s` is how long the attempt took, in seconds.
    """

    latency_s: float = 0.0

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class ModelUnusable(ModelError):
    """No request to this model succeeds; the run stops and can be resumed."""


class Unsupported(ModelUnusable):
    """The model's side cannot do what the protocol asks for; going on would not help, another protocol may."""
