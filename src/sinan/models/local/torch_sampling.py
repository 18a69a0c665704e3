"""The next token of one row: what the request wants of the logits, and a draw by the request's own seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sinan.errors import RequestRejected

_PROCESSORS = {
    "repetition_penalty": ("RepetitionPenaltyLogitsProcessor", 1.0),
    "no_repeat_ngram_size": ("NoRepeatNGramLogitsProcessor", 0),
}
"""Parameter -> (class of transformers, the value that changes nothing). They hold for greedy texts too."""
_WARPERS = {
    "top_k": ("TopKLogitsWarper", 0),
    "top_p": ("TopPLogitsWarper", 1.0),
    "min_p": ("MinPLogitsWarper", 0.0),
    "typical_p": ("TypicalLogitsWarper", 1.0),
    "epsilon_cutoff": ("EpsilonLogitsWarper", 0.0),
    "eta_cutoff": ("EtaLogitsWarper", 0.0),
}
"""In the order in which transformers applies them, after the temperature. For draws alone."""
KNOWN = (*_PROCESSORS, *_WARPERS)
NEUTRAL = {name: nothing for name, (_, nothing) in _PROCESSORS.items()}


@dataclass(frozen=True, slots=True)
class How:
    """How tokens are chosen. `parameters` are those of `KNOWN` that are set."""

    temperature: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None


@dataclass
class Chooser:
    """Chooses the tokens of one row. Its draws depend on its own seed alone."""

    how: How
    processors: list[Any]
    warpers: list[Any]
    rng: np.random.Generator

    @property
    def plain(self) -> bool:
        """Whether it takes the most likely token as it is."""
        return not self.processors and self.how.temperature <= 0

    def __call__(self, ids: Sequence[int], logits: Any) -> int:
        """The next token after `ids`; `logits` (vocabulary,)."""
        import torch

        scores = logits[None]
        before = torch.tensor([ids], device=logits.device)
        for processor in self.processors:
            scores = processor(before, scores)
        if self.how.temperature <= 0:
            return int(scores[0].argmax())
        scores = scores / self.how.temperature
        for warper in self.warpers:
            scores = warper(before, scores)
        weights = scores[0].double().softmax(-1).cumsum(-1)
        draw = self.rng.random() * float(weights[-1])
        place = int(
            torch.searchsorted(weights, torch.tensor([draw], device=weights.device, dtype=weights.dtype), right=True)
        )
        return min(place, len(weights) - 1)


def chooser(name: str, how: How) -> Chooser:
    """Raises RequestRejected for a value that a parameter does not take."""
    return Chooser(
        how,
        _made(name, _PROCESSORS, how.parameters),
        _made(name, _WARPERS, how.parameters) if how.temperature > 0 else [],
        np.random.default_rng(how.seed),
    )


def _made(name: str, known: Mapping[str, tuple[str, Any]], parameters: Mapping[str, Any]) -> list[Any]:
    from transformers.generation import logits_process

    out = []
    for key, (kind, nothing) in known.items():
        value = parameters.get(key, nothing)
        if value is None or value == nothing:
            continue
        try:
            out.append(getattr(logits_process, kind)(value))
        except (TypeError, ValueError) as error:
            raise RequestRejected(f"{name}: {key}={value} cannot be used: {error}") from None
    return out
