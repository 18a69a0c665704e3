"""Whatever folder Python lies in, programs are run by it."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

RUN = """
import json
from sinan.sandbox import Program, open_sandbox
from sinan.errors import SandboxUnavailable
main = "import subprocess, sys\\nprint(subprocess.run([sys.executable, '-c', 'print(7)'], capture_output=True).stdout)"
try:
    ran = open_sandbox().run(Program({"main.py": main}, ("python", "main.py")))
    print(json.dumps([ran.isolation, ran.stdout, ran.stderr]))
except SandboxUnavailable as error:
    print(json.dumps(["none", str(error), ""]))
"""


@pytest.mark.parametrize("hidden", [False, True], ids=["readable", "readable by its owner alone"])
def test_an_interpreter_under_tmp_is_not_hidden_by_the_programs_own_tmp(tmp_path, sandbox, hidden):
    folder = tmp_path / "python"
    venv.create(folder, symlinks=True, with_pip=False)
    for part in (*tmp_path.parents, tmp_path):
        if str(part).startswith("/tmp/"):
            part.chmod(0o700 if hidden else 0o755)
    env = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": os.defpath}
    told = subprocess.run([folder / "bin/python", "-c", RUN], env=env, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == ["full", "b'7\\n'\n", ""], told.stdout
    assert sys.prefix != str(folder)
