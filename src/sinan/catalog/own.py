"""A file of one's own questions as a benchmark: the shape of its rows decides how they are asked and judged.

Options: the letter is asked for (`likelihood` instead compares how likely the letters are). Numbers and texts: the
answer is asked for on a last line. `strict` reports besides how many answers were right and given as asked. Turns are
asked as they are, one after the other; what has no answer is collected and not judged. Instructions that a program can
check are asked as they stand, rows with tests ask for programs, which are run, rows with functions for calls of them.
`--scorer` overrides the judge, and the guess is on the card; where a judge looks at all that is said, as at a
translation, the question is asked as it stands.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sinan.datasets import Guess, questions
from sinan.errors import BadFile
from sinan.prompts import ASK_LETTER, ByChoices, FurtherTurns, Programming, Template
from sinan.prompts.programming import ENDS
from sinan.prompts.tools import ToolsAsText, ToolsOffered
from sinan.scoring import Collected, MostLikely, by_name, judged_by
from sinan.solving import Likelihood, ManyTurns, OneTurn
from sinan.statistics.averages import average
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy, strict
from sinan.statistics.repeats import PASS_AT_1, by_kind
from sinan.types import Benchmark, Card, Dataset, Protocol, Sampling, Scorer

FREE = {
    "number": Template(chat="{question}\n\nEnd with a line `ANSWER: X`, where X is the answer as a number."),
    "text": Template(chat="{question}\n\nEnd with a line `ANSWER: X`, where X is the answer and nothing else."),
    "instructions": Template(chat="{question}"),
}
AS_MANY = Sampling(max_tokens=2048, stop=("\nQuestion:",))
SCORERS = {
    "choice": "letter",
    "number": "number",
    "text": "exact",
    "instructions": "instructions",
    "calls": "tool-calls",
}


def from_file(path: str | Path, scorer: str | None = None) -> Benchmark:
    """The benchmark of a `.jsonl`, `.csv` or `.parquet` file, checked whole. Raises BadFile with the line at fault."""
    dataset, guess = questions(path)
    found = of_guess(path, dataset, guess, scorer)
    _refuse_what_cannot_be_judged(found.protocols["default"].scorer, dataset, Path(path).name)
    _refuse_what_cannot_be_run(guess, Path(path).name)
    return found


def of_guess(path: str | Path, dataset: Dataset, guess: Guess, scorer: str | None = None) -> Benchmark:
    """The benchmark of a file that was checked, and of what its rows look like. Raises UnknownName for the scorer."""
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
        metric=by_kind(PASS_AT_1) if guess.shape == "program" else accuracy,
        protocols=_protocols(guess, judge),
    )


def _refuse_what_cannot_be_judged(judge: Scorer, dataset: Dataset, name: str) -> None:
    """A scorer may have a word on what it could never judge, whatever were answered."""
    refusal: Any = getattr(judge, "refusal", None)
    for sample in dataset.read("", 0) if callable(refusal) else ():
        if why := refusal(sample):
            raise BadFile(f"{name}, question {sample.id}: {why}")


def _refuse_what_cannot_be_run(guess: Guess, name: str) -> None:
    if guess.languages:
        from sinan.scoring import languages

        for language in guess.languages:
            languages.refuse_missing(name, language)


def _judge(guess: Guess) -> Scorer:
    if not guess.answers:
        return Collected()
    if guess.shape == "program":
        from sinan.scoring import Code

        return Code(needs=guess.languages)
    return by_name("by-choices" if guess.mixed else SCORERS[guess.shape])


def _protocols(guess: Guess, judge: Scorer) -> dict[str, Protocol]:
    if guess.turns:
        turns = Protocol(FurtherTurns(Template()), ManyTurns(), judge, AS_MANY)
        return {"default": judged_by(turns, judge)}
    if guess.shape == "program":
        return _programming(guess, judge)
    if guess.shape == "calls":
        return _calling(judge)
    free = Template() if getattr(judge, "whole", False) else FREE["text" if guess.shape == "choice" else guess.shape]
    prompt = ByChoices(ASK_LETTER, free)
    protocols = {"default": judged_by(Protocol(prompt, OneTurn(), judge, AS_MANY), judge)}
    if getattr(judge, "two_ways", False):
        protocols["strict"] = replace(protocols["default"], metrics=(accuracy, strict))
    if guess.shape == "choice" and not guess.mixed:
        letters = Template(base=ASK_LETTER.base, continuations=" {letter}")
        protocols["likelihood"] = Protocol(ByChoices(letters, letters), Likelihood(), MostLikely(), metrics=CALIBRATED)
    return protocols


def _calling(judge: Scorer) -> dict[str, Protocol]:
    """Functions as tools of the request; `text` describes them in the first message."""
    sampling = Sampling(max_tokens=512, stop=("\nRequest:", "\n\n"))
    reported = (accuracy, average.named("strict", "strict"))
    offered = judged_by(Protocol(ToolsOffered(), OneTurn(), judge, sampling, metrics=reported), judge)
    return {"default": offered, "text": replace(offered, prompt=ToolsAsText())}


def _programming(guess: Guess, judge: Scorer) -> dict[str, Protocol]:
    """Programs; where every row begins one, `base` takes the completion as it is for what goes on."""
    if guess.asks != "continue":
        return {"default": Protocol(Programming(), OneTurn(), judge, Sampling(max_tokens=2048, stop=("\nTask:",)))}
    goes_on, alone = Sampling(max_tokens=2048, stop=ENDS), Template(base="{question}", chat="{question}")
    as_it_is: Scorer = replace(judge, reads="continuation") if hasattr(judge, "reads") else judge  # type: ignore[type-var]
    return {
        "default": Protocol(Programming(), OneTurn(), judge, goes_on),
        "base": Protocol(alone, OneTurn(), as_it_is, goes_on, chat_sampling=goes_on),
    }


def _note(guess: Guess, judge: Scorer, chosen: bool) -> str:
    note = _read_as(guess, judge, chosen)
    if not guess.cluster:
        return note
    return f"{note}; error bars take {guess.sharing} together (--cluster none: each stands alone)"


def _read_as(guess: Guess, judge: Scorer, chosen: bool) -> str:
    shapes = {"choice": "multiple choice", "number": "answers that are numbers", "text": "answers that are text"}
    shapes |= {"instructions": "instructions that a program can check", "program": "programs with tests"}
    shapes |= {"calls": "functions with the right calls of them"}
    shape = shapes[guess.shape] + (", and free answers" if guess.mixed else "")
    if not guess.answers and not chosen:
        return "conversations without answers to judge by: collected, and not scored"
    how = "as asked" if chosen else "a guess; another one with --scorer"
    if guess.formulas and guess.shape == "text" and not chosen:
        how += ": math compares what formulas mean"
    return f"read as {shape}, judged by {type(judge).__name__} ({how})"
