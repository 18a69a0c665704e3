"""What is reported of instructions: over prompts and over instructions, strictly and loosely."""

from sinan.statistics.micro import micro
from sinan.types import Metric


def levels(prompt: Metric) -> tuple[Metric, ...]:
    """Prompts of which every instruction was followed (`prompt` makes one number of them), and instructions that were,
    each counting the same; strictly, then loosely. The names are those of lm-evaluation-harness."""
    return (
        prompt.named("prompt_level_strict_acc", "prompt_strict"),
        micro.named("inst_level_strict_acc", "inst_strict"),
        prompt.named("prompt_level_loose_acc", "prompt_loose"),
        micro.named("inst_level_loose_acc", "inst_loose"),
    )
