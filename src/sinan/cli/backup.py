"""`sinan backup`: everything that a site knows, in one file."""

from pathlib import Path
from typing import Any

import click

from sinan.cli.site import opened, options


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--with-secret", is_flag=True, help="Also the key of what is encrypted: who has the file then has the model keys."
)
@options
def command(file: Path, with_secret: bool, **where: Any) -> int:
    """Write people, jobs, votes and own benchmarks of a site to FILE, a zip, also while the site runs.

    Runs are files: copy their folder. `sinan restore` fills an empty site with it, on either database.
    """
    site = opened("sinan backup", where)
    from sinan.web.service import backup

    counted = backup.write(site.database, site.config.site, file, with_secret)
    click.echo(f"{sum(counted.values()):,} rows of {len(counted)} tables are in {file}")
    return 0
