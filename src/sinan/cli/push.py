"""`sinan push`: send a run to a site."""

from pathlib import Path

import click

from sinan.cli.output import document, one_line


@click.command("push")
@click.argument("run")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--server", metavar="URL", help="The site (default: the last that you signed in to, or SINAN_SERVER).")
@click.option("--publish", is_flag=True, help="Let everybody read it there: questions, prompts and answers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(run: str, runs: Path, server: str | None, publish: bool, as_json: bool) -> int:
    """Send RUN to a site, where it is private until you publish it. What was sent before a break is not sent again."""
    from sinan import store
    from sinan.errors import UsageError
    from sinan.web import client

    folder = store.find(runs, run)
    if folder.about()["status"] == "running":
        raise UsageError(f"run {folder.id} has not ended. Remedy: wait for it, or sinan run --resume {folder.id}")
    there = client.server(server)
    told = client.push(there, folder.path, folder.id)
    if publish:
        client.publish(there, told["run"])
    told["published"] = publish
    if as_json:
        click.echo(document(told))
        return 0
    click.echo(f"  {told['address']}{'' if publish else '   private'}\n  {one_line(told['checked'])}")
    return 0
