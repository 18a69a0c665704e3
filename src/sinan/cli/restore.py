"""`sinan restore`: an empty site, filled with what a backup holds."""

from pathlib import Path
from typing import Any

import click

from sinan.cli.site import opened, options


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options
def command(file: Path, **where: Any) -> int:
    """Fill an empty site with what FILE, a backup, holds. A site that is not empty is left as it is.

    Everybody signs in anew. Without the key that encrypted them (SINAN_SERVE_SECRET, or the file `secret` of the old
    site), model keys must be given again.
    """
    site = opened("sinan restore", where)
    from sinan.web.service import backup

    counted = backup.restore(site.database, site.config.site, file)
    click.echo(f"{sum(counted.values()):,} rows of {len(counted)} tables are restored")
    return 0
