"""RESULTS.md: one part for each section. A section that runs replaces its part and leaves the others alone."""

import datetime
import os
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

PATH = Path(__file__).with_name("RESULTS.md")
HEAD = """# What was measured

By `make bench`. Read the ratios: both sides of each were measured in one run, taken in turn; the absolute numbers
belong to the machine. Whole processes, their start included; the server has a processor of its own where there are two.
"""


def machine(today: datetime.date) -> str:
    """Where and when, for the head of a part."""
    cores, python = os.cpu_count(), platform.python_version()
    return f"{today.isoformat()}, {cores} cores, {_processor()}, Python {python}, {platform.system()}."


def parts(text: str) -> dict[str, str]:
    """Title -> part, its title line included."""
    found = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in found}


def replaced(text: str, titles: Iterable[str], new: Mapping[str, Iterable[str]]) -> str:
    """The document with the lines of `new` under their titles, the parts in the order of `titles`. A part whose title
    is none of them is left out."""
    old = parts(text)
    made = {title: f"## {title}\n\n" + "\n".join(lines).rstrip() + "\n" for title, lines in new.items()}
    kept = [made.get(title) or old.get(title) for title in titles]
    return "\n".join([HEAD, *(part for part in kept if part)])


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()
