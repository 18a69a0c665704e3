"""`sinan user`: accounts of a site, from the machine that it runs on."""

import sys
from typing import Any

import click

from sinan.cli.site import opened, options
from sinan.errors import UsageError

ROLES = click.Choice(["admin", "evaluator", "viewer"])


@click.group("user")
def command() -> None:
    """Accounts of the site. A password is read from standard input, or asked for."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="evaluator", show_default=True, help="What they may do.")
@options
def add(name: str, role: str, **where: Any) -> int:
    """Add an account."""
    site = opened("sinan user", where)
    from sinan.web.service import audit, people

    password = _password()
    with site.database.write() as connection:
        people.create(connection, name, password, role)
        audit.note(connection, people.Asker(), "user.add", name, role=role, by="command line")
    click.echo(f"{name} may sign in as {role}")
    return 0


@command.command("list")
@options
def list_(**where: Any) -> int:
    """List accounts."""
    site = opened("sinan user", where)
    from sinan.web.service.tables import users

    with site.database.read() as connection:
        for row in connection.execute(users.select().order_by(users.c.folded)):
            click.echo("\t".join([row.name, row.role, *(["disabled"] if row.disabled else [])]))
    return 0


@command.command("password")
@click.argument("name")
@options
def password(name: str, **where: Any) -> int:
    """Set an account's password. All its sessions end."""
    site = opened("sinan user", where)
    from sinan.web.service import accounts, audit, people

    with site.database.read() as connection:
        account = accounts.named(connection, name)
    stored = accounts.hashed(_password())
    with site.database.write() as connection:
        accounts.put_password(connection, account.id, stored)
        audit.note(connection, people.Asker(), "password.reset", account.name, by="command line")
    click.echo(f"{account.name} has another password; all sessions are ended")
    return 0


@command.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
@options
def role_(name: str, role: str, **where: Any) -> int:
    """Give an account another role."""
    return _changed(name, where, role=role)


@command.command("disable")
@click.argument("name")
@options
def disable(name: str, **where: Any) -> int:
    """Disable an account: its sessions end, its tokens allow nothing. What it made stays."""
    return _changed(name, where, disabled=True)


@command.command("enable")
@click.argument("name")
@options
def enable(name: str, **where: Any) -> int:
    """Enable an account that was disabled."""
    return _changed(name, where, disabled=False)


def _changed(name: str, where: dict[str, Any], **change: Any) -> int:
    site = opened("sinan user", where)
    from sinan.web.service import accounts, audit, jobs, people

    with site.database.write() as connection:
        account = accounts.change(connection, name, **change)
        if account.disabled:
            jobs.rest(connection, account.id)
        audit.note(connection, people.Asker(), "user.change", account.name, **change, by="command line")
    click.echo(f"{account.name} is {account.role}{', disabled' if account.disabled else ''}")
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    found = sys.stdin.readline().rstrip("\r\n")
    if not found:
        raise UsageError("no password: give it on standard input")
    return found
