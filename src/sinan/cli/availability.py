"""What can be used, as a table or as JSON: one form for `sinan models` and `sinan doctor`."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from sinan.cli.output import document
from sinan.types.availability import Availability


def print_lines(lines: Sequence[Availability], as_json: bool) -> None:
    """A list of name, available, detail, remedy."""
    if as_json:
        click.echo(document([asdict(line) for line in lines]))
        return
    from rich.table import Table
    from rich.text import Text

    from sinan.cli.table import AMBER, MUTED, console, safe

    table = Table(box=None, show_header=False, pad_edge=True, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        told = safe(line.detail)
        if line.remedy and not line.available:
            told.append_text(Text("\n→ ", style=MUTED)).append_text(safe(line.remedy))
        mark = Text("yes", style="green") if line.available else Text("no", style=AMBER)
        table.add_row(mark, safe(line.name), told)
    console().print(table)
