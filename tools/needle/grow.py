"""Makes a network twice as wide that computes the very same function, to go on training from there.

Every state is doubled, (x, x). A matrix writes both copies, and splits what it reads between them at random, number by
number: the halves add up to the old weight, so the function stays, and the copies can learn different things.
"""

from pathlib import Path

import torch
from network import SHAPES, Llama
from safetensors.torch import load_file
from torch import Tensor

SPREAD = 0.3  # standard deviation of the split around one half


def load(folder: Path, size: str) -> Llama:
    """A network as it was exported."""
    net = Llama(SHAPES[size])
    net.load_state_dict(_weights(folder))
    return net


def grow(small: Path, size: str) -> Llama:
    """The network of `size`, which must be the one in the folder `small` with every width doubled."""
    net = Llama(SHAPES[size])
    net.load_state_dict({name: _grown(name, tensor) for name, tensor in _weights(small).items()})
    return net


def _weights(folder: Path) -> dict[str, Tensor]:
    raw = load_file(folder / "model.safetensors")
    return {name.removeprefix("model."): tensor.float() for name, tensor in raw.items()}


def _grown(name: str, tensor: Tensor) -> Tensor:
    if name == "norm.weight":
        return torch.cat((tensor, tensor)) / 2  # both copies are scored, so each counts half
    if name == "embed_tokens.weight":
        return torch.cat((tensor, tensor), dim=1)
    if tensor.ndim == 1:
        return torch.cat((tensor, tensor))
    return torch.cat([_split(tensor) for _ in range(2)])


def _split(matrix: Tensor) -> Tensor:
    share = 0.5 + SPREAD * torch.randn_like(matrix)
    return torch.cat((matrix * share, matrix * (1 - share)), dim=1)
