"""Worked examples that are near in meaning: the cosine between vectors of the questions.

Vectors come from whoever can give them; the one here is a transformers encoder (the extra `hf`). Those of a pool are
computed once. A text is read by itself, never in a batch, so that its vector depends on nothing but the text.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sinan.errors import MissingExtra, UsageError
from sinan.prompts.few_shot import nearest, others
from sinan.types import Sample

if TYPE_CHECKING:
    import numpy as np

CLOSE = 5
"""Decimal places of a cosine that count: what is nearer than that is a tie, on whatever processor it is computed."""


class Vectors(Protocol):
    """Gives texts their vectors. Hashable by what decides them."""

    def __call__(self, text: str) -> "np.ndarray":
        """One vector of length 1, (dimensions,)."""
        ...

    def __hash__(self) -> int:
        """Vectors that are kept are found by it."""
        ...


@dataclass(frozen=True)
class Nearest:
    """The k of the pool whose questions are nearest in meaning, the nearest last, beside the question."""

    vectors: Vectors

    def __call__(self, seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
        """The examples."""
        table = _table(self.vectors, tuple(one.question for one in pool))
        own = _one(self.vectors, sample.question)
        cosines = {id(one): round(float(table[place] @ own), CLOSE) for place, one in enumerate(pool)}
        candidates = others(sample, pool)
        return nearest(candidates, [cosines[id(one)] for one in candidates], k)


@dataclass(frozen=True)
class Encoder:
    """A transformers encoder: the mean of the last hidden states over the tokens of the text (or the first of them,
    where a sentence-transformers folder says so), divided by its length."""

    model: str
    """A folder, or a name on the hub."""
    weights: str = ""
    """Hash of a folder's files, so that other weights in its place are another rule."""

    def __call__(self, text: str) -> "np.ndarray":
        """The vector. Raises MissingExtra, or UsageError where the model cannot be loaded."""
        import torch

        tokenizer, network, first_token = _loaded(self.model)
        device = next(network.parameters()).device
        # Not max_length of the tokenizer alone: many say that they take texts without end.
        longest = min(tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", 512))
        read = tokenizer(text, return_tensors="pt", truncation=True, max_length=longest).to(device)
        with torch.inference_mode():
            states = network(**read).last_hidden_state[0].float()
        vector = states[0] if first_token else states.mean(dim=0)
        made: np.ndarray = torch.nn.functional.normalize(vector, dim=0).cpu().numpy()
        return made


def nearest_by(model: str) -> Nearest:
    """The rule with an encoder of a folder or of the hub. Nothing is loaded before the first question."""
    folder = Path(model)
    if not folder.is_dir() and (folder.is_absolute() or model.startswith(".") or model.count("/") > 1):
        raise UsageError(f"--few-shot embedding:{model}: there is no such folder")
    return Nearest(Encoder(model, _hash(folder) if folder.is_dir() else ""))


def _hash(folder: Path) -> str:
    """Of every file that decides a vector, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.suffix in _DECIDING and path.is_file()):
        digest.update(str(file.relative_to(folder)).encode())
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]


_DECIDING = (".safetensors", ".bin", ".json", ".txt", ".model")


@lru_cache(maxsize=2)
def _loaded(model: str) -> tuple[Any, Any, bool]:
    """Tokenizer, network, and whether the first token stands for the text."""
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError:
        raise MissingExtra("--few-shot embedding", "transformers", "hf") from None
    folder, first_token = _inside(model)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        network = AutoModel.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError) as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(f"--few-shot embedding:{model} cannot be loaded: {told[0]}") from None
    return tokenizer, network.eval().to("cuda" if torch.cuda.is_available() else "cpu"), first_token


def _inside(model: str) -> tuple[str, bool]:
    """Where the weights are, and how they are pooled, as a folder of sentence-transformers says it."""
    listed = Path(model) / "modules.json"
    if not listed.is_file():
        return model, False
    places = {module["type"].rpartition(".")[2]: module.get("path", "") for module in json.loads(listed.read_text())}
    pooling = Path(model) / places.get("Pooling", "1_Pooling") / "config.json"
    how = json.loads(pooling.read_text()) if pooling.is_file() else {"pooling_mode_mean_tokens": True}
    wanted = [name for name, on in how.items() if name.startswith("pooling_mode_") and on is True]
    if wanted not in (["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        raise UsageError(f"--few-shot embedding:{model} pools by {', '.join(wanted)}; mean and first token are known")
    return str(Path(model) / places.get("Transformer", "")), wanted == ["pooling_mode_cls_token"]


@lru_cache(maxsize=4096)
def _one(vectors: Vectors, text: str) -> "np.ndarray":
    return vectors(text)


@lru_cache(maxsize=128)
def _table(vectors: Vectors, texts: tuple[str, ...]) -> "np.ndarray":
    """The vectors of a pool, (texts, dimensions); computed once."""
    import numpy as np

    return np.stack([vectors(text) for text in texts]) if texts else np.zeros((0, 1))
