"""What commands on a site have in common: where it is, and opening it."""

from pathlib import Path
from typing import Any

import click

from sinan.errors import MissingExtra


def options(command: Any) -> Any:
    """--site and --db, as of `sinan serve`."""
    command = click.option("--db", "database", metavar="URL", default="", help="As of sinan serve.")(command)
    return click.option(
        "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="As of sinan serve."
    )(command)


def opened(command: str, where: dict[str, Any]) -> Any:
    """The site, its database migrated. Raises MissingExtra, UsageError, StoreError."""
    try:
        from sinan.web import config, site
    except ModuleNotFoundError as error:
        raise MissingExtra(command, error.name or "a library", "serve") from None
    from sinan import settings

    return site.opened(config.read(settings.load().serve, site=where["site"], database=where["database"]))
