"""The examples, run as a reader runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src")}


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
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["benchmark"], result["n"]) == ("doubling", 50)


@pytest.mark.parametrize("script", ["three_models.py"])
def test_a_script_runs(tmp_path, script):
    command = [sys.executable, str(ROOT / "examples" / script)]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "needle/m" in done.stdout


@pytest.mark.parametrize("page", ["docs/questions-of-your-own.md", "docs/zh/questions-of-your-own.md"])
def test_the_example_in_the_documents_is_the_one_that_is_run(page):
    assert (ROOT / "examples/my_benchmark.py").read_text("utf-8") in (ROOT / page).read_text("utf-8")
