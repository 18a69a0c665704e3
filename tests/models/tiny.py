"""Networks of random weights, a few thousand numbers each, in the folders that transformers writes."""

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sinan.models.providers.needle import WEIGHTS

TOKENIZER = WEIGHTS / "needle-s"
_SIZES: Mapping[str, Any] = {
    "vocab_size": 1024,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
_GROUPED = {**_SIZES, "num_key_value_heads": 2}
_GPT2 = {"vocab_size": 1024, "n_embd": 48, "n_layer": 3, "n_head": 4, "bos_token_id": 0, "eos_token_id": 1}
_BLOOM = {"vocab_size": 1024, "hidden_size": 48, "n_layer": 3, "n_head": 4}
_NEO = {"vocab_size": 1024, "hidden_size": 48, "num_layers": 2, "num_heads": 4, "max_position_embeddings": 512}
FAMILIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", _GROUPED),
    "qwen2": ("Qwen2Config", _GROUPED),
    "qwen3": ("Qwen3Config", {**_GROUPED, "head_dim": 12}),
    "gpt2": ("GPT2Config", {**_GPT2, "n_positions": 512}),
    "gpt_neox": ("GPTNeoXConfig", dict(_SIZES)),
    "gemma2": ("Gemma2Config", {**_GROUPED, "head_dim": 12, "sliding_window": 40}),
    "gemma3": ("Gemma3TextConfig", {**_GROUPED, "num_hidden_layers": 6, "head_dim": 12, "sliding_window": 40}),
    "mistral": ("MistralConfig", {**_GROUPED, "head_dim": 12, "sliding_window": 40}),
    "mixtral": ("MixtralConfig", {**_GROUPED, "num_local_experts": 4}),
    "granite": ("GraniteConfig", {**_GROUPED, "logits_scaling": 3.0}),
    "cohere": ("CohereConfig", dict(_GROUPED)),
    "bloom": ("BloomConfig", _BLOOM),
    "gpt_neo": ("GPTNeoConfig", {**_NEO, "attention_types": [[["global", "local"], 1]], "window_size": 40}),
    "mamba": ("MambaConfig", {"vocab_size": 1024, "hidden_size": 48, "num_hidden_layers": 3, "state_size": 8}),
}
SHARE = {"llama", "qwen2", "qwen3", "gpt2", "gpt_neox", "gemma2", "gemma3", "mistral", "mixtral", "granite", "cohere"}
CHATML = (
    "{% for m in messages %}{{ '<|bos|>' if loop.first }}[{{ m['role'] }}]{{ m['content'] }}"
    "{% if m['role'] == 'assistant' or not loop.last %}<|eos|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def network(folder: Path, family: str = "llama", **more: Any) -> Path:
    """A folder with random weights and the tokenizer of needle. The weights are larger than usual: what a mistake in
    positions or masks changes is then much more than rounding."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    kind, sizes = FAMILIES[family]
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, kind)(**{**sizes, **more}))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.08)
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / file, folder / file)
    return folder


def with_template(folder: Path, template: str = CHATML) -> Path:
    """The folder, its tokenizer now with a chat template."""
    (folder / "chat_template.jinja").write_text(template)
    return folder


def edit(file: Path, **more: Any) -> None:
    """Set fields of a JSON file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | more))


@cache
def words() -> tuple[str, ...]:
    return tuple("the answer is lamp door 417 yes no question moon river 12 35 A B C D apple 三 千".split())
