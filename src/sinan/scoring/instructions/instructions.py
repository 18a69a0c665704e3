"""Does an answer follow the instructions of its question? Each is checked by a program, as IFEval does it.

    Zhou et al., Instruction-Following Evaluation for Large Language Models, arXiv:2311.07911 (2023).

Strictly, the answer as it is follows an instruction or does not. Loosely, it does if one of eight forms of the answer
does: as it is, without its first line, without its last, without both, and each of these without asterisks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sinan.scoring.instructions.arguments import BadArgument
from sinan.scoring.instructions.checks import followed
from sinan.scoring.instructions.levels import levels
from sinan.scoring.verdict import nothing, said
from sinan.statistics.intervals import accuracy
from sinan.types import Completion, Metric, Outcome, Sample, Score

ONE = {"relation": "at least", "num_sentences": 1}
BY_MODELS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "": (("language:response_language", {"language": "en"}),),
    "en": (("change_case:capital_word_frequency", {"capital_relation": "at least", "capital_frequency": 1}),),
    "es": (("es:length_constraints:number_sentences", ONE),),
    "fr": (("fr:length_constraints:number_sentences", ONE),),
    "ja": (("ja:detectable_format:nominal_ending", {"count": 1}),),
}
"""By language, instructions whose check takes a model; without one, of every language."""


class Instruction(NamedTuple):
    """One instruction of a sample."""

    id: str
    arguments: Mapping[str, Any]


class Followed(NamedTuple):
    """The verdict on one instruction."""

    id: str
    strict: bool
    loose: bool


@dataclass(frozen=True)
class Instructions:
    """A sample's instructions stand in its metadata: `instructions`, a list of `{"id": ..., "kwargs": {...}}`, or as
    IFEval writes them, `instruction_id_list` and `kwargs`.

    Right is an answer that follows all of them, strictly. Further values: `prompt_strict` and `prompt_loose`, 0 or 1;
    `inst_strict` and `inst_loose`, (followed, instructions), and their quotients `share_strict` and `share_loose`.
    """

    blocking: ClassVar[bool] = True
    reports: ClassVar[tuple[Metric, ...]] = levels(accuracy)
    languages: tuple[str, ...] = ("en",)
    """Whose models are loaded before anything is asked; those of others when they are needed."""

    def ready(self) -> None:
        """Loads what words, sentences and languages are told by. Raises MissingExtra where a package is missing."""
        for name in ("", *self.languages):
            for id, arguments in BY_MODELS.get(name, ()):
                followed(id, arguments, "A.")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises MissingExtra where a check needs a package that is not installed."""
        text = said(completion)
        try:
            verdicts = [_followed(instruction, text) for instruction in instructions(sample)]
        except BadArgument as error:
            return Score(None, Outcome.FAILED, None, f"an instruction cannot be checked: {error}")
        return _score(verdicts, completion, text)

    def refusal(self, sample: Sample) -> str | None:
        """Why a sample cannot be judged, before anything is asked: an instruction that is not known, or lacks what it
        needs. None where it can."""
        try:
            for instruction in instructions(sample):
                followed(instruction.id, instruction.arguments, "A.")
        except BadArgument as error:
            return str(error)
        return None


def instructions(sample: Sample) -> list[Instruction]:
    """Those of a sample. Raises BadArgument where there are none, or they are not written as they should be."""
    listed = sample.metadata.get("instructions")
    if listed is None:
        ids, arguments = sample.metadata.get("instruction_id_list"), sample.metadata.get("kwargs")
        if not isinstance(ids, list | tuple) or not isinstance(arguments, list | tuple) or len(ids) != len(arguments):
            raise BadArgument("the sample has no instructions, or not as many kwargs as ids")
        listed = [{"id": id, "kwargs": given} for id, given in zip(ids, arguments, strict=True)]
    if not isinstance(listed, list | tuple) or not listed:
        raise BadArgument("instructions must be a list, and not an empty one")
    return list(map(_instruction, listed))


def _instruction(given: Any) -> Instruction:
    fields = given if isinstance(given, Mapping) else {}
    id, arguments = fields.get("id"), fields.get("kwargs") or {}
    if not isinstance(id, str) or not isinstance(arguments, Mapping):
        raise BadArgument(f'an instruction is {{"id": ..., "kwargs": {{...}}}}, not {given!r}'[:200])
    return Instruction(id, arguments)


def forms(response: str) -> Iterator[str]:
    """The eight forms, each once."""
    lines = response.split("\n")
    cut = ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    whole = [response, *cut]
    yield from dict.fromkeys([*whole, *(form.replace("*", "") for form in whole)])


def _followed(instruction: Instruction, text: str) -> Followed:
    verdicts = (followed(instruction.id, instruction.arguments, form) for form in forms(text))
    strict = next(verdicts)
    return Followed(instruction.id, strict, strict or any(verdicts))


def _score(verdicts: list[Followed], completion: Completion, text: str) -> Score:
    strict, loose = sum(one.strict for one in verdicts), sum(one.loose for one in verdicts)
    n = len(verdicts)
    values: dict[str, float | tuple[float, ...]] = {
        "prompt_strict": float(strict == n),
        "prompt_loose": float(loose == n),
        "inst_strict": (float(strict), float(n)),
        "inst_loose": (float(loose), float(n)),
        "share_strict": strict / n,
        "share_loose": loose / n,
    }
    evidence = {"instructions": [one._asdict() for one in verdicts]}
    if not text.strip():
        empty = nothing(completion)
        return Score(0.0, empty.outcome, None, empty.explanation, values, evidence=evidence)
    outcome = Outcome.CORRECT if strict == n else Outcome.WRONG
    value = float(strict == n)
    return Score(value, outcome, f"{strict} of {n}", _explained(verdicts), values, evidence=evidence)


def _explained(verdicts: list[Followed]) -> str:
    missed = [f"{one.id} (loosely followed)" if one.loose else one.id for one in verdicts if not one.strict]
    return f"not followed: {', '.join(missed)}" if missed else "all instructions followed"
