"""A benchmark: a dataset, and one or more protocols of asking and judging it. It holds values, not names."""

import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sinan.types.completion import Completion, Form, Model, Sampling
from sinan.types.message import Prompt
from sinan.types.metric import Metric
from sinan.types.sample import Dataset, Sample
from sinan.types.score import Scorer


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader must know before trusting a number."""

    title: str
    measures: str
    """One sentence."""
    dimension: str
    """`math`, `reasoning`, `knowledge`, `language`, `exam`, `instruction`, `long-context`, `multimodal`..."""
    languages: tuple[str, ...]
    """ISO 639-1 codes."""
    licence: str
    source: str
    """Where the data comes from: an address, or `generated`."""
    paper: str = ""
    """arXiv id or address; empty where there is none."""
    modality: str = "text"
    chance: float | None = None
    """Accuracy of guessing, where it can be said."""
    note: str = ""


class PromptBuilder(typing.Protocol):
    """How a sample is asked. Frozen dataclasses, so that a version can be hashed."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt for one sample, with worked examples before it."""
        ...


class Solver(typing.Protocol):
    """A way to get a completion: one turn, likelihood of choices, later many turns and tools."""

    @property
    def needs(self) -> str:
        """The capability a model must have: `generate` or `loglikelihood`."""
        ...

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """Ask the model."""
        ...


FewShot = Callable[[int, Sample, Sequence[Sample], int], Sequence[Sample]]
"""(seed, sample, pool, k) -> k examples: a pure function of seed and sample id, never of order or batch."""


@dataclass(frozen=True)
class Protocol:
    """One named way of asking and judging a benchmark. Two protocols are two numbers."""

    prompt: PromptBuilder
    solver: Solver
    scorer: Scorer
    sampling: Sampling = Sampling()
    """For a model that continues text: it must be told where to stop."""
    shots: int = 0
    few_shot: FewShot | None = None
    """How the shots are chosen; None takes the first of the pool."""
    chat_sampling: Sampling = Sampling(max_tokens=2048)
    """For a model that takes messages: it ends its own turn, and may think before it answers."""
    metrics: tuple[Metric, ...] = ()
    """What is reported, the first before all; empty: the benchmark's metric alone."""
    dataset: Dataset | None = None
    """The samples where they are not the benchmark's own: in another order of their choices, with another pool of
    worked examples. Ids stay the same, so that runs under two protocols can be compared."""


@dataclass(frozen=True)
class Benchmark:
    """What is measured, on what, and how."""

    id: str
    card: Card
    dataset: Dataset
    metric: Metric
    protocols: Mapping[str, Protocol]
    """`default` is always there."""
    file: str = ""
    """The file that defines it; its bytes are part of the version. Filled by the catalogue when it loads."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Benchmarks that are run together."""

    id: str
    title: str
    benchmarks: tuple[str, ...] = field(default=())
