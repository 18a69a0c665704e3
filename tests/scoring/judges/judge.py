"""Judges that are peers of the real ones: they answer by a function of what they are asked."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sinan.types import Completion, Limits, Prompt, Sampling, Usage


@dataclass
class FakeJudge:
    """`answer(prompt text)` is what it writes; `held` whether its side enforces a JSON schema."""

    answer: Callable[[str], str]
    name: str = "fake/judge"
    finish: Any = "stop"
    form: Any = "chat"
    capabilities: frozenset[str] = frozenset({"generate", "seed"})
    concurrency: int = 8
    identity: Any = field(default_factory=dict)
    endpoint: str = ""
    limits: Limits = Limits()
    asked: list[tuple[Prompt, Sampling]] = field(default_factory=list)

    async def open(self, pace: Any = None) -> None: ...

    async def close(self) -> None: ...

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        self.asked.append((prompt, sampling))
        text = prompt.text or "\n".join(str(message.content) for message in prompt.messages)
        return Completion(self.answer(text), self.finish, Usage(len(text), 1))

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        raise NotImplementedError


def check_of(asked: str) -> str:
    """The check code that the prompt wants back."""
    return re.findall(r'"check": the text "([0-9a-f]{12})"', asked)[-1]


def ruling(**fields: Any) -> Callable[[str], str]:
    """Writes the object that was asked for, as a good judge does."""

    def answer(asked: str) -> str:
        reason = {"reason": "because"} if '- "reason": ' in asked else {}
        return json.dumps({**reason, **fields, "check": check_of(asked)})

    return answer


def block(asked: str, name: str) -> str:
    """What stands in the prompt between the lines of that name."""
    found = re.search(rf"<<<{name} ([0-9a-f]{{16}})>>>\n(.*?)\n<<<END OF {name} \1>>>", asked, re.DOTALL)
    assert found, name
    return found[2]
