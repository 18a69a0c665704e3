"""What a judge is shown of a sample and its answer: options with their letters, turns one after the other."""

from sinan.scoring.golds import golds
from sinan.scoring.verdict import said
from sinan.types import Completion, Sample

ANY = "Each of these is right by itself:"


def question(sample: Sample) -> str:
    """The question with its options, or all that was asked in turn."""
    turns = sample.metadata.get("turns")
    if isinstance(turns, list) and turns:
        return _in_turn([sample.question, *map(str, turns)])
    options = [f"{letter}. {choice}" for letter, choice in zip(sample.letters, sample.choices, strict=True)]
    return "\n".join([sample.question, *options])


def reference(sample: Sample) -> str:
    """The right answer: the metadata's `reference`, else the target, of a choice with its text; of several golds all,
    and that any will do. Empty where none is."""
    own = sample.metadata.get("reference")
    if isinstance(own, list):
        return _in_turn([str(one) for one in own])
    if own:
        return str(own)
    if sample.choices and sample.target in sample.letters:
        return f"{sample.target}. {sample.choices[sample.gold]}"
    wanted = golds(sample)
    return wanted[0] if len(wanted) == 1 else "\n".join([ANY, *(f"- {gold}" for gold in wanted)])


def answer(completion: Completion) -> str:
    """What was answered, thoughts apart; in turn where there was more than one."""
    return _in_turn(list(completion.turns)) if len(completion.turns) > 1 else said(completion)


def _in_turn(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n\n".join(f"[{i}]\n{text}" for i, text in enumerate(texts, 1))
