"""One sample's way: ask, judge, and turn whatever goes wrong into a result that says so."""

from dataclasses import replace

from sinan.errors import ModelError, ModelUnusable
from sinan.types import Cell, Completion, Outcome, Question, SampleResult, Sampling, Score


async def ask(cell: Cell, question: Question) -> SampleResult:
    """The result of one question. Raises ModelUnusable, which no other question of this model would survive."""
    try:
        completion = await cell.protocol.solver(cell.model, question.prompt, _sampling(cell, question))
    except ModelUnusable:
        raise
    except ModelError as error:
        return _result(cell, question, None, _failed(str(error)), error.attempts)
    return _result(cell, question, completion, _judge(cell, question, completion), completion.attempts)


def _sampling(cell: Cell, question: Question) -> Sampling:
    """The cell's sampling with the seed of this draw: one seed for all draws would make them one."""
    if not cell.sampling.temperature:
        return cell.sampling
    if cell.sampling.seed is not None:
        return replace(cell.sampling, seed=cell.sampling.seed + question.draw)
    return replace(cell.sampling, seed=question.seed) if "seed" in cell.model.capabilities else cell.sampling


def _judge(cell: Cell, question: Question, completion: Completion) -> Score:
    try:
        return cell.protocol.scorer(question.sample, completion)
    except Exception as error:  # a scorer's bug is neither a wrong answer nor a reason to lose a paid one
        return _failed(f"the scorer raised {type(error).__name__}: {error}")


def _failed(reason: str) -> Score:
    return Score(None, Outcome.FAILED, None, reason)


def _result(cell: Cell, question: Question, completion: Completion | None, score: Score, attempts: int) -> SampleResult:
    return SampleResult(cell.benchmark, cell.model.name, question, completion, score, attempts)
