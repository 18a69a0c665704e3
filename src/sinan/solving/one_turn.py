"""Ask once, take the answer."""

from dataclasses import dataclass, replace

from sinan.solving.thoughts import separated
from sinan.types import Completion, Model, Prompt, Sampling


@dataclass(frozen=True)
class OneTurn:
    """One prompt, one completion: its answer as the text, thoughts apart."""

    needs: str = "generate"
    prefill: str = ""
    """The beginning of the answer that the prompt gives. It is part of the answer: what is judged and kept is the
    prefill with what came after it."""

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """The model's completion of the prompt."""
        completion = await model.generate(prompt, sampling)
        if self.prefill and completion.finish_reason != "refusal":
            completion = replace(completion, text=(prompt.prefill or self.prefill) + completion.text)
        return separated(completion, sampling)
