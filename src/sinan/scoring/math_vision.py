r"""The convention of MATH-Vision: what is in the last `\boxed{}`, or behind `the answer is`, stripped of layout, is the
target's letter, its option's text, or a number that is the same to two decimals.

It is a strict judge: `(D) 105` is not D, and an option's text with a blank in it is never met, since blanks are
stripped from the answer alone. On the outputs published with MATH-Vision this gives the published verdicts. The
published judge works out formulas with sympy; here those of numbers alone are worked out, so that a few differ.
"""

import re
from dataclasses import dataclass

from sinan.scoring.cascade import Found, reading
from sinan.scoring.folded import Folded
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.scoring.worked_out import worked_out
from sinan.types import Completion, Sample, Score

_CUES = ("the final answer is", "the answer is", "the correct answer is", "the answer should be")
_BOXED = re.compile(r"oxed\{(.*)\}", re.DOTALL)
_LETTERS = "ABCDE"
_DROPPED = (
    "\\text",
    "\\mbox",
    "\\left",
    "\\right",
    "^{\\circ}",
    "^\\circ",
    "{m}^3",
    "m^3",
    "{units}",
    "units",
    "{km}",
    "km",
)
_STRIPPED = ("\n", "\\!", "^{\\circ}", "^\\circ", "\\$", "$")
_BRACKETED, _BRACED = re.compile(r"\(([a-e])\)"), re.compile(r"\{([a-e])\}")


@dataclass(frozen=True)
class MathVision:
    """Right as the published judge says. A completion may be a response, or the answer that was published beside it."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        text = told(completion)
        answer = _answer(text.text.strip())
        read = reading(_place(text, answer), text)
        golds = [sample.target]
        if sample.choices and sample.target in sample.letters:
            golds.append(sample.choices[sample.gold])
        right = read is not None and any(_same(gold.lower(), answer) for gold in golds)
        return in_two_ways(verdict(completion, read, right))


def _place(text: Folded, answer: str) -> Found | None:
    """The answer, with the stretch that it is in; it has lost its layout, so that often the stretch is all of it."""
    body = text.text.strip()
    if not body or not answer:
        return None
    begin, sure = text.text.find(body), bool(re.search(r"oxed\{|answer (?:is|should be)", body)) or len(body) < 40
    place = body.lower().rfind(answer)
    start, end = (place, place + len(answer)) if place >= 0 and len(body.lower()) == len(body) else (0, len(body))
    return Found(answer, "the answer without its layout", begin + start, begin + end, sure)


def _answer(text: str) -> str:
    for letter in _LETTERS:
        if text.endswith((f" {letter}.", f" ({letter}).")) or text.startswith(
            (f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")
        ):
            text = letter
    tail = text.rpartition("is ")[2].rstrip(".")
    text = tail if _is_number(tail) else text
    if "oxed{" not in text:
        for cue in _CUES:
            for said in (cue, cue.replace("the", "The")):
                if said in text:
                    text = text.rpartition(said)[2].strip().partition("\n")[0].partition(". ")[0]
    elif text.count("oxed{") > 1:
        text = "\\boxed{" + text.rpartition("oxed{")[2]
    return _BRACED.sub(r"\1", _BRACKETED.sub(r"\1", _without_layout(text))).rstrip(".").lstrip(":").strip()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _without_layout(text: str) -> str:
    text = text.lower().replace("{}", "")
    boxed = _BOXED.search(text)
    text = boxed[1] if boxed else text
    closing, opening = text.find("}"), text.find("{")
    if closing >= 0 and (opening < 0 or closing < opening):
        text = text[:closing]
    text = text.rpartition("=")[2].rpartition("\\approx")[2]
    text = text.replace(" ", "").replace("\\,", "").replace("∞", "\\infty").replace("+\\infty", "\\infty")
    text = text.replace("\\\\", "\\").replace("\n", "")
    for piece in _DROPPED:
        text = text.replace(piece, "")
    return _stripped(text)


def _stripped(text: str) -> str:
    text = text.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for piece in _STRIPPED:
        text = text.replace(piece, "")
    text = text.partition("\\text{ ")[0].replace("\\%", "")
    text = text.replace("{.", "{0.")
    text = "0" + text if text.startswith(".") else text
    return "\\frac{1}{2}" if text == "0.5" else text


def _same(gold: str, answer: str) -> bool:
    """Both in small letters."""
    if not gold.replace(" ", "") or not answer:
        return False
    if gold.strip() == answer.strip():
        return True
    one, two = worked_out(gold.replace("$", "").replace("\\displaystyle", "")), worked_out(_formula(answer))
    return one is not None and two is not None and round(one, 2) == round(two, 2)


def _formula(answer: str) -> str:
    """Up to a brace that closes none, where the published parser ends."""
    depth = 0
    for brace in re.finditer(r"[{}]", answer):
        depth += 1 if brace[0] == "{" else -1
        if depth < 0:
            answer = answer[: brace.start()]
            break
    return answer.replace("\\displaystyle", "")
