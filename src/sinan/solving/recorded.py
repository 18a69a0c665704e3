"""For what is not asked here yet: answers that were recorded elsewhere can be scored all the same."""

from dataclasses import dataclass

from sinan.errors import Unsupported
from sinan.types import Completion, Model, Prompt, Sampling


@dataclass(frozen=True)
class Recorded:
    """Asks nothing. A run is refused before it begins, since no model gives what this needs."""

    needs: str = "recorded answers (sinan score FILE)"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """Raises Unsupported."""
        raise Unsupported(f"this protocol needs {self.needs}")
