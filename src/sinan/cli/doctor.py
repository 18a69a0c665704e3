"""`sinan doctor`: what works on this machine."""

from pathlib import Path

import click


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Leave out what needs the network.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(offline: bool, runs: Path, as_json: bool) -> int:
    """Say what works on this machine, and the remedy for what does not.

    Ends with 1 where something is broken that every run needs, with 0 otherwise.
    """
    from sinan.cli.availability import print_lines
    from sinan.hub.machine import findings

    found = findings(runs, offline)
    print_lines([finding.line for finding in found], as_json)
    return 1 if any(finding.broken for finding in found) else 0
