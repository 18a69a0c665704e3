"""`sinan login`: sign in to a site, once."""

import platform
import sys

import click

from sinan.errors import UsageError


@click.command("login")
@click.argument("url")
@click.option("--user", metavar="NAME", help="Make a token with this account's password; else a token is asked for.")
def command(url: str, user: str | None) -> int:
    """Sign in to the site at URL. The token or password is asked for, or read from standard input.

    A token is made on the site's page of your account. It is kept in your configuration folder, readable by you alone.
    """
    from sinan.web import client

    address = client.normal(url)
    if user is not None:
        token = client.sign_in(address, user, _secret("Password"), platform.node() or "a machine")
    else:
        token = _secret("Token")
        client.Server(address, token).ask("GET", "/account.json")
    client.keep(address, token)
    click.echo(f"signed in to {address}; the token is in {client.kept_in()}")
    return 0


def _secret(what: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True)).strip()
    found = sys.stdin.readline().strip()
    if not found:
        raise UsageError(f"no {what.lower()}: give it on standard input")
    return found
