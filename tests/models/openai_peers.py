"""OpenAI's own library and our provider before one server, and the replies that it may give them."""

from pathlib import Path
from typing import Any

import pytest

from sinan import settings
from sinan.models import open_model
from sinan.models.transport import Patience
from tests.models.loopback import Server
from tests.models.openai_vendor import Vendor

openai = pytest.importorskip("openai", reason="what the dialect is held against: pip install openai")

KEY = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    settings._file.cache_clear()


@pytest.fixture
def vendor(server: Server) -> Vendor:
    server.answers = Vendor()
    return server.answers


def ours(server: Server, more: str = ""):
    """Our provider, which here gives up where the vendor's library does: at once."""
    model = open_model(f"openai/gpt-x?base_url={server.url}&max_tokens_field=max_completion_tokens{more}")
    model.transport.patience = Patience(attempts=1, refused_for=0.0)
    return model


def theirs(server: Server):
    return openai.AsyncOpenAI(base_url=server.url, api_key=KEY, max_retries=0)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def chat(content: str | None, finish: str = "stop", usage: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None} | more
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13} | (usage or {})
    choices = [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "gpt-x", "choices": choices, "usage": usage,
    }  # fmt: skip


def response(*output: dict[str, Any], status: str = "completed", why: str | None = None, **more: Any) -> dict[str, Any]:
    counts = {
        "input_tokens": 9, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
        "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 16,
    }  # fmt: skip
    return {
        "id": "r", "object": "response", "created_at": 1.0, "status": status, "error": None, "model": "gpt-x",
        "incomplete_details": {"reason": why} if why else None, "output": list(output), "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "usage": counts, "instructions": None, "metadata": {}, "temperature": 1.0,
        "top_p": 1.0,
    } | more  # fmt: skip


def message(*parts: dict[str, Any], status: str = "completed") -> dict[str, Any]:
    return {"id": "m", "type": "message", "role": "assistant", "status": status, "content": list(parts)}


def text(value: str) -> dict[str, Any]:
    return {"type": "output_text", "text": value, "annotations": []}


MESSAGE = message(text("4"))


def error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
