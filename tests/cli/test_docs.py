"""Documents that fail when they are wrong: generated pages, links, commands; and the tutorial, run as it stands."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def docs():
    spec = importlib.util.spec_from_file_location("docs_tool", ROOT / "tools" / "docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_documents_are_current_and_lead_where_they_say():
    done = subprocess.run([sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nsinan dance\n```\n",
        "```sh\nsinan run gsm8k --colour red\n```\n",
        "```console\n$ sinan hub lisst\n```\n",
        "```sh\nSINAN_MIRROR=x sinan show last --wrongs | head\n```\n",
        "```sh\nmake coffee\n```\n",
        "say `sinan hub show gsm8k --yaml` to see it",
    ],
)
def test_documents_with_an_unknown_command_are_faulty(docs, text):
    assert list(docs.unknown_commands(text))


def test_documents_may_show_any_command_that_exists(docs):
    text = "```sh\nsinan run gsm8k -m 'openai/x?base_url=http://h/v1' \\\n  -n 3\nSINAN_CACHE=x sinan hub list\n```\n"
    assert not list(docs.unknown_commands(text))


def test_links_that_lead_nowhere_are_faults(docs):
    page = ROOT / "README.md"
    assert list(docs.broken_links(page, "[a](nowhere.md) [b](docs/runs.md#no-such-heading)")) == [
        "nowhere.md leads nowhere",
        "docs/runs.md#no-such-heading: runs.md has no such heading",
    ]
    assert not list(docs.broken_links(page, "[a](docs/runs.md#exit-codes) [b](https://example.org)"))


def test_tutorial_runs_as_it_stands(tmp_path):
    pages = ((ROOT / page).read_text("utf-8") for page in ("docs/tutorial.md", "docs/zh/tutorial.md"))
    blocks, others = (re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) for text in pages)
    assert blocks == others, "the same commands in both languages"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "SINAN_CACHE": str(tmp_path / "cache")}
    script = "set -e\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "results.svg").stat().st_size > 1000
