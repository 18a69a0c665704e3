"""Small Llamas of random weights, for tests that need a model which no rival has seen and both can load."""

import json
import shutil
from pathlib import Path

NEEDLE = Path(__file__).parents[2] / "src/sinan/models/local/weights"


def random_llama(folder: Path, *, width: int = 64, layers: int = 2, heads: int = 4, context: int = 2048) -> Path:
    """Weights, the tokenizer of the bundled models, and nothing else. The spread of the weights is large enough for
    likelihoods of choices to differ by more than rounding."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(7)
    vocabulary = json.loads((NEEDLE / "needle-m/config.json").read_text("utf-8"))
    config = LlamaConfig(
        vocab_size=vocabulary["vocab_size"],
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        max_position_embeddings=context,
        bos_token_id=vocabulary["bos_token_id"],
        eos_token_id=vocabulary["eos_token_id"],
        initializer_range=0.2,
        tie_word_embeddings=False,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(NEEDLE / "needle-m" / name, folder / name)
    return folder
