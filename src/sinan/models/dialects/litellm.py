"""Between our nouns and those of the library litellm: what it is called with, and the replies that it gives.

Pure functions; the library is not loaded here. It speaks OpenAI's language whoever the vendor is, so messages, tools,
pictures and replies are those of `openai`; here is what differs. A reply as JSON, where a server gave up and the
library made a `stop` of it, and counted no tokens since the server told none:

    {"choices": [{"finish_reason": "stop", "message": {"content": "4"},
                  "provider_specific_fields": {"native_finish_reason": "error"}}],
     "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sinan.errors import Unsupported
from sinan.models.dialects import openai
from sinan.types import Completion, Prompt, Sampling, Usage

HABITS = openai.Habits("max_tokens", {"reasoning_effort": "none"})
"""The library translates both for whoever the vendor is."""
PASSED = ("allowed_openai_params",)
"""Names of the library's own that a user may set: the parameters that it shall send though it thinks that the model
takes none of them."""
_STEERING = (
    "additional_drop_params", "api_base", "api_key", "api_version", "base_url", "callbacks", "deployment_id",
    "drop_params", "extra_headers", "failure_callback", "function_call", "functions", "headers", "max_retries",
    "mock_tool_calls", "model_list", "num_retries", "shared_session", "stream_options", "success_callback", "timeout",
)  # fmt: skip
"""Arguments that say how it calls, not what is asked; its own list of them is longer, and lacks some of these."""


def arguments(
    model: str, prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes], owned: Collection[str]
) -> dict[str, Any]:
    """What `acompletion` is called with. `images` holds the bytes of the prompt's pictures by sha256; `owned` are the
    names of parameters by which the library itself is steered.

    Raises Unsupported for what cannot be said so, and RequestRejected for a parameter that is not the user's to set.
    """
    if prompt.prefill:
        raise Unsupported("an answer that was begun (a prefill) is not continued by litellm; use the vendor's provider")
    if taken := [name for name in sampling.extra if name in {*owned, *_STEERING} - set(PASSED)]:
        raise Unsupported(f"the parameter `{taken[0]}` cannot be set: it steers litellm and asks nothing of the model")
    budget = sampling.thinking_tokens
    if not budget:
        return openai.chat_request(model, prompt, sampling, images, HABITS)
    body = openai.chat_request(model, prompt, replace(sampling, thinking_tokens=None), images, HABITS)
    return openai.merged({"thinking": {"type": "enabled", "budget_tokens": budget}}, body)


def read(reply: Mapping[str, Any]) -> Completion:
    """The completion in a reply. Raises TransientError where there is none."""
    choices = [_native(choice) for choice in reply.get("choices") or ()]
    completion = openai.read_chat({**reply, "choices": choices})
    return completion if completion.usage.tokens_in else replace(completion, usage=Usage())


def _native(choice: Any) -> Any:
    """The choice with the server's own reason where that is a failure, of which the library makes a `stop`."""
    fields = choice.get("provider_specific_fields") if isinstance(choice, dict) else None
    native = fields.get("native_finish_reason") if isinstance(fields, dict) else None
    return {**choice, "finish_reason": native} if isinstance(native, str) and native in openai.BROKEN else choice
