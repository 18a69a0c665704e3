"""A PyTorch network as sinan asks it: tokens in, states or logits out, with what was read before at hand.

Three facts differ between architectures and are found out by trying when the network is opened, not by name: whether
it takes a mask and positions of ours (then what prompts share is read once), whether its states can be turned into
logits apart (then logits are made only where they are wanted), and both are held against the plain forward pass. A
network that fails is asked the plain way: slower, and as right.
"""

import inspect
from collections.abc import Sequence
from typing import Any

from sinan.models.local.torch_cache import Layers, Past, read, reading

KINDS = ("full_attention", "sliding_attention")


class Network:
    """One causal language model, ready to be asked. All calls come from one thread."""

    def __init__(self, model: Any, longest: int) -> None:
        """`longest`: tokens that it reads at most."""
        import torch

        self.model, self.longest = model, longest
        self.device, self.dtype = model.device, model.dtype
        self.config = model.config.get_text_config(decoder=True)
        self.vocabulary = int(self.config.vocab_size)
        self._body = model.base_model
        self._takes = {name: _parameters(part) for name, part in (("body", self._body), ("model", model))}
        self._cache_name = "cache" if "cache" in self._takes["body"] else "past_key_values"
        self.layers = int(self.config.num_hidden_layers)
        self._window, self._mixed = _windows(self.config)
        self.splits = self.shares = True
        with torch.inference_mode():
            self.splits = self._try_splitting()
            self.shares = self.splits and self._try_sharing()

    # Passes.

    def plain(self, ids: Any) -> Any:
        """Logits after every token, (rows, tokens, vocabulary), as the model itself computes them."""
        return self.model(input_ids=ids, use_cache=False).logits

    def states(self, ids: Any) -> Any:
        """States after every token, (rows, tokens, width); padding at the end of a row changes nothing before it."""
        return self._body(input_ids=ids, use_cache=False).last_hidden_state

    def extend(
        self, ids: Any, positions: Any, mask: Any, past: Past | None, keep: bool = False, cache: Any = None
    ) -> tuple[Any, Layers]:
        """States after tokens that stand behind `past`, and their keys and values where `keep`.

        `positions` (rows or 1, tokens); `mask` (rows or 1, tokens, past and tokens) is True where a token sees
        another. None: each sees all before it, and there is no past.
        """
        import torch

        cache = reading(self.layers, past, keep) if cache is None else cache
        given: dict[str, Any] = {self._cache_name: cache, "use_cache": True}
        if mask is not None:
            before = torch.arange(mask.shape[2] - positions.shape[1], device=self.device).expand(len(positions), -1)
            given["attention_mask"] = self._masks(mask, positions, torch.cat([before, positions], dim=1))
        out = self._body(input_ids=ids, position_ids=positions.expand(len(ids), -1), **given)
        return out.last_hidden_state, read(cache) if keep else []

    def decode(self, ids: Any, positions: Any, mask: Any, cache: Any) -> Any:
        """States after one new token per row, (rows, width). `mask` (rows, past and token)."""
        import torch

        given = {self._cache_name: cache, "use_cache": True}
        keys = torch.arange(mask.shape[1], device=self.device)[None]
        given["attention_mask"] = self._masks(mask[:, None], positions, keys)
        return self._body(input_ids=ids, position_ids=positions, **given).last_hidden_state[:, -1]

    def logits(self, states: Any) -> Any:
        """(n, width) -> (n, vocabulary) in float32."""
        out = self.model.get_output_embeddings()(states)
        cap = getattr(self.config, "final_logit_softcapping", None)
        if cap:
            out = (out / cap).tanh() * cap
        if getattr(self.config, "logits_scaling", None):
            out = out / self.config.logits_scaling
        if getattr(self.config, "logit_scale", None):
            out = out * self.config.logit_scale
        return out.float()

    # What differs between architectures.

    def _masks(self, seen: Any, queries: Any, keys: Any) -> Any:
        """What is added to attention scores, in the form that the model takes: one mask, or one for each kind of
        layer. `queries` and `keys` are positions."""
        full = self._added(seen)
        if self._window is None:
            return full
        near = self._added(seen & (queries[:, :, None] - keys[:, None, :] < self._window))
        return dict(zip(KINDS, (full, near), strict=True)) if self._mixed else near

    def _added(self, seen: Any) -> Any:
        import torch

        lowest = torch.finfo(self.dtype).min
        return torch.zeros(seen.shape, dtype=self.dtype, device=self.device).masked_fill_(~seen, lowest)[:, None]

    def _try_splitting(self) -> bool:
        """Whether states become the same logits apart as in the whole model."""
        ids = _some(self, 1, 9)
        whole, noise = self._reference(ids)
        try:
            apart = self.logits(self.states(ids)[0])
        except Exception:  # whatever an unknown architecture does with a call that it does not expect
            return False
        return _alike(apart, whole, noise, self.dtype)

    def _try_sharing(self) -> bool:
        """Whether two branches behind a trunk, itself behind a kept beginning, give the logits of each alone."""
        import torch
        from transformers import DynamicCache

        try:
            kinds = {type(layer).__name__ for layer in DynamicCache(config=self.model.config).layers}
            if not kinds <= {"DynamicLayer", "DynamicSlidingWindowLayer"}:
                return False  # a state of another kind than keys and values
            if not set(getattr(self.config, "layer_types", None) or ()) <= set(KINDS) or _near_sighted(self.config):
                return False
            ids = _some(self, 1, 24)
            first, second = ids[:, :17], torch.cat([ids[:, :12], ids[:, 17:]], dim=1)
            one, noise = self._reference(first)
            two, _ = self._reference(second)
            _, kept = self.extend(ids[:, :7], torch.arange(7, device=self.device)[None], None, None, keep=True)
            positions = torch.tensor([[*range(7, 17), *range(12, 19)]], device=self.device)
            mask = branched(24, 7, [(5, 10), (10, 17)], 5)[None].to(self.device)
            states, _ = self.extend(ids[:, 7:], positions, mask, Past(kept, (7,)))
            got = self.logits(states[0])
        except Exception:
            return False
        return _alike(got[:10], one[7:], noise, self.dtype) and _alike(got[10:], two[12:], noise, self.dtype)

    def _reference(self, ids: Any) -> tuple[Any, float]:
        """Logits of the plain pass, and by how much they change in company: rounding, nothing else."""
        import torch

        alone = self.plain(ids)[0].float()
        company = self.plain(torch.cat([ids, ids.flip(1)]))[0].float()
        return alone, float((alone - company).abs().max())


def branched(tokens: int, past: int, branches: Sequence[tuple[int, int]], trunk: int) -> Any:
    """Who sees whom in one row, (new tokens, past and new tokens): the trunk and every branch see what stands before
    them, and no branch another. `branches` are (begin, end) among the new tokens."""
    import torch

    new = tokens - past
    inner = torch.ones((new, new), dtype=torch.bool).tril_()
    for begin, end in branches:
        inner[begin:end, trunk:begin] = False
    return torch.cat([torch.ones((new, past), dtype=torch.bool), inner], dim=1)


def _parameters(part: Any) -> frozenset[str]:
    return frozenset(inspect.signature(part.forward).parameters)


def _windows(config: Any) -> tuple[int | None, bool]:
    """The window of layers that see only what is near, and whether there are others beside them."""
    kinds = set(getattr(config, "layer_types", None) or ())
    window = getattr(config, "sliding_window", None)
    if not window or kinds == {"full_attention"} or getattr(config, "use_sliding_window", True) is False:
        return None, False
    return int(window), bool(kinds)


def _near_sighted(config: Any) -> bool:
    """Whether layers may see only what is near in a way that is not known here: a short trial would not show it."""
    known = ("sliding_window", "max_window_layers", "chunk_size_feed_forward")
    told = {name: value for name, value in config.to_dict().items() if "window" in name or "chunk" in name}
    sizes = (name for name in told if name not in known and not name.endswith("pattern"))
    return any(isinstance(told[name], int) and not isinstance(told[name], bool) and told[name] > 0 for name in sizes)


def _some(network: Network, rows: int, tokens: int) -> Any:
    """Token ids that are the same each time, spread over the vocabulary."""
    import torch

    numbers = torch.arange(rows * tokens, device=network.device)
    return (numbers * 7919 + 13).remainder(network.vocabulary).reshape(rows, tokens)


def _alike(a: Any, b: Any, noise: float, dtype: Any) -> bool:
    """Whether two tables of logits are the same but for rounding."""
    import torch

    if a.shape != b.shape or not bool(torch.isfinite(a).all()):
        return False
    rounding = {torch.float32: 1e-4, torch.float64: 1e-8, torch.float16: 1e-2}.get(dtype, 6e-2)
    return float((a - b).abs().max()) <= max(16 * noise, rounding * float(b.std()))
