"""Weights and a tokenizer, ready to be asked: requests that arrive one by one, worked off together in one thread."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sinan.errors import RequestRejected
from sinan.models.local.line import Job, Line
from sinan.models.local.torch_asking import Defaults
from sinan.models.local.torch_generation import Ask, Continued, Generation
from sinan.models.local.torch_likelihood import Likelihoods
from sinan.models.local.torch_memory import Budget, free
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_prefixes import Kept
from sinan.models.local.torch_tokens import Tokens
from sinan.models.local.wholes import Ids, Wanted, Whole, together, wholes
from sinan.types import LogLikelihood

KEPT = 1 / 16  # of the free memory, for beginnings that prompts share
ROWS = {"cpu": 32, "cuda": 256}  # texts that are continued at one time, at most
TOKENS = {"cpu": 8_192, "cuda": 65_536}  # of one pass, padding included, to begin with


@dataclass(frozen=True, slots=True)
class Likely:
    """What one request for log-likelihoods gives."""

    values: tuple[LogLikelihood, ...]
    tokens: int
    """That were read, the context of several continuations once."""
    prompt_ids: str


class Runtime:
    """One network with its tokenizer, its kept beginnings and its two lines."""

    def __init__(self, model: Any, tokens: Tokens, defaults: Defaults, batch_tokens: int | None = None) -> None:
        self.tokens, self.defaults, self.name = tokens, defaults, tokens.name
        self.network = Network(model, tokens.longest)
        kind = "cuda" if self.network.device.type == "cuda" else "cpu"
        self.budget = Budget(batch_tokens or TOKENS[kind])
        self.kept = Kept(self.network, int(free(self.network.device) * KEPT))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self.name)
        self._likelihoods = Likelihoods(self.network, self.kept, self.budget, self.name)
        generation = Generation(
            self.network, self.kept, self.budget, ROWS[kind], tokens.decode, defaults.ends, self.name
        )
        self._wanted: Line[Wanted, Likely] = Line(self._work, self._thread)
        self._asked: Line[Ask, Continued] = Line(generation.work, self._thread)

    async def generate(self, ask: Ask) -> Continued:
        """The continuation of one prompt."""
        return await self._asked(ask)

    async def loglikelihood(self, wanted: Wanted) -> Likely:
        """Log-likelihoods of one request."""
        return await self._wanted(wanted)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _work(self, line: Line[Wanted, Likely]) -> None:
        while jobs := line.take():
            found = wholes(self.tokens.reader, [job.ask for job in jobs])
            line.answer([(job, one) for job, one in zip(jobs, found, strict=True) if isinstance(one, RequestRejected)])
            fit = [(job, one) for job, one in zip(jobs, found, strict=True) if not isinstance(one, RequestRejected)]

            def answered(values: Sequence[Any], fit: list[tuple[Job[Wanted, Likely], tuple[Whole, ...]]] = fit) -> None:
                line.answer([(fit[i][0], _likely(*fit[i], value)) for i, value in values])

            self._likelihoods.run([one for _, one in fit], answered)


def _likely(job: Job[Wanted, Likely], read: tuple[Whole, ...], value: Any) -> Any:
    if isinstance(value, Exception):
        return value
    values = (together(value),) if job.ask.rolling is not None else value
    contexts = list(dict.fromkeys(whole.ids[: whole.context] for whole in read))
    tokens = sum(map(len, contexts)) + sum(len(whole.ids) - whole.context for whole in read)
    shown = [whole.ids for whole in read] if job.ask.rolling is not None else contexts
    return Likely(values, tokens, ids_hash([i for ids in shown for i in ids]))


def ids_hash(ids: Sequence[int] | Ids) -> str:
    """As `Completion.prompt_ids` wants it."""
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]
