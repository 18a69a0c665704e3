"""Google's Gemini models, by the Gemini API.

    google/gemini-x                                     the official address; needs GEMINI_API_KEY or GOOGLE_API_KEY
    google/gemini-x?base_url=http://127.0.0.1:8000      a gateway that speaks the same API

Options: base_url (else GOOGLE_GEMINI_BASE_URL), without the version; version=v1 of the API (v1beta has what is not
settled yet); key_env=NAME of the variable that holds the key; timeout=SECONDS of one attempt; stream=1 to be sent the
answer in chunks, which keeps a connection alive while a model thinks for long; rpm=N and tpm=N requests and tokens that
are allowed in a minute; price_in=USD and price_out=USD for a million tokens.
"""

import asyncio
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sinan.errors import RequestRejected, UsageError
from sinan.models import options as option
from sinan.models import remote
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Sampling, Unpaced
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.transport import Transport

VENDOR = remote.Vendor(
    "https://generativelanguage.googleapis.com",
    "GOOGLE_GEMINI_BASE_URL",
    ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "x-goog-api-key",
    "http://127.0.0.1:8000",
)
VERSION = "v1"
"""Of the API, where the options name none: what the vendor's own library asks for since its version 3."""
_OPTIONS = ("base_url", "version", "key_env", "timeout", "stream")


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model NAME at `base_url`; `timeout` is in seconds, for one attempt. No connection is made yet.

    Raises UsageError for a name or options that are wrong, and where the official address has no key.
    """
    from sinan.models.transport import Patience, Transport  # aiohttp is loaded when a model is opened, not before

    spec = f"google/{name}"
    option.check_known(spec, options, (*_OPTIONS, *remote.LIMITS))
    if not re.fullmatch(r"(models/|tunedModels/)?[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(f"{spec}: the name is no model's of the Gemini API. It looks like google/gemini-2.5-flash.")
    version = options.get("version", VERSION)
    if not re.fullmatch(r"v[0-9][a-z0-9]{0,9}", version):
        raise UsageError(f"{spec}: version is that of the API, such as version=v1beta.")
    endpoint = remote.endpoint(spec, options, VENDOR)
    return Google(
        model=name,
        base_url=endpoint.base_url,
        version=version,
        stream=option.one_of(spec, options, "stream", ("0", "1"), "0") == "1",
        transport=Transport(endpoint, Patience(timeout=option.seconds(spec, options, "timeout", timeout))),
        limits=remote.limits(spec, options),
        price=remote.price(spec, options),
    )


def status() -> list[Availability]:
    """Whether the official address can be used."""
    return [VENDOR.status("google", "any address that speaks the Gemini API by base_url")]


@dataclass(frozen=True)
class Google:
    """A model behind the Gemini API."""

    model: str
    """As the API calls it."""
    base_url: str
    version: str
    """Of the API, such as `v1`."""
    stream: bool
    """Whether answers are sent in chunks; what is read from them is the same."""
    transport: "Transport"
    concurrency: int = 32
    limits: Limits = Limits()
    price: Price | None = None
    """As the model's own options say; None where they do not."""
    form: Form = "chat"
    capabilities: frozenset[str] = frozenset({"generate", "image", "tools", "schema", "seed"})

    @property
    def name(self) -> str:
        """As in results."""
        return f"google/{self.model}"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Address, version and name: what decides an answer besides the request."""
        return {"provider": "google", "base_url": self.base_url, "version": self.version, "model": self.model}

    @property
    def endpoint(self) -> str:
        """The address, and whose key opens it: an account's limits are the account's own."""
        return f"{self.base_url} {self.transport.endpoint.key_name}"

    async def open(self, pace: Pace | None = None) -> None:
        """Raises ModelUnusable where nothing listens at the address. Nothing that is paid for is sent."""
        self.transport.pace = pace or Unpaced()
        await self.transport.check()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.transport.close()

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages. Raises ModelError."""
        from sinan.models.dialects import google as dialect
        from sinan.models.dialects import google_reply as replies

        if not prompt.messages:
            raise RequestRejected(f"{self.name} takes messages, and the prompt is text")
        images = await asyncio.to_thread(remote.read_images, prompt.images) if prompt.images else {}
        body = dialect.generate_request(prompt, sampling, images)
        read, rest = replies.read_stream if self.stream else replies.read_reply, dialect.stops(sampling)[1]
        limited = self.limits.tokens_per_minute is not None
        reply = await self.transport.post(
            self._path(), body, read, remote.expected_tokens(prompt) if limited else 0, remote.took if limited else None
        )
        return replies.ended_at(remote.answered(reply), rest)

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Raises Unsupported: the API gives the probabilities of no text but the model's own."""
        raise remote.no_likelihoods(self.name)

    def _path(self) -> str:
        model = self.model if "/" in self.model else f"models/{self.model}"
        how = "streamGenerateContent?alt=sse" if self.stream else "generateContent"
        return f"/{self.version}/{model}:{how}"
