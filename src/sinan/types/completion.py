"""What a model is asked for and what comes back; and what it takes to be a model."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sinan.types.message import Prompt, ToolCall
from sinan.types.pace import Limits, Pace

Form = Literal["chat", "base"]
"""`chat`: the model takes messages. `base`: the model continues text."""

FinishReason = Literal["stop", "length", "refusal", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a completion is drawn. None leaves the choice to the model's server."""

    temperature: float | None = 0.0
    max_tokens: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters, passed to the server as they are."""
    reasoning_effort: str | None = None
    """How much a model thinks that can be told so: `none`, `minimal`, `low`, `medium`, `high`."""
    thinking_tokens: int | None = None
    """The most tokens of thought, where the model can be told so; 0 turns it off."""
    think_end: str | None = None
    """What ends the model's thoughts in its text, such as `</think>`: all up to it is reasoning and no answer. Stop
    strings hold for what follows it, so they are not sent but applied to the answer."""
    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer must follow, where the model's side can enforce it."""

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        known = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "top_p": self.top_p,
            "stop": list(self.stop) or None,
            "seed": self.seed,
            "reasoning_effort": self.reasoning_effort,
            "thinking_tokens": self.thinking_tokens,
            "think_end": self.think_end,
            "schema": None if self.schema is None else dict(self.schema),
        }
        return {k: v for k, v in known.items() if v is not None} | dict(self.extra)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model's side counted them; None where it did not say."""

    tokens_in: int | None = None
    """All tokens of the prompt, those read from or written to a provider's prompt cache among them."""
    tokens_out: int | None = None
    """All tokens that the model wrote, its thoughts among them."""
    cache_read: int | None = None
    """Of `tokens_in`: read from the provider's prompt cache, where they cost less."""
    cache_write: int | None = None
    """Of `tokens_in`: written to the provider's prompt cache, where they cost more."""
    reasoning: int | None = None
    """Of `tokens_out`: thoughts."""


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """Natural logarithm of the probability of one continuation after its context."""

    value: float
    """Sum over the continuation's tokens of log p(token | all before it)."""
    tokens: int
    """How many tokens the continuation has."""
    greedy: bool
    """Whether every one of its tokens is the most likely one at its place."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a model, whole."""

    text: str
    finish_reason: FinishReason
    usage: Usage = Usage()
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    loglikelihoods: tuple[LogLikelihood, ...] = ()
    """One per continuation of the prompt, in order; empty for generation."""
    latency_s: float = 0.0
    """Seconds from the last attempt's start to its last byte."""
    attempts: int = 1
    requests: int = 1
    """Requests that the answer took: a log-likelihood may take one per continuation."""
    cached: bool = False
    """Whether it was taken from the response cache: nothing was sent, nothing was paid."""
    turns: tuple[str, ...] = ()
    """The answers of all turns in order, where there was more than one; `text` is the last of them."""
    prompt_ids: str = ""
    """Hash of the token ids that the model read, where it can be known: the first 16 hex digits of the sha256 of the
    ids as decimal numbers joined by blanks. Two prompts of one text differ here where their tokens do."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as the model reads it."""

    text: str
    """The whole text, special tokens written out; for a model behind an API, the body of the request as JSON."""
    ids: tuple[int, ...] = ()
    """Token ids; empty where only the server knows them."""
    pieces: tuple[str, ...] = ()
    """The text of each token."""
    notes: tuple[str, ...] = ()
    """What a reader should know, such as where the beginning-of-text token comes from."""


class Model(typing.Protocol):
    """Who answers. Local weights, an API and a fake in a test are peers behind this protocol.

    A call that cannot be answered raises `sinan.errors.ModelError`; nothing else may stand for a failure.
    """

    @property
    def name(self) -> str:
        """As in results: `needle/m`, `openai/gpt-x`."""
        ...

    @property
    def form(self) -> Form:
        """Whether generation takes messages or text."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """Out of `generate`, `loglikelihood`, `image`; `seed` where a seed is sure to be understood."""
        ...

    @property
    def concurrency(self) -> int:
        """Calls in flight that suit this model when the caller does not say; to begin with, where a pace adapts."""
        ...

    @property
    def endpoint(self) -> str:
        """What it shares with others: models of one endpoint share one pace. Empty for a model on this machine."""
        ...

    @property
    def limits(self) -> Limits:
        """What the endpoint's owner allows, as far as the user said."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What decides the answers besides the request: endpoint, weights hash, template. No secrets. JSON."""
        ...

    async def open(self, pace: Pace | None = None) -> None:
        """Get ready; whatever is sent from now on goes through `pace`. Raises `ModelUnusable` where no call can
        succeed (missing key, unreachable address)."""
        ...

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Complete the prompt."""
        ...

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Log-likelihood of every continuation of the prompt after its context; of the text itself where the prompt
        is `rolling`, as a single one."""
        ...

    async def close(self) -> None:
        """Let go of connections and memory."""
        ...


@typing.runtime_checkable
class InBatches(typing.Protocol):
    """A model whose calls can be collected and answered together, hours later."""

    @property
    def batch_size(self) -> int:
        """Calls of one batch, at the most; 0 where every call is answered by itself."""
        ...

    async def settle(self) -> None:
        """All that was answered is on disk: let go of what was kept to find it again."""
        ...


def in_batches(model: Model) -> bool:
    """Whether the model's answers come in batches."""
    return isinstance(model, InBatches) and model.batch_size > 0


@typing.runtime_checkable
class Renders(typing.Protocol):
    """A model that can show a prompt as it reads it."""

    def render(self, prompt: Prompt) -> Rendered:
        """The exact text and token ids. Raises UsageError where the beginning-of-text token is missing or doubled."""
        ...
