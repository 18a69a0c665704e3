"""What a user puts around the prompts of a protocol: a system prompt before them, a beginning of the answer after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.errors import UsageError
from sinan.types import Form, Message, Prompt, PromptBuilder, Sample, Text


@dataclass(frozen=True)
class WithSystem:
    """A system prompt before all else: the first message of a chat, before the protocol's own; of a text its first
    paragraph, also where log-likelihoods are compared."""

    inner: PromptBuilder
    system: str

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. Raises UsageError where the text itself is what is measured."""
        prompt = self.inner(sample, form, shots)
        if prompt.rolling:
            raise UsageError(
                "--system: this protocol measures how likely a text is by itself; nothing can go before it"
            )
        if not prompt.messages:
            contexts = tuple(f"{self.system}\n\n{context}" for context in prompt.contexts)
            return replace(prompt, text=f"{self.system}\n\n{prompt.text}", contexts=contexts)
        head, rest = self.system, prompt.messages
        if rest[0].role == "system":
            head, rest = f"{head}\n\n{_text(rest[0])}", rest[1:]
        return replace(prompt, messages=(Message("system", head), *rest))


@dataclass(frozen=True)
class WithPrefill:
    """The beginning of the answer: the end of a text, or a last message of the assistant (without blanks before it)."""

    inner: PromptBuilder
    prefill: str

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt."""
        prompt = self.inner(sample, form, shots)
        if not prompt.messages:
            return replace(prompt, text=prompt.text + self.prefill)
        begun = Message("assistant", self.prefill.lstrip())
        return replace(prompt, messages=(*prompt.messages, begun))


def shown_as(prompt: PromptBuilder, how: str) -> PromptBuilder:
    """The builder with its worked examples as `turns` or `text`. Raises UsageError where it has no such choice."""
    made: PromptBuilder = _shown_as(prompt, how)
    if made is prompt:
        raise UsageError(f"--shots-as {how}: the prompts of this protocol are written whole and have no such choice")
    return made


def _shown_as(part: Any, how: str) -> Any:
    """The part, changed where it or a part of it has the choice; else itself."""
    fields = getattr(part, "__dataclass_fields__", {})
    changed = {name: _shown_as(getattr(part, name), how) for name in fields}
    changed = {name: value for name, value in changed.items() if value is not getattr(part, name)}
    if "shots_as" in fields:
        changed["shots_as"] = how
    return replace(part, **changed) if changed else part


def _text(message: Message) -> str:
    parts = (Text(message.content),) if isinstance(message.content, str) else message.content
    return "".join(part.text for part in parts if isinstance(part, Text))
