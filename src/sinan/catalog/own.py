"""A file of one's own questions as a benchmark: the shape of its rows decides how they are asked and judged.

Options: the letter is asked for (`likelihood` instead compares how likely the letters are). Numbers and texts: the
answer is asked for on a last line. `strict` reports besides how many answers were right and given as asked. Turns are
asked as they are, one after the other; what has no answer is collected and not judged. `--scorer` overrides the
judge, and the guess is on the card.
"""

from dataclasses import replace
from pathlib import Path

from sinan.datasets import Guess, questions
from sinan.prompts import ASK_LETTER, ByChoices, FurtherTurns, Template
from sinan.scoring import ByChoices as MixedScorer
from sinan.scoring import Collected, Exact, Letter, MostLikely, Number, by_name
from sinan.solving import Likelihood, ManyTurns, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy, strict
from sinan.types import Benchmark, Card, Protocol, Sampling, Scorer

FREE = {
    "number": Template(chat="{question}\n\nEnd with a line `ANSWER: X`, where X is the answer as a number."),
    "text": Template(chat="{question}\n\nEnd with a line `ANSWER: X`, where X is the answer and nothing else."),
}
AS_MANY = Sampling(max_tokens=2048, stop=("\nQuestion:",))
SCORERS: dict[str, Scorer] = {"choice": Letter(), "number": Number(), "text": Exact()}


def from_file(path: str | Path, scorer: str | None = None) -> Benchmark:
    """The benchmark of a `.jsonl`, `.csv` or `.parquet` file, checked whole. Raises BadFile with the line at fault."""
    dataset, guess = questions(path)
    judge = by_name(scorer) if scorer else _judge(guess)
    return Benchmark(
        id=Path(path).stem,
        card=Card(
            title=Path(path).name,
            measures=f"{guess.rows} questions of one's own.",
            dimension="own",
            languages=(),
            licence="",
            source=str(path),
            modality="image" if guess.pictures else "text",
            note=_note(guess, judge, scorer is not None),
        ),
        dataset=dataset,
        metric=accuracy,
        protocols=_protocols(guess, judge),
    )


def _judge(guess: Guess) -> Scorer:
    if not guess.answers:
        return Collected()
    return MixedScorer() if guess.mixed else SCORERS[guess.shape]


def _protocols(guess: Guess, judge: Scorer) -> dict[str, Protocol]:
    if guess.turns:
        return {"default": Protocol(FurtherTurns(Template()), ManyTurns(), judge, AS_MANY)}
    prompt = ByChoices(ASK_LETTER, FREE["text" if guess.shape == "choice" else guess.shape])
    protocols = {"default": Protocol(prompt, OneTurn(), judge, AS_MANY)}
    if isinstance(judge, Letter | Number | Exact | MixedScorer):
        protocols["strict"] = replace(protocols["default"], metrics=(accuracy, strict))
    if guess.shape == "choice" and not guess.mixed:
        letters = Template(base=ASK_LETTER.base, continuations=" {letter}")
        protocols["likelihood"] = Protocol(ByChoices(letters, letters), Likelihood(), MostLikely(), metrics=CALIBRATED)
    return protocols


def _note(guess: Guess, judge: Scorer, chosen: bool) -> str:
    shapes = {"choice": "multiple choice", "number": "answers that are numbers", "text": "answers that are text"}
    shape = shapes[guess.shape] + (", and free answers" if guess.mixed else "")
    if not guess.answers and not chosen:
        return "conversations without answers to judge by: collected, and not scored"
    how = "as asked" if chosen else "a guess; another one with --scorer"
    return f"read as {shape}, judged by {type(judge).__name__} ({how})"
