"""The program `sinan`: finds the command's file, runs it, and turns every error into one line and an exit code.

A command's file is imported when the command is used, so that `sinan --help` loads none of them.
"""

import gc
import importlib
import io
import os
import sys
from typing import Any, NoReturn

import click

from sinan import __version__
from sinan.cli.output import one_line
from sinan.errors import SinanError

COMMANDS = {
    "run": "Evaluate models on benchmarks, suites or files of questions.",
    "show": "Results of a run, its samples, one sample whole, a plot.",
    "score": "Score the stored answers of a run again, without calling a model.",
    "compare": "Two runs side by side: the difference, and why each sample differs.",
    "rank": "Leaderboards: who is ahead, who is tied; ratings from votes.",
    "power": "How small a difference a benchmark can tell, and how many questions it takes.",
    "duel": "Which of two models is better, asked no longer than it takes to be sure.",
    "best": "Which of many models is the best; who is known to be beaten is asked no more.",
    "place": "Which rank a new model has among finished runs.",
    "replay": "What stopping early would have saved on known scores, and how often it is wrong.",
    "perf": "Load-test a model's server: latencies and throughput at several levels of load.",
    "judge": "Judges: their agreement with people, their biases, corrected win rates.",
    "hub": "The catalogue of benchmarks: list, show.",
    "serve": "The site: leaderboards, benchmarks, runs and jobs in a browser.",
    "login": "Sign in to a site.",
    "push": "Send a run to a site.",
    "submit": "Let a site evaluate a model.",
    "user": "Accounts of the site: add, list, change.",
    "backup": "Everything that a site knows, in one file.",
    "restore": "An empty site, filled with what a backup holds.",
    "models": "Providers and models: what is configured, what is missing.",
    "doctor": "What works on this machine, and the remedy for what does not.",
}

EPILOG = "Begin with: sinan run first-light -m needle/xs -m needle/s -m needle/m"


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"sinan.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(__version__, "-V", "--version", prog_name="sinan")
def program() -> None:
    """司南 sinan: one-stop evaluation of large language and multimodal models."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and end the process with the contract's exit code.

    The garbage collector does not look any more while the interpreter takes itself down: what a command leaves behind
    is the system's to clear away, and a look at all of it costs a twentieth of a second.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese is no reason to fail
    code = _code(arguments)
    gc.freeze()
    gc.disable()
    sys.exit(code)


def _code(arguments: list[str] | None) -> int:
    try:
        code: Any = program.main(arguments, prog_name="sinan", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        return _say(error.format_message(), 2)
    except SinanError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", 130)
    except BrokenPipeError:  # the reader of our output has gone: `sinan show --samples | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OverflowError as error:
        return _say(f"a score or another number is too large to be counted with ({error})", 2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", 2)


def _say(message: str, code: int) -> int:
    print(f"sinan: {one_line(message)}", file=sys.stderr)
    return code
