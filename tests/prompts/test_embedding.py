"""Examples near in meaning: by any vectors that are handed in, and by a small encoder that is made here."""

import json

import pytest

from sinan.errors import UsageError
from sinan.prompts import few_shot
from sinan.prompts.embedding import Nearest
from sinan.types import Sample

POOL = [Sample(f"p{i}", text, "x") for i, text in enumerate(["one cat", "two dogs", "a red apple", "green apples"])]


class Letters:
    """Vectors by the letters of a text, and a count of what was asked for."""

    def __init__(self):
        self.read = []

    def __call__(self, text):
        import numpy as np

        self.read.append(text)
        counts = np.array([text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"], np.float64)
        return counts / np.linalg.norm(counts)


def test_the_nearest_come_last_and_a_pool_is_read_once():
    vectors = Letters()
    rule = Nearest(vectors)
    shown = [rule(0, Sample("t", "apples", "x"), POOL, 2), rule(0, Sample("t2", "dog", "x"), list(POOL), 1)]
    assert [[one.id for one in own] for own in shown] == [["p3", "p2"], ["p1"]]
    assert sorted(vectors.read) == sorted([*(one.question for one in POOL), "apples", "dog"])


def test_the_question_itself_is_not_shown_though_it_is_the_nearest():
    assert [one.id for one in Nearest(Letters())(0, POOL[3], POOL, 1)] == ["p2"]
    assert Nearest(Letters())(0, POOL[0], [], 3) == []


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A BERT of two layers with random weights, and a vocabulary of single letters."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def test_vectors_are_the_mean_of_the_last_hidden_states(encoder):
    import torch
    from transformers import AutoModel, AutoTokenizer

    vectors = few_shot.rule(f"embedding:{encoder}").vectors
    tokenizer, network = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()
    with torch.inference_mode():
        states = network(**tokenizer("one cat", return_tensors="pt")).last_hidden_state[0]
    expected = torch.nn.functional.normalize(states.mean(0), dim=0)
    assert vectors("one cat") == pytest.approx(expected.numpy(), abs=1e-6)


def test_an_encoder_chooses_examples_and_its_weights_are_part_of_the_rule(encoder):
    rule = few_shot.rule(f"embedding:{encoder}")
    shown = rule(0, Sample("t", "two cats", "x"), POOL, 3)
    assert len(shown) == 3 and list(shown) == list(rule(1, Sample("t9", "two cats", "x"), POOL, 3))
    before = repr(rule)
    (encoder / "config.json").write_text((encoder / "config.json").read_text() + " ")
    assert repr(few_shot.rule(f"embedding:{encoder}")) != before


def test_a_folder_of_sentence_transformers_says_how_it_is_pooled(encoder, tmp_path):
    import shutil

    folder = tmp_path / "st"
    shutil.copytree(encoder, folder / "0_Transformer")
    modules = [{"type": "sentence_transformers.models.Transformer", "path": "0_Transformer"}]
    modules.append({"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    pooling = folder / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps({"word_embedding_dimension": 32, "pooling_mode_cls_token": True}))
    first = few_shot.rule(f"embedding:{folder}").vectors("one cat")
    assert first.shape == (32,)
    assert first != pytest.approx(few_shot.rule(f"embedding:{encoder}").vectors("one cat"), abs=1e-3)
    other = tmp_path / "max"
    shutil.copytree(folder, other)
    (other / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(UsageError, match="pools by pooling_mode_max_tokens"):
        few_shot.rule(f"embedding:{other}").vectors("one cat")


def test_an_encoder_that_cannot_be_loaded_is_one_line(tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(UsageError, match="cannot be loaded"):
        few_shot.rule(f"embedding:{tmp_path}").vectors("x")
