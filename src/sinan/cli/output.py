"""What every command prints alike: JSON documents, and text from outside made harmless."""

import json
import math
from typing import Any


def document(value: Any) -> str:
    """One JSON document, as `--json` prints it. JSON has no infinity and no NaN: what is no number of its is null."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, indent=1, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def visible(text: str, kept: str = "") -> str:
    """The text with every character that a terminal could obey replaced, but for those in `kept`."""
    return "".join(c if c.isprintable() or c in kept else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(message: str) -> str:
    """A message on one line: parts of it may come from a file or a server."""
    return visible(" ".join(message.split()))


def money(usd: float) -> str:
    """`$12.30`; more digits below a dollar: `$0.0041`."""
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def of_a_part(asked: int, expected: int) -> str:
    """What has to be known of the numbers of a run that did not come to its end."""
    return f"{asked:,} of {expected:,} were asked: the numbers are of that part, and of no more"
