"""`sinan models`: providers and bundled models; and what tokens cost."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sinan.types.price import Price


@click.command("models")
@click.option("--prices", is_flag=True, help="What tokens cost, and where that is from.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(prices: bool, as_json: bool) -> None:
    """List providers and bundled models: what can be used, and what is missing.

    A model is written PROVIDER/NAME[?KEY=VALUE&...], such as needle/m, or
    openai/NAME?base_url=http://127.0.0.1:8000/v1 for any OpenAI-compatible server.
    """
    if prices:
        _print_prices(as_json)
        return
    from sinan.cli.availability import print_lines
    from sinan.models import statuses

    print_lines(statuses(), as_json)


def _print_prices(as_json: bool) -> None:
    """What sinan.toml says, which comes first, and the list that comes with sinan."""
    from sinan import settings
    from sinan.cli.output import document
    from sinan.models.prices import listed

    known, own = listed(), settings.load().prices
    rows: list[dict[str, Any]] = [
        {"host": "", "model": model} | _numbers(price) | {"also": [], "source": "sinan.toml", "date": None}
        for model, price in own.items()
    ]
    rows += [
        {"host": line.host, "model": line.model}
        | _numbers(line.price)
        | {"also": list(line.also), "source": line.source, "date": known.date}
        for line in known.lines
    ]
    if as_json:
        click.echo(document({"date": known.date, "sources": dict(known.sources), "prices": rows}))
        return
    _print_table(rows)
    for name, where in known.sources.items():
        click.echo(f"  {name}: {where}")


def _numbers(price: "Price") -> dict[str, Any]:
    """USD for a million tokens; `long` where long prompts cost more."""
    long = price.long and {"over": price.long.over, "input_usd": price.long.input_usd}
    if long and price.long:
        long["output_usd"] = price.long.output_usd
    return {"input_usd": price.input_usd, "output_usd": price.output_usd, "long": long}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from sinan.cli.table import MUTED, console, safe

    table = Table(box=None, pad_edge=True, padding=(0, 1), header_style=MUTED)
    for name in ("host", "model"):
        table.add_column(name, no_wrap=True)
    for name in ("in", "out", "long prompts"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("source", "date"):
        table.add_column(name, no_wrap=True, style=MUTED)
    for row in rows:
        long = row["long"]
        above = f"{long['input_usd']:g} / {long['output_usd']:g} over {long['over']:,}" if long else ""
        numbers = [f"{row['input_usd']:g}", f"{row['output_usd']:g}", above]
        table.add_row(safe(row["host"]), safe(row["model"]), *numbers, row["source"], row["date"] or "")
    out = console()
    out.print(
        Text("  USD for a million tokens. sinan.toml comes first; a model's own price_in and price_out before it.")
    )
    out.print(table)
