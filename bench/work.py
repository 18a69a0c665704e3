"""The questions of the benches and their answers: each a function of its number alone, so that the client's file and
the server's answers agree without speaking to each other.

A question carries its number as a tag, `#0000042#`, by which the server knows it. Every tenth answer is wrong, so a
harness that loses, repeats or misreads any of them prints another accuracy than `expected`.
"""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

WRONG_EVERY = 10
LETTERS = "ABCD"
WHO = ("Amara", "Bela", "Chen", "Dilan", "Edith", "Farid", "Greta", "Hana", "Ivo", "Jun", "Kofi", "Lena")
WHAT = ("bottles", "candles", "lanterns", "magnets", "needles", "oranges", "pebbles", "spoons", "tiles", "whistles")
FILLER = " ".join(f"{who} put {number} {what} on the shelf." for number, who in enumerate(WHO) for what in WHAT)


@dataclass(frozen=True)
class Question:
    """One question, whole."""

    text: str
    options: tuple[str, ...]
    answer: str
    wrong: str
    """What the server answers where it has to be wrong."""
    thought: str = ""
    """What the server says before its answer."""

    @property
    def prompt(self) -> str:
        """As a client without templates sends it."""
        shown = "".join(f"\n{letter}) {option}" for letter, option in zip(LETTERS, self.options, strict=False))
        return f"{self.text}{shown}\n\nEnd with a line `ANSWER: X`, where X is the answer."


def problem(i: int) -> Question:
    """A sum in about eighty words."""
    draw = random.Random(f"problem {i}")
    crates, each, found, lost, bags = (draw.randint(4, 50) for _ in range(5))
    who, friend = draw.sample(WHO, 2)
    what = draw.choice(WHAT)
    text = (
        f"Case #{i:07d}#. {who} keeps a small shop by the harbour and counts the stock every evening. On the first "
        f"evening there are {crates} full crates, and each crate holds {each} {what}. The next morning {friend} "
        f"brings {found} more {what} that had been left in the van, while {lost} {what} turn out to be broken and are "
        f"thrown away. Later a supplier delivers {bags} bags with exactly 6 {what} in each of them. Nothing is sold "
        f"during these days. How many {what} does {who} have now? Explain your sums."
    )
    total = crates * each + found - lost + 6 * bags
    thought = f"{crates} times {each} is {crates * each}. Adding {found}, less {lost}, and {bags} bags of 6 follow."
    return Question(text, (), str(total), str(total + 1), thought)


def choice(i: int) -> Question:
    """A short question with four options."""
    draw = random.Random(f"choice {i}")
    left, right, place = draw.randint(11, 89), draw.randint(11, 89), draw.randrange(4)
    others = iter(draw.sample((-11, -9, -5, -3, 3, 5, 9, 11), 3))
    options = tuple(str(left + right + (0 if at == place else next(others))) for at in range(4))
    text = f"Item #{i:07d}#: how much is {left} + {right}?"
    return Question(text, options, LETTERS[place], LETTERS[(place + 1) % 4])


def kilobyte(i: int) -> Question:
    """A question of one kilobyte that costs next to nothing to make."""
    at, answer = i * 13 % 3_000, i * 37 % 1_000
    text = f"Note #{i:07d}#. {FILLER[at : at + 920]} What is 37 times {i}, but for whole thousands?"
    return Question(text, (), str(answer), str(answer + 1))


WORKS: dict[str, Callable[[int], Question]] = {"problem": problem, "choice": choice, "kilobyte": kilobyte}


def reply(work: str, i: int) -> str:
    """What the server says to question `i`."""
    question = WORKS[work](i)
    said = question.wrong if i % WRONG_EVERY == 0 else question.answer
    return f"{question.thought}\nANSWER: {said}".lstrip()


def expected(numbers: Iterable[int]) -> float:
    """The accuracy that has to be printed for these questions, to the last digit."""
    marks = [i % WRONG_EVERY != 0 for i in numbers]
    return sum(marks) / len(marks)


def write(path: Path, work: str, numbers: Iterable[int]) -> Path:
    """A file of questions as sinan and its peers read it."""
    with path.open("w") as file:
        file.writelines(json.dumps(_row(work, i)) + "\n" for i in numbers)
    return path


def _row(work: str, i: int) -> dict[str, str]:
    question = WORKS[work](i)
    options = dict(zip(LETTERS, question.options, strict=False))
    return {"id": f"{i}", "question": question.text, **options, "answer": question.answer}
