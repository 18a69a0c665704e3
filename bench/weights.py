"""Random weights and questions for benches of log-likelihoods: the shapes of MMLU with five examples and of HellaSwag.

The network is a Llama of 21 million parameters with the tokenizer of needle. Its answers mean nothing; their number of
tokens and what they share are those of the real benchmarks.
"""

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TOKENIZER = Path(__file__).parents[1] / "src" / "sinan" / "models" / "local" / "weights" / "needle-m"
SHAPE = {
    "vocab_size": 8192,
    "hidden_size": 448,
    "intermediate_size": 1024,
    "num_hidden_layers": 8,
    "num_attention_heads": 7,
    "num_key_value_heads": 7,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
WORDS = (
    "the answer question value number sum lamp door moon river letters order reverse list table which what is are of "
    "and more less than first last red green small large price train leaves after before three seven twelve"
).split()


@dataclass(frozen=True)
class Work:
    """One kind of question."""

    name: str
    count: int
    small: int
    """Questions where it has only to be seen that it works."""


MMLU = Work("mmlu", 60, 8)
HELLASWAG = Work("hellaswag", 100, 8)


TINY = SHAPE | {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1}
TINY |= {"num_key_value_heads": 1}


def network(folder: Path, shape: Mapping[str, object] = SHAPE) -> Path:
    """The folder of the network, as transformers writes it."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**shape))
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / file, folder / file)
    return folder


def write(work: Work, count: int, file: Path) -> Path:
    """The questions, one a line: {"context", "choices", "gold"}."""
    rows = _mmlu(count) if work is MMLU else _hellaswag(count)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def _mmlu(count: int) -> Iterator[dict[str, object]]:
    """Subjects of 100 questions, each below the five examples of its subject."""
    for number in range(count):
        subject, rng = number // 100, random.Random(f"mmlu {number}")
        dev = random.Random(f"subject {subject}")
        header = f"The following are multiple choice questions (with answers) about {_words(dev, 2)}.\n\n"
        examples = "".join(f"{_lettered(dev)} ({dev.choice('ABCD')})\n\n" for _ in range(5))
        # Behind a bracket each letter is one token of this tokenizer, as it is behind a blank for larger ones.
        yield {"context": header + examples + _lettered(rng) + " (", "choices": list("ABCD"), "gold": rng.randrange(4)}


def _lettered(rng: random.Random) -> str:
    options = "".join(f"\n{letter}. {_words(rng, rng.randint(2, 8))}" for letter in "ABCD")
    return f"{_words(rng, rng.randint(15, 45))}{options}\nAnswer:"


def _hellaswag(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        rng = random.Random(f"hellaswag {number}")
        context = f"{_words(rng, 3)}: {_words(rng, rng.randint(30, 48))}"
        yield {
            "context": context,
            "choices": [f" {_words(rng, rng.randint(6, 16))}" for _ in range(4)],
            "gold": rng.randrange(4),
        }


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))
