"""Ask about a pair in both orders; where the two verdicts contradict each other, show both reasons and ask once more.

The third question is the one that counts then (`swap and synthesise`, Zeng et al., arXiv:2310.07641). The prompt's
`turns` hold what else is asked, each by itself and not as a conversation: the pair in the other order, and what settles
a contradiction, with the holes FIRST and SECOND for the reasons.
"""

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sinan.solving.many_turns import whole
from sinan.solving.thoughts import separated
from sinan.types import Completion, Message, Model, Prompt, Sampling

FIRST, SECOND = "<<reasons for (a)>>", "<<reasons for (b)>>"
_NAMES = re.compile(r"(?<=utput \()[ab](?=\))")
_EXCHANGED = {"a": "b", "b": "a"}


class Chooses(typing.Protocol):
    """Reads which of both was chosen. A frozen dataclass, so that a version can be hashed."""

    def __call__(self, text: str) -> str | None:
        """`a`, `b`, or None where the text says neither in the form that was asked for."""
        ...


@dataclass(frozen=True)
class BothOrders:
    """Two questions, or three."""

    chosen: Chooses
    needs: str = "generate"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """The answer that counts as the text, all of them as `turns`: three where the verdicts contradicted each
        other, else two, of which the first counts."""
        first = separated(await model.generate(replace(prompt, turns=()), sampling), sampling)
        second = separated(await model.generate(_alone(prompt, prompt.turns[0]), sampling), sampling)
        one, other = self.chosen(first.text), self.chosen(second.text)
        if one is None or other is None or one != other:  # unlike letters in unlike orders name the same of both
            return replace(whole([first, second]), text=first.text, finish_reason=first.finish_reason)
        reasons = {one: first.text, _EXCHANGED[other]: exchanged(second.text)}
        third = separated(await model.generate(_settling(prompt, reasons), sampling), sampling)
        return replace(whole([first, second, third]), finish_reason=third.finish_reason)


def exchanged(text: str) -> str:
    """The text with (a) and (b) in each other's place: said of the other order."""
    return _NAMES.sub(lambda found: _EXCHANGED[found[0]], text)


def _alone(prompt: Prompt, turn: Message) -> Prompt:
    """The turn by itself, behind the prompt's system message."""
    if not prompt.messages:
        return replace(prompt, text=str(turn.content), turns=())
    system = tuple(message for message in prompt.messages if message.role == "system")
    return replace(prompt, messages=(*system, turn), turns=())


def _settling(prompt: Prompt, reasons: Mapping[str, str]) -> Prompt:
    rest, _, after = str(prompt.turns[1].content).rpartition(SECOND)  # the last: the pair itself may hold it too
    before, _, between = rest.rpartition(FIRST)
    return _alone(prompt, Message("user", "".join([before, reasons["a"], between, reasons["b"], after])))
