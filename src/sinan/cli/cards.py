"""The catalogue on a terminal: a line per benchmark, or one card whole."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sinan.cli.numbers import percent
from sinan.cli.table import AMBER, MUTED, RED, console, safe
from sinan.hub.cards import Entry
from sinan.types.message import prompt_text

STYLES = {"here": "green", "mirror": "green", "fetchable": AMBER, "missing": RED}


def print_entries(entries: Sequence[Entry], suites: Mapping[str, Sequence[str]]) -> None:
    """A line per benchmark, then the suites."""
    table = Table(box=None, pad_edge=True, header_style=MUTED)
    for name in ("id", "title", "dimension", "languages", "samples", "data"):
        table.add_column(name, no_wrap=name != "title", justify="right" if name == "samples" else "left")
    for entry in entries:
        size = "-" if entry.samples is None else f"{entry.samples:,}"
        state = Text(entry.data, style=STYLES[entry.data])
        words = (safe(text) for text in (entry.id, entry.title, entry.dimension, " ".join(entry.languages)))
        table.add_row(*words, size, state)
    out = console()
    out.print(table)
    out.print(Text(f"  {len(entries)} benchmarks · one whole: sinan hub show ID", style=MUTED))
    for name, members in suites.items():
        out.print(Text("  suite ", style=MUTED).append_text(safe(f"{name}: {', '.join(members)}")))
    if any(entry.data == "missing" for entry in entries):
        out.print(Text("  missing: in no cache or mirror, and the source does not answer. Remedy: SINAN_MIRROR=DIR"))


def print_card(card: Mapping[str, Any]) -> None:
    """Facts, protocols, subsets, files, an example, and how to run it."""
    out = console()
    out.print(Text("  ").append_text(safe(f"{card['id']}   {card['title']}")), style="bold")
    facts = Table(box=None, show_header=False, pad_edge=True)
    facts.add_column(style=MUTED, no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(card):
        facts.add_row(name, safe(value))
    out.print(facts)
    out.print(_protocols(card["protocols"]))
    if card["example"]:
        _print_example(card["example"])
    out.print(Text(f"\n  {card['run']}", style="bold"))


def _facts(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("measures", "dimension", "languages", "modality", "samples", "licence", "source", "paper"):
        value = card[name]
        if value not in ("", None):
            yield name, " ".join(value) if name == "languages" else str(value)
    chance = "" if card["chance"] is None else f", of which guessing gets {percent(card['chance'])} %"
    first, *further = card["metrics"]
    yield "metric", f"{first}{chance}{'; also ' if further else ''}{', '.join(further)}"
    if card["subsets"]:
        yield f"{len(card['subsets'])} subsets", ", ".join(f"{card['id']}/{name}" for name in card["subsets"])
    if card["sources"]:
        revisions = dict.fromkeys(f"{s['repo']} at {s['revision'][:12]}" for s in card["sources"])
        yield "files", f"{len(card['sources'])} of {', '.join(revisions)}"
    yield "data", card["data"]
    yield "version", card["version"]
    if card["note"]:
        yield "note", card["note"]


def _protocols(protocols: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=True, header_style=MUTED)
    for name in ("protocol", "asks for", "shots", "scorer", "sampling"):
        table.add_column(name, overflow="fold", justify="right" if name == "shots" else "left")
    for protocol in protocols:
        sampling = json.dumps(protocol["sampling"], ensure_ascii=False) if protocol["needs"] == "generate" else ""
        words = (protocol["name"], protocol["needs"], str(protocol["shots"]), protocol["scorer"], sampling)
        table.add_row(*(safe(word) for word in words))
    return table


def _print_example(example: Mapping[str, Any]) -> None:
    out = console()
    out.print(Text(f"\n  sample {example['id']}, as it is asked", style=MUTED))
    out.print(safe(prompt_text(example["prompt"])))
    out.print(Text("  target  ", style=MUTED).append_text(safe(example["target"])))
