"""Ways to say the same question differently: what a person may do to a text without asking for something else.

HELM (Liang et al., arXiv:2211.09110, section 4.3) asks whether a model's answer survives them. Each takes a sample and
a source of chance, and gives the sample changed, or None where there is nothing to change. Numbers, formulas, code,
quotations, names, the letters of options and the words of the answer stay as they are. Samples with a Chinese question
are changed as Chinese is miswritten.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from sinan.datasets.perturbations.case import lower
from sinan.datasets.perturbations.chinese import half_width, is_chinese, misspelt, traditional
from sinan.datasets.perturbations.contractions import contracted
from sinan.datasets.perturbations.dialect import respelt
from sinan.datasets.perturbations.options import reordered
from sinan.datasets.perturbations.protected import words_of
from sinan.datasets.perturbations.spaces import widened
from sinan.datasets.perturbations.typos import mistyped
from sinan.types import Sample

Perturbation = Callable[[Sample, Random], Sample | None]
OfText = Callable[[str, Random, frozenset[str]], str]
"""(text, chance, words that must stay) -> the text, changed or not."""


def _of_question(english: OfText | None, chinese: OfText | None, answer_in_chinese: bool = True) -> Perturbation:
    """Changes the question's text by its language. Not `answer_in_chinese`: a question whose answer is Chinese text,
    which might be given back changed, is left alone."""

    def changed(sample: Sample, chance: Random) -> Sample | None:
        in_chinese = is_chinese(sample.question)
        if in_chinese and not answer_in_chinese and not sample.choices and is_chinese(sample.target):
            return None
        change = chinese if in_chinese else english
        if change is None:
            return None
        question = change(sample.question, chance, words_of(sample.target, *sample.choices))
        return None if question == sample.question else replace(sample, question=question)

    return changed


OF_SAMPLES: dict[str, Perturbation] = {
    "typos": _of_question(mistyped, misspelt),
    "case": _of_question(lower, lower),
    "contractions": _of_question(contracted, None),
    "dialect": _of_question(respelt, traditional, answer_in_chinese=False),
    "spaces": _of_question(widened, half_width),
    "options": reordered,
}
OF_PROMPTS = ("paraphrase", "language")
"""Here the sample stays, and the prompt's instruction is put in other words (`prompts.reworded`)."""
KINDS = (*OF_SAMPLES, *OF_PROMPTS)
