"""Ask one turn after the other, each with the answers so far before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sinan.solving.thoughts import separated
from sinan.types import Completion, Message, Model, Prompt, Sampling, Usage


@dataclass(frozen=True)
class ManyTurns:
    """The prompt, then each of its `turns`. A chat sees the answers as the assistant's; a text goes on with the answer
    and the turn as it is written. Thoughts are never shown again.

    A turn that gets no answer fails the whole sample: the answers before it are lost with it, since half of a
    conversation is none that could be judged, and all turns are asked again when the run goes on.
    """

    needs: str = "generate"

    async def __call__(self, model: Model, prompt: Prompt, sampling: Sampling) -> Completion:
        """One completion: `turns` holds all answers, `text` the last; tokens, time and requests are sums; thoughts
        are joined; where a turn was cut or refused, the first such says how it finished."""
        asked, came = replace(prompt, turns=()), list[Completion]()
        for turn in (None, *prompt.turns):
            if turn is not None:
                asked = _after(asked, came[-1].text, turn)
            came.append(separated(await model.generate(asked, sampling), sampling))
        return came[0] if len(came) == 1 else whole(came)


def _after(asked: Prompt, answer: str, turn: Message) -> Prompt:
    if asked.messages:
        return replace(asked, messages=(*asked.messages, Message("assistant", answer), turn))
    return replace(asked, text=f"{asked.text}{answer}{turn.content}")


def whole(came: Sequence[Completion]) -> Completion:
    """Several answers as one completion."""
    usages = [one.usage for one in came]
    return replace(
        came[-1],
        finish_reason=next((one.finish_reason for one in came if one.finish_reason != "stop"), "stop"),
        usage=Usage(
            _sum([u.tokens_in for u in usages]),
            _sum([u.tokens_out for u in usages]),
            _sum([u.cache_read for u in usages]),
            _sum([u.cache_write for u in usages]),
            _sum([u.reasoning for u in usages]),
        ),
        reasoning="\n\n".join(one.reasoning for one in came if one.reasoning),
        latency_s=sum(one.latency_s for one in came),
        attempts=1 + sum(one.attempts - 1 for one in came),
        requests=sum(one.requests for one in came),
        turns=tuple(one.text for one in came),
        prompt_ids="",
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    """None where one of them is not known: a part is no sum."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
