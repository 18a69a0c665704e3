"""What is known of a model by its name: who made it, whether its weights are open, how large it is.

What is not known stays unknown: a model is never taken for closed, or small, because nobody has heard of it.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import orjson

SIZE = re.compile(r"(?<![a-z0-9.])(?:(\d{1,3})x)?(\d{1,5}(?:\.\d{1,3})?)([bmt])(?![a-z0-9])", re.IGNORECASE)
"""`7b`, `1.5B`, `8x7b`, `135m`."""
BILLIONS = {"t": 1000.0, "b": 1.0, "m": 0.001}


@dataclass(frozen=True, slots=True)
class Known:
    """Facts about a model."""

    maker: str = ""
    """Empty where it is not known."""
    open: bool | None = None
    """Whether its weights can be had."""
    billions: float | None = None
    """Parameters, in thousands of millions."""


@lru_cache(maxsize=4096)
def known(model: str, parameters: int | None = None) -> Known:
    """Of a model's name, such as `openai/gpt-4o` or `vllm/Qwen/Qwen3-8B`. `parameters`: where a run says it."""
    name = model.partition("/")[2] or model
    own = next(
        ((maker, is_open) for pattern, maker, is_open in _families() if pattern.search(name.lower())), ("", None)
    )
    if own[0] == "" and model.lower().startswith("needle/"):
        own = ("sinan", True)
    return Known(*own, billions=parameters / 1e9 if parameters else size(name))


def size(name: str) -> float | None:
    """Billions of parameters that a name speaks of: the largest, since `30b-a3b` has 30."""
    found = [float(b) * float(a or 1) * BILLIONS[unit.lower()] for a, b, unit in SIZE.findall(name)]
    return max(found, default=None)


@cache
def _families() -> list[tuple[re.Pattern[str], str, bool | None]]:
    rows = orjson.loads((Path(__file__).parent / "families.json").read_bytes())
    return [(re.compile(row["pattern"]), row["maker"], row["open"]) for row in rows]
