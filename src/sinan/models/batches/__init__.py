"""Batch APIs: half the price, answers within hours. An option of a model (`?batch=1`), not another provider.

    transport   stands in for the provider's Transport: what is posted waits here
    queue       collects calls, sends them together, looks after the batches, hands out what comes
    ledger      what was sent, on disk, so that nothing is sent and paid for twice
    api         what a batch API is; openai, anthropic: whose it is
    files       the way to a server for files and long bodies

Options: batch=1, batch_size=N questions of one batch at the most, poll=SECONDS between two looks at it at the most.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sinan.errors import UsageError
from sinan.models import options as option

if typing.TYPE_CHECKING:
    from sinan.models.batches.api import BatchApi
    from sinan.models.batches.files import FileTransport
    from sinan.models.transport import Endpoint, Patience, Transport

OPTIONS = ("batch", "batch_size", "poll")
SIZE, POLL = 10_000, 60.0
WAITING = 50_000
"""Questions that wait at once, where that is several batches: in memory, 10 KB each where they are short."""
AT_ONCE = 5
"""Batches that are worked on at the same time, at the most."""
_NOT_WITH = {
    "stream": "answers of a batch come whole",
    "rpm": "a batch is sent in one piece",
    "tpm": "a batch is sent in one piece",
    "logprobs": "batches give no log-likelihoods",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a model's questions travel."""

    transport: "Transport"
    batch_size: int = 0
    """Questions of one batch, at the most; 0 where every one is answered by itself."""
    concurrency: int = 32
    """Questions that wait at once."""


def way(
    spec: str,
    options: Mapping[str, str],
    endpoint: "Endpoint",
    patience: "Patience",
    api: "Callable[[FileTransport], BatchApi]",
) -> Way:
    """One by one, or in batches of `api`, as the options say. Raises UsageError."""
    from sinan.models.batches.transport import BatchTransport  # aiohttp is loaded when a model is opened, not before
    from sinan.models.transport import Transport

    if option.one_of(spec, options, "batch", ("0", "1"), "0") == "0":
        if unused := [name for name in ("batch_size", "poll") if name in options]:
            raise UsageError(f"{spec}: {unused[0]} is about batches; add batch=1, or leave it out.")
        return Way(Transport(endpoint, patience))
    for name, why in _NOT_WITH.items():
        if options.get(name, "0") != "0":
            raise UsageError(f"{spec}: {name} and batch=1 do not go together: {why}. Leave {name} out.")
    size, poll = _size(spec, options), option.seconds(spec, options, "poll", POLL)
    transport = BatchTransport(endpoint, patience, api, size, poll)
    return Way(transport, transport.size, max(transport.size, min(WAITING, AT_ONCE * transport.size)))


def _size(spec: str, options: Mapping[str, str]) -> int:
    text = options.get("batch_size", str(SIZE))
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise UsageError(f"{spec}: batch_size must be a whole number from 1, such as batch_size={SIZE}.")
    return int(text)
