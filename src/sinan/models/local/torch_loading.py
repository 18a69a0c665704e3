"""From a folder or an id of the Hugging Face hub to a network in memory; whatever is missing is said in one line."""

import contextlib
import errno
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan.errors import MissingExtra, ModelUnusable

WEIGHTS = (".safetensors", ".bin")
DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTION = ("auto", "sdpa", "eager", "flash_attention_2")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a model is to be loaded, as its options say."""

    name: str
    folder: Path
    dtype: str = "auto"
    attention: str = "auto"
    device: str = "auto"
    trust: bool = False
    """Whether code that came with the weights may run."""


def libraries(name: str) -> tuple[Any, Any]:
    """torch and transformers, told to keep quiet. Raises MissingExtra."""
    try:
        import torch
    except ImportError:
        raise MissingExtra(name, "torch", "hf") from None
    try:
        import transformers
    except ImportError:
        raise MissingExtra(name, "transformers", "hf") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch, transformers


def device(wish: Wish) -> Any:
    """The device that is asked for, or the best there is. Raises ModelUnusable where it is not there."""
    torch, _ = libraries(wish.name)
    there = torch.cuda.is_available()
    if wish.device == "auto":
        return torch.device("cuda:0" if there else "cpu")
    if wish.device.startswith("cuda") and not there:
        raise ModelUnusable(
            f"{wish.name}: device={wish.device}, and PyTorch sees no GPU here. Remedy: device=cpu, or a PyTorch that "
            "is built for this machine's GPU (sinan doctor)"
        )
    chosen = torch.device("cuda:0" if wish.device == "cuda" else wish.device)
    if chosen.type == "cuda" and chosen.index >= torch.cuda.device_count():
        raise ModelUnusable(f"{wish.name}: device={wish.device}, and there are {torch.cuda.device_count()} GPUs")
    return chosen


def network(wish: Wish) -> Any:
    """The model of transformers, loaded and in evaluation mode. Raises ModelUnusable and MissingExtra."""
    torch, transformers = libraries(wish.name)
    on = device(wish)
    _refuse_without_weights(wish)
    with _told(wish):
        config = transformers.AutoConfig.from_pretrained(wish.folder, trust_remote_code=wish.trust)
        if getattr(config, "is_encoder_decoder", False):
            raise ModelUnusable(
                f"{wish.name} is an encoder-decoder ({config.model_type}); models of the provider hf continue text"
            )
        more = {} if wish.attention == "auto" else {"attn_implementation": wish.attention}
        model, loaded = transformers.AutoModelForCausalLM.from_pretrained(
            wish.folder,
            config=config,
            dtype=_dtype(torch, wish, on),
            trust_remote_code=wish.trust,
            output_loading_info=True,
            **more,
        )
        _refuse_incomplete(wish, sorted(loaded["missing_keys"]))
        return model.to(on).eval()


def tokenizer(wish: Wish) -> Any:
    """The tokenizer of the folder. Raises ModelUnusable where there is none."""
    _, transformers = libraries(wish.name)
    with _told(wish, "tokenizer"):
        return transformers.AutoTokenizer.from_pretrained(wish.folder, trust_remote_code=wish.trust)


def _dtype(torch: Any, wish: Wish, on: Any) -> Any:
    """As the weights are on an accelerator; float32 on a processor, where halves are slow and no closer."""
    if wish.dtype != "auto":
        return getattr(torch, wish.dtype)
    return torch.float32 if on.type == "cpu" else "auto"


def _refuse_without_weights(wish: Wish) -> None:
    if not (wish.folder / "config.json").is_file():
        raise ModelUnusable(f"{wish.name}: {wish.folder} holds no config.json, so it is no model's folder")
    if not any(path.suffix in WEIGHTS for path in wish.folder.iterdir()):
        raise ModelUnusable(f"{wish.name}: {wish.folder} holds no weights (*.safetensors or *.bin)")


def _refuse_incomplete(wish: Wish, missing: list[str]) -> None:
    """The library draws at random what the files lack, and says so in a warning that nobody sees."""
    if missing:
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise ModelUnusable(
            f"{wish.name}: {wish.folder} lacks {len(missing)} of the model's weights ({shown}), which would be random "
            "numbers. Is a file missing, or is this no model that continues text?"
        )


@contextlib.contextmanager
def _told(wish: Wish, what: str = "model") -> Iterator[None]:
    """What the libraries raise, as one line with a remedy; their warnings are kept away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ModelUnusable:
            raise
        except Exception as error:
            raise ModelUnusable(f"{wish.name}: the {what} cannot be loaded: {_reason(wish, error)}") from error


def _reason(wish: Wish, error: Exception) -> str:
    told = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full. Free some space, or set HF_HOME to a larger disk"
    if "out of memory" in told or isinstance(error, MemoryError):
        return "it does not fit into memory. Remedy: dtype=bfloat16, or a larger device"
    if "trust_remote_code" in told:
        return "it brings code of its own, which runs only with trust_remote_code=1 (read that code first)"
    if "Weights only load failed" in told:
        return "its weights hold more than numbers, which could run code. Remedy: the same weights as .safetensors"
    if "does not recognize this architecture" in told or "Unrecognized configuration class" in told:
        return "this transformers does not know its architecture. A newer one may: pip install -U transformers"
    if "Unrecognized model in" in told:
        return "its config.json names no model_type"
    return f"{type(error).__name__}: {told[:300]}"
