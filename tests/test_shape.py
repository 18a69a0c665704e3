"""The shape of the house: nothing heavy at the door, floors kept, files short."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"numpy", "scipy", "aiohttp", "rich", "duckdb", "torch", "tokenizers", "matplotlib", "transformers", "orjson"}
HEAVY |= {"uvloop", "sqlite3"}


def loaded(code: str) -> set[str]:
    """The top-level modules that are loaded after the code ran in a fresh interpreter."""
    report = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_of_sinan_loads_no_other_package():
    assert not loaded("import sinan") & (HEAVY | {"click"})


def test_help_loads_click_alone():
    code = "from sinan.cli.main import _code\nassert _code(['--help']) == 0"
    assert "click" in loaded(code)
    assert not loaded(code) & HEAVY


@pytest.mark.parametrize("command", ["run", "show", "models", "doctor", "perf", "score"])
def test_help_of_a_command_loads_nothing_heavy(command):
    assert not loaded(f"from sinan.cli.main import _code\nassert _code(['{command}', '--help']) == 0") & HEAVY


def test_types_import_no_package():
    assert not loaded("import sinan.types, sinan.errors, sinan.settings") & (HEAVY | {"click"})


def test_every_exported_name_is_there():
    import sinan

    assert all(getattr(sinan, name) is not None for name in sinan.__all__)


def test_floors_are_kept():
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        from importlinter.cli import lint_imports

        assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
        return
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_short():
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert {str(path): size for path, size in sizes.items() if size > 400} == {}
