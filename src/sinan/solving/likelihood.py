"""Ask for no words: only how likely each choice is after the prompt."""

from dataclasses import dataclass

from sinan.types import Completion, Model, Prompt, Sampling


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood of every continuation of the prompt."""

    needs: str = "loglikelihood"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """A completion whose `loglikelihoods` follow the prompt's continuations. Sampling plays no part."""
        return await model.loglikelihood(prompt)
