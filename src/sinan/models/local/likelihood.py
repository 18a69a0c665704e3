"""How likely are continuations? The context is read once; each different continuation reads only its own tokens.

Which tokens those are, `wholes` says.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from sinan.models.local.cache import Cache
from sinan.models.local.llama import Llama, log_softmax
from sinan.models.local.prefixes import Prefixes
from sinan.models.local.tree import common
from sinan.models.local.wholes import Ids, Whole
from sinan.types import LogLikelihood

ROWS = 32_768  # tokens of context and continuation in the cache at one time


Ask = tuple[Whole, ...]
"""The continuations of one prompt, or the windows of one text."""


def likelihoods(network: Llama, prefixes: Prefixes, asks: Sequence[Ask]) -> list[tuple[LogLikelihood, ...]]:
    """One tuple per prompt, one value per continuation, in order."""
    shared = [_shared(ask) for ask in asks]
    cache, _ = prefixes.read([ask[0].ids[:length] for ask, length in zip(asks, shared, strict=True)])
    # What is read behind the shared part: (number of the prompt, ids). Letters as choices all read the same.
    inputs = {(i, whole.ids[shared[i] : -1]): None for i, ask in enumerate(asks) for whole in ask}
    outputs = _outputs(network, cache, list(inputs))
    return [tuple(_value(whole, n, outputs[i, whole.ids[n:-1]]) for whole in asks[i]) for i, n in enumerate(shared)]


def _shared(ask: Ask) -> int:
    """Tokens that all continuations of a prompt read alike, without the context's last: its output is wanted."""
    first = ask[0].ids
    return min(min(common(first, whole.ids), whole.context - 1) for whole in ask)


def _outputs(network: Llama, cache: Cache, inputs: Sequence[tuple[int, Ids]]) -> dict[tuple[int, Ids], np.ndarray]:
    """Log-probabilities after every token of each input, (tokens, vocabulary)."""
    out = {}
    for batch in _batches(inputs, int(cache.lengths.max())):
        own = cache.rows([prompt for prompt, _ in batch])
        states = network.extend(own, [ids for _, ids in batch])
        for row, (prompt, ids) in enumerate(batch):
            out[prompt, ids] = log_softmax(network.logits(states[row, : len(ids)]))
    return out


def _batches(inputs: Sequence[tuple[int, Ids]], context: int) -> Iterator[list[tuple[int, Ids]]]:
    """Inputs of like length together, few enough for the memory they need."""
    ordered = sorted(inputs, key=lambda one: len(one[1]))
    batch: list[tuple[int, Ids]] = []
    for one in ordered:
        if batch and (len(batch) + 1) * (context + len(one[1])) > ROWS:
            yield batch
            batch = []
        batch.append(one)
    yield batch


def _value(whole: Whole, shared: int, output: np.ndarray) -> LogLikelihood:
    gold = np.array(whole.ids[whole.context :], np.int64)
    rows = output[whole.context - 1 - shared :]
    value = float(rows[np.arange(len(gold)), gold].sum(dtype=np.float64))
    return LogLikelihood(value, len(gold), bool((rows.argmax(axis=-1) == gold).all()))
