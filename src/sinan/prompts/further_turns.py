"""Questions in several turns: the first is the sample's question, the others stand in its metadata as `turns`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sinan.prompts.template import Template
from sinan.types import Form, Message, Prompt, Sample


@dataclass(frozen=True)
class FurtherTurns:
    """Each turn is asked as the template asks a question."""

    template: Template

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The first question, and what follows the answers. For a text each turn begins with what separates
        examples, since it follows the answer before it directly."""
        prompt = self.template(sample, form, shots)
        turns = sample.metadata.get("turns")
        said = [replace(sample, question=turn, images=()) for turn in turns] if isinstance(turns, list) else []
        if prompt.messages:
            asked = [self.template(one, "chat", ()).messages[-1] for one in said]
        else:
            bare = replace(self.template, header="")
            asked = [Message("user", bare.separator + bare(one, "base", ()).text) for one in said]
        return replace(prompt, turns=tuple(asked))
