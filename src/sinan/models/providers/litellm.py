"""Models of any vendor that the library litellm knows, by that library (the extra `litellm`).

    litellm/VENDOR/NAME                                         as litellm writes it, such as litellm/groq/llama-x
    litellm/openai/NAME?base_url=http://127.0.0.1:8000/v1       an address of that vendor's kind

Options: base_url (else VENDOR_BASE_URL or VENDOR_API_BASE), key_env=NAME of the variable that holds the key (else
VENDOR_API_KEY; other variables of a vendor are read by the library itself), timeout=SECONDS of one attempt, rpm=N and
tpm=N requests and tokens that are allowed in a minute, price_in=USD and price_out=USD for a million tokens.

The library translates and sends; when, how often and how long is decided here as for all models. Its retries, caches,
callbacks, logs and its look-ups on the network are off, and it leaves out no parameter that a model does not take.
"""

import asyncio
import copy
import logging
import os
import re
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from sinan import settings
from sinan.errors import Declined, MissingExtra, ModelUnusable, RequestRejected, Unsupported, UsageError
from sinan.models import options as option
from sinan.models import refusal, remote
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Sampling, Unpaced
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.transport import Endpoint, Transport

OPTIONS = ("base_url", "key_env", "timeout", *remote.LIMITS)
NO_KEY = "none"
"""Sent where an address is named and no key is set: the library calls nobody without one."""


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model NAME as litellm calls it; `timeout` is in seconds, for one attempt. The library is not loaded yet.

    Raises MissingExtra where it is not installed, and UsageError for a name or options that are wrong.
    """
    from sinan.models.transport import Patience, Transport  # aiohttp is loaded when a model is opened, not before

    spec = f"litellm/{name}"
    option.check_known(spec, options, OPTIONS)
    if not re.fullmatch(r"[a-z0-9_-]+/\S+", name):
        raise UsageError(f"{spec}: write the vendor as litellm does, such as litellm/openai/NAME.")
    if find_spec("litellm") is None:
        raise MissingExtra(spec, "litellm", "litellm")
    endpoint = _endpoint(spec, name.split("/")[0], options)
    return LiteLLM(
        model=name,
        base_url=endpoint.base_url,
        transport=Transport(endpoint, Patience(timeout=option.seconds(spec, options, "timeout", timeout))),
        limits=remote.limits(spec, options),
        price=remote.price(spec, options),
    )


def _endpoint(spec: str, vendor: str, options: Mapping[str, str]) -> "Endpoint":
    """The address, empty where the library knows it, and the key, which the library finds where none is set here."""
    from sinan.models.transport import Endpoint

    prefix = vendor.upper().replace("-", "_")
    addresses = [f"{prefix}_BASE_URL", f"{prefix}_API_BASE"]
    named = next((name for name in addresses if settings.load().key(name)), "")
    keys = (f"{prefix}_API_KEY",)
    if named or "base_url" in options:
        return remote.endpoint(spec, options, remote.Vendor("", named, keys))
    return Endpoint(spec, "", *remote.credentials(spec, options, keys, vendor, needed=False))


def status() -> list[Availability]:
    """Whether the library is there; it is not loaded."""
    if find_spec("litellm") is None:
        remedy = "pip install litellm (the extra `litellm`)"
        return [Availability("litellm", False, "litellm not installed; for any vendor that it knows", remedy)]
    detail = f"any vendor that the library knows: litellm/VENDOR/NAME (litellm {metadata.version('litellm')})"
    return [Availability("litellm", True, detail)]


@dataclass(frozen=True)
class LiteLLM:
    """A model that is asked by litellm."""

    model: str
    """As litellm calls it: VENDOR/NAME."""
    base_url: str
    """Empty where the library knows the vendor's."""
    transport: "Transport"
    """Paces and repeats the calls; it sends nothing itself."""
    concurrency: int = 32
    limits: Limits = Limits()
    price: Price | None = None
    """As the model's own options say; None where they do not."""
    form: Form = "chat"
    capabilities: frozenset[str] = frozenset({"generate", "image", "tools", "schema"})
    access: dict[str, str] = field(default_factory=dict, repr=False)
    """Address and key as the library wants them; filled by `open`."""

    @property
    def name(self) -> str:
        """As in results."""
        return f"litellm/{self.model}"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Name, address, and the version of the library, which writes the request."""
        found = {"provider": "litellm", "model": self.model, "litellm": metadata.version("litellm")}
        return found | ({"base_url": self.base_url} if self.base_url else {})

    @property
    def endpoint(self) -> str:
        """The address or the vendor, and whose key opens it: an account's limits are the account's own."""
        return f"{self._where} {self.transport.endpoint.key_name}"

    @property
    def _where(self) -> str:
        return self.base_url or f"litellm/{self.model.split('/')[0]}"

    async def open(self, pace: Pace | None = None) -> None:
        """Load the library. Raises ModelUnusable where it does not know the vendor or finds no key, and where nothing
        listens at a named address. Nothing that is paid for is sent."""
        self.transport.pace = pace or Unpaced()
        library = await asyncio.to_thread(loaded)
        self.access.update(_access(self, library))
        if self.base_url:
            await self.transport.check()
        _OPEN.add(id(self))

    async def close(self) -> None:
        """Let go of the connections. They are the library's, shared by all models: the last one closes them."""
        await self.transport.close()
        _OPEN.discard(id(self))
        if not _OPEN and loaded.cache_info().currsize:
            library = loaded()
            await library.close_litellm_async_clients()
            library.in_memory_llm_clients_cache.flush_cache()

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages. Raises ModelError."""
        images = await asyncio.to_thread(remote.read_images, prompt.images) if prompt.images else {}
        _, body = self.request(prompt, sampling, images)
        limited = self.limits.tokens_per_minute is not None
        try:
            reply = await self.transport.call(
                lambda: self._attempt(body),
                remote.expected_tokens(prompt) if limited else 0,
                remote.took if limited else None,
            )
        except Declined as error:
            return remote.declined(error)
        return remote.answered(reply)

    def request(self, prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes]) -> tuple[str, dict[str, Any]]:
        """What is called, and with what; `images` holds the bytes of pictures by sha256. Raises Unsupported for what
        cannot be said so."""
        from sinan.models.dialects import litellm as dialect

        if not prompt.messages:
            raise RequestRejected(f"{self.name} takes messages, and the prompt is text")
        try:
            owned = loaded().types.utils.all_litellm_params
            return "litellm.acompletion", dialect.arguments(self.model, prompt, sampling, images, owned)
        except (RequestRejected, Unsupported) as error:
            raise type(error)(f"{self.name}: {error}") from None

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Raises Unsupported: the library's chat gives the probabilities of no text but the model's own."""
        raise remote.no_likelihoods(self.name)

    async def _attempt(self, body: Mapping[str, Any]) -> Completion:
        """One call of the library. What it raises is turned into our errors outside the `except`: its errors hold the
        request, and no error of ours may carry the key along. It may change what it is given, so it gets a copy."""
        from sinan.models.decoding import without
        from sinan.models.dialects import litellm as dialect
        from sinan.models.dialects import litellm_failure

        patience, key = self.transport.patience, self.transport.endpoint.key or ""
        heard: list[str] = []
        _HEARD.set(heard)
        try:
            async with asyncio.timeout(patience.timeout):
                answer = await loaded().acompletion(
                    **copy.deepcopy(dict(body)), **self.access, **_ALONE, timeout=patience.timeout
                )
            reply = answer.model_dump()
        except Exception as error:
            failure = litellm_failure.failure(error, loaded(), self.transport, self._where)
        else:
            if heard:
                raise Unsupported(f"litellm asked without what it was given: {heard[0]}")
            return dialect.read(without(reply, key) if len(key) >= 8 else reply)
        raise failure


_ALONE = {"num_retries": 0, "max_retries": 0, "drop_params": False, "stream": False, "caching": False, "no-log": True}
"""Each call is one request, whole, and nothing of it is dropped, kept or logged."""
_OPEN: set[int] = set()
"""Models that are open."""


def _access(model: LiteLLM, library: Any) -> dict[str, str]:
    """Address and key. Raises ModelUnusable where the vendor is not known or its key is not set."""
    try:
        library.get_llm_provider(model.model)
    except Exception:
        vendor = model.model.split("/")[0]
        raise ModelUnusable(
            f"{model.name}: litellm knows no vendor `{vendor}`. It is written as in its own documents, such as "
            "litellm/groq/NAME; for a server that speaks OpenAI's language litellm/openai/NAME?base_url=..."
        ) from None
    key, address = model.transport.endpoint.key, {"api_base": model.base_url} if model.base_url else {}
    missing = [] if key else library.validate_environment(model.model)["missing_keys"]
    if len(missing) == 1 and missing[0].endswith("_API_KEY"):
        if not address:
            raise ModelUnusable(
                f"{model.name} needs a key, and {missing[0]} is not set. Set it in the environment; a key of "
                "sinan.toml is named with key_env=NAME."
            )
        key = NO_KEY
    return address | ({"api_key": key} if key else {})


@cache
def loaded() -> Any:
    """The library, with all that it does beside calling turned off. Raises ModelUnusable where it cannot be loaded."""
    try:
        with _offline():
            import litellm
            import litellm.types.utils
    except ImportError as error:
        raise ModelUnusable(f"litellm cannot be loaded: {refusal.one_line(str(error))}") from None
    for name in ("callbacks", "success_callback", "failure_callback", "input_callback", "service_callback"):
        setattr(litellm, name, [])
    for name in ("cache", "num_retries", "model_fallbacks", "default_fallbacks", "context_window_fallbacks"):
        setattr(litellm, name, None)
    for name in ("telemetry", "set_verbose", "drop_params", "modify_params", "aiohttp_trust_env"):
        setattr(litellm, name, False)
    for name in ("suppress_debug_info", "turn_off_message_logging", "disable_aiohttp_trust_env"):
        setattr(litellm, name, True)
    for name in ("LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).disabled = True
    log = logging.getLogger("LiteLLM")
    log.handlers, log.propagate = [_Listener(logging.WARNING)], False
    log.setLevel(logging.WARNING)
    return litellm


class _Listener(logging.Handler):
    """Prints nothing. Hears what the library leaves out of a request though it was told to drop nothing: a budget of
    thoughts, where a vendor's newer models have levels. It says so in its log alone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Notes what concerns the call that it is said in."""
        said = refusal.one_line(record.getMessage())
        if "dropp" in said.lower() and (heard := _HEARD.get()) is not None:
            heard.append(said)


_HEARD: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextmanager
def _offline() -> Iterator[None]:
    """So that loading it fetches no lists from the network and reads no `.env` file. The former holds from now on:
    some of them are fetched when they are first needed."""
    os.environ.update(dict.fromkeys(_OFFLINE, "True"))
    before = os.environ.get(_MODE)
    os.environ[_MODE] = "PRODUCTION"
    try:
        yield
    finally:
        os.environ.pop(_MODE)
        if before is not None:
            os.environ[_MODE] = before


_OFFLINE = ("LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "LITELLM_OFFLINE_MODE")
_MODE = "LITELLM_MODE"
