"""What keeps weights from being loaded is one line with what was found, and nothing of the libraries' own chatter."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sinan.errors import ModelUnusable, UsageError
from sinan.models import open_model, statuses
from tests.models.tiny import edit, network, with_template

torch = pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


def without(*patterns: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for path in [path for pattern in patterns for path in folder.glob(pattern)]:
            path.unlink()

    return spoil


def lacking(folder: Path) -> None:
    """Weights without those of a layer."""
    from safetensors.torch import load_file, save_file

    table = load_file(folder / "model.safetensors")
    save_file({key: value for key, value in table.items() if "layers.1." not in key}, folder / "model.safetensors")


def pickled(folder: Path) -> None:
    """Weights that bring something else to be made while they are read."""
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Path("it_ran")}, folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without("*.safetensors"), "holds no weights"),
        (without("config.json"), "holds no config.json"),
        (without("tokenizer*"), "the tokenizer cannot be loaded"),
        (lambda folder: edit(folder / "config.json", model_type="martian"), "does not know its architecture"),
        (lambda folder: edit(folder / "config.json", model_type="t5", is_encoder_decoder=True), "encoder-decoder"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no"), "cannot be loaded"),
        (lacking, "lacks 9 of the model's weights .*layers.1.* random"),
        (pickled, "hold more than numbers"),
        (
            lambda folder: edit(folder / "generation_config.json", do_sample=True, temperature="hot"),
            "generation_config",
        ),
    ],
    ids=[
        "no weights",
        "no config",
        "no tokenizer",
        "unknown",
        "encoder-decoder",
        "damaged",
        "lacking",
        "pickle",
        "hot",
    ],
)
def test_a_folder_that_is_no_model_says_what_it_lacks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], spoil: Callable[[Path], None], told: str
) -> None:
    spoil(network(tmp_path))
    capfd.readouterr()
    with pytest.raises(ModelUnusable, match=told) as caught:
        asyncio.run(open_model(f"hf/{tmp_path}?device=cpu").open())
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_not_there_and_a_hub_that_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in (f"hf/{tmp_path}/none", "hf/nobody/nothing-at-all"):
        with pytest.raises(ModelUnusable) as caught:
            asyncio.run(open_model(f"{name}?device=cpu").open())
        assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"sees no GPU here.*device=cpu"):
        asyncio.run(open_model(f"hf/{network(tmp_path)}?device=cuda").open())


@pytest.mark.parametrize("options", ["dtype=int8", "device=tpu", "chat=yes", "max_length=0", "speed=9"])
def test_wrong_options_are_told_before_anything_is_loaded(tmp_path: Path, options: str) -> None:
    with pytest.raises(UsageError, match=options.partition("=")[0]):
        asyncio.run(open_model(f"hf/{network(tmp_path)}?{options}").open())


def test_what_changes_a_number_changes_the_identity(tmp_path: Path) -> None:
    folder = network(tmp_path / "model")
    first = dict(open_model(f"hf/{folder}?device=cpu").identity)
    assert first == dict(open_model(f"hf/{folder}?device=cpu").identity)
    assert first["dtype"] == "float32" and len(first["weights_sha256"]) == 64
    json.dumps(first)
    with_template(folder)
    told = dict(open_model(f"hf/{folder}?device=cpu").identity)
    assert {key for key in first if first[key] != told[key]} == {"template_sha256", "form"}
    other = dict(open_model(f"hf/{folder}?device=cpu&dtype=bfloat16&attn=eager").identity)
    assert {key for key in told if told[key] != other[key]} == {"dtype", "attention"}


def test_the_list_of_models_tells_the_libraries() -> None:
    (line,) = [line for line in statuses() if line.name == "hf"]
    assert line.available and "torch" in line.detail and "transformers" in line.detail
