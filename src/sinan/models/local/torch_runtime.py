"""Weights and a tokenizer, ready to be asked: requests that arrive one by one, worked off together in one thread."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sinan.errors import RequestRejected
from sinan.models.local.line import Job, Line
from sinan.models.local.torch_alone import Alone
from sinan.models.local.torch_asking import Defaults
from sinan.models.local.torch_generation import Generation
from sinan.models.local.torch_likelihood import Likelihoods
from sinan.models.local.torch_memory import Budget, free
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_prefixes import Kept
from sinan.models.local.torch_rows import Ask, Continued, Ending
from sinan.models.local.torch_tokens import Tokens
from sinan.models.local.wholes import Likely, Wanted, Whole, wholes

KEPT = 1 / 16  # of the free memory, for beginnings that prompts share
ROWS = {"cpu": 32, "cuda": 256}  # texts that are continued at one time, at most
TOKENS = {"cpu": 8_192, "cuda": 65_536}  # of one pass, padding included, to begin with


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
        ending = Ending(tokens.decode, defaults.ends, self.name)
        together_ = Generation(self.network, self.kept, self.budget, ROWS[kind], ending)
        generation = together_ if self.network.shares else Alone(self.network, ending)
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
                line.answer([(fit[i][0], _likely(fit[i][0].ask, fit[i][1], value)) for i, value in values])

            self._likelihoods.run([one for _, one in fit], answered)


def _likely(wanted: Wanted, read: tuple[Whole, ...], value: Any) -> Likely | Exception:
    return value if isinstance(value, Exception) else Likely.of(wanted, read, value)
