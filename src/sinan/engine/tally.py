"""The numbers of a run while it goes on and when it ends: outcomes, tokens, and one estimate per cell and group.

One float per sample is kept (the estimates must not depend on the order in which answers arrive); texts are not.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sinan.engine.plan import Done
from sinan.types import Cell, CellResult, Estimate, Metric, Outcome, SampleResult


class Tally:
    """Counts a whole run, cell by cell, and knows which questions are answered."""

    def __init__(self, cells: Iterable[Cell], draws: int, done: Done) -> None:
        self.cells = {(cell.benchmark, cell.model.name): CellTally(cell.metric, draws) for cell in cells}
        self.done = done
        self.repeated = False
        """Whether the journal holds, or is about to hold, a question more than once."""
        self.resumed = self.sent = self.retried = self.cached = 0

    def replay(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take over an earlier process's records, named as the columns of samples.parquet.

        What was answered counts once and is done; a failure is no answer, and is left to be asked again.
        """
        for record in records:
            cell = self.cells.get((record["benchmark"], record["model"]))
            key = record["benchmark"], record["model"], record["sample_id"], record["draw"]
            # No cell: of a journal that was joined to this one and asked more than this run does.
            if cell is None or record["finish_reason"] is None or key in self.done:
                self.repeated = True
                continue
            self.resumed += 1
            self.done.add(key)
            cell.replay(record)

    def count(self, result: SampleResult) -> "CellTally":
        """One result of this process; returns the tally of its cell."""
        cell, sample = self.cells[result.benchmark, result.model], result.question.sample
        cell.add(sample.id, sample.group, result.score.outcome.value, result.score.value)
        completion = result.completion
        if completion:
            cell.spent(completion.usage.tokens_in, completion.usage.tokens_out, result.cost_usd)
        if completion and completion.cached:
            self.cached += 1
        else:
            self.sent += completion.requests if completion else 1
            self.retried += result.attempts - 1
        return cell

    @property
    def failed(self) -> int:
        """Results without a score, for whatever reason they failed."""
        return sum(cell.outcomes[Outcome.FAILED.value] for cell in self.cells.values())

    @property
    def cost_usd(self) -> float | None:
        """What the run has cost so far, earlier processes' share included; None where no price is known."""
        known = [cell.cost_usd for cell in self.cells.values() if cell.cost_usd is not None]
        return math.fsum(known) if known else None

    def requests(self) -> dict[str, int]:
        """Requests of this process (retries apart), answers from the cache, and those of an earlier process."""
        return {"sent": self.sent, "cached": self.cached, "resumed": self.resumed, "retried": self.retried}

    def results(self, versions: Mapping[str, str], protocols: Mapping[str, str]) -> tuple[CellResult, ...]:
        """The numbers as they stand; versions and names of protocols by benchmark."""
        return tuple(
            cell.result(benchmark, versions[benchmark], protocols[benchmark], model)
            for (benchmark, model), cell in self.cells.items()
        )


class CellTally:
    """Counts one (benchmark, model) cell."""

    def __init__(self, metric: Metric, draws: int) -> None:
        self._metric, self._draws = metric, draws
        self._values: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._open: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.outcomes = dict.fromkeys((outcome.value for outcome in Outcome), 0)
        self.tokens_in = self.tokens_out = 0
        self.cost_usd: float | None = None
        self._sum = 0.0
        self._n = 0

    def add(self, sample_id: str, group: str, outcome: str, score: float | None) -> None:
        """One draw. Without a score it is counted by its outcome and stays outside n."""
        self.outcomes[outcome] += 1
        if score is None:
            return
        self._sum, self._n = self._sum + score, self._n + 1
        if self._draws == 1:
            self._values[group].append(self._metric.reduce((score,)))
            return
        draws = self._open[group, sample_id]
        draws.append(score)
        if len(draws) == self._draws:
            self._values[group].append(self._metric.reduce(self._open.pop((group, sample_id))))

    def replay(self, record: Mapping[str, Any]) -> None:
        """One draw, as a record of the journal."""
        self.add(record["sample_id"], record["group"], record["outcome"], record["score"])
        self.spent(record["tokens_in"], record["tokens_out"], record["cost_usd"])

    def spent(self, tokens_in: int | None, tokens_out: int | None, cost_usd: float | None) -> None:
        """Tokens of one call, and USD where they are known."""
        self.tokens_in += tokens_in or 0
        self.tokens_out += tokens_out or 0
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd

    @property
    def running(self) -> float | None:
        """The mean score so far."""
        return self._sum / self._n if self._n else None

    def estimate(self) -> Estimate:
        """Over all samples."""
        values = array("d")
        for own in self._whole().values():
            values.extend(own)
        return self._metric.estimate(values, self._draws)

    def groups(self) -> tuple[tuple[str, Estimate], ...]:
        """By group, in the order of their names; none where nothing is grouped."""
        whole = self._whole()
        if set(whole) <= {""}:
            return ()
        return tuple((name, self._metric.estimate(whole[name], self._draws)) for name in sorted(whole))

    def result(self, benchmark: str, version: str, protocol: str, model: str) -> CellResult:
        """The cell's entry in the results."""
        return CellResult(
            benchmark,
            version,
            protocol,
            model,
            self._metric.name,
            self.estimate(),
            self._draws,
            dict(self.outcomes),
            self.groups(),
            self.tokens_in,
            self.tokens_out,
            self.cost_usd,
        )

    def _whole(self) -> "Mapping[str, array[float]]":
        """The values, with samples of which only some draws have come (the others failed, or are still to come)."""
        if not self._open:
            return self._values
        whole = {group: array("d", values) for group, values in self._values.items()}
        for (group, _), draws in self._open.items():
            whole.setdefault(group, array("d")).append(self._metric.reduce(draws))
        return whole
