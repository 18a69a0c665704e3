"""What a model's tokens cost: as its own options say, else sinan.toml, else the dated list in prices.toml, else None.

Never a guess: a model that is in none of them has no price, and its cost stays unknown.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sinan import settings
from sinan.types import Model, in_batches
from sinan.types.price import FREE, LongPrompts, Price

_FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list that comes with sinan."""

    host: str
    model: str
    price: Price
    source: str
    also: tuple[str, ...]
    """Dated names that cost the same."""


@dataclass(frozen=True)
class PriceList:
    """The list that comes with sinan."""

    date: str
    """Of the newest of its sources."""
    sources: Mapping[str, str]
    """Name of a source -> repository with its commit, or page, and its date."""
    lines: tuple[Listed, ...]
    """Sorted by host and model."""


def price_of(model: Model) -> Price | None:
    """What the model's tokens cost, or None where nobody said. Raises UsageError where a sinan.toml is broken.

    A model that runs on this machine is free; a server at a local address may be a gateway, so it is not. In batches
    tokens cost half of what sinan.toml and the list say; what the model's own options say is what it costs.
    """
    own: Price | None = getattr(model, "price", None)
    if own is not None:
        return own
    price = _said(model)
    return price.times(IN_BATCHES) if price is not None and in_batches(model) else price


IN_BATCHES = 0.5
"""Share of a price that is asked in batches, by OpenAI and by Anthropic alike."""


def _said(model: Model) -> Price | None:
    configured = settings.load().prices.get(model.name)
    if configured is not None:
        return configured
    address = model.identity.get("base_url")
    if address is None:
        return None if model.endpoint else FREE
    return _by_name().get((urlsplit(str(address)).hostname or "", str(model.identity.get("model"))))


@cache
def listed() -> PriceList:
    """The list that comes with sinan, read once."""
    table = tomllib.loads(_FILE.read_text("utf-8"))
    lines = [_line(host, model, entry) for host, models in table["hosts"].items() for model, entry in models.items()]
    return PriceList(table["date"], table["sources"], tuple(lines))


@cache
def _by_name() -> dict[tuple[str, str], Price]:
    return {(line.host, name): line.price for line in listed().lines for name in (line.model, *line.also)}


def _line(host: str, model: str, entry: Mapping[str, Any]) -> Listed:
    long = entry.get("long")
    above = LongPrompts(long["over"], long["input"], long["output"]) if long else None
    price = Price(entry["input"], entry["output"], above)
    return Listed(host, model, price, entry["source"], tuple(entry.get("also", ())))
