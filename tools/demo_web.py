"""The site with something in it: `make demo-web`.

Bundled models answer a few questions of first-light, the runs are published, an administrator is made with a password
that is printed once, and the site answers until Ctrl-C. Everything lies in one folder; what is there already is used.

    python tools/demo_web.py [--folder demo-web] [--port 8765] [--questions 40]
"""

import argparse
import secrets
import signal
import subprocess
import sys
from pathlib import Path

MODELS = ("needle/xs", "needle/s", "needle/m")
ADMIN = "demo"


def main() -> int:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--folder", type=Path, default=Path("demo-web"))
    told.add_argument("--port", type=int, default=8765)
    told.add_argument("--questions", type=int, default=40)
    options = told.parse_args()
    runs, site = options.folder / "runs", options.folder / "site"
    make_runs(runs, options.questions)
    password = make_admin(site)
    if password:
        print(f"\nSign in as {ADMIN} with the password {password}  (it is shown this once)", flush=True)
    else:
        print(f"\nThe account {ADMIN} is there from before; another password: delete {site}", flush=True)
    return serve(["--runs", str(runs), "--site", str(site), "--port", str(options.port), "--publish"])


def make_runs(runs: Path, questions: int) -> None:
    """One run of the small models and one of the largest, so that there is something to compare."""
    for name, models in (("small", MODELS[:2]), ("large", MODELS[2:])):
        if not list(runs.glob(f"*-{name}/results.json")):
            asked = [part for model in models for part in ("-m", model)]
            sinan("run", "first-light", *asked, "-n", str(questions), "--runs", str(runs), "--name", name)


def make_admin(site: Path) -> str:
    """The password; empty where the account is there already."""
    here = ["--site", str(site)]
    if ADMIN in sinan("user", "list", *here, captured=True).split():
        return ""
    password = secrets.token_urlsafe(12)
    sinan("user", "add", ADMIN, "--role", "admin", *here, given=password + "\n", captured=True)
    return password


def sinan(*arguments: str, given: str | None = None, captured: bool = False) -> str:
    command = [sys.executable, "-m", "sinan", *arguments]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE if captured else None, text=True, check=True)
    return done.stdout or ""


def serve(arguments: list[str]) -> int:
    """Until Ctrl-C, which reaches the site as well: it ends what it began, and then this does."""
    process = subprocess.Popen([sys.executable, "-m", "sinan", "serve", *arguments])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
