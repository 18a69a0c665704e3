"""Does the program pass its tests? It is run in the sandbox, never anywhere else, with a harness that it cannot cheat.

`Score.value` is 1 or 0. A program that takes too long, too much memory or too much output, or that ends otherwise, is
wrong, and the reason is said. Where the sandbox breaks there is no verdict: the sample has failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from sinan.errors import SinanError
from sinan.sandbox import Limits, open_sandbox
from sinan.scoring import exams, in_jail, programs
from sinan.scoring.exams import Went
from sinan.scoring.in_out import run_all
from sinan.scoring.languages import Language, language
from sinan.scoring.probes import refuse_what_does_not_run
from sinan.scoring.programs import Found
from sinan.scoring.verdict import nothing, said
from sinan.types import Completion, Outcome, Sample, Score

NO_TESTS = "a sample that is judged by running programs has neither `test` nor `tests`"


@dataclass(frozen=True)
class Code:
    """Right if the program that the completion gives passes the tests of the sample's metadata (`exams`)."""

    reads: Literal["program", "continuation"] = "program"
    """`program`: a fenced block, the whole text, or what goes on from the prompt, as it comes. `continuation`: the
    completion, whole, goes on from the prompt."""
    seconds: float = 10.0
    """Of the wall clock; with a compiler before it, 20 more."""
    memory_mb: int = 1024
    needs: tuple[str, ...] = ("python",)
    """Languages that must be fit for use before anything is asked; others are looked at where the first of their
    programs is to be judged."""
    harness: str = field(default_factory=in_jail.digest)
    """Part of the benchmark's version: what runs in the sandbox beside the program."""

    blocking: ClassVar[bool] = True

    def ready(self) -> None:
        """Raises SandboxUnavailable where programs cannot be run here, or not safely."""
        for name in self.needs:
            refuse_what_does_not_run(open_sandbox(), language(name))

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        return "" if {"test", "tests"} & sample.metadata.keys() else NO_TESTS

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises SandboxUnavailable where the sandbox breaks, or does not run the language."""
        spoken = language(str(sample.metadata.get("language") or "python"))
        found = self._found(sample.metadata, completion, spoken)
        if found is None or completion.finish_reason == "refusal":
            return nothing(completion, "no program could be read")
        result = self._examined(sample.metadata, found, spoken)
        return _score(completion, found, result)

    def _found(self, metadata: Mapping[str, Any], completion: Completion, spoken: Language) -> Found | None:
        offset = len(completion.text) - len(said(completion))
        name = str(metadata.get("entry_point", ""))
        return programs.found(completion, offset, spoken, name, self.reads == "continuation")

    def _examined(self, metadata: Mapping[str, Any], found: Found, spoken: Language) -> Went:
        sandbox, text, token = open_sandbox(), exams.source(metadata, found, spoken), exams.token()
        refuse_what_does_not_run(sandbox, spoken)
        if not _encodable(text):
            return Went(False, "it holds half of a character")
        limits = Limits(seconds=self.seconds + (20.0 if spoken.build else 0.0), memory_mb=self.memory_mb)
        if "tests" in metadata:
            return run_all(sandbox, metadata, text, spoken, limits, token)
        if "test" not in metadata:
            raise SinanError(NO_TESTS)
        program = exams.put_together(metadata, text, spoken, token)
        return exams.went(sandbox.run(program, limits), token, spoken, limits)


def _score(completion: Completion, found: Found, result: Went) -> Score:
    rule, answer = found.reading.rule, found.reading.answer
    if result.unfit:
        return Score(None, Outcome.FAILED, answer, result.why, readings=(found.reading,), evidence=result.evidence)
    if result.passed:
        outcome, why = Outcome.CORRECT, rule
    elif found.cut:
        outcome, why = Outcome.TRUNCATED, f"{rule}, cut at the token limit; {result.why}"
    else:
        outcome, why = Outcome.WRONG, f"{rule}; {result.why}"
    value = 1.0 if result.passed else 0.0
    return Score(value, outcome, answer, why, readings=(found.reading,), evidence=result.evidence)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
