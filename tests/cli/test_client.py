"""`sinan login`, `push` and `submit` against a site that runs."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tests.web.conftest import PASSWORD, sample_runs, serve

__all__ = ["sample_runs", "serve"]


def sinan(folder, *words, given="", status=0, **env):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SINAN_")}
    environment |= {"XDG_CONFIG_HOME": str(folder / "mine"), **env}
    done = subprocess.run(
        [sys.executable, "-m", "sinan", *words],
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


@pytest.fixture
def there(tmp_path, serve):
    sinan(tmp_path, "user", "add", "eva", "--role", "evaluator", given=PASSWORD + "\n")
    return serve().address


def test_a_run_is_pushed_after_signing_in_and_published(tmp_path, there, sample_runs):
    (run,) = (path.name for path in sample_runs.glob("*-small"))
    assert "login" in sinan(tmp_path, "push", run, "--runs", str(sample_runs), "--server", there, status=2)
    sinan(tmp_path, "login", there, "--user", "eva", given=PASSWORD + "\n")
    kept = tmp_path / "mine" / "sinan" / "servers.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = json.loads(sinan(tmp_path, "push", run, "--runs", str(sample_runs), "--publish", "--json"))
    assert told["run"] == run
    assert told["published"] is True
    assert "numbers are those that were pushed" in told["checked"]
    (token,) = json.loads(kept.read_text()).values()
    assert token not in json.dumps(told)


def test_a_wrong_password_and_a_wrong_token_sign_nobody_in(tmp_path, there):
    sinan(tmp_path, "login", there, "--user", "eva", given="wrong password\n", status=2)
    sinan(tmp_path, "login", there, given="sinan_nothing\n", status=2)
    assert not (tmp_path / "mine").exists()


def test_an_evaluation_is_submitted_and_awaited(tmp_path, there):
    sinan(tmp_path, "login", there, "--user", "eva", given=PASSWORD + "\n")
    words = ("submit", "arithmetic", "-m", "needle/xs", "--limit", "5")
    assert "requests" in sinan(tmp_path, *words, "--estimate")
    told = json.loads(sinan(tmp_path, *words, "--wait", "--json"))
    assert (told["state"], told["estimate"]["requests"]) == ("complete", 5)
    assert told["cells"][0]["n"] == 5


def test_a_site_that_does_not_answer_and_one_that_is_none(tmp_path):
    words = ("submit", "arithmetic", "-m", "needle/m", "--server", "http://127.0.0.1:9")
    assert "does not answer" in sinan(tmp_path, *words, status=2, SINAN_TOKEN="t")
    assert "no address" in sinan(tmp_path, "login", "ftp://x", given="t\n", status=2)
    assert "no site is known" in sinan(tmp_path, "submit", "arithmetic", "-m", "needle/m", status=2)
