"""The prompt builder that nearly every benchmark needs: a few lines of text with holes in them.

The holes are `str.format` fields filled from the sample: `{question}`, `{options}` (one lettered line per choice),
`{choice}` (the text of the right one), `{target}`, `{group}`, and any key of its metadata. Only the template is
interpreted: braces inside a question stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sinan.types import Form, Image, Message, Part, Prompt, Sample, Text


@dataclass(frozen=True)
class Template:
    """Asks a sample as a chat or as text to continue; worked examples become turns or paragraphs."""

    base: str = "Question: {question}\nAnswer:"
    """The question for a model that continues text, ending where the answer begins."""
    chat: str = "{question}"
    """The question for a model that takes messages."""
    answer: str = " {target}"
    """How a worked example is answered; leading spaces are dropped in a chat."""
    header: str = ""
    """Before the first example of a base prompt, with its own blank line; the system message of a chat."""
    separator: str = "\n\n"
    """Between examples of a base prompt."""
    option: str = "{letter}. {choice}"
    """One line of `{options}`."""
    continuations: str = ""
    """For likelihood: what follows the prompt, once per choice, such as ` {letter}` or ` {choice}`."""
    shots_as: Literal["turns", "text"] = "turns"
    """How a chat shows worked examples: as turns of the conversation, or as paragraphs of one message with the
    question."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. With `continuations` it is always text, since a likelihood is that of text."""
        if self.continuations:
            return Prompt(text=self._text(sample, shots), continuations=self.of_choices(sample))
        if form == "base" and not sample.images:  # text cannot show a picture: messages make the need for it plain
            return Prompt(text=self._text(sample, shots))
        return Prompt(messages=self._messages(sample, shots))

    def _text(self, sample: Sample, shots: Sequence[Sample]) -> str:
        fields = self._fields(sample)
        examples = [self.fill(self.base + self.answer, shot) for shot in shots]
        return self.header.format_map(fields) + self.separator.join([*examples, self.base.format_map(fields)])

    def _messages(self, sample: Sample, shots: Sequence[Sample]) -> tuple[Message, ...]:
        header = self.fill(self.header, sample).strip() if self.header else ""
        turns = [Message("system", header)] if header else []
        if shots and self.shots_as == "text":
            return (*turns, self._one_message(sample, shots))
        for shot in shots:
            turns.append(Message("user", _with_images(self.fill(self.chat, shot), shot.images)))
            turns.append(Message("assistant", self.fill(self.answer, shot).strip()))
        turns.append(Message("user", _with_images(self.fill(self.chat, sample), sample.images)))
        return tuple(turns)

    def _one_message(self, sample: Sample, shots: Sequence[Sample]) -> Message:
        """Every example with its answer on a line of its own, then the question."""
        parts: list[Part] = []
        for shot in shots:
            text = f"{self.fill(self.chat, shot)}\n{self.fill(self.answer, shot).strip()}{self.separator}"
            parts += _parts(text, shot.images)
        parts += _parts(self.fill(self.chat, sample), sample.images)
        if any(isinstance(part, Image) for part in parts):
            return Message("user", tuple(parts))
        return Message("user", "".join(part.text for part in parts if isinstance(part, Text)))

    def of_choices(self, sample: Sample) -> tuple[str, ...]:
        """What follows the prompt, once per choice."""
        letters = sample.letters
        return tuple(
            self.continuations.format(letter=letter, choice=choice)
            for letter, choice in zip(letters, sample.choices, strict=True)
        )

    def fill(self, template: str, sample: Sample) -> str:
        """A template with its holes filled from the sample."""
        return template.format_map(self._fields(sample))

    def _fields(self, sample: Sample) -> "_Fields":
        known = {"question": sample.question, "target": sample.target, "group": sample.group}
        return _Fields({**sample.metadata, **known}, sample, self.option)


class _Fields(dict[str, Any]):
    """The fields of a sample; those of its options are made where a template asks for them."""

    def __init__(self, known: dict[str, Any], sample: Sample, option: str) -> None:
        super().__init__(known)
        self._sample, self._option = sample, option
        self.pop("options", None)

    def __missing__(self, name: str) -> str:
        sample = self._sample
        if name == "options":
            lettered = zip(sample.letters, sample.choices, strict=True)
            return "\n".join([self._option.format(letter=letter, choice=choice) for letter, choice in lettered])
        if name == "choice" and sample.choices:
            return sample.choices[sample.gold]
        raise KeyError(name)


def _with_images(text: str, images: Sequence[Image]) -> str | tuple[Part, ...]:
    """Pictures go where the text names them (`<image1>`), and before the text where it does not."""
    return tuple(_parts(text, images)) if images else text


def _parts(text: str, images: Sequence[Image]) -> list[Part]:
    parts: list[Part] = []
    for number, image in enumerate(images, 1):
        before, mark, after = text.partition(f"<image{number}>")
        if mark:
            parts += [Text(before), image] if before.strip() else [image]
            text = after
        else:
            parts.append(image)
    return [*parts, Text(text)] if text.strip() else parts
