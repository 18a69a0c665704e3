"""`sinan hub`: the catalogue of benchmarks."""

from dataclasses import asdict

import click

from sinan.cli.output import document


@click.group("hub")
def command() -> None:
    """The catalogue of benchmarks."""


@command.command("list")
@click.option("--dimension", help="Only this one: math, knowledge, reasoning, ...")
@click.option("--language", metavar="CODE", help="Only benchmarks in this language: en, zh, ...")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def list_command(dimension: str | None, language: str | None, as_json: bool) -> None:
    """List the benchmarks, and whether their data can be had here.

    Data is `here` (generated, or in the cache), in the `mirror`, `fetchable` from where it is published, or `missing`.
    """
    from sinan.hub.cards import entries, suites

    found = entries(dimension, language)
    if as_json:
        click.echo(document({"benchmarks": [asdict(entry) for entry in found]}))
        return
    from sinan.cli.cards import print_entries

    print_entries(found, suites())


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def show_command(name: str, as_json: bool) -> None:
    """Show one benchmark whole: its card, protocols, subsets, files, and a question as it is asked."""
    from sinan.hub.cards import card

    found = card(name)
    if as_json:
        click.echo(document(found))
        return
    from sinan.cli.cards import print_card

    print_card(found)
