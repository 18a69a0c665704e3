"""The examples, run as a reader runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT / "src")}


def test_a_benchmark_of_ones_own_runs_by_its_path(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sinan",
        "run",
        str(ROOT / "examples/my_benchmark.py"),
        "-m",
        "needle/xs",
        "--json",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["benchmark"], result["n"]) == ("doubling", 50)


@pytest.mark.parametrize("script", ["three_models.py"])
def test_a_script_runs(tmp_path, script):
    command = [sys.executable, str(ROOT / "examples" / script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "needle/m" in done.stdout


def test_a_budget_stops_a_run_which_the_same_call_goes_on_with(tmp_path):
    own = environment() | {"SINAN_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, str(ROOT / "examples/within_budget.py")]
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    stopped, ended = done.stdout.splitlines()
    assert "of 1,000 tokens" in stopped
    (run,) = (tmp_path / "runs").iterdir()
    requests = json.loads((run / "run.json").read_text("utf-8"))["requests"]
    assert ended == f"complete {requests}"
    assert requests["resumed"] > 0 and requests["sent"] + requests["resumed"] == 60


@pytest.mark.parametrize("page", ["docs/questions-of-your-own.md", "docs/zh/questions-of-your-own.md"])
def test_the_example_in_the_documents_is_the_one_that_is_run(page):
    assert (ROOT / "examples/my_benchmark.py").read_text("utf-8") in (ROOT / page).read_text("utf-8")
