"""Log-likelihoods by vLLM's engine: each text is one request for the log-probabilities of its own prompt.

The engine answers with an entry for every token of the prompt but the first: {id: entry} for the token that is there
and for the most likely one. Of it the continuation's numbers are taken at once; the rest is let go.

The engine does not read its prefix cache for such requests, since it keeps no log-probabilities there.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import fsum, isnan
from typing import Any

from sinan.errors import ModelUnusable, RequestRejected
from sinan.models.local.line import Line
from sinan.models.local.vllm_engine import Engine
from sinan.models.local.wholes import Ids, Likely, Reader, Wanted, Whole, wholes
from sinan.types import LogLikelihood

BEYOND = 2
"""Tokens that a text may have more than the model reads of it: the last token is counted and never read, and the
engine insists on room for one of an answer."""

Numbered = tuple[int, LogLikelihood]


class Likelihoods:
    """Texts become tokens in one thread, many at a time; the engine reads them."""

    def __init__(self, engine: Engine, reader: Reader) -> None:
        """`reader` reads at most `BEYOND` tokens less than the engine does."""
        self._engine, self._reader = engine, reader
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=engine.name)
        self._wanted: Line[Wanted, tuple[Whole, ...]] = Line(self._encode, self._thread)
        self._parameters = engine.parameters(temperature=0.0, max_tokens=1, prompt_logprobs=1, detokenize=False)

    async def __call__(self, wanted: Wanted) -> tuple[Likely, int]:
        """What one request gives, and how many requests to the engine it took. Raises ModelError."""
        read = await self._wanted(wanted)
        groups = together(read)
        tasks = [asyncio.ensure_future(self._read(ids, members, read)) for ids, members in groups]
        try:
            found = dict(one for part in await asyncio.gather(*tasks) for one in part)
        finally:
            for task in tasks:  # what the first failure leaves running
                task.cancel()
        nothing = LogLikelihood(0.0, 0, True)
        values = tuple(found.get(number, nothing) for number in range(len(read)))
        return Likely.of(wanted, read, values), len(groups)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _read(self, ids: Ids, members: Sequence[int], read: Sequence[Whole]) -> list[Numbered]:
        output = await self._engine.read(ids, self._parameters)
        entries = output.prompt_logprobs
        if entries is None or len(entries) != len(ids):
            raise ModelUnusable(
                f"{self._engine.name}: vLLM gave {len(entries or ())} log-probabilities for {len(ids)} tokens"
            )
        return [(number, counted(self._engine.name, entries, read[number])) for number in members]

    def _encode(self, line: Line[Wanted, tuple[Whole, ...]]) -> None:
        while jobs := line.take():
            line.answer(list(zip(jobs, wholes(self._reader, [job.ask for job in jobs]), strict=True)))


def together(read: Sequence[Whole]) -> list[tuple[Ids, list[int]]]:
    """The texts to be read, each with the numbers of the wholes that it gives: equal ones are read once, and what is
    the beginning of another is read with it. What counts no token is left out."""
    out: list[tuple[Ids, list[int]]] = []
    counting = [number for number, whole in enumerate(read) if len(whole.ids) > whole.context]
    for number in sorted(counting, key=lambda one: read[one].ids, reverse=True):
        ids = read[number].ids
        if out and out[-1][0][: len(ids)] == ids:
            out[-1][1].append(number)
        else:
            out.append((ids, [number]))
    return out


def counted(name: str, entries: Sequence[Any], whole: Whole) -> LogLikelihood:
    """The sum over the continuation, and whether each of its tokens is the most likely one.

    The engine's rank of a token counts those that are as likely; in half precision equal numbers are common, so the
    likelihoods themselves are compared.
    """
    values, greedy = [], True
    for place in range(whole.context, len(whole.ids)):
        entry, token = entries[place], whole.ids[place]
        if entry is None or token not in entry:
            raise ModelUnusable(f"{name}: vLLM gave no log-probability for token {token} at place {place}")
        value = float(entry[token].logprob)
        greedy = greedy and all(value >= other.logprob for other in entry.values())
        values.append(value)
    total = fsum(values)
    if isnan(total):
        raise RequestRejected(f"{name}: the network gives no number for this text (NaN). Try dtype=bfloat16 or float32")
    return LogLikelihood(total, len(values), greedy)
