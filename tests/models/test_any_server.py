"""A server that we did not write: `transformers serve` with the weights of needle/s, asked by `sinan run`.

What it serves is known exactly: the bundled runtime computes the same weights, and transformers itself says what they
answer greedily. The steps of docs/any-server.md are these.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import duckdb
import pytest

import sinan

MISSING = "the server is transformers': pip install 'transformers[serving]'"
for package in ("torch", "transformers", "fastapi", "uvicorn", "openai", "typer"):
    pytest.importorskip(package, reason=MISSING)

WEIGHTS = Path(sinan.__file__).parent / "models" / "local" / "weights" / "needle-s"
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
QUIET = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights, with a chat template: the bundled tokenizer has none."""
    folder = tmp_path_factory.mktemp("served") / "needle-chat"
    shutil.copytree(WEIGHTS, folder)
    settings = folder / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"chat_template": TEMPLATE}))
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The address of the server; it says itself which port it got."""
    words = ["serve", folder.name, "--host", "127.0.0.1", "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "transformers.cli.transformers", *words],
        cwd=folder.parent,
        env=os.environ | QUIET,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "running on http" in line:
                break
        assert said and "running on http" in said[-1], "".join(said)
        Thread(target=process.stderr.read, daemon=True).start()  # what it says later must not fill the pipe
        yield said[-1].split("running on ")[1].split()[0] + "/v1"
    finally:
        process.terminate()
        process.wait(20)


def sinan_run(work: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")} | QUIET
    environment["PYTHONPATH"] = str(Path(sinan.__file__).parents[1])
    command = [sys.executable, "-m", "sinan", "run", *words, "--no-cache", "--json"]
    return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=120)


def run(work: Path, *words: str) -> list[dict]:
    """The samples of a run by the command line: what was asked, what was answered, what came of it."""
    done = sinan_run(work, *words)
    assert done.returncode == 0, done.stderr
    samples = duckdb.sql(
        f"select * from '{work / json.loads(done.stdout)['path']}/samples.parquet' order by benchmark, sample_id"
    )
    return [dict(zip(samples.columns, row, strict=True)) for row in samples.fetchall()]


def test_a_base_model_behind_a_server_answers_as_the_bundled_one(url: str, tmp_path: Path) -> None:
    what = ("arithmetic", "haystack", "-n", "20")
    served = run(tmp_path, *what, "-m", f"openai/needle-chat?base_url={url}&api=completions")
    bundled = run(tmp_path, *what, "-m", "needle/s")
    assert len(served) == len(bundled) == 40
    for mine, theirs in zip(bundled, served, strict=True):
        told = ("sample_id", "prompt", "answer", "outcome", "score", "tokens_in", "tokens_out")
        assert [mine[name] for name in told] == [theirs[name] for name in told]
    assert {row["outcome"] for row in served} == {"correct", "wrong"}


@pytest.mark.parametrize("options", ["", "&stream=1", "&api=responses&stream=1"])
def test_a_chat_gets_what_transformers_itself_generates(url: str, folder: Path, tmp_path: Path, options: str) -> None:
    import torch
    import transformers

    asked = ("arithmetic", "-n", "20", "-p", "max_tokens=12")
    rows = run(tmp_path, *asked, "-m", f"openai/needle-chat?base_url={url}{options}")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for row in rows:
        read = tokenizer.apply_chat_template(json.loads(row["prompt"]), return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            written = model.generate(**read, max_new_tokens=12, do_sample=False)[0, read["input_ids"].shape[1] :]
        assert row["completion"] == tokenizer.decode(written, skip_special_tokens=True)
        assert row["tokens_in"] == read["input_ids"].shape[1]
        if not options:
            assert row["tokens_out"] == len(written)
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("arithmetic", "-m", "openai/other?base_url={url}"), "pinned to 'needle-chat'"),
        (("ordering", "-m", "openai/needle-chat?base_url={url}"), "--protocol generate"),
    ],
)
def test_what_the_server_cannot_do_ends_the_run_with_one_line(url: str, tmp_path: Path, words, told: str) -> None:
    done = sinan_run(tmp_path, *(word.format(url=url) for word in words), "-n", "2")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert told in done.stdout + done.stderr
