"""Stop strings that an API does not take: applied to the answer once it has come."""

from collections.abc import Sequence
from dataclasses import replace

from sinan.types import Completion


def cut(completion: Completion, stops: Sequence[str]) -> Completion:
    """As if the server had stopped at the first of them: nothing follows, no tool call and no limit. What was refused
    stays refused."""
    places = [place for place in (completion.text.find(stop) for stop in stops) if place >= 0]
    if not places or completion.finish_reason == "refusal":
        return completion
    return replace(completion, text=completion.text[: min(places)], finish_reason="stop", tool_calls=())
