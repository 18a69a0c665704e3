"""Continues a batch of prompts, token by token; whoever is finished leaves the batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sinan.models.local.cache import Floats
from sinan.models.local.llama import Llama
from sinan.models.local.prefixes import Prefixes
from sinan.models.local.wholes import Ids
from sinan.types.completion import FinishReason

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One prompt and how to continue it."""

    ids: Ids
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    """The draws of one request depend on its seed alone, never on its neighbours in the batch."""


@dataclass(frozen=True, slots=True)
class Continued:
    """What came of one prompt."""

    text: str
    finish_reason: FinishReason
    tokens: int


@dataclass
class _Row:
    """One prompt on its way. `done` is set exactly once."""

    ask: Ask
    rng: np.random.Generator
    ids: list[int] = field(default_factory=list)
    done: Continued | None = None


def generate(network: Llama, prefixes: Prefixes, decode: Decode, asks: Sequence[Ask]) -> list[Continued]:
    """One result per prompt, in order."""
    everyone = [_Row(ask, np.random.default_rng(ask.seed)) for ask in asks]
    cache, states = prefixes.read([ask.ids for ask in asks], room=min(64, max(ask.max_tokens for ask in asks)))
    rows = everyone
    while True:
        for row, logits in zip(rows, network.logits(states), strict=True):
            if row.done is None:
                _take(row, _draw(row, logits), network.config.eos, decode)
        going = [i for i, row in enumerate(rows) if row.done is None]
        if not going:
            return [row.done for row in everyone if row.done is not None]
        # Leaving costs a copy of the others' cache, so they leave together once they are a third.
        if len(going) <= len(rows) * 2 // 3:
            rows, cache = [rows[i] for i in going], cache.rows(going)
        states = network.extend(cache, [row.ids[-1:] for row in rows])[:, 0]


def _take(row: _Row, token: int, eos: int, decode: Decode) -> None:
    """Add a token to a row, and finish it where it ends."""
    if token == eos:
        row.done = Continued(decode(row.ids), "stop", len(row.ids) + 1)
        return
    row.ids.append(token)
    cut = _stopped(row.ids, row.ask.stop, decode) if row.ask.stop else None
    if cut is not None:
        row.done = Continued(cut, "stop", len(row.ids))
    elif len(row.ids) >= row.ask.max_tokens:
        row.done = Continued(decode(row.ids), "length", len(row.ids))


def _stopped(ids: Sequence[int], stops: Sequence[str], decode: Decode) -> str | None:
    """The text before the first stop string, or None. Only the end is decoded until a stop string shows there."""
    window = max(len(stop.encode("utf-8", "replace")) for stop in stops) + 4
    if not any(stop in decode(ids[-window:]) for stop in stops):
        return None
    text = decode(ids)
    places = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    return text[: min(places)] if places else None


def _draw(row: _Row, logits: Floats) -> int:
    """The next token: the most likely, or one drawn from the most likely that have `top_p` together."""
    if row.ask.temperature <= 0:
        return int(logits.argmax())
    scaled = logits.astype(np.float64) / row.ask.temperature
    weights = np.exp(scaled - scaled.max())
    order = np.argsort(-weights, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    kept = int(np.searchsorted(reached, row.ask.top_p)) + 1
    place = np.searchsorted(reached[:kept], row.rng.random() * reached[:kept][-1], side="right")
    return int(order[min(int(place), len(order) - 1)])
