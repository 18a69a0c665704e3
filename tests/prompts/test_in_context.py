"""Prompts put together as lm-evaluation-harness does."""

import json
from itertools import product

import pytest

from sinan.prompts import InContext, Template
from sinan.types import Message, Sample

ASKED = Sample("0", "What do bees make?", "B", ("milk", "honey"))
SHOT = Sample("s", "What do cows give?", "A", ("milk", "honey"))
ARC = Template(base="Question: {question}\nAnswer:", answer="{choice}", continuations="{choice}")


def test_text_is_description_examples_and_question():
    prompt = InContext("answer", ARC, description="Be brief.\n\n")(ASKED, "base", (SHOT,))
    assert prompt.text == (
        "Be brief.\n\nQuestion: What do cows give?\nAnswer: milk\n\nQuestion: What do bees make?\nAnswer:"
    )
    assert prompt.cut


def test_a_choice_stands_behind_the_target_delimiter():
    assert InContext("choices", ARC)(ASKED, "base", ()).continuations == (" milk", " honey")
    assert InContext("choices", ARC, target_delimiter="\n")(ASKED, "chat", ()).continuations == ("\nmilk", "\nhoney")


def test_letters_can_be_the_continuations():
    template = Template(base="{question}\n{options}\nAnswer:", answer="{target}", continuations="{letter}")
    prompt = InContext("choices", template)(ASKED, "base", (SHOT,))
    assert prompt.continuations == (" A", " B")
    assert "Answer: A\n\n" in prompt.text


def test_a_chat_has_turns_without_delimiters():
    prompt = InContext("answer", ARC, description="Be brief.", gen_prefix="It is")(ASKED, "chat", (SHOT,))
    assert prompt.messages == (
        Message("system", "Be brief."),
        Message("user", "Question: What do cows give?\nAnswer:"),
        Message("assistant", "milk"),
        Message("user", "Question: What do bees make?\nAnswer:"),
        Message("assistant", "It is"),
    )
    assert prompt.prefill == "It is"


def test_a_single_turn_holds_the_examples_in_the_users_message():
    prompt = InContext("answer", ARC, multiturn=False, gen_prefix="It is")(ASKED, "chat", (SHOT,))
    assert [message.role for message in prompt.messages] == ["user", "assistant"]
    assert prompt.messages[0].content == (
        "Question: What do cows give?\nAnswer: milk\n\nQuestion: What do bees make?\nAnswer:"
    )


def test_likelihoods_of_a_chat_model_stand_behind_text_unless_messages_are_wanted():
    assert InContext("choices", ARC)(ASKED, "chat", ()).text
    prompt = InContext("choices", ARC, chat_likelihood=True)(ASKED, "chat", ())
    assert prompt.messages and prompt.continuations == ("milk", "honey")
    prefixed = InContext("choices", ARC, chat_likelihood=True, gen_prefix="The answer is")(ASKED, "chat", ())
    assert prefixed.continuations == (" milk", " honey")


def test_mutual_information_weighs_each_choice_behind_nothing_too():
    prompt = InContext("choices", ARC, unconditional=True)(ASKED, "base", ())
    assert prompt.pairs[2:] == (("", " milk"), ("", " honey"))
    assert prompt.pairs[0][0].startswith("Question: What do bees")


def test_partial_evaluation_has_one_continuation_behind_every_choice():
    asked = Sample("0", "", "B", ("The cup fell on the floor and it", "The cup fell on the floor and the floor"))
    template = Template(base="{choice}", answer="{rest}")
    asked = Sample("0", "", "A", asked.choices, metadata={"rest": "broke."})
    prompt = InContext("contexts", template)(asked, "base", (asked,))
    head = asked.choices[0] + " broke.\n\n"
    assert prompt.pairs == tuple((head + choice, " broke.") for choice in asked.choices)


def test_a_target_brings_its_own_delimiter():
    prompt = InContext("target")(Sample("0", "The sky is", " blue"), "base", ())
    assert prompt.pairs == (("The sky is", " blue"),)


def test_a_whole_text_is_asked_for_by_itself():
    prompt = InContext("rolling")(Sample("0", "", "All of it."), "base", ())
    assert prompt.rolling and prompt.text == "All of it." and not prompt.continuations


ROWS = [{"q": f"question {i}", "a": f"answer {i}", "p": ["", "So", "So "][i % 3]} for i in range(8)]
SETTINGS = list(product(["", "Be brief.\n\n"], [" ", "", "\n"], ["", "So", "So:\n"]))
CASES = list(product([0, 2], [False, True], [False, True]))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    task = pytest.importorskip("lm_eval.api.task")
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def make(**config):
        data = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(path)}}, "test_split": "test"}
        made = task.ConfigurableTask(
            config={"task": "rows", "doc_to_text": "{{q}}", "doc_to_target": "a"} | data | config
        )
        made.set_fewshot_seed(1234)
        return made

    return make


@pytest.mark.parametrize(("description", "delimiter", "prefix"), SETTINGS)
def test_prompts_are_those_of_the_harness(theirs, description, delimiter, prefix):
    shots, asked = [_sample(row) for row in ROWS[1:3]], _sample(ROWS[0])
    given = {"fewshot_config": {"sampler": "first_n", "samples": ROWS[1:3]}}
    task = theirs(description=description, target_delimiter=delimiter, gen_prefix=prefix or None, **given)
    for k, chat, multiturn in CASES:
        seen = task.fewshot_context(
            ROWS[0],
            k,
            apply_chat_template=chat,
            fewshot_as_multiturn=multiturn,
            chat_template=lambda messages, add_generation_prompt: json.dumps([messages, add_generation_prompt]),
            gen_prefix=task.doc_to_prefix(ROWS[0]),
        )
        ours = InContext(
            "answer",
            description=description,
            target_delimiter=delimiter,
            gen_prefix=prefix,
            shot_prefix=prefix,
            multiturn=multiturn,
        )(asked, "chat" if chat else "base", shots[:k])
        if chat:
            messages, open_turn = json.loads(seen)
            assert [message.to_json() for message in ours.messages] == messages
            assert bool(ours.prefill) is not open_turn
        else:
            assert ours.text == seen


def _sample(row):
    return Sample(row["q"], row["q"], row["a"])
