"""Are two texts the same? With the settings and the order of lm-evaluation-harness's `exact_match`."""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_DIGITS = str.maketrans("", "", string.digits)


@dataclass(frozen=True)
class ExactMatch:
    """1 where the answer is the gold text; of a list of answers the share that is."""

    regexes_to_ignore: tuple[str, ...] | None = None
    """Cut from both texts, first of all."""
    ignore_case: bool = False
    ignore_punctuation: bool = False
    """ASCII punctuation."""
    ignore_numbers: bool = False
    name: str = "exact_match"

    def __call__(self, gold: Any, answer: Any) -> Mapping[str, float]:
        """The share. `gold` may be a list of texts: then whether the answer is one of them."""
        if isinstance(gold, list | tuple):
            return {self.name: float(any(self._share(one, answer) > 0 for one in gold))}
        return {self.name: self._share(gold, answer)}

    def _share(self, gold: Any, answer: Any) -> float:
        answers: Sequence[Any] = answer if isinstance(answer, list | tuple) else [answer]
        if not answers:
            return 0.0
        wanted = self._plain(gold)
        return sum(1 for one in answers if self._plain(one) == wanted) / len(answers)

    def _plain(self, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        for pattern in self.regexes_to_ignore or ():
            text = re.sub(pattern, "", text)
        text = text.lower() if self.ignore_case else text
        text = text.translate(_PUNCTUATION) if self.ignore_punctuation else text
        return text.translate(_DIGITS) if self.ignore_numbers else text
