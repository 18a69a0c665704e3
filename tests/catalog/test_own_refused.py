"""A file of one's own that its scorer could never judge is refused before a model is asked, in one line."""

import json

import pytest

from sinan.catalog.own import from_file
from sinan.errors import BadFile

WEATHER = {"name": "weather", "description": "", "parameters": {"properties": {"city": {"type": "string"}}}}
PLAIN = {"question": "Which town?", "answer": "Paris"}
PAIR = PLAIN | {"baseline": "Lyon"}


def file(folder, *rows):
    path = folder / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.mark.parametrize(
    ("scorer", "row", "words"),
    [
        ("judge-pairwise", PLAIN, "sample 1 has no `baseline`"),
        ("over-refusal", PLAIN, "says neither that it should be refused"),
        ("tool-calls", PLAIN, "lack `functions`"),
        ("tool-state", PLAIN, "lack apis"),
        ("code", PLAIN, "neither `test` nor `tests`"),
        ("instructions", PLAIN, "has no instructions"),
        ("number", PLAIN, "'Paris' is no number. Remedy: --scorer math"),
        ("letter", PLAIN, "'Paris' is no letter. Remedy: --scorer exact"),
        (None, {"question": "?", "tests": [{"inpt": "1"}]}, "`tests` that take its place are a list of"),
        (None, {"question": "?", "functions": [WEATHER]}, "with `functions` the right `calls` take its place"),
        (None, {"question": "?", "functions": [{}], "calls": "none"}, "line 2: functions must be a list of"),
        (None, {"question": "?", "functions": [WEATHER], "calls": "none"}, "1 of 2 rows ask for calls"),
    ],
)
def test_what_could_never_be_judged_is_refused(tmp_path, scorer, row, words):
    good = PAIR if scorer == "judge-pairwise" else PLAIN
    with pytest.raises(BadFile) as refused:
        from_file(file(tmp_path, good, row), scorer)
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("scorer", "row"),
    [
        ("judge-pairwise", PAIR),
        ("letter", {"question": "A. x B. y?", "answer": "B"}),
        ("number", {"question": "?", "answer": ["six", "6"]}),
        ("over-refusal", {"prompt": "?", "label": "safe"}),
    ],
)
def test_what_can_be_judged_is_not(tmp_path, scorer, row):
    assert from_file(file(tmp_path, row), scorer).protocols


def test_several_numbers_that_will_do_are_read_as_numbers(tmp_path):
    assert "numbers" in from_file(file(tmp_path, {"question": "?", "answer": [5, "6"]})).card.note


def test_functions_are_offered_as_tools_or_in_the_text(tmp_path):
    row = {"question": "Weather in Rome?", "functions": [WEATHER], "calls": [{"weather": {"city": ["Rome"]}}]}
    benchmark = from_file(file(tmp_path, row))
    [sample] = benchmark.dataset.read("", 0)
    offered = benchmark.protocols["default"].prompt(sample, "chat", ())
    assert [tool.name for tool in offered.tools] == ["weather"] and offered.messages[-1].content == row["question"]
    assert "weather" in str(benchmark.protocols["text"].prompt(sample, "chat", ()).messages[0].content)
    assert json.loads(sample.target) == row["calls"] and sample.metadata["language"] == "python"


@pytest.mark.parametrize(
    ("answer", "told"), [(r"\frac{5}{6}", True), ("$x+1$", True), ("x^2", True), ("Paris", False), ("$5", False)]
)
def test_who_has_formulas_is_told_of_the_scorer_for_them(tmp_path, answer, told):
    note = from_file(file(tmp_path, {"question": "?", "answer": answer})).card.note
    assert ("--scorer: math compares what formulas mean" in note) == told
