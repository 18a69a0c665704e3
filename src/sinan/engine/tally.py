"""The numbers of a run while it goes on and when it ends: outcomes, tokens, and one estimate per cell and group.

One float per sample is kept (the estimates must not depend on the order in which answers arrive), and a small number
for its cluster where there are any; texts are not.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sinan.engine.column import ALONE, Column, Counted
from sinan.engine.plan import Done
from sinan.types import Cell, CellResult, Estimate, JudgeCost, Metric, Outcome, SampleResult
from sinan.types.answered import Key
from sinan.types.sample import form_of


class Tally:
    """Counts a whole run, cell by cell, and knows which questions are answered."""

    def __init__(self, cells: Iterable[Cell], draws: int, done: Done) -> None:
        self.cells = {
            (cell.benchmark, cell.model.name): CellTally(
                cell.metrics, draws, tuple(judge.model.name for judge in cell.judges)
            )
            for cell in cells
        }
        self.done = done
        self.repeated = False
        """Whether the journal holds, or is about to hold, a question more than once."""
        self.unjudged: dict[Key, Mapping[str, Any]] = {}
        """Records of answers that still wait for their verdict."""
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
            if not record["judged"]:
                self.unjudged[key], self.repeated = record, True
                continue
            self.unjudged.pop(key, None)
            self.resumed += 1
            self.done.add(key)
            cell.replay(record)

    def count(self, result: SampleResult) -> "CellTally":
        """One result of this process; returns the tally of its cell."""
        cell = self.cells[result.benchmark, result.model]
        cell.add(counted(result))
        completion = result.completion
        if completion:
            cell.spent(completion.usage.tokens_in, completion.usage.tokens_out, result.cost_usd)
        if result.judging is not None:
            cell.judging += result.judging
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
    """Counts one (benchmark, model) cell: outcomes, tokens, and a column of values for each metric."""

    def __init__(self, metrics: Sequence[Metric], draws: int, judges: Sequence[str] = ()) -> None:
        self._draws, self._judges = draws, tuple(judges)
        self.judging = JudgeCost()
        self._columns = [Column(metric, draws) for metric in metrics]
        self.outcomes = dict.fromkeys((outcome.value for outcome in Outcome), 0)
        self.tokens_in = self.tokens_out = 0
        self.cost_usd: float | None = None
        self._sum = 0.0
        self._n = 0
        self._clusters: dict[str, int] = {}
        """A small number for each cluster that was met; nothing where there are none."""

    def add(self, one: Counted) -> None:
        """One draw. Without a score it is counted by its outcome and stays outside n."""
        self.outcomes[one.outcome] += 1
        if one.score is None:
            return
        self._sum, self._n = self._sum + one.score, self._n + 1
        cluster = self._clusters.setdefault(one.cluster, len(self._clusters)) if one.cluster else ALONE
        for column in self._columns:
            column.add(one, cluster)

    def replay(self, record: Mapping[str, Any]) -> None:
        """One draw, as a record of the journal."""
        self.add(
            Counted(
                record["sample_id"],
                record["group"],
                record["outcome"],
                record["score"],
                record["scores"],
                record["answer"],
                record["unit"],
                record["unit_size"],
                record["position"],
                form_of(record["sample_id"], record["unit"]),
                record["cluster"],
            )
        )
        self.spent(record["tokens_in"], record["tokens_out"], record["cost_usd"])
        if record["judging"]:
            self.judging += JudgeCost(**record["judging"])

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
        """Over all samples, by the cell's first metric."""
        return self._columns[0].whole().estimate

    def result(self, benchmark: str, version: str, protocol: str, model: str) -> CellResult:
        """The cell's entry in the results."""
        first, *further = (column.whole() for column in self._columns)
        return CellResult(
            benchmark,
            version,
            protocol,
            model,
            first.metric,
            first.estimate,
            self._draws,
            dict(self.outcomes),
            first.groups,
            self.tokens_in,
            self.tokens_out,
            self.cost_usd,
            tuple(further),
            first.kind,
            self._judges,
            self.judging if self._judges else None,
            strata=first.strata,
        )


def counted(result: SampleResult) -> Counted:
    """What counts of a result."""
    sample, score = result.question.sample, result.score
    return Counted(
        sample.id,
        sample.group,
        score.outcome.value,
        score.value,
        score.values,
        score.answer,
        sample.unit,
        sample.unit_size,
        result.question.position,
        sample.form,
        sample.cluster,
    )
