"""Writes a trained network as a folder that transformers opens: half-precision weights, computed in float32."""

import json
from pathlib import Path

import torch
from network import EPS, THETA, Llama
from safetensors.torch import save_file
from tokenizers import Tokenizer

CONTEXT = 16_384  # rotary positions need no table, so this is a promise to run, not to be good at it


def export(net: Llama, folder: Path, tokenizer: Tokenizer) -> None:
    """config.json, generation_config.json and model.safetensors."""
    tokens = {f"{name}_token_id": tokenizer.token_to_id(f"<|{name}|>") for name in ("bos", "eos", "pad")}
    shape = net.shape
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "hidden_act": "silu",
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": EPS,
        "rope_theta": THETA,
        "rope_parameters": {"rope_type": "default", "rope_theta": THETA},
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "dtype": "float32",
        "torch_dtype": "float32",
        **tokens,
    }
    _write(folder / "config.json", config)
    _write(folder / "generation_config.json", {"do_sample": False, **tokens})
    weights = {f"model.{name}": p.detach().to(torch.float16).contiguous() for name, p in net.named_parameters()}
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
