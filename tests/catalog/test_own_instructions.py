"""A file of one's own questions with instructions that a program can check."""

import json

import pytest

from sinan import catalog
from sinan.errors import BadFile
from sinan.scoring import Instructions
from sinan.types import Completion

ROWS = [
    {"question": "Name three rivers.", "instructions": [{"id": "punctuation:no_comma"}]},
    {"question": "介绍北京。", "instructions": [{"id": "zh:punctuation:no_punctuation", "kwargs": {}}]},
]
IFEVAL = {"key": 1, "prompt": "Say a.", "instruction_id_list": ["startend:quotation"], "kwargs": [{"num_words": None}]}


def written(folder, *rows):
    path = folder / "mine.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return str(path)


def test_rows_with_instructions_need_no_answer_and_are_asked_as_they_stand(tmp_path):
    benchmark = catalog.load(written(tmp_path, *ROWS))
    protocol = benchmark.protocols["default"]
    first, second = benchmark.dataset.read("", 0)
    assert protocol.scorer == Instructions()
    assert protocol.prompt(first, "chat", ()).messages[-1].content == "Name three rivers."
    assert protocol.scorer(first, Completion("Po; Ob; Don", "stop")).value == 1.0
    assert protocol.scorer(second, Completion("北京是中国的首都。", "stop")).value == 0.0
    assert [metric.name for metric in protocol.metrics][:2] == ["prompt_level_strict_acc", "inst_level_strict_acc"]
    assert "instructions" in benchmark.card.note


def test_the_columns_of_ifeval_are_read_as_they_are(tmp_path):
    benchmark = catalog.load(written(tmp_path, IFEVAL))
    (sample,) = benchmark.dataset.read("", 0)
    assert benchmark.protocols["default"].scorer(sample, Completion('"a"', "stop")).value == 1.0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question": "?", "instructions": [{"id": "punctuation:no_coma"}]}], "question 0: no instruction is called"),
        ([{"question": "?", "instructions": []}], "not an empty one"),
        ([{**IFEVAL, "kwargs": []}], "not as many kwargs as ids"),
        ([ROWS[0], {"question": "1+1?", "answer": "2"}], "1 of 2 rows have instructions"),
    ],
)
def test_a_file_that_cannot_be_checked_is_refused_before_anything_is_asked(tmp_path, rows, said):
    with pytest.raises(BadFile, match=said):
        catalog.load(written(tmp_path, *rows))


def test_the_scorer_by_name_refuses_a_file_without_instructions(tmp_path):
    with pytest.raises(BadFile, match="no instructions"):
        catalog.load(written(tmp_path, {"question": "1+1?", "answer": "2"}), "instructions")
