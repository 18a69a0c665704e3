"""`sinan models`: providers and bundled models."""

import click


@click.command("models")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(as_json: bool) -> None:
    """List providers and bundled models: what can be used, and what is missing.

    A model is written PROVIDER/NAME[?KEY=VALUE&...], such as needle/m, or
    openai/NAME?base_url=http://127.0.0.1:8000/v1 for any OpenAI-compatible server.
    """
    from sinan.cli.availability import print_lines
    from sinan.models import statuses

    print_lines(statuses(), as_json)
