"""The Gemini API's wire format, from our nouns to the body of generateContent; replies are read in `google_reply`.

Pure functions. A body:

    {"contents": [{"role": "user", "parts": [{"text": "2+2?"}]}],
     "systemInstruction": {"parts": [{"text": "Be brief."}]},
     "generationConfig": {"temperature": 0.0, "maxOutputTokens": 64, "stopSequences": ["Q:"]}}

What the API cannot express is refused before anything is sent: a prefill, a system message after the first turn, a
depth and a budget of thoughts at once. It takes five stop strings; of a request with more, the first five are sent
and `google_reply.ended_at` cuts the answer at the others, so that the text is what the server would have given.
Source of the format: ai.google.dev/api/generate-content and the types of google-genai.
"""

import base64
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sinan.errors import RequestRejected
from sinan.models.parameters import RESERVED
from sinan.types import Image, Message, Prompt, Sampling, Text, Tool, ToolCall

STOPS = 5
"""Stop strings that the API takes."""
SIGNED = "#signature="
"""Between a call's id and its thought signature. Nobody but the server reads either, and both must come back to it
together with the call, so they travel as the call's id."""

_OWN = ("contents", "systemInstruction", "tools", "generationConfig", "candidateCount", "responseLogprobs")
"""Fields that decide what is asked or how a reply is read; the rest of them is in `parameters.RESERVED`."""
_OUTSIDE = ("safetySettings", "toolConfig", "cachedContent", "labels", "serviceTier", "store")
"""Fields that stand beside generationConfig. Every other parameter of the user's is a field of it."""


def generate_request(prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes]) -> dict[str, Any]:
    """Body of POST /models/NAME:generateContent and of :streamGenerateContent, which differ in nothing else.

    `images` holds the bytes of the prompt's pictures by sha256. Raises RequestRejected for what the API has no way to
    say, and for a parameter that is not the user's to set.
    """
    system, turns = _split(prompt.messages)
    body: dict[str, Any] = {"contents": _contents(turns, images)}
    if system:
        body["systemInstruction"] = {"parts": [part for m in system for part in _parts(m, images)]}
    if prompt.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in prompt.tools]}]
    config = _config(sampling)
    for name, value in _further(sampling.extra).items():
        _set_once(body if _camel(name) in _OUTSIDE else config, name, value)
    return body | ({"generationConfig": config} if config else {})


def stops(sampling: Sampling) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stop strings that are sent, and those that are left for us to apply. None are sent where thoughts come
    first in the text: they hold for what follows `think_end` alone, and whoever asked applies them there."""
    asked = () if sampling.think_end else sampling.stop
    return asked[:STOPS], asked[STOPS:]


def _split(messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
    """The system messages at the head, and the turns after them."""
    head = next((i for i, m in enumerate(messages) if m.role != "system"), len(messages))
    system, turns = messages[:head], messages[head:]
    if any(message.role == "system" for message in turns):
        raise RequestRejected("the Gemini API takes system messages before the first turn only; move them to the front")
    if turns and turns[-1].role == "assistant":
        raise RequestRejected("the Gemini API cannot continue a begun answer: the last message must not be the model's")
    return system, turns


def _contents(turns: Sequence[Message], images: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """One content per turn; results of tools that follow one another are one, as their calls were."""
    names: dict[str, str] = {}
    found = []
    for is_result, group in groupby(turns, key=lambda message: message.role == "tool"):
        if is_result:
            found.append({"role": "user", "parts": [_result(message, names, images) for message in group]})
            continue
        for message in group:
            role = "model" if message.role == "assistant" else "user"
            found.append({"role": role, "parts": _parts(message, images)})
            names |= {call.id: call.name for call in message.tool_calls}
    return found


def _parts(message: Message, images: Mapping[str, bytes]) -> list[dict[str, Any]]:
    content = (Text(message.content),) if isinstance(message.content, str) else message.content
    said = [{"text": part.text} if isinstance(part, Text) else _picture(part, images) for part in content]
    calls = [_call(call) for call in message.tool_calls]
    return [part for part in said if part != {"text": ""}] + calls if calls else said


def _picture(image: Image, images: Mapping[str, bytes]) -> dict[str, Any]:
    if image.sha256 not in images:
        raise RequestRejected(f"the picture {image.path} was not loaded")
    data = base64.b64encode(images[image.sha256]).decode("ascii")
    return {"inlineData": {"mimeType": image.media_type, "data": data}}


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = _object(call.arguments) if call.arguments.strip() else {}
    if arguments is None:
        raise RequestRejected(
            f"the arguments of the call of {call.name} are no JSON object, which the Gemini API wants"
        )
    name, signed, signature = call.id.partition(SIGNED)
    part = {"functionCall": _named(name) | {"name": call.name, "args": arguments}}
    return part | ({"thoughtSignature": signature} if signed else {})


def _result(message: Message, names: Mapping[str, str], images: Mapping[str, bytes]) -> dict[str, Any]:
    """A JSON object is the result itself; any other text is its `output`, as the API calls it."""
    if message.tool_call_id not in names:
        raise RequestRejected(f"a tool's result belongs to no call before it (tool_call_id {message.tool_call_id!r})")
    parts = (Text(message.content),) if isinstance(message.content, str) else message.content
    text = "".join(part.text for part in parts if isinstance(part, Text))
    value = _object(text)
    response = _named(message.tool_call_id.partition(SIGNED)[0]) | {
        "name": names[message.tool_call_id],
        "response": {"output": text} if value is None else value,
    }
    pictures = [_picture(part, images) for part in parts if isinstance(part, Image)]
    return {"functionResponse": response | ({"parts": pictures} if pictures else {})}


def _named(call_id: str) -> dict[str, Any]:
    return {"id": call_id} if call_id else {}


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object that the text is; None where it is none, or would not come back the same from the wire."""
    try:
        value = json.loads(text)
        sound = isinstance(value, dict) and all(_plain(number) for number in _numbers(value))
    except (ValueError, RecursionError):
        return None
    return value if sound else None


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, int | float):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _numbers(one)


def _plain(number: int | float) -> bool:
    """Whether the API's numbers, which are doubles, hold it."""
    return abs(number) <= 2**53 if isinstance(number, int) else math.isfinite(number)


def _declaration(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "parametersJsonSchema": dict(tool.parameters)}


def _config(sampling: Sampling) -> dict[str, Any]:
    """generationConfig, only what is set."""
    fields = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "maxOutputTokens": sampling.max_tokens,
        "stopSequences": list(stops(sampling)[0]) or None,
        "seed": sampling.seed,
        "thinkingConfig": _thinking(sampling),
        "responseMimeType": None if sampling.schema is None else "application/json",
        "responseJsonSchema": None if sampling.schema is None else dict(sampling.schema),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _thinking(sampling: Sampling) -> dict[str, Any] | None:
    """Models from Gemini 3 on take a level, those before it a budget; which one it is, the server knows and says.
    Thoughts are asked for where thinking is: else they are counted, and not shown."""
    effort, budget = sampling.reasoning_effort, sampling.thinking_tokens
    if effort is not None and budget is not None:
        raise RequestRejected("the Gemini API takes reasoning_effort or thinking_tokens, not both")
    if budget == 0 or effort == "none":
        return {"thinkingBudget": 0}
    if effort is not None:
        return {"thinkingLevel": effort.upper(), "includeThoughts": True}
    return None if budget is None else {"thinkingBudget": budget, "includeThoughts": True}


def _further(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in extra:
        if name in RESERVED or _camel(name) in _OWN:
            raise RequestRejected(f"the parameter `{name}` cannot be set: it decides what is asked or how it is read")
    return extra


def _set_once(fields: dict[str, Any], name: str, value: Any) -> None:
    if any(_camel(name) == one for one in fields):
        raise RequestRejected(f"the parameter `{name}` is set twice: by its own name and by that of the Gemini API")
    fields[name] = value


def _camel(name: str) -> str:
    """The API reads both `topK` and `top_k`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
