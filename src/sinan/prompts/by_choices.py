"""For benchmarks that mix forms: one template where a sample has choices, another where its answer is free.

A sample whose metadata hold `messages` is asked with these messages as they are; its options, if it has any, follow
the last of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sinan.prompts.template import Template
from sinan.types import Form, Message, Prompt, Sample, Text


@dataclass(frozen=True)
class ByChoices:
    """Asks each sample by the template that suits it."""

    choice: Template
    free: Template

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt."""
        template = self.choice if sample.choices else self.free
        messages = sample.metadata.get("messages")
        if not messages:
            return template(sample, form, shots)
        if form == "base" or template.continuations:
            said = "\n\n".join(message["content"] for message in messages)
            return template(replace(sample, question=said), form, shots)
        given = [Message(message["role"], message["content"]) for message in messages]
        return Prompt(messages=(*given[:-1], self._with_rest(given[-1], sample)))

    def _with_rest(self, last: Message, sample: Sample) -> Message:
        """The last message, followed by the options of the sample and preceded by its pictures."""
        text = str(last.content)
        if sample.choices:
            text = str(self.choice(replace(sample, question=text, images=()), "chat", ()).messages[-1].content)
        return replace(last, content=(*sample.images, Text(text)) if sample.images else text)
