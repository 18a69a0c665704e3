"""Ask for no words: only how likely a whole text is."""

from dataclasses import dataclass

from sinan.types import Completion, Model, Prompt, Sampling


@dataclass(frozen=True)
class Rolling:
    """The log-likelihood of the prompt's text, in windows where it is longer than the model's context."""

    needs: str = "rolling"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """A completion with one log-likelihood. Sampling plays no part."""
        return await model.loglikelihood(prompt)
