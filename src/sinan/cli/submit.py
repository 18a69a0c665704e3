"""`sinan submit`: let a site evaluate a model."""

import time
from typing import Any

import click

from sinan.cli.output import document, one_line
from sinan.errors import UsageError

EVERY_S = 1.0
OVER = ("complete", "partial", "stopped", "failed", "cancelled", "paused")


@click.command("submit")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("-m", "--model", "models", multiple=True, required=True, help="PROVIDER/NAME?KEY=VALUE; again for more.")
@click.option("--limit", type=click.IntRange(1), help="Questions of each benchmark.")
@click.option("--draws", type=click.IntRange(1, 64), default=1, show_default=True, help="Answers to each question.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--key", type=click.IntRange(1), help="Number of your key that is stored at the site.")
@click.option("--max-cost", type=float, help="USD that it may take.")
@click.option("--max-tokens", type=click.IntRange(1), help="Tokens that it may take, in and out.")
@click.option("--estimate", "only_estimate", is_flag=True, help="Say what it would take, and submit nothing.")
@click.option("--wait", is_flag=True, help="Until it is over, showing how it goes on.")
@click.option("--server", metavar="URL", help="The site (default: the last that you signed in to, or SINAN_SERVER).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> int:
    """Let a site evaluate models on TARGET..., and keep the run there."""
    from sinan.web import client

    there, order = client.server(options["server"]), _order(options)
    told: dict[str, Any] = {"estimate": there.ask("POST", "/api/estimates", {"order": order})[0]}
    _say(options, _estimated(told["estimate"]))
    if not options["only_estimate"]:
        job = there.ask("POST", "/api/jobs", {"order": order})[0]["id"]
        told["job"], told["address"] = job, f"{there.address}/jobs/{job}"
        _say(options, f"  {told['address']}")
        if options["wait"]:
            told |= _awaited(there, job, options)
    if options["as_json"]:
        click.echo(document(told))
    return 0 if told.get("state", "complete") in ("complete", "partial") else 2


def _order(options: dict[str, Any]) -> dict[str, Any]:
    order: dict[str, Any] = {"targets": list(options["targets"]), "draws": options["draws"], "seed": options["seed"]}
    order["models"] = [_model(one, options["key"]) for one in options["models"]]
    more = {name: options[name] for name in ("limit", "max_cost", "max_tokens")}
    return order | {name: value for name, value in more.items() if value is not None}


def _model(written: str, key: int | None) -> dict[str, Any]:
    from sinan.models import options

    named, _, query = written.partition("?")
    provider, slash, name = named.partition("/")
    if not slash or not name:
        raise UsageError(f"-m {written}: a model is written PROVIDER/NAME, such as needle/m")
    told = options.parse(query)
    options.refuse_secrets(named, told)
    address = told.pop("base_url", "")
    found: dict[str, Any] = {"provider": provider, "name": name, "address": address, "options": told}
    return found | ({"key": key} if key is not None else {})


def _estimated(found: dict[str, Any]) -> str:
    cost = "no price is known" if found["cost_usd"] is None else f"${found['cost_usd']:.4f}"
    return f"  {found['requests']:,} requests, {found['tokens_in']:,} tokens in, {cost}"


def _awaited(there: Any, job: str, options: dict[str, Any]) -> dict[str, Any]:
    """Until the job is over; its state and run."""
    before = ""
    while True:
        found = there.ask("GET", f"/jobs/{job}.json")[0]
        progress = found["progress"]
        line = f"  {found['state']}   {progress['done']:,} of {progress['expected'] or 0:,}"
        if line != before:
            _say(options, line)
            before = line
        if found["state"] in OVER:
            if found["error"]:
                click.echo(f"sinan: {one_line(found['error'])}", err=True)
            return {"state": found["state"], "run": found["run"], "cells": progress["cells"]}
        time.sleep(EVERY_S)


def _say(options: dict[str, Any], line: str) -> None:
    click.echo(one_line(line) if line.startswith("sinan") else line, err=options["as_json"])
