"""Prompts put together as lm-evaluation-harness does: description, worked examples, question, each with its delimiter.

As text: the description as it is; for each example question, target delimiter, answer and example delimiter; then the
question with nothing behind it. A continuation is the target delimiter and the choice. As a chat: the description is
the system's message, examples are turns of their own (or stand in one user's message with the question, where not
`multiturn`), delimiters fall away, and a prefix of the answer is an assistant's turn left open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sinan.prompts.template import Template
from sinan.types import Form, Message, Prompt, Sample
from sinan.types.message import Role

Asks = Literal["answer", "choices", "contexts", "target", "rolling"]
"""`answer`: text is generated. `choices`: how likely each choice is. `contexts`: how likely the target is behind each
choice (partial evaluation). `target`: how likely the target is. `rolling`: how likely the target is by itself."""

AS_IT_IS = Template(base="{question}", answer="{target}", continuations="{choice}")


@dataclass(frozen=True)
class InContext:
    """Asks a sample behind a description and worked examples."""

    asks: Asks = "answer"
    template: Template = AS_IT_IS
    """`base` is the question (for `contexts` of an example alone: `{choice}`), `answer` an example's answer or the
    target (`{choice}`: the right choice), `continuations` a choice: all without delimiters."""
    description: str = ""
    """Before everything, with its own blank line; a template like the others."""
    target_delimiter: str = " "
    fewshot_delimiter: str = "\n\n"
    gen_prefix: str = ""
    """The beginning of the answer; a template."""
    shot_prefix: str = ""
    """The same of a worked example's answer."""
    shot_delimiter: str | None = None
    """The target delimiter of worked examples, where it is another."""
    multiturn: bool = True
    unconditional: bool = False
    """Whether each choice is also weighed behind nothing, for mutual information."""
    chat_likelihood: bool = False
    """Whether likelihoods of a model that takes messages are asked behind messages; else behind text."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. One that is too long loses its beginning."""
        if self.asks == "rolling":
            return Prompt(text=self.template.fill(self.template.answer, sample), rolling=True)
        before = list(self._before(sample, shots))
        if self.asks == "contexts":
            return self._contexts(before, sample)
        question = self.template.fill(self.template.base, sample)
        turns = [*before, *self._question(question, self.template.fill(self.gen_prefix, sample))]
        if self.asks == "answer":
            if form == "chat":
                return Prompt(messages=self._messages(turns), cut=True)
            return Prompt(text=_text(turns), cut=True)
        return self._likelihood(turns, sample, form)

    def _likelihood(self, turns: "Sequence[_Turn]", sample: Sample, form: Form) -> Prompt:
        if self.asks == "target":
            continuations: tuple[str, ...] = (self.template.fill(self.template.answer, sample),)
        else:
            continuations = self._choices(sample)
        if form == "chat" and self.chat_likelihood and not self.unconditional:
            delimiter = self.target_delimiter if self.asks == "choices" and self._open(turns) else ""
            continuations = tuple(delimiter + continuation for continuation in continuations)
            return Prompt(messages=self._messages(turns), continuations=continuations, cut=True)
        if self.asks == "choices":
            continuations = tuple(self.target_delimiter + continuation for continuation in continuations)
        if not self.unconditional:
            return Prompt(text=_text(turns), continuations=continuations, cut=True)
        contexts = (_text(turns),) * len(continuations) + ("",) * len(continuations)
        return Prompt(continuations=continuations * 2, contexts=contexts, cut=True)

    def _contexts(self, before: "list[_Turn]", sample: Sample) -> Prompt:
        prefix = self.template.fill(self.gen_prefix, sample)
        bare = replace(self, target_delimiter="")
        contexts = tuple(_text([*before, *bare._question(choice, prefix)]) for choice in sample.choices)
        target = self.target_delimiter + self.template.fill(self.template.answer, sample)
        if self.unconditional:
            alone = tuple(self.target_delimiter + choice for choice in sample.choices)
            return Prompt(
                continuations=(target,) * len(contexts) + alone, contexts=contexts + ("",) * len(alone), cut=True
            )
        return Prompt(continuations=(target,) * len(contexts), contexts=contexts, cut=True)

    def _choices(self, sample: Sample) -> tuple[str, ...]:
        """The choices as continuations, without delimiter."""
        if self.template.continuations == "{choice}":  # any number of them, with or without letters
            return sample.choices
        return self.template.of_choices(sample)

    def _open(self, turns: "Sequence[_Turn]") -> bool:
        """Whether the prompt ends in an answer that was begun and is to be gone on with behind a delimiter."""
        return turns[-1].role == "assistant" and not turns[-1].content[-1:].isspace()

    def _before(self, sample: Sample, shots: Sequence[Sample]) -> "Iterator[_Turn]":
        description = self.template.fill(self.description, sample) if self.description else ""
        if description:
            yield _Turn("system", description)
        for shot in shots:
            yield from self._example(shot)

    def _example(self, shot: Sample) -> "Iterator[_Turn]":
        delimiter = self.target_delimiter if self.shot_delimiter is None else self.shot_delimiter
        prefix = self.template.fill(self.shot_prefix, shot) if self.shot_prefix else ""
        question = self.template.fill(self.template.base, shot)
        answer = self.template.fill(self.template.answer, shot)
        asks = replace(self, target_delimiter=delimiter)
        if not answer and not shot.choices:
            yield from asks._question(question, prefix)
            return
        yield _Turn("user", question, delimiter if not prefix or _needs_blank(question, prefix) else "")
        yield _Turn("assistant", _joined(prefix, answer), self.fewshot_delimiter)

    def _question(self, question: str, prefix: str) -> "Iterator[_Turn]":
        yield _Turn("user", question, self.target_delimiter if prefix and _needs_blank(question, prefix) else "")
        if prefix:
            yield _Turn("assistant", prefix)

    def _messages(self, turns: "Sequence[_Turn]") -> tuple[Message, ...]:
        if self.multiturn:
            return tuple(Message(turn.role, turn.content) for turn in turns)
        system = [turn for turn in turns[:1] if turn.role == "system"]
        last = [turn for turn in turns[-1:] if turn.role == "assistant"]
        asked = list(turns[len(system) : len(turns) - len(last)])
        asked[-1] = asked[-1]._replace(delimiter="")
        one = _Turn("user", _text(asked))
        return tuple(Message(turn.role, turn.content) for turn in (*system, one, *last))


class _Turn(NamedTuple):
    """What one side says, and what stands behind it in a text."""

    role: Role
    content: str
    delimiter: str = ""


def _text(turns: Sequence[_Turn]) -> str:
    return "".join(turn.content + turn.delimiter for turn in turns)


def _needs_blank(before: str, after: str) -> bool:
    return bool(before) and not (before[-1].isspace() or after[:1].isspace())


def _joined(prefix: str, answer: str) -> str:
    """A blank between them, where neither brings white space."""
    if not prefix or not answer:
        return prefix or answer
    return prefix + " " + answer if _needs_blank(prefix, answer) else prefix + answer
