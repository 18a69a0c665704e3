"""Anthropic, and every server that speaks its Messages API.

    anthropic/claude-x                                  the official address; needs ANTHROPIC_API_KEY
    anthropic/NAME?base_url=http://127.0.0.1:8000       any other; a key is sent where one is set

Options: base_url (else ANTHROPIC_BASE_URL; with or without the /v1 at its end), key_env=NAME of the variable that holds
the key, header=x-api-key|authorization that carries it, version=DATE of the API, beta=NAMES of beta features,
sampling=0 where the model takes no temperature, top_p and top_k: they are left out of its requests then, stream=1 to
have answers sent in pieces, timeout=SECONDS of one attempt, rpm=N and tpm=N requests and tokens that are allowed in a
minute, price_in=USD and price_out=USD for a million tokens.
"""

import asyncio
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sinan.errors import Declined, RequestRejected, Unsupported, UsageError
from sinan.models import options as option
from sinan.models import remote
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Sampling, Unpaced
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.transport import Transport

VENDOR = remote.Vendor(
    "https://api.anthropic.com/v1", "ANTHROPIC_BASE_URL", ("ANTHROPIC_API_KEY",), key_header="x-api-key"
)
VERSION = "2023-06-01"
"""The API version that is asked for. In the next one, 2026-10-21, no model has a temperature."""
_WITHOUT_DRAWING = "2026-10-21"
_OPTIONS = ("base_url", "key_env", "header", "version", "beta", "sampling", "stream", "timeout")


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model NAME at `base_url`; `timeout` is in seconds, for one attempt. No connection is made yet.

    Raises UsageError for options that are wrong, and where the official address has no key.
    """
    from sinan.models.transport import Patience, Transport  # aiohttp is loaded when a model is opened, not before

    spec = f"anthropic/{name}"
    option.check_known(spec, options, (*_OPTIONS, *remote.LIMITS))
    version, beta = _version(spec, options), _beta(spec, options)
    headers = {"anthropic-version": version} | ({"anthropic-beta": beta} if beta else {})
    endpoint = remote.endpoint(spec, options, VENDOR, headers)
    header = option.one_of(spec, options, "header", (VENDOR.key_header, "authorization"), VENDOR.key_header)
    base_url = endpoint.base_url.removesuffix("/v1") + "/v1"
    endpoint = replace(endpoint, base_url=base_url, key_header=header.replace("authorization", "Authorization"))
    return Anthropic(
        model=name,
        version=version,
        beta=beta,
        drawing=option.one_of(spec, options, "sampling", ("0", "1"), "1") == "1",
        stream=option.one_of(spec, options, "stream", ("0", "1"), "0") == "1",
        transport=Transport(endpoint, Patience(timeout=option.seconds(spec, options, "timeout", timeout))),
        limits=remote.limits(spec, options),
        price=remote.price(spec, options),
    )


def status() -> list[Availability]:
    """Whether the official address can be used; any other needs no more than its base_url."""
    return [VENDOR.status("anthropic", "any address that speaks its Messages API by base_url")]


@dataclass(frozen=True)
class Anthropic:
    """A model behind the Messages API."""

    model: str
    """As the server calls it."""
    version: str
    beta: str
    """Names of beta features, joined by commas; empty for none."""
    drawing: bool
    """Whether the model takes a temperature, top_p and top_k."""
    stream: bool
    transport: "Transport"
    concurrency: int = 32
    limits: Limits = Limits()
    price: Price | None = None
    """As the model's own options say; None where they do not."""
    form: Form = "chat"
    capabilities: frozenset[str] = frozenset({"generate", "image", "tools", "schema", "prefill"})
    """The API gives no log-probabilities."""

    @property
    def name(self) -> str:
        """As in results."""
        return f"anthropic/{self.model}"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Address, name, and what changes a request. How an answer is sent, `timeout` and the key do not change it."""
        return {
            "provider": "anthropic",
            "base_url": self.transport.endpoint.base_url,
            "model": self.model,
            "version": self.version,
        } | {name: value for name, value in (("beta", self.beta), ("sampling", "" if self.drawing else "0")) if value}

    @property
    def endpoint(self) -> str:
        """The address, and whose key opens it: an account's limits are the account's own."""
        return f"{self.transport.endpoint.base_url} {self.transport.endpoint.key_name}"

    async def open(self, pace: Pace | None = None) -> None:
        """Raises ModelUnusable where nothing listens at the address. Nothing that is paid for is sent."""
        self.transport.pace = pace or Unpaced()
        await self.transport.check()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.transport.close()

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages, or go on from the beginning of the answer. Raises ModelError."""
        from sinan.models.dialects import anthropic as dialect
        from sinan.models.dialects import anthropic_stream as stream

        body = await self.request(prompt, sampling)
        read = partial(stream.read_reply, stops=dialect.withheld(sampling))
        limited = self.limits.tokens_per_minute is not None
        tokens, took = (remote.expected_tokens(prompt), remote.took) if limited else (0, None)
        try:
            reply = await self.transport.post("/messages", body, read, tokens, took)
        except Declined as error:
            return remote.declined(error)
        except RequestRejected as error:
            raise _for_all(error) from None
        return remote.answered(reply)

    async def request(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        """The body that is sent for a prompt. Raises RequestRejected, and Unsupported where none can be sent."""
        from sinan.models.dialects import anthropic as dialect

        if not prompt.messages:
            raise RequestRejected(f"{self.name} takes messages, and the prompt is text")
        try:
            self._check_drawing(sampling, dialect.DRAWING)
            images = await asyncio.to_thread(remote.read_images, prompt.images) if prompt.images else {}
            leave_out = () if self.drawing else dialect.DRAWING
            body = dialect.message_request(self.model, prompt, sampling, images, leave_out)
        except (RequestRejected, Unsupported) as error:
            raise type(error)(f"{self.name}: {error}") from None
        return body | ({"stream": True} if self.stream else {})

    def _check_drawing(self, sampling: Sampling, names: tuple[str, ...]) -> None:
        if not self.drawing or self.version < _WITHOUT_DRAWING:
            return
        asked = sampling.to_json()
        if given := [name for name in names if asked.get(name) is not None]:
            raise Unsupported(f"API version {self.version} has no {given[0]}. {remote.LEAVE_OUT.format(name=given[0])}")

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Raises Unsupported: the API gives no log-probabilities."""
        raise remote.no_likelihoods(self.name)


_DRAWING_REFUSED = re.compile(r"\(400 [^:]*: `?(temperature|top_p|top_k)\b")
_PREFILL_REFUSED = re.compile(r"\(400 [^:]*:.*\bprefill", re.IGNORECASE)


def _for_all(error: RequestRejected) -> RequestRejected | Unsupported:
    """What a model refuses of one request because it never takes it, it refuses of all: the run stops, and says how to
    ask. Recognised by the server's words; where they change, the questions fail one by one with what it said."""
    said = str(error)
    if found := _DRAWING_REFUSED.search(said):
        remedy = remote.LEAVE_OUT.format(name=found[1])
    elif _PREFILL_REFUSED.search(said):
        remedy = "Ask without the beginning of an answer"
    else:
        return error
    stopping = Unsupported(f"{said}. {remedy}")
    stopping.attempts = error.attempts
    return stopping


def _version(spec: str, options: Mapping[str, str]) -> str:
    version = options.get("version", VERSION)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        raise UsageError(f"{spec}: version is a date, such as version={VERSION}.")
    return version


def _beta(spec: str, options: Mapping[str, str]) -> str:
    beta = options.get("beta", "")
    if beta and not all(re.fullmatch(r"[a-z0-9-]+-\d{4}-\d{2}-\d{2}", name) for name in beta.split(",")):
        raise UsageError(f"{spec}: beta names beta features, joined by commas, such as beta=context-1m-2025-08-07.")
    return beta
