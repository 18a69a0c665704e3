"""Answers that were recorded elsewhere become a run: in the forms that papers publish, matched with their questions."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from sinan.datasets.outputs import Fields, outputs
from sinan.errors import BadFile, UsageError
from sinan.score_recorded import score_recorded
from tests.in_process import sinan
from tests.test_end_to_end import one_line

DATA = Path(__file__).parents[2] / "shared/data"
published = pytest.mark.skipif(not DATA.exists(), reason="the folder of real benchmark files is not here")


@pytest.fixture(autouse=True)
def mirror(monkeypatch, tmp_path):
    monkeypatch.setenv("SINAN_MIRROR", str(DATA))
    monkeypatch.chdir(tmp_path)


QUESTIONS = [{"id": f"set/{i}", "question": f"{i} + 1?", "answer": str(i + 1)} for i in range(4)]
SAID = ["ANSWER: 1", "ANSWER: 2", "no idea", "ANSWER: 9"]
MINE = """
from sinan.prompts import Template
from sinan.scoring import Number
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import *

def benchmark():
    rows = [Sample(f"set/{i}", f"{i} + 1?", str(i + 1), metadata={"task_id": f"T-{i}"}) for i in range(4)]
    protocol = Protocol(Template(chat="{question}"), OneTurn(), Number())
    card = Card("Mine", "x", "own", ("en",), "", "")
    return Benchmark("mine", card, Dataset(lambda s, seed: rows, size=4), accuracy, {"default": protocol})
"""


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(name, content):
    path = Path(name)
    path.write_text(content, "utf-8")
    return path


def mine():
    return str(write("mine.py", MINE))


def outcomes(recorded):
    (result,) = recorded.run.results
    return {name: count for name, count in result.outcomes.items() if count}


RIGHT = {"correct": 2, "wrong": 1, "unparsed": 1}


@pytest.mark.parametrize(
    "name",
    ["a.jsonl", "a.json", "by_id.json", "a.csv", "a.zip", "a.jsonl.gz", "folder"],
)
def test_every_form_gives_the_same_verdicts(name):
    rows = [{"id": q["id"], "response": said} for q, said in zip(QUESTIONS, SAID, strict=True)]
    path = Path(name)
    if name == "a.json":
        write(name, json.dumps(rows))
    elif name == "by_id.json":
        write(name, json.dumps({row["id"]: {"response": row["response"]} for row in rows}))
    elif name == "a.csv":
        write(name, "id,response\n" + "".join(f"{row['id']},{row['response']}\n" for row in rows))
    elif name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside/a.json", json.dumps(rows))
    elif name == "a.jsonl.gz":
        path.write_bytes(gzip.compress(lines(rows).encode()))
    elif name == "folder":
        path.mkdir()
        write("folder/1.jsonl", lines(rows[:2]))
        write("folder/2.jsonl", lines(rows[2:]))
    else:
        write(name, lines(rows))
    recorded = score_recorded(path, mine())
    assert outcomes(recorded) == RIGHT
    assert recorded.scored_from["matched_by"] == {"id": 4}
    assert recorded.run.status == "complete"


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        ([{"id": i, "completion": said} for i, said in enumerate(SAID)], "end of id"),
        ([{"task_id": f"T-{i}", "completion": said} for i, said in enumerate(SAID)], "id"),
        ([{"prompt": f"{i} +  1?", "completion": said} for i, said in reversed(list(enumerate(SAID)))], "question"),
        ([{"completion": said} for said in SAID], "place"),
        (SAID, "place"),
    ],
)
def test_an_answer_finds_its_question(rows, how):
    recorded = score_recorded(write("a.json", json.dumps(rows)), mine())
    assert recorded.scored_from["matched_by"] == {how: 4}
    assert outcomes(recorded) == RIGHT
    (result,) = recorded.run.results
    assert result.model == "recorded/a" and result.extraction_rate == 0.75


def test_a_field_may_lie_deep_and_a_cut_answer_is_truncated():
    rows = [{"id": "set/0", "out": {"choices": [{"text": "I"}]}, "finish_reason": "length"}]
    recorded = score_recorded(write("a.jsonl", lines(rows)), mine(), fields=Fields("out.choices.0.text"))
    assert outcomes(recorded) == {"truncated": 1}
    assert (recorded.run.status, recorded.run.asked, recorded.run.expected) == ("stopped", 1, 4)


def test_several_answers_to_each_question_are_its_draws():
    rows = [{"id": f"set/{i}", "completion": f"ANSWER: {i + draw}"} for draw in (0, 1) for i in range(4)]
    recorded = score_recorded(write("a.jsonl", lines(rows)), mine())
    (result,) = recorded.run.results
    assert (result.k, result.estimate.n, result.estimate.value) == (2, 4, 0.5)


def test_a_file_with_its_own_right_answers_is_scored_row_by_row():
    rows = [{"question": "same?", "answer": "1", "output": said} for said in ("ANSWER: 1", "ANSWER: 2", "ANSWER: 1")]
    assert outcomes(score_recorded(write("q.jsonl", lines(rows)))) == {"correct": 2, "wrong": 1}
    assert outcomes(score_recorded(write("q.jsonl", lines(rows)), scorer="exact")) == {"correct": 2, "wrong": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no answers"),
        ("{broken", "line 1: not JSON"),
        ("[1]", "item 0: not an object"),
        ('{"id": "set/0", "x": 1}', "no field for the model's answer"),
        ('{"id": "set/0", "completion": "a"}\n{"id": "elsewhere", "completion": "b"}', "line 2 .*those of no sample"),
        (
            lines([{"id": "set/0", "completion": "a"}] * 2 + [{"id": "set/1", "completion": "a"}]),
            "1 answers to sample set/1, but 2 to others",
        ),
    ],
)
def test_what_cannot_be_scored_is_one_line_and_leaves_no_run(content, told):
    with pytest.raises(BadFile, match=told):
        score_recorded(write("a.jsonl", content), mine())
    assert not list(Path("runs").glob("*/run.json"))


def test_answers_to_other_questions_are_passed_over_where_that_is_asked_for():
    rows = [{"id": "set/0", "completion": "ANSWER: 1"}, {"id": "elsewhere", "completion": "b"}]
    recorded = score_recorded(write("a.jsonl", lines(rows)), mine(), known_only=True)
    assert outcomes(recorded) == {"correct": 1} and recorded.scored_from["unmatched"] == 1


def test_an_answer_field_that_is_not_there_is_named():
    path = write("a.jsonl", lines([{"id": "set/0", "completion": "a"}]))
    with pytest.raises(BadFile, match=r"no field reply\. It has: id, completion"):
        outputs(path, Fields("reply"))
    with pytest.raises(BadFile, match="no field name"):
        outputs(path, Fields(None, "name"))


def test_a_suite_is_not_one_benchmark():
    with pytest.raises(UsageError, match="first-light is 8 benchmarks"):
        score_recorded(write("a.jsonl", lines([{"id": "set/0", "completion": "a"}])), "first-light")


def test_the_command_tells_how_answers_were_found(tmp_path):
    write("a.jsonl", lines([{"id": "set/0", "completion": "ANSWER: 1"}]))
    code, out, err = sinan(tmp_path, "score", "a.jsonl", "--benchmark", mine(), "--json")
    document = json.loads(out)
    assert code == 0 and document["results"][0]["value"] == 1.0
    assert "1 by id" in err and "1 of 4 are answered" in err
    code, out, err = sinan(tmp_path, "show", "last", "--samples", "--json")
    (row,) = json.loads(out)["samples"]
    reading = row["readings"][0]
    assert row["completion"][slice(*reading["span"])] == "1" if "span" in reading else reading["answer"] == "1"
    code, out, err = sinan(tmp_path, "score", "nowhere", "--benchmark", "mine.py")
    one_line(err, code, 2, "--benchmark is for a file of answers")


@published
def test_the_gsm8k_rows_of_another_harness_give_its_score():
    folder = DATA / "outputs/evalscope_qwen-plus"
    report = json.loads((folder / "reports/qwen-plus/gsm8k.json").read_text("utf-8"))
    file = folder / "predictions/qwen-plus/gsm8k_main.jsonl"
    recorded = score_recorded(file, "gsm8k", fields=Fields("model_output.choices.0.message.content"))
    (result,) = recorded.run.results
    assert (result.estimate.value, result.estimate.n) == (report["score"], report["num"])


LONG = """
from sinan.prompts import Template
from sinan.scoring import Exact
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import *

def benchmark():
    rows = [Sample(f"set/{i}", f"What is the capital of country number {i}?", f"city {i}") for i in range(12)]
    protocol = Protocol(Template(chat="{question}"), OneTurn(), Exact())
    card = Card("Long", "x", "own", ("en",), "", "")
    return Benchmark("long", card, Dataset(lambda s, seed: rows, size=12), accuracy, {"default": protocol})
"""


def asked(i):
    return f"What is the capital of country number {i}?"


def test_the_recorded_question_decides_against_a_number_that_counts_rows():
    order = [7, 3, 11, 0, 1, 2, 4, 5, 6, 8, 9, 10]
    rows = [{"id": row, "question": asked(i), "response": f"city {i}"} for row, i in enumerate(order)]
    recorded = score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG)))
    assert outcomes(recorded) == {"correct": 12}
    assert recorded.scored_from["matched_by"] == {"question": 12}


@pytest.mark.parametrize("behind", ["", "\nA: Let's think step by step.", " [/INST]", "\n(A) 1\n(B) 2\nAnswer:"])
def test_a_prompt_with_worked_examples_finds_the_question_it_ends_with(behind):
    """`country number 1` is the beginning of two others, and of no use for them."""
    rows = [{"input": f"Q: {asked(0)}\nA: x\n\nQ: {asked(i)}{behind}", "output": f"city {i}"} for i in (11, 1, 10, 5)]
    recorded = score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG)))
    assert outcomes(recorded) == {"correct": 4}
    assert recorded.scored_from["matched_by"] == {"prompt": 4}


def test_answers_to_questions_in_other_words_are_told(tmp_path):
    rows = [{"id": i, "question": f"Name the main town of {i}.", "response": f"city {i}"} for i in range(3)]
    recorded = score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG)))
    assert (recorded.scored_from["matched_by"], recorded.scored_from["reworded"]) == ({"end of id": 3}, 3)
    _, _, err = sinan(tmp_path, "score", "a.jsonl", "--benchmark", "long.py")
    assert "3 of them were asked in other words than ours" in err


def test_a_list_of_texts_is_several_draws():
    rows = [{"id": f"set/{i}", "response": [f"city {i}", "no", f"city {i}", "no"]} for i in range(12)]
    (result,) = score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG))).run.results
    assert (result.k, result.estimate.value) == (4, 0.5)


def test_a_list_within_a_list_is_one_text():
    rows = [{"doc_id": i, "doc": {"question": asked(i)}, "resps": [[f"city {i}"]]} for i in range(12)]
    assert outcomes(score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG)))) == {"correct": 12}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"id": "set/0", "output": {"right": true, "text": "a"}}', "--answer output.right; it has: right, text"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "pointer of Git LFS"),
        ('{"id": "set/0", "text": "What is this?", "label": "a"}', "no field for the model's answer"),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(content, told):
    with pytest.raises(BadFile, match=told):
        outputs(write("a.jsonl", content), Fields())


def test_text_is_the_answer_beside_a_prompt():
    (one,) = outputs(write("a.jsonl", '{"question_id": 4, "prompt": "Is there a cat?", "text": "Yes"}'), Fields())
    assert (one.id, one.question, one.text) == ("4", "Is there a cat?", "Yes")


def test_a_row_in_other_words_is_found_by_its_place_where_the_others_are_in_order():
    rows = [{"prompt": asked(i) if i != 4 else "Asked otherwise.", "response": f"city {i}"} for i in range(12)]
    recorded = score_recorded(write("a.jsonl", lines(rows)), str(write("long.py", LONG)))
    assert outcomes(recorded) == {"correct": 12} and recorded.scored_from["reworded"] == 1
    assert recorded.scored_from["matched_by"] == {"question": 11, "place": 1}
    with pytest.raises(BadFile, match="those of no sample"):
        score_recorded(write("b.jsonl", lines(rows[::-1])), "long.py")


def test_options_may_stand_as_a_list_of_python():
    options = "['it''s', \"can't\", 'no']"
    row = {"question": "Which?", "options": options, "answer": "B", "response": "B"}
    twice = row | {"options": str([options])}
    assert outcomes(score_recorded(write("q.jsonl", lines([row, twice])))) == {"correct": 2}


def test_a_letter_means_an_option_where_all_answers_are_letters():
    """Of MMMU-Pro, where carbon, `C`, is option E of one question."""
    rows = [{"question": "Which?", "options": ["Si", "Fe", "Au", "Ag"], "answer": "B", "response": "B"}] * 3
    carbon = {"question": "Which?", "options": ["Si", "Fe", "Au", "C"], "answer": "C", "response": "C"}
    assert outcomes(score_recorded(write("q.jsonl", lines([*rows, carbon])))) == {"correct": 4}
    texts = [row | {"answer": "Fe"} for row in rows]
    with pytest.raises(BadFile, match="could mean C, D"):
        score_recorded(write("q.jsonl", lines([*texts, carbon])))


@published
@pytest.mark.parametrize("kind", ["direct", "cot"])
def test_published_prompts_of_big_bench_hard_find_their_questions_and_give_the_published_accuracy(kind):
    folder = DATA / f"text/bbh/code-davinci-002-outputs/code-davinci-002-{kind}"
    file = folder / "boolean_expressions_few_shot_template_0-255000.json"
    metrics = json.loads(file.with_name(f"{file.stem}_eval_metrics.jsonl").read_text("utf-8"))
    recorded = score_recorded(file, "bbh/boolean_expressions", protocol="paper")
    (result,) = recorded.run.results
    assert recorded.scored_from["matched_by"] == {"prompt": 250}
    assert 100 * result.estimate.value == pytest.approx(metrics["accuracy"])


def test_another_set_in_the_same_folder_that_counts_from_0_too_is_not_taken_for_a_second_draw():
    Path("both").mkdir()
    own = [{"index": i, "question": asked(i), "response": f"city {i}"} for i in range(12)]
    write("both/own.jsonl", lines(own))
    write("both/zother.jsonl", lines([{"index": i, "question": f"Other {i}?", "response": "x"} for i in range(9)]))
    with pytest.raises(BadFile, match=r"zother\.jsonl line 1 \(and 8 more"):
        score_recorded(Path("both"), str(write("long.py", LONG)))
    recorded = score_recorded(Path("both"), "long.py", known_only=True)
    assert outcomes(recorded) == {"correct": 12} and recorded.scored_from["unmatched"] == 9


def test_a_first_row_without_an_answer_hides_no_field():
    rows = [
        {"id": "set/0", "reply": None, "completion": None},
        {"id": "set/1", "reply": "x", "completion": "ANSWER: 2"},
    ]
    assert [one.text for one in outputs(write("a.jsonl", lines(rows)), Fields())] == ["", "ANSWER: 2"]
    assert [one.text for one in outputs(write("a.jsonl", lines(rows)), Fields("reply"))] == ["", "x"]


@pytest.mark.parametrize("fault", ["encrypted", "unknown", "damaged"])
def test_an_archive_that_cannot_be_unpacked_is_one_line(fault):
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", lines([{"id": "set/0", "completion": "a"}] * 90))
    packed = bytearray(Path("a.zip").read_bytes())
    listed = packed.find(b"PK\x01\x02")
    if fault == "encrypted":
        packed[6] |= 1
        packed[listed + 8] |= 1
    elif fault == "unknown":
        packed[8] = packed[listed + 10] = 99
    else:
        packed[40:60] = b"\xff" * 20
    Path("a.zip").write_bytes(packed)
    with pytest.raises(BadFile, match=r"a\.zip (?:is encrypted or packed|cannot be read)"):
        outputs(Path("a.zip"), Fields())


def test_files_of_a_folder_without_answers_are_passed_over_and_named(tmp_path):
    Path("folder").mkdir()
    write(
        "folder/a.json",
        json.dumps([{"id": q["id"], "response": said} for q, said in zip(QUESTIONS, SAID, strict=True)]),
    )
    write("folder/metrics.jsonl", lines([{"accuracy": 0.5}]))
    recorded = score_recorded(Path("folder"), mine())
    assert outcomes(recorded) == RIGHT
    assert recorded.scored_from["passed_over"] == ["metrics.jsonl"] and len(recorded.scored_from["sha256"]) == 64
    _, _, err = sinan(tmp_path, "score", "folder", "--benchmark", "mine.py")
    assert "no answers are in metrics.jsonl: passed over" in err
    Path("folder/a.json").unlink()
    with pytest.raises(BadFile, match="no field for the model's answer"):
        score_recorded(Path("folder"), mine())
