"""Following a format, generated: the words are given, the form is what counts.

A row of level 2: question `Write the words lamp, door, cup separated by slashes, in square brackets.`, target
`[lamp / door / cup]`. Every character counts, so this file has its own scorer.
"""

import random
from dataclasses import dataclass

from sinan.datasets.generated import Item, generated
from sinan.prompts.template import Template
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Completion, Outcome, Protocol, Sample, Sampling, Score

# fmt: off
WORDS = (
    "lamp", "door", "cup", "tree", "fish", "bird", "ring", "ship", "road", "moon",
    "star", "leaf", "rock", "sand", "wind", "rain", "snow", "fire", "wood", "gold",
    "hand", "foot", "milk", "salt", "cake", "rope", "wall", "roof", "king", "drum",
)
# fmt: on
SEPARATORS = {"commas": ", ", "semicolons": "; ", "slashes": " / ", "dashes": " - ", "bars": " | "}
WRAPPERS = {
    "square brackets": ("[", "]"),
    "round brackets": ("(", ")"),
    "curly brackets": ("{", "}"),
    "angle brackets": ("<", ">"),
}


@dataclass(frozen=True)
class SameLine:
    """Right if the answer is the target, character by character; only white space around it is forgiven."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """Empty answers are unparsed, or truncated where the limit cut them."""
        answer = completion.text.strip()
        if answer == sample.target:
            return Score(1.0, Outcome.CORRECT, answer, "the same line")
        if not answer:
            cut = completion.finish_reason == "length"
            return Score(0.0, Outcome.TRUNCATED if cut else Outcome.UNPARSED, None, "nothing was written")
        return Score(0.0, Outcome.WRONG, answer, "not the same line")


def item(rng: random.Random, level: int) -> Item:
    """1: a separator; 2: and brackets; 3: one word repeated; 4: numbered; 5: reversed, with brackets."""
    words = rng.sample(WORDS, {1: 3, 2: 3, 3: 1, 4: 3, 5: 4}[level])
    kind, separator = rng.choice(list(SEPARATORS.items()))
    wrapper, (left, right) = rng.choice(list(WRAPPERS.items()))
    listed = f"Write the words {', '.join(words)}"
    if level == 1:
        return Item(f"{listed} separated by {kind}.", separator.join(words))
    if level == 2:
        return Item(f"{listed} separated by {kind}, in {wrapper}.", left + separator.join(words) + right)
    if level == 3:
        times = rng.randint(3, 6)
        line = left + separator.join(words * times) + right
        return Item(f"Write the word {words[0]} {times} times separated by {kind}, in {wrapper}.", line)
    if level == 4:
        numbered = [f"{n}. {word}" for n, word in enumerate(words, 1)]
        return Item(f"{listed} numbered from 1, separated by {kind}.", separator.join(numbered))
    line = left + separator.join(reversed(words)) + right
    return Item(f"{listed} in reverse order separated by {kind}, in {wrapper}.", line)


def benchmark() -> Benchmark:
    """Answers are generated and compared character by character."""
    shown = "Commas and semicolons are followed by one space; slashes, dashes and bars stand between two."
    prompt = Template(chat="{question}\n" + shown + " Reply with that line alone.")
    return Benchmark(
        id="following",
        card=Card(
            title="Following",
            measures="Writing given words in exactly the form asked for: separators, brackets, numbers, order.",
            dimension="instruction",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            note="Levels: 1 separator; 2 and brackets; 3 one word repeated; 4 numbered; 5 reversed, in brackets.",
        ),
        dataset=generated("following", item),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), SameLine(), Sampling(max_tokens=48, stop=("\n",)))},
    )
