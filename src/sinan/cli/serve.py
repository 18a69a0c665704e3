"""`sinan serve`: the site."""

import sys
from pathlib import Path

import click

from sinan.cli.output import one_line
from sinan.errors import MissingExtra


def _ready(address: str, code: str) -> None:
    click.echo(f"司南 sinan answers at {address}")
    if code:
        click.echo(f"No account exists yet: make the first at {address}/setup with the code {code}")
    sys.stdout.flush()


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where it answers; beyond this machine only with accounts."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Folder of the site's own: database, secret, uploads.",
)
@click.option(
    "--db", "database", metavar="URL", default="", help="postgresql://... (default: SQLite in the site's folder)."
)
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True, help="Processes that carry out jobs.")
@click.option("--publish", is_flag=True, help="Runs that are new in the folder may be seen by everybody.")
@click.option(
    "--backup",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that gets a backup every day; 14 are kept.",
)
def command(
    host: str, port: int, runs: Path, site: Path, database: str, workers: int, publish: bool, backup: Path | None
) -> int:
    """Show runs, boards and benchmarks in a browser, and carry out what people submit. How: docs/serve.md."""
    try:
        from sinan.web import config, serving
    except ModuleNotFoundError as error:
        raise MissingExtra("sinan serve", error.name or "a library", "serve") from None
    from sinan import settings

    told = {"host": host, "port": port, "runs": runs, "site": site, "database": database, "workers": workers}
    read = config.read(settings.load().serve, **told)
    return serving.serve(
        read,
        notice=lambda line: click.echo(f"sinan: {one_line(line)}", err=True),
        ready=_ready,
        public=publish,
        backups=backup,
    )
