"""One sample's way: ask, judge, and turn whatever goes wrong into a result that says so."""

from dataclasses import replace

from sinan.errors import ModelError, ModelUnusable
from sinan.types import Cell, Completion, Outcome, Question, SampleResult, Sampling, Score

LARGEST = 1e100
"""Of a score: sums of a billion of them are still numbers."""


async def ask(cell: Cell, question: Question, sampling: Sampling) -> SampleResult:
    """The result of one question. Raises ModelUnusable, which no other question of this model would survive."""
    try:
        completion = await cell.protocol.solver(cell.model, question.prompt, sampling)
    except ModelUnusable:
        raise
    except ModelError as error:
        score = failed(str(error))
        return SampleResult(cell.benchmark, cell.model.name, question, None, score, error.attempts)
    return judged(cell, question, completion)


def judged(cell: Cell, question: Question, completion: Completion) -> SampleResult:
    """The result of a question whose answer is there."""
    score = judge(cell, question, completion)
    cost = _cost(cell, completion)
    return SampleResult(cell.benchmark, cell.model.name, question, completion, score, completion.attempts, cost)


def drawn(cell: Cell, question: Question) -> Sampling:
    """The cell's sampling with the seed of this draw: one seed for all draws would make them one."""
    if cell.sampling.temperature == 0:
        return cell.sampling
    if cell.sampling.seed is not None:
        return replace(cell.sampling, seed=cell.sampling.seed + question.draw)
    return replace(cell.sampling, seed=question.seed) if "seed" in cell.model.capabilities else cell.sampling


def judge(cell: Cell, question: Question, completion: Completion) -> Score:
    """The scorer's verdict; a scorer's bug is neither a wrong answer nor a reason to lose a paid one."""
    try:
        score = cell.protocol.scorer(question.sample, completion)
    except (Exception, SystemExit) as error:
        return failed(f"the scorer raised {type(error).__name__}: {error}")
    return score if _sound(score) else failed(f"the scorer gave no score: {score!r:.200}")


def _sound(score: object) -> bool:
    """Whether it can be counted: a finite number with an outcome, or none for a failure and for what is only
    collected."""
    if not isinstance(score, Score) or not isinstance(score.outcome, Outcome):
        return False
    texts = isinstance(score.answer, str | None) and isinstance(score.explanation, str)
    if score.value is None:
        return texts and score.outcome in (Outcome.FAILED, Outcome.COLLECTED)
    number = isinstance(score.value, int | float) and -LARGEST <= score.value <= LARGEST
    return texts and number and score.outcome not in (Outcome.FAILED, Outcome.COLLECTED)


def failed(reason: str) -> Score:
    """No score, and why."""
    return Score(None, Outcome.FAILED, None, reason)


def _cost(cell: Cell, completion: Completion) -> float | None:
    if cell.price is None:
        return None
    if completion.cached:
        return 0.0
    tokens_in, tokens_out = completion.usage.tokens_in, completion.usage.tokens_out
    return None if tokens_in is None or tokens_out is None else cell.price.cost(tokens_in, tokens_out)
