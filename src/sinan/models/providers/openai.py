"""OpenAI, and every server that speaks its language (vLLM, SGLang, llama.cpp, Ollama, gateways).

    openai/gpt-x                                        the official address; needs OPENAI_API_KEY
    openai/NAME?base_url=http://127.0.0.1:8000/v1       any other; a key is sent where one is set
    openai/NAME?base_url=...&api=completions            a base model: text is continued, not messages answered

Options: base_url (else OPENAI_BASE_URL), api=chat|completions, key_env=NAME of the variable that holds the key,
timeout=SECONDS of one attempt, max_tokens_field=NAME of the field that bounds the answer, logprobs=1|0 where the
guess is wrong whether the server echoes log-probabilities (guessed: yes, but not at the official address), rpm=N and
tpm=N requests and tokens that are allowed in a minute, price_in=USD and price_out=USD for a million tokens.
"""

import asyncio
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import RequestRejected, Unsupported
from sinan.models import options as option
from sinan.models import remote
from sinan.types import Completion, Form, Limits, LogLikelihood, Model, Pace, Prompt, Sampling, Unpaced, Usage
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.transport import Reply, Transport

VENDOR = remote.Vendor("https://api.openai.com/v1", "OPENAI_BASE_URL", ("OPENAI_API_KEY",))
_OPTIONS = ("base_url", "api", "key_env", "timeout", "max_tokens_field", "logprobs")


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model NAME at `base_url`; `timeout` is in seconds, for one attempt. No connection is made yet.

    Raises UsageError for options that are wrong, and where the official address has no key.
    """
    from sinan.models.transport import Patience, Transport  # aiohttp is loaded when a model is opened, not before

    spec = f"openai/{name}"
    option.check_known(spec, options, (*_OPTIONS, *remote.LIMITS))
    endpoint = remote.endpoint(spec, options, VENDOR)
    official = VENDOR.is_official(endpoint.base_url)
    return OpenAI(
        model=name,
        base_url=endpoint.base_url,
        api=option.one_of(spec, options, "api", ("chat", "completions"), "chat"),
        max_tokens_field=option.field_name(
            spec, options, "max_tokens_field", "max_completion_tokens" if official else "max_tokens"
        ),
        logprobs=option.one_of(spec, options, "logprobs", ("0", "1"), "0" if official else "1") == "1",
        transport=Transport(endpoint, Patience(timeout=option.seconds(spec, options, "timeout", timeout))),
        limits=remote.limits(spec, options),
        price=remote.price(spec, options),
    )


def status() -> list[Availability]:
    """Whether the official address can be used; any other needs no more than its base_url."""
    return [VENDOR.status("openai", "any OpenAI-compatible address by base_url")]


@dataclass(frozen=True)
class OpenAI:
    """A model behind an OpenAI-compatible address."""

    model: str
    """As the server calls it."""
    base_url: str
    api: str
    """`chat` or `completions`: which of the two answers `generate`."""
    max_tokens_field: str
    logprobs: bool
    """Whether the server is believed to echo log-probabilities."""
    transport: "Transport"
    concurrency: int = 32
    limits: Limits = Limits()
    price: Price | None = None
    """As the model's own options say; None where they do not."""
    served: dict[str, Any] = field(default_factory=dict)
    """What the server says of the weights; filled by `open`."""

    @property
    def name(self) -> str:
        """As in results."""
        return f"openai/{self.model}"

    @property
    def form(self) -> Form:
        """Text for `completions`, messages otherwise."""
        return "base" if self.api == "completions" else "chat"

    @property
    def capabilities(self) -> frozenset[str]:
        """Pictures travel in messages only."""
        more = {"loglikelihood": self.logprobs, "image": self.form == "chat"}
        return frozenset({"generate"} | {name for name, has in more.items() if has})

    @property
    def identity(self) -> Mapping[str, Any]:
        """Address, name, and what changes a request. `timeout` and the key do not change an answer. Once it is open,
        also what the server says of the weights: one address may serve other ones tomorrow."""
        return {
            "provider": "openai",
            "base_url": self.base_url,
            "model": self.model,
            "api": self.api,
            "max_tokens_field": self.max_tokens_field,
        } | ({"served": dict(self.served)} if self.served else {})

    @property
    def endpoint(self) -> str:
        """The address, and whose key opens it: an account's limits are the account's own."""
        return f"{self.base_url} {self.transport.endpoint.key_name}"

    async def open(self, pace: Pace | None = None) -> None:
        """Raises ModelUnusable where nothing listens at the address. Nothing that is paid for is sent."""
        from sinan.models.dialects import openai as dialect

        self.transport.pace = pace or Unpaced()
        await self.transport.check()
        if not VENDOR.is_official(self.base_url):
            self.served.update(dialect.served(await self.transport.get("/models", _LISTED_WITHIN), self.model))

    async def close(self) -> None:
        """Let go of the connections."""
        await self.transport.close()

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages, or continue the text. Raises ModelError."""
        from sinan.models.dialects import openai as dialect

        self._check_form(prompt)
        if self.form == "base":
            body = dialect.text_request(self.model, prompt, sampling)
            return await self._answered("/completions", body, dialect.read_text, prompt)
        images = await asyncio.to_thread(remote.read_images, prompt.images) if prompt.images else {}
        body = dialect.chat_request(self.model, prompt, sampling, images, self.max_tokens_field)
        return await self._answered("/chat/completions", body, dialect.read_chat, prompt)

    async def _answered(
        self, path: str, body: dict[str, Any], read: Callable[[Any], Completion], prompt: Prompt
    ) -> Completion:
        took = None if self.limits.tokens_per_minute is None else remote.took
        return remote.answered(await self.transport.post(path, body, read, self._tokens(prompt), took))

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """One request per continuation, one after the other: the caller bounds calls in flight. Raises ModelError."""
        self._check_likelihood(prompt)
        return _likelihoods([await self._continuation(prompt.text, text) for text in prompt.continuations])

    async def _continuation(self, context: str, continuation: str) -> "Reply[tuple[LogLikelihood, Usage]]":
        from sinan.models.dialects import openai as dialect
        from sinan.models.dialects import openai_echo as echo

        context, continuation = echo.split_spaces(context, continuation)

        def read(reply: Any) -> tuple[LogLikelihood, Usage]:
            return echo.read_echo(reply, context, continuation), dialect.usage(reply)

        body = echo.echo_request(self.model, context, continuation)
        tokens = (len(context) + len(continuation)) // 4 + 1
        return await self.transport.post("/completions", body, read, tokens, lambda value: value[1].tokens_in)

    def _tokens(self, prompt: Prompt) -> int:
        """What a call is expected to take: only asked where tokens are limited, since it costs time to guess."""
        if self.limits.tokens_per_minute is None:
            return 0
        return remote.expected_tokens(prompt)

    def _check_form(self, prompt: Prompt) -> None:
        if self.form == "chat" and not prompt.messages:
            raise RequestRejected(
                f"{self.name} takes messages, and the prompt is text (api=completions continues text)"
            )
        if self.form == "base" and prompt.messages:
            raise RequestRejected(f"{self.name} continues text, and the prompt is messages (api=chat takes messages)")

    def _check_likelihood(self, prompt: Prompt) -> None:
        if not self.logprobs:
            raise Unsupported(f"{self.name} gives no log-likelihoods; {_GENERATE}")
        if prompt.messages or not prompt.continuations:
            raise RequestRejected(f"{self.name}: a log-likelihood needs a text and its continuations, not messages")


_LISTED_WITHIN = 10.0
"""Seconds for the list of models, which no run depends on."""

_GENERATE = "ask the benchmark by a protocol that generates (--protocol generate)"


def _likelihoods(replies: "Sequence[Reply[tuple[LogLikelihood, Usage]]]") -> Completion:
    """All continuations as one completion. Its attempts are 1 and every retry of any of its requests."""
    usages = [reply.value[1] for reply in replies]
    return Completion(
        text="",
        finish_reason="stop",
        usage=Usage(remote.total([u.tokens_in for u in usages]), remote.total([u.tokens_out for u in usages])),
        loglikelihoods=tuple(reply.value[0] for reply in replies),
        latency_s=max(reply.latency_s for reply in replies),
        attempts=1 + sum(reply.attempts - 1 for reply in replies),
        requests=len(replies),
    )
