"""The Llama architecture in NumPy: reads a folder as transformers writes it, computes in float32, needs no torch.

RMSNorm, rotary positions, SwiGLU, grouped-query attention, tied embeddings. `extend` is the only forward pass there
is: it reads a few more tokens into a cache, be they a chunk of a prompt, a continuation, or one new token per row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sinan.models.local.cache import Cache, Floats, Ints

# Attention scores of one chunk: query tokens times key tokens over all rows. Small enough for 8 heads of float32 to
# stay in a processor's cache (measured: 1.8 times the speed of chunks of 2 million on a prompt of 1,700 tokens).
CHUNK = 300_000


@dataclass(frozen=True, slots=True)
class Config:
    """The part of config.json that decides the computation."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    context: int
    theta: float
    eps: float
    bos: int
    """Id of the token that texts begin with."""
    eos: int
    """Id of the token that ends a text."""

    @classmethod
    def read(cls, folder: Path) -> "Config":
        """From a folder's config.json."""
        raw: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        return cls(
            width=raw["hidden_size"],
            layers=raw["num_hidden_layers"],
            heads=raw["num_attention_heads"],
            kv_heads=raw["num_key_value_heads"],
            head=raw["head_dim"],
            context=raw["max_position_embeddings"],
            theta=raw["rope_theta"],
            eps=raw["rms_norm_eps"],
            bos=raw["bos_token_id"],
            eos=raw["eos_token_id"],
        )


@dataclass(frozen=True, slots=True)
class _Layer:
    """Matrices as (in, out), the norms before them multiplied in."""

    qkv: Floats
    out: Floats
    gate_up: Floats
    down: Floats


class Llama:
    """A network and nothing else: it knows tokens, not text."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        self.config = Config.read(folder)
        raw = {name.removeprefix("model."): w.astype(np.float32) for name, w in load_file(_weights(folder)).items()}
        self._embeddings: Floats = raw["embed_tokens.weight"]
        self._unembed: Floats = np.ascontiguousarray(self._embeddings.T * raw["norm.weight"][:, None])
        self._layers = [_layer(raw, f"layers.{i}.", self.config) for i in range(self.config.layers)]
        rates = self.config.theta ** (-np.arange(0, self.config.head, 2, dtype=np.float64) / self.config.head)
        angles = np.outer(np.arange(self.config.context, dtype=np.float64), rates)
        self._cos, self._sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def start(self, rows: int, capacity: int = 0) -> Cache:
        """An empty cache."""
        return Cache.empty(self.config.layers, rows, self.config.kv_heads, self.config.head, capacity)

    def extend(self, cache: Cache, tails: Sequence[Sequence[int]]) -> Floats:
        """Read one tail of token ids per row, of any lengths (also none).

        Returns the states after every token, (rows, longest tail, width); rows beyond their tail hold leftovers.
        """
        counts = np.array([len(tail) for tail in tails])
        ids = np.zeros((len(tails), int(counts.max())), np.int64)
        for row, tail in enumerate(tails):
            ids[row, : len(tail)] = tail
        cache.reserve(int(cache.lengths.max()) + ids.shape[1])
        size = max(1, CHUNK // (len(tails) * (int(cache.lengths.max()) + ids.shape[1])))
        chunks = [self._read(cache, ids, counts, at, size) for at in range(0, ids.shape[1], size)]
        return chunks[0] if len(chunks) == 1 else np.concatenate(chunks, axis=1)

    def logits(self, states: Floats) -> Floats:
        """(..., width) -> (..., vocabulary)."""
        logits: Floats = _norm(states, self.config.eps) @ self._unembed
        return logits

    def _read(self, cache: Cache, ids: Ints, counts: Ints, at: int, size: int) -> Floats:
        """Tokens `at` to `at + size` of every row."""
        new = np.clip(counts - at, 0, size)
        states = self._forward(cache, ids[:, at : at + size])
        cache.lengths = cache.lengths + new
        return states

    def _forward(self, cache: Cache, ids: Ints) -> Floats:
        """(rows, time) -> (rows, time, width), writing keys and values behind each row's length."""
        places = cache.lengths[:, None] + np.arange(ids.shape[1])
        # A short row beside a long one is padded; where that runs past the last position it may hold anything.
        turns = np.minimum(places, self.config.context - 1)
        cos, sin = self._cos[turns][:, :, None], self._sin[turns][:, :, None]
        future = _future(places, int(places.max()) + 1)
        x = self._embeddings[ids]
        with np.errstate(over="ignore"):  # exp(-g) may overflow to inf in the gate, and 1 / inf is the right 0
            for number, layer in enumerate(self._layers):
                x = x + self._attend(number, cache, _norm(x, self.config.eps), (places, cos, sin, future))
                gate, up = np.split(_norm(x, self.config.eps) @ layer.gate_up, 2, axis=-1)
                x = x + (gate / (1 + np.exp(-gate)) * up) @ layer.down
        return x

    def _attend(
        self, number: int, cache: Cache, x: Floats, where: tuple[Ints, Floats, Floats, Floats | None]
    ) -> Floats:
        c, layer, (places, cos, sin, future) = self.config, self._layers[number], where
        rows, time, _ = x.shape
        qkv = (x @ layer.qkv).reshape(rows, time, -1, c.head)
        turned, values = _rotate(qkv[:, :, : -c.kv_heads], cos, sin), qkv[:, :, -c.kv_heads :]
        row = np.arange(rows)[:, None]
        cache.keys[number][row, :, places] = turned[:, :, c.heads :]
        cache.values[number][row, :, places] = values
        end = int(places.max()) + 1
        queries = turned[:, :, : c.heads].reshape(rows, time, c.kv_heads, -1, c.head).transpose(0, 2, 3, 1, 4)
        folded = queries.reshape(rows, c.kv_heads, -1, c.head)
        scores = folded @ cache.keys[number][:, :, :end].swapaxes(2, 3)
        if future is not None:
            # Only the last keys can lie behind a query: those read in this very pass, or by a longer row.
            scores.reshape(rows, c.kv_heads, -1, time, end)[..., end - future.shape[-1] :] += future
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        mixed = scores @ cache.values[number][:, :, :end]
        mixed /= scores.sum(axis=-1, keepdims=True)
        mixed = mixed.reshape(rows, c.kv_heads, -1, time, c.head)
        attended: Floats = mixed.transpose(0, 3, 1, 2, 4).reshape(rows, time, -1) @ layer.out
        return attended


def log_softmax(logits: Floats) -> Floats:
    """Natural logarithms of probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    out: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out


def _weights(folder: Path) -> str:
    return str(folder / "model.safetensors")


def _layer(raw: dict[str, Floats], prefix: str, config: Config) -> _Layer:
    def matrix(name: str) -> Floats:
        return raw[f"{prefix}{name}.weight"].T

    before, after = raw[f"{prefix}input_layernorm.weight"], raw[f"{prefix}post_attention_layernorm.weight"]
    q = matrix("self_attn.q_proj") / np.float32(np.sqrt(config.head))
    qkv = np.concatenate([q, matrix("self_attn.k_proj"), matrix("self_attn.v_proj")], axis=1)
    gate_up = np.concatenate([matrix("mlp.gate_proj"), matrix("mlp.up_proj")], axis=1)
    return _Layer(
        qkv=np.ascontiguousarray(qkv * before[:, None]),
        out=np.ascontiguousarray(matrix("self_attn.o_proj")),
        gate_up=np.ascontiguousarray(gate_up * after[:, None]),
        down=np.ascontiguousarray(matrix("mlp.down_proj")),
    )


def _norm(x: Floats, eps: float) -> Floats:
    """RMSNorm without its weight, which is multiplied into the next matrix."""
    out: Floats = x / np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / np.float32(x.shape[-1]) + np.float32(eps))
    return out


def _rotate(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Turn each pair (i, i + half) of the last axis by its position's angle."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate((a * cos - b * sin, b * cos + a * sin), axis=-1)


def _future(places: Ints, end: int) -> Floats | None:
    """-inf where a key lies behind its query, for the last keys alone: (rows, 1, 1, time, last keys).

    None where no key does. Keys before every row's first new place are behind nobody.
    """
    if places.shape[1] == 1 and bool((places == end - 1).all()):
        return None
    hidden = np.arange(int(places[:, 0].min()), end) > places[:, :, None]
    return np.where(hidden, np.float32(-np.inf), np.float32(0))[:, None, None]
