"""The token that texts begin with: once, whoever writes it; a model is not asked where it is doubled or missing."""

import asyncio
import json
from pathlib import Path

import pytest

from sinan.errors import UsageError
from sinan.models import open_model
from sinan.types import Message, Prompt
from tests.models.tiny import CHATML, edit, network, with_template
from tests.test_end_to_end import one_line, sinan, work

__all__ = ["work"]

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")
TWICE = "<|bos|>" + CHATML
ASKED = Prompt(messages=(Message("user", "moon"),))


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_template(network(tmp_path_factory.mktemp("doubled")), TWICE)


def test_show_says_that_a_template_writes_the_beginning_twice(doubled: Path, work: Path) -> None:
    asked = ("show", "q.jsonl", "--prompt", "--json", "-m")
    code, _, err = sinan(work, *asked, f"hf/{doubled}?device=cpu")
    one_line(err, code, 2, "begins with <|bos|> twice", "Remedy: add_bos=1")
    code, out, err = sinan(work, *asked, f"hf/{doubled}?device=cpu&add_bos=1")
    assert code == 0, err
    (one,) = json.loads(out)["prompts"]
    assert one["text"].count("<|bos|>") == one["ids"].count(0) == 1


def test_a_run_finds_it_before_its_first_request(doubled: Path) -> None:
    with pytest.raises(UsageError, match="twice"):
        asyncio.run(open_model(f"hf/{doubled}?device=cpu").open())


def test_one_of_two_beginnings_is_left_where_that_is_wanted(doubled: Path, tmp_path: Path) -> None:
    once = open_model(f"hf/{with_template(network(tmp_path))}?device=cpu").render(ASKED)
    assert open_model(f"hf/{doubled}?device=cpu&add_bos=1").render(ASKED).ids == once.ids
    assert once.ids.count(once.ids[0]) == 1


def test_a_text_that_brings_two_is_refused_with_a_remedy(tmp_path: Path) -> None:
    for name in (f"hf/{network(tmp_path)}?device=cpu", "needle/xs"):
        with pytest.raises(UsageError, match=r"the text brings it.* Remedy: "):
            open_model(name).render(Prompt(text="<|bos|><|bos|>moon"))
        assert open_model(name).render(Prompt(text="<|bos|>moon")).ids[1:].count(0) == 0


def test_a_beginning_that_is_promised_and_missing_is_refused(tmp_path: Path) -> None:
    folder = network(tmp_path)
    edit(folder / "tokenizer_config.json", add_bos_token=True)
    edit(folder / "tokenizer.json", post_processor=None)
    with pytest.raises(UsageError, match="add_bos=1 or add_bos=0"):
        open_model(f"hf/{folder}?device=cpu").render(Prompt(text="moon"))
    with_, without = (open_model(f"hf/{folder}?device=cpu&add_bos={say}").render(Prompt(text="moon")) for say in "10")
    assert with_.ids == (0, *without.ids)
