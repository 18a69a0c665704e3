"""`sinan user`: accounts of a site, from the machine that it runs on."""

import sys
from pathlib import Path
from typing import Any

import click

from sinan.errors import MissingExtra, UsageError


def _site(options: dict[str, Any]) -> Any:
    try:
        from sinan.web import config, site
    except ModuleNotFoundError as error:
        raise MissingExtra("sinan user", error.name or "a library", "serve") from None
    from sinan import settings

    return site.opened(config.read(settings.load().serve, site=options["site"], database=options["database"]))


def _options(command: Any) -> Any:
    command = click.option("--db", "database", metavar="URL", default="", help="As of sinan serve.")(command)
    return click.option(
        "--site", type=click.Path(path_type=Path), default=Path("site"), show_default=True, help="As of sinan serve."
    )(command)


@click.group("user")
def command() -> None:
    """Accounts of the site. A password is read from standard input, or asked for."""


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["admin", "evaluator", "viewer"]),
    default="evaluator",
    show_default=True,
    help="What they may do.",
)
@_options
def add(name: str, role: str, **options: Any) -> int:
    """Add an account."""
    site = _site(options)
    from sinan.web.service import audit, people

    password = _password()
    with site.database.write() as connection:
        people.create(connection, name, password, role)
        audit.note(connection, people.Asker(), "user.add", name, role=role, by="command line")
    click.echo(f"{name} may sign in as {role}")
    return 0


@command.command("list")
@_options
def list_(**options: Any) -> int:
    """List accounts."""
    from sinan.web.service.tables import users

    with _site(options).database.read() as connection:
        for row in connection.execute(users.select().order_by(users.c.folded)):
            click.echo("\t".join([row.name, row.role, *(["disabled"] if row.disabled else [])]))
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    found = sys.stdin.readline().rstrip("\r\n")
    if not found:
        raise UsageError("no password: give it on standard input")
    return found
