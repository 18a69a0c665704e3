"""The harness and sinan side by side: one folder of data, one tiny model, the same task files."""

import shutil
from pathlib import Path

import pytest

from tests.lm_eval import rows

TASKS = Path(__file__).parent / "tasks"


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """A folder with the data and the task files; tests work in it, since data files are named from where one is."""
    folder = tmp_path_factory.mktemp("lm_eval")
    rows.write(folder)
    shutil.copytree(TASKS, folder / "tasks")
    return folder


@pytest.fixture
def here(place, monkeypatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(place / "cache"))
    return place


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """Weights and a tokenizer in a folder."""
    pytest.importorskip("torch").set_num_threads(1)  # the model is so small that threads wait for one another
    pytest.importorskip("transformers")
    from tests.lm_eval import tiny_llama

    return tiny_llama.make(tmp_path_factory.mktemp("tiny"))
