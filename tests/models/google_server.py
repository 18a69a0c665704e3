"""A Gemini API on loopback that is as strict as the real one: what a body may hold is read from the vendor's own types,
which forbid every field that they do not name; the rules between fields are those of its documents."""

import base64
from typing import Any

import pytest

from tests.models.loopback import Asked, http

KEY = "AIza-secret-0123456789"
_BESIDE = ("safetySettings", "toolConfig", "cachedContent", "labels", "serviceTier", "store")


def fault(asked: Asked) -> str:
    """What is wrong with a request; empty where it is as it should be."""
    path, _, query = asked.path.partition("?")
    model, _, method = path.removeprefix("/v1/models/").partition(":")
    if (method, query) not in (("generateContent", ""), ("streamGenerateContent", "alt=sse")) or "/" in model:
        return f"no such method: {asked.path}"
    if asked.headers.get("x-goog-api-key") != KEY or KEY in asked.path:
        return "the key is not in its header, or not there alone"
    if not asked.headers.get("content-type", "").startswith("application/json"):
        return "the body is no JSON"
    try:
        said = meaning(asked.body)
    except ValueError as error:  # pydantic's are such
        return str(error)
    return _contents_fault(said["contents"]) or _config_fault(said.get("generationConfig", {}))


def _contents_fault(contents: list[dict[str, Any]]) -> str:
    if not contents or contents[-1]["role"] != "user":
        return "the last content must be the user's"
    for before, content in zip([{"parts": []}, *contents], contents, strict=False):
        called = [part["functionCall"]["name"] for part in before["parts"] if "functionCall" in part]
        answered = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
        if called != answered:
            return f"{called} were called, and {answered} answered"
    return ""


def _config_fault(config: dict[str, Any]) -> str:
    thinking = config.get("thinkingConfig", {})
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        return "a budget and a level of thinking"
    if len(config.get("stopSequences", [])) > 5:
        return "more than 5 stop sequences"
    schema = config.keys() & {"responseSchema", "responseJsonSchema"}
    return "a schema without its type" if schema and config.get("responseMimeType") != "application/json" else ""


def meaning(body: dict[str, Any]) -> dict[str, Any]:
    """The body in one form, whichever of the equal ones it has. Raises ValueError for a field that does not exist."""
    types = pytest.importorskip("google.genai").types
    known = {
        "contents": [_content(content) for content in body["contents"]],
        "generationConfig": _plain(types.GenerationConfig, body.get("generationConfig", {})),
        "tools": [_plain(types.Tool, tool) for tool in body.get("tools", [])],
    }
    if "systemInstruction" in body:  # its role says nothing
        known["systemInstruction"] = _content(body["systemInstruction"] | {"role": "system"})
    if unknown := body.keys() - known.keys() - set(_BESIDE):
        raise ValueError(f"unknown fields: {unknown}")
    return {name: value for name, value in known.items() if value} | {n: body[n] for n in _BESIDE if n in body}


def _content(content: dict[str, Any]) -> dict[str, Any]:
    types = pytest.importorskip("google.genai").types
    found = _plain(types.Content, content)
    return {"role": "user"} | found | {"parts": [_binary(part) for part in found["parts"]]}


def _binary(part: dict[str, Any]) -> dict[str, Any]:
    """Both alphabets of base64 are read."""
    if "inlineData" in part:
        part["inlineData"]["data"] = base64.urlsafe_b64decode(part["inlineData"]["data"])
    if "thoughtSignature" in part:
        part["thoughtSignature"] = base64.urlsafe_b64decode(part["thoughtSignature"])
    return part


def _plain(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    found = kind.model_validate(value).model_dump(exclude_none=True, by_alias=True, mode="json")
    assert isinstance(found, dict)
    return found


def strict(answer: bytes) -> Any:
    """What answers so to whoever asks well, and with 400 to whoever does not."""

    def reply(asked: Asked) -> bytes:
        wrong = fault(asked)
        error = {"error": {"code": 400, "message": wrong, "status": "INVALID_ARGUMENT"}}
        return http(400, error) if wrong else answer

    return reply
