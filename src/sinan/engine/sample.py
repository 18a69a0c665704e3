"""One sample's way: ask, judge, and turn whatever goes wrong into a result that says so.

What takes its time to judge (programs that run, models that are asked) is judged in `verdicts`.
"""

from dataclasses import replace

from sinan.errors import ModelError, ModelUnusable
from sinan.types import Cell, Completion, Outcome, Question, SampleResult, Sampling, Score
from sinan.types.asking import ASKING, Asking

WAITS = "waits for its verdict"
LARGEST = 1e100
"""Of a score: sums of a billion of them are still numbers."""


async def ask(cell: Cell, question: Question, sampling: Sampling) -> Completion | SampleResult:
    """The answer to one question, or a result that says why there is none. Raises ModelUnusable, which no other
    question of this model would survive."""
    ASKING.set(asking(cell, question))
    try:
        return await cell.protocol.solver(cell.model, question.prompt, sampling)
    except ModelUnusable:
        raise
    except ModelError as error:
        score = failed(str(error))
        return SampleResult(cell.benchmark, cell.model.name, question, None, score, error.attempts)


def asking(cell: Cell, question: Question) -> Asking:
    """Which question it is, for models that must know their calls again."""
    return Asking(f"{cell.benchmark}/{question.sample.id}/{question.draw}/{question.seed}")


def judged(cell: Cell, question: Question, completion: Completion) -> SampleResult:
    """The result of a question whose answer is there and is judged at once."""
    return with_score(cell, question, completion, judge(cell, question, completion))


def with_score(cell: Cell, question: Question, completion: Completion, score: Score) -> SampleResult:
    """The result of a question whose answer and score are there."""
    cost = _cost(cell, completion)
    return SampleResult(cell.benchmark, cell.model.name, question, completion, score, completion.attempts, cost)


def waiting(cell: Cell, question: Question, completion: Completion) -> SampleResult:
    """An answer that has no verdict yet: what is kept of it until it has one."""
    return replace(with_score(cell, question, completion, failed(WAITS)), judged=False)


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
        return sound(cell.protocol.scorer(question.sample, completion))
    except (Exception, SystemExit) as error:
        return broken(error)


def broken(error: BaseException) -> Score:
    """That a scorer raised."""
    return failed(f"the scorer raised {type(error).__name__}: {error}")


def sound(score: Score) -> Score:
    """The score, if it can be counted; else a failure that says what came instead."""
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
