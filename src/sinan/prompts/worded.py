"""The same question between other words: a heading before it, another style of its options, its instruction said
differently. The list is declared here and is part of the benchmark's version.

What is read by rules stays: the mark of the answer, letters, and the words that a model which continues text is stopped
by.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.errors import UsageError
from sinan.prompts.reworded import in_other_words
from sinan.types import Form, Message, Prompt, PromptBuilder, Sample, Text

PLAIN = "{letter}. {choice}"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True)
class Wording:
    """One way to put a question."""

    heading: str
    """Before all that the protocol says."""
    in_chinese: str
    """The same before a question in Chinese."""
    option: str
    """A line of the options, where the protocol lists them with letters."""
    reworded: bool
    """Whether the instruction is said in other words, where that is one of sinan's own."""


WORDINGS = (
    Wording("Please answer the following question.", "请回答下面的问题。", "({letter}) {choice}", True),
    Wording("Here is a question for you.", "下面是一道题。", "{letter}) {choice}", False),
    Wording("Read the question carefully, then answer it.", "请仔细读题，然后作答。", "{letter}: {choice}", True),
    Wording("You are given a question to answer.", "这里有一道题需要你回答。", "[{letter}] {choice}", False),
)


@dataclass(frozen=True)
class Worded:
    """The prompts of `inner`; of a sample that is the form `prompt1`, `prompt2` and on those of the wordings."""

    inner: PromptBuilder
    others: tuple[tuple[Wording, PromptBuilder], ...]
    """Each with the builder that lists options in its style."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. Raises UsageError where a text by itself is what is measured."""
        number = sample.form.removeprefix("prompt")
        if not sample.form.startswith("prompt") or not number.isdecimal():
            return self.inner(sample, form, shots)
        wording, builder = self.others[int(number) - 1]
        prompt = builder(sample, form, shots)
        if prompt.rolling:
            raise UsageError(
                "--vary prompt: this protocol measures how likely a text is by itself; nothing can stand around it"
            )
        prompt = in_other_words(prompt) if wording.reworded else prompt
        return _headed(prompt, wording.in_chinese if _HAN.search(sample.question) else wording.heading)


def worded(prompt: PromptBuilder, count: int) -> Worded:
    """The builder with `count` wordings, its own among them."""
    return Worded(prompt, tuple((one, _restyled(prompt, one.option)) for one in WORDINGS[: count - 1]))


def _restyled(prompt: PromptBuilder, option: str) -> PromptBuilder:
    """The builder with its options in this style; in the plain one where that is its own already."""
    made: PromptBuilder = _with(prompt, "option", lambda own: PLAIN if own == option else option)
    return made


def _with(part: Any, field: str, of: Callable[[Any], Any]) -> Any:
    """The part with this field of it and of its parts changed."""
    fields = getattr(part, "__dataclass_fields__", {})
    changed = {name: _with(getattr(part, name), field, of) for name in fields if name != field}
    changed = {name: value for name, value in changed.items() if value is not getattr(part, name)}
    if field in fields:
        changed[field] = of(getattr(part, field))
    return replace(part, **changed) if changed else part


def _headed(prompt: Prompt, heading: str) -> Prompt:
    """The heading as a first paragraph of the text, or of the first message of the user."""
    if not prompt.messages:
        contexts = tuple(context and f"{heading}\n\n{context}" for context in prompt.contexts)
        return replace(prompt, text=prompt.text and f"{heading}\n\n{prompt.text}", contexts=contexts)
    place = next((i for i, one in enumerate(prompt.messages) if one.role == "user"), 0)
    messages = list(prompt.messages)
    messages[place] = _with_heading(messages[place], heading)
    return replace(prompt, messages=tuple(messages))


def _with_heading(message: Message, heading: str) -> Message:
    if isinstance(message.content, str):
        return replace(message, content=f"{heading}\n\n{message.content}")
    return replace(message, content=(Text(f"{heading}\n\n"), *message.content))
