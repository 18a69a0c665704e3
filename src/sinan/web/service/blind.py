"""Answers without the names of those who gave them.

Names of the two models and of well-known families are blacked out in both answers alike, so that where a name stood
tells nothing of which side it was. What a model says of itself in other words stays: the page says so.
"""

import re
from collections.abc import Iterable
from typing import Any

import orjson

BLACKED = "▇▇▇"
FAMILIES = (
    "chatgpt", "gpt-3.5", "gpt-4o", "gpt-4", "gpt-5", "openai", "claude", "anthropic", "gemini", "gemma", "llama",
    "qwen", "tongyi", "通义千问", "千问", "deepseek", "深度求索", "mistral", "mixtral", "chatglm", "智谱清言", "智谱",
    "kimi", "moonshot", "月之暗面", "baichuan", "百川", "ernie bot", "文心一言", "doubao", "豆包", "hunyuan", "混元",
    "internlm", "书生·浦语", "minicpm", "grok", "cohere",
)  # fmt: skip
"""That an answer may name without being asked for them. Words that are names of other things are left out."""
SHORTEST = 3
"""Characters of a model's name that are looked for."""


def names(models: Iterable[str]) -> list[str]:
    """What a model may call itself, the longest first: its name, and the parts of it that are names."""
    found = set(FAMILIES)
    for model in models:
        plain = model.partition("?")[0]
        found |= {plain, plain.rpartition("/")[2], *plain.split("/")[1:]}
    return sorted((one for one in found if len(one) >= SHORTEST), key=lambda one: (-len(one), one))


def blacked(text: str, models: Iterable[str]) -> str:
    """The text without the names."""
    parts = [_whole(one) for one in names(models)]
    return re.sub("|".join(parts), BLACKED, text, flags=re.IGNORECASE)


def _whole(name: str) -> str:
    """Latin names as whole words: `o1` is no part of `co1`."""
    start = r"(?<![A-Za-z0-9])" if name[0].isascii() else ""
    end = r"(?![A-Za-z0-9])" if name[-1].isascii() else ""
    return start + re.escape(name) + end


def question(prompt: Any) -> str | None:
    """A stored prompt as text; None where there is more in it than text, or nothing."""
    if isinstance(prompt, str) and prompt[:1] in '[{"':
        try:
            prompt = orjson.loads(prompt)
        except orjson.JSONDecodeError:
            pass
    if isinstance(prompt, str):
        return prompt.strip() or None
    if not isinstance(prompt, list):
        return None
    lines = [_turn(one, len(prompt)) for one in prompt]
    return None if None in lines else "\n\n".join(line for line in lines if line).strip() or None


def _turn(message: Any, turns: int) -> str | None:
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else None for part in content]
        if not all(isinstance(part, str) for part in parts):
            return None
        content = "".join(str(part) for part in parts)
    if not isinstance(content, str):
        return None
    return content if turns == 1 else f"{message.get('role', '')}: {content}"
