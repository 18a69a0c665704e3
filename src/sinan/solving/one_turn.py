"""Ask once, take the answer."""

from dataclasses import dataclass

from sinan.types import Completion, Model, Prompt, Sampling


@dataclass(frozen=True)
class OneTurn:
    """One prompt, one completion."""

    needs: str = "generate"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """The model's completion of the prompt."""
        return await model.generate(prompt, sampling)
