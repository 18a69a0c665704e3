"""OpenAI, and every server that speaks its language (vLLM, SGLang, llama.cpp, Ollama, gateways).

    openai/gpt-x                                        the official address; needs OPENAI_API_KEY
    openai/gpt-x?api=responses&summary=auto             its newer API, which tells a summary of the thoughts
    openai/NAME?base_url=http://127.0.0.1:8000/v1       any other; a key is sent where one is set
    openai/NAME?base_url=...&api=completions            a base model: text is continued, not messages answered

Options: base_url (else OPENAI_BASE_URL), api=chat|completions|responses, key_env=NAME of the variable that holds the
key, timeout=SECONDS of one attempt, stream=1 where answers shall come in chunks, max_tokens_field=NAME of the field
that bounds the answer, thinking_tokens_field=NAME of the field that bounds thoughts, prefill=continue where the server
continues a begun answer, summary=auto|concise|detailed of the thoughts (api=responses), sampling=0 where the model
takes no temperature and top_p, logprobs=1|0 where the guess is wrong whether the server echoes log-probabilities
(guessed: yes, but not at the official address), bos=TEXT of the token that texts begin with (for log-likelihoods of
whole texts), rpm=N and tpm=N requests and tokens that are allowed in a minute, price_in=USD and price_out=USD for a
million tokens.
"""

import asyncio
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sinan.errors import Declined, RequestRejected, Unsupported
from sinan.models import options as option
from sinan.models import remote
from sinan.types import Completion, Form, Limits, LogLikelihood, Model, Pace, Prompt, Sampling, Unpaced, Usage
from sinan.types.availability import Availability
from sinan.types.price import Price

if typing.TYPE_CHECKING:
    from sinan.models.dialects.openai import Habits
    from sinan.models.transport import Endpoint, Reply, Transport

VENDOR = remote.Vendor("https://api.openai.com/v1", "OPENAI_BASE_URL", ("OPENAI_API_KEY",))
OPTIONS = (
    "base_url", "api", "key_env", "timeout", "stream", "max_tokens_field", "thinking_tokens_field", "prefill",
    "summary", "sampling", "logprobs", "bos", *remote.LIMITS,
)  # fmt: skip
_PATHS = {"chat": "/chat/completions", "completions": "/completions", "responses": "/responses"}


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model NAME at `base_url`; `timeout` is in seconds, for one attempt. No connection is made yet.

    Raises UsageError for options that are wrong, and where the official address has no key.
    """
    spec = f"openai/{name}"
    option.check_known(spec, options, OPTIONS)
    endpoint = remote.endpoint(spec, options, VENDOR)
    return opened(name, options, timeout, endpoint, official=VENDOR.is_official(endpoint.base_url))


def opened(
    name: str,
    options: Mapping[str, str],
    timeout: float,
    endpoint: "Endpoint",
    official: bool,
    provider: str = "openai",
    query: str = "",
) -> "OpenAI":
    """The model NAME at an endpoint. `official`: whether it is OpenAI's own service and not another that speaks its
    language. Raises UsageError for options that are wrong."""
    from sinan.models.transport import Patience, Transport  # aiohttp is loaded when a model is opened, not before

    spec, api = f"{provider}/{name}", api_of(f"{provider}/{name}", options)
    guess = "0" if official else "1"
    return OpenAI(
        model=name,
        base_url=endpoint.base_url,
        api=api,
        habits=_habits(spec, options, official),
        logprobs=option.one_of(spec, options, "logprobs", ("0", "1"), guess) == "1" and api != "responses",
        transport=Transport(endpoint, Patience(timeout=option.seconds(spec, options, "timeout", timeout))),
        provider=provider,
        query=query,
        official=official,
        stream=option.one_of(spec, options, "stream", ("0", "1"), "0") == "1",
        drawing=option.one_of(spec, options, "sampling", ("0", "1"), "1") == "1",
        summary=option.one_of(spec, options, "summary", ("", "auto", "concise", "detailed"), ""),
        bos=options.get("bos", ""),
        limits=remote.limits(spec, options),
        price=remote.price(spec, options),
    )


def api_of(spec: str, options: Mapping[str, str]) -> str:
    """Which API the options choose. Raises UsageError."""
    return option.one_of(spec, options, "api", tuple(_PATHS), "chat")


def _habits(spec: str, options: Mapping[str, str], official: bool) -> "Habits":
    from sinan.models.dialects.openai import OFFICIAL, Habits

    usual = OFFICIAL if official else Habits()
    named = "thinking_tokens_field" in options
    return Habits(
        option.field_name(spec, options, "max_tokens_field", usual.max_tokens_field),
        usual.thinking_off,
        option.field_name(spec, options, "thinking_tokens_field", "thinking_token_budget") if named else "",
        option.one_of(spec, options, "prefill", ("none", "continue"), "none") == "continue",
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
    """`chat`, `completions` or `responses`: which of them answers `generate`."""
    habits: "Habits"
    logprobs: bool
    """Whether the server is believed to echo log-probabilities."""
    transport: "Transport"
    provider: str = "openai"
    query: str = ""
    """What every address ends with, such as `?api-version=...`."""
    official: bool = False
    stream: bool = False
    """Whether answers are asked for in chunks; they are read whole all the same."""
    drawing: bool = True
    """Whether the model takes a temperature and top_p."""
    summary: str = ""
    bos: str = ""
    """The token that texts of this model begin with."""
    concurrency: int = 32
    limits: Limits = Limits()
    price: Price | None = None
    """As the model's own options say; None where they do not."""
    served: dict[str, Any] = field(default_factory=dict)
    """What the server says of the weights; filled by `open`."""

    @property
    def name(self) -> str:
        """As in results."""
        return f"{self.provider}/{self.model}"

    @property
    def form(self) -> Form:
        """Text for `completions`, messages otherwise."""
        return "base" if self.api == "completions" else "chat"

    @property
    def capabilities(self) -> frozenset[str]:
        """Pictures and tools travel in messages only. `rolling` is the log-likelihood of a whole text, up to the
        model's context: a longer one is rejected by the server, not cut here."""
        chat = self.form == "chat"
        more = {
            "loglikelihood": self.logprobs,
            "rolling": self.logprobs,
            "image": chat,
            "tools": chat,
            "schema": True,
            "prefill": not chat or (self.habits.prefill and self.api == "chat"),
        }
        return frozenset({"generate"} | {name for name, has in more.items() if has})

    @property
    def identity(self) -> Mapping[str, Any]:
        """Address, name, and what changes a request. `timeout`, `stream` and the key do not change an answer. Once it
        is open, also what the server says of the weights: one address may serve other ones tomorrow."""
        more = {
            "query": self.query,
            "thinking_tokens_field": self.habits.thinking_tokens_field,
            "sampling": "" if self.drawing else "0",
            "summary": self.summary,
            "bos": self.bos,
            "served": dict(self.served),
        }
        return {
            "provider": self.provider,
            "base_url": self.base_url,
            "model": self.model,
            "api": self.api,
            "max_tokens_field": self.habits.max_tokens_field,
        } | {name: value for name, value in more.items() if value}

    @property
    def endpoint(self) -> str:
        """The address, and whose key opens it: an account's limits are the account's own."""
        return f"{self.base_url} {self.transport.endpoint.key_name}"

    async def open(self, pace: Pace | None = None) -> None:
        """Raises ModelUnusable where nothing listens at the address. Nothing that is paid for is sent."""
        from sinan.models.dialects import openai as dialect

        self.transport.pace = pace or Unpaced()
        await self.transport.check()
        if not self.official:
            self.served.update(dialect.served(await self.transport.get("/models", _LISTED_WITHIN), self.model))

    async def close(self) -> None:
        """Let go of the connections."""
        await self.transport.close()

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages, or continue the text. Raises ModelError."""
        from sinan.models.dialects.stop_strings import cut

        images = await asyncio.to_thread(remote.read_images, prompt.images) if prompt.images else {}
        path, body = self.request(prompt, sampling, images)
        completion = await self._answered(path, self._streamed(body), prompt)
        if self.api == "responses" and sampling.think_end is None:
            return cut(completion, sampling.stop)
        return completion

    def request(self, prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes]) -> tuple[str, dict[str, Any]]:
        """Path and body of the request, not streamed; `images` holds the bytes of pictures by sha256. Raises
        Unsupported for what the API cannot say."""
        from sinan.models.dialects import openai as dialect
        from sinan.models.dialects import openai_responses as responses

        drawn = sampling if self.drawing else replace(sampling, temperature=None, top_p=None)
        try:
            self._check_form(prompt)
            if self.api == "completions":
                body = dialect.text_request(self.model, prompt, drawn)
            elif self.api == "chat":
                body = dialect.chat_request(self.model, prompt, drawn, images, self.habits)
            else:
                body = responses.response_request(self.model, prompt, drawn, images, self.habits, self.summary)
        except (RequestRejected, Unsupported) as error:
            raise type(error)(f"{self.name}: {error}") from None
        return _PATHS[self.api] + self.query, body

    def read(self, reply: Any) -> Completion:
        """The completion in a reply: its JSON, or the list of its events. Raises TransientError where there is none."""
        from sinan.models.dialects import openai as dialect
        from sinan.models.dialects import openai_responses as responses
        from sinan.models.dialects import openai_stream as stream

        if self.api == "responses":
            return responses.read_response(reply)
        whole = stream.whole(reply) if isinstance(reply, list) else reply
        return dialect.read_chat(whole) if self.api == "chat" else dialect.read_text(whole)

    def _streamed(self, body: dict[str, Any]) -> dict[str, Any]:
        from sinan.models.dialects import openai_stream as stream

        return stream.streamed(body, with_usage=self.api != "responses") if self.stream else body

    async def _answered(self, path: str, body: dict[str, Any], prompt: Prompt) -> Completion:
        took = None if self.limits.tokens_per_minute is None else remote.took
        try:
            return remote.answered(await self.transport.post(path, body, self.read, self._tokens(prompt), took))
        except Declined as error:
            return remote.declined(error)
        except RequestRejected as error:
            raise _for_all(error) from None

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """One request per continuation, one after the other: the caller bounds calls in flight. Raises ModelError."""
        from sinan.models.dialects import openai_echo as echo

        self._check_likelihood(prompt)
        if prompt.rolling:
            return _likelihoods([await self._echoed(self.bos, prompt.text, echo.read_rolling)])
        pairs = [echo.split_spaces(*pair) for pair in prompt.pairs]
        return _likelihoods([await self._echoed(context, text, echo.read_echo) for context, text in pairs])

    async def _echoed(
        self, before: str, text: str, read: Callable[..., LogLikelihood]
    ) -> "Reply[tuple[LogLikelihood, Usage]]":
        from sinan.models.dialects import openai as dialect
        from sinan.models.dialects import openai_echo as echo

        body = echo.echo_request(self.model, before, text)
        return await self.transport.post(
            "/completions" + self.query,
            body,
            lambda reply: (read(reply, before, text), dialect.usage(reply)),
            (len(before) + len(text)) // 4 + 1,
            lambda value: value[1].tokens_in,
        )

    def _tokens(self, prompt: Prompt) -> int:
        """What a call is expected to take: only asked where tokens are limited, since it costs time to guess."""
        if self.limits.tokens_per_minute is None:
            return 0
        return remote.expected_tokens(prompt)

    def _check_form(self, prompt: Prompt) -> None:
        if self.form == "chat" and not prompt.messages:
            raise RequestRejected("it takes messages, and the prompt is text (api=completions continues text)")
        if self.form == "base" and prompt.messages:
            raise RequestRejected("it continues text, and the prompt is messages (api=chat takes messages)")

    def _check_likelihood(self, prompt: Prompt) -> None:
        if not self.logprobs:
            raise remote.no_likelihoods(self.name)
        if prompt.messages:
            raise RequestRejected(
                f"{self.name}: the log-likelihood of what follows messages cannot be asked for by this API, only of "
                f"what follows a text; {_GENERATE}"
            )
        if not prompt.continuations and not prompt.rolling:
            raise RequestRejected(f"{self.name}: a log-likelihood needs a text and its continuations")


_UNSUPPORTED = re.compile(r"\(400 [^:]*: Unsupported (?:parameter|value): '([\w.]+)'")


def _for_all(error: RequestRejected) -> RequestRejected | Unsupported:
    """What a model refuses of one request because it never takes it, it refuses of all: the run stops, and says how to
    ask. Recognised by OpenAI's words; where they change, the questions fail one by one with what it said."""
    found = _UNSUPPORTED.search(str(error))
    if found is None:
        return error
    remedy = remote.LEAVE_OUT if found[1] in ("temperature", "top_p") else "ask without it (-p NAME=VALUE)"
    if found[1] == "max_tokens":
        remedy = "max_tokens_field=max_completion_tokens behind the model's name sends it so"
    stopping = Unsupported(f"{error}. {remedy.format(name=found[1])}")
    stopping.attempts = error.attempts
    return stopping


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
