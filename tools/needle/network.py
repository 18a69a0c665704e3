"""The Llama architecture in PyTorch, with the tensor names of transformers' LlamaForCausalLM."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

THETA, EPS = 10_000.0, 1e-5


@dataclass(frozen=True)
class Shape:
    """Sizes of one network; `head` is the width of one attention head."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int = 1024

    @property
    def head(self) -> int:
        return self.width // self.heads


SHAPES = {
    "xs": Shape(width=64, layers=4, heads=4, kv_heads=1, inner=128),
    "s": Shape(width=128, layers=5, heads=4, kv_heads=1, inner=352),
    "m": Shape(width=256, layers=5, heads=8, kv_heads=2, inner=704),
}


class Attention(nn.Module):
    """Causal self-attention; several query heads share a key-value head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """(batch, time, width) -> the same."""
        b, t, _ = x.shape
        q, k, v = (
            p(x).view(b, t, -1, self.shape.head).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        return self.o_proj(_attend(q, k, v).transpose(1, 2).reshape(b, t, -1))


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """(batch, heads, time, head) and the same with kv_heads. By hand: on a CPU, torch's fused backward is slower."""
    b, heads, t, head = q.shape
    folded = q.reshape(b, k.shape[1], -1, head)
    scores = (folded @ k.transpose(2, 3) * head**-0.5).view(b, heads, t, t)
    future = torch.ones(t, t, dtype=torch.bool).triu(1)
    shares = scores.masked_fill(future, -1e4).softmax(-1).to(v.dtype)
    return (shares.view(b, k.shape[1], -1, t) @ v).view(b, heads, t, head)


class MLP(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.width, eps=EPS)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.width, eps=EPS)
        self.mlp = MLP(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """Embeddings are tied: the same matrix reads tokens and scores them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=EPS)
        for p in self.parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.6 / p.shape[1] ** 0.5)
        for layer in self.layers:
            nn.init.zeros_(layer.self_attn.o_proj.weight)
            nn.init.zeros_(layer.mlp.down_proj.weight)

    def forward(self, ids: Tensor) -> Tensor:
        """(batch, time) token ids -> (batch, time, width) normed states; `logits` makes scores of them."""
        cos, sin = _angles(ids.shape[1], self.shape.head)
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)

    def logits(self, states: Tensor) -> Tensor:
        """(..., width) -> (..., vocabulary)."""
        return F.linear(states, self.embed_tokens.weight)


def _angles(time: int, head: int) -> tuple[Tensor, Tensor]:
    rates = THETA ** (-torch.arange(0, head, 2, dtype=torch.float32) / head)
    angles = torch.outer(torch.arange(time, dtype=torch.float32), rates)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Halves are rotated against each other, as transformers does (not neighbours, as the paper does)."""
    a, b = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat((-b, a), dim=-1) * sin.to(x.dtype)
