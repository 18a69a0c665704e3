"""Ask the same several times, for answers that are judged together: a majority, the first few."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sinan.types import Completion, Model, Prompt, Sampling, Usage


@dataclass(frozen=True)
class Repeated:
    """One prompt, `times` answers, in the completion's `turns`; its text is the first. Where nothing is drawn at
    random one answer stands for all of them."""

    times: int
    needs: str = "generate"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """All answers. Raises ModelError where one cannot be had."""
        if sampling.temperature == 0:
            answer = await model.generate(prompt, sampling)
            return replace(answer, turns=(answer.text,) * self.times)
        asked = [asyncio.create_task(model.generate(prompt, self._drawn(sampling, i))) for i in range(self.times)]
        try:
            answers = await asyncio.gather(*asked)  # not a TaskGroup: the error must come as what it is
        finally:
            for task in asked:
                task.cancel()
        return replace(
            answers[0],
            turns=tuple(answer.text for answer in answers),
            usage=_together([answer.usage for answer in answers]),
            latency_s=max(answer.latency_s for answer in answers),
            attempts=max(answer.attempts for answer in answers),
            requests=sum(answer.requests for answer in answers),
        )

    def _drawn(self, sampling: Sampling, number: int) -> Sampling:
        """A seed of its own for each answer: one seed for all would make them one."""
        return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + number)


def _together(usages: list[Usage]) -> Usage:
    return Usage(
        _sum(usage.tokens_in for usage in usages),
        _sum(usage.tokens_out for usage in usages),
        _sum(usage.cache_read for usage in usages),
        _sum(usage.cache_write for usage in usages),
        _sum(usage.reasoning for usage in usages),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
