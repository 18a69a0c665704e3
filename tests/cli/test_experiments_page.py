"""The page on experiment files: its file and its commands, run as they stand; and its table, which names every key."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sinan.cli.experiment import KINDS

ROOT = Path(__file__).parents[2]
PAGES = ["docs/experiments.md", "docs/zh/experiments.md"]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S)


def test_the_experiment_of_the_page_runs_as_it_stands(tmp_path):
    (experiment,), (commands,) = blocks(PAGES[0], "toml"), blocks(PAGES[0], "sh")
    (other,), (others,) = blocks(PAGES[1], "toml"), blocks(PAGES[1], "sh")
    assert tomllib.loads(experiment) == tomllib.loads(other), "the same in both languages"
    assert re.sub("#.*", "", commands) == re.sub("#.*", "", others)
    (tmp_path / "exp.toml").write_text(experiment, "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "set -e\n" + commands
    environment = os.environ | {"PATH": path}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = [json.loads(run.read_text("utf-8"))["spec"] for run in sorted((tmp_path / "runs").glob("*/run.json"))]
    told = sorted((spec["limit"], len(spec["models"]), spec["parameters"]["temperature"]) for spec in asked)
    assert told == [(5, 2, 0), (20, 1, 0.5), (20, 2, 0)]
    assert {spec["seed"] for spec in asked} == {1}


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_the_page_names_every_key(page):
    assert re.findall(r"^\| `(\w+)` \|", (ROOT / page).read_text("utf-8"), re.M) == list(KINDS)
