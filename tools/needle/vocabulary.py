"""Trains the tokenizer: byte-level BPE, 1,024 entries, every digit and every Chinese character on its own.

Any string can be encoded and comes back unchanged. `<|bos|>` opens every text, by the tokenizer's own post-processor,
so that any library that reads tokenizer.json makes the same ids. Nothing closes a text but the model's `<|eos|>`.
The generators' own text needs some 840 entries; the rest goes to the English of the repository's LICENSE, so that
prompts of other benchmarks become shorter.
"""

import itertools
import json
from pathlib import Path

from corpus import documents
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SIZE = 1024
BOS, EOS, PAD = "<|bos|>", "<|eos|>", "<|pad|>"
TEXTS = 60_000
ENGLISH = Path(__file__).parents[2] / "LICENSE"


def train(seed: int) -> Tokenizer:
    """The tokenizer of the first 60,000 documents and the licence."""
    tokenizer = Tokenizer(models.BPE())
    alone = pre_tokenizers.Split(Regex(r"\p{N}|\p{Han}"), "isolated")
    rest = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([alone, rest])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=[BOS, EOS, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = ("".join(text for text, _ in document) for document in itertools.islice(documents(seed), TEXTS))
    tokenizer.train_from_iterator(itertools.chain(texts, [ENGLISH.read_text()]), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 16384,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
