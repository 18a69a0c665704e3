"""Files of one's own: every broken one is refused before anything runs, with the line named."""

import json
import tracemalloc

import pytest

from sinan.datasets import Guess, questions
from sinan.errors import BadFile

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
GOOD = '{"question": "1+1?", "answer": 2}\n'
CHOICE = '{"question": "?", "choices": ["x", "y", "z"], "answer": %s}\n'
CITY = '{"question": "?", "choices": ["Rome", "Paris", "rome"], "answer": %s}\n'

BROKEN_JSONL = [
    ("", "w.jsonl holds no questions"),
    ("\n \n", "w.jsonl holds no questions"),
    (GOOD * 16 + "{oops\n", "w.jsonl line 17: not JSON (Expecting property name"),
    (GOOD + "\n[1]\n", "w.jsonl line 3: not an object"),
    ('"text"\n', "w.jsonl line 1: not an object"),
    ("null\n", "w.jsonl line 1: not an object"),
    ('{"question": "?", "answer": NaN}\n', "w.jsonl line 1: not JSON (NaN"),
    ("[" * 100_000 + "\n", "w.jsonl line 1: not JSON (nested too deeply)"),
    ('{"question": "\\ud800", "answer": 1}\n', "w.jsonl line 1: half of a character"),
    (GOOD.encode() + b'{"question": "\xff", "answer": 1}\n', "w.jsonl line 2: not UTF-8 (byte 0xff)"),
    (GOOD.encode("utf-16"), "w.jsonl line 1: not UTF-8 (byte 0xff)"),
    ('{"answer": 1}\n', "w.jsonl line 1: no question"),
    ('{"question": null, "answer": 1}\n', "w.jsonl line 1: no question"),
    ('{"question": "  ", "answer": 1}\n', "w.jsonl line 1: question is empty"),
    ('{"question": 5, "answer": 1}\n', "w.jsonl line 1: question is int, not text"),
    ('{"question": "?"}\n', "w.jsonl line 1: no answer"),
    (GOOD + '{"question": "?", "answer": null}\n', "w.jsonl line 2: no answer"),
    ('{"question": "?", "answer": " "}\n', "w.jsonl line 1: no answer"),
    ('{"question": "?", "answer": {"x": 1}}\n', "w.jsonl line 1: the answer must be a text or a number, not dict"),
    ('{"id": "a", "question": "?", "answer": 1}\n' * 2, "w.jsonl line 2: the id 'a' is already that of line 1"),
    ('{"id": "1", "question": "?", "answer": 1}\n' + GOOD, "w.jsonl line 2: the id '1' is already that of line 1"),
    ('{"id": [1], "question": "?", "answer": 1}\n', "w.jsonl line 1: the id must be"),
    ('{"group": {}, "question": "?", "answer": 1}\n', "w.jsonl line 1: the group must be"),
    (CHOICE % 3, "w.jsonl line 1: the answer '3' fits no choice (A to C, 0 to 2"),
    (CHOICE % -1, "fits no choice"),
    (CHOICE % '"D"', "fits no choice"),
    (CHOICE % '"w"', "fits no choice"),
    (CHOICE % "1.0", "fits no choice"),
    (CITY % '"ROME"', "w.jsonl line 1: the answer 'ROME' could mean A, C: give the letter"),
    ('{"question": "?", "choices": ["1", "2"], "answer": "1"}\n', "could mean A, B"),
    ('{"question": "?", "choices": ["B", "A"], "answer": "A"}\n', "could mean A, B"),
    ('{"question": "?", "choices": ["x"], "answer": "A"}\n', "1 choices"),
    ('{"question": "?", "choices": "x, y", "answer": "A"}\n', "choices must be a list"),
    ('{"question": "?", "choices": ["x", ""], "answer": "A"}\n', "choice B is empty"),
    ('{"question": "?", "choices": ["x", {}], "answer": "A"}\n', "a choice must be a text"),
    ('{"question": "?", "A": "x", "B": "y", "D": "z", "answer": "A"}\n', "leave out C"),
    ('{"question": "?", "answer": 1, "image": "no.png"}\n', "w.jsonl line 1: the image no.png is not there"),
    ('{"question": "?", "answer": 1, "image": 3}\n', "image must be a path"),
    ('{"question": "?", "answer": 1, "image": "w.jsonl"}\n', "no picture of a known kind"),
    ('{"messages": [{"role": "nobody", "content": "x"}], "answer": 1}\n', "messages must be a list of {role, content}"),
    ('{"messages": [], "answer": 1}\n', "no message of the user"),
    ('{"messages": [{"role": "system", "content": "x"}], "answer": 1}\n', "no message of the user"),
]

BROKEN_CSV = [
    ("", "w.csv holds no questions"),
    ("question,answer\n", "w.csv holds no questions"),
    ("question,answer\n1+1,2\n1+2\n", "w.csv line 3: 1 cells, but the header has 2"),
    ("question,answer\n1+1,2,3\n", "w.csv line 2: 3 cells, but the header has 2"),
    ("question,question\na,b\n", "w.csv header: question is there twice"),
    ("question,\na,b\n", "w.csv header: a column has no name"),
    ('question,answer\n"a,b\n', "w.csv line 2: not CSV"),
    ("question,answer\n,2\n", "w.csv line 2: no question"),
    ("question,answer\n1+1,\n", "w.csv line 2: no answer"),
    ("id,question,answer\n7,a,b\n7,c,d\n", "w.csv line 3: the id '7' is already that of line 2"),
    ("question,A,B,answer\n?,x,y,C\n", "w.csv line 2: the answer 'C' fits no choice"),
    ("question;answer\na;b\n", "w.csv line 2: no question"),
    ("question,answer\né,1\n".encode("latin-1"), "w.csv line 2: not UTF-8 (byte 0xe9)"),
]


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def read(tmp_path, name, content):
    dataset, guess = questions(written(tmp_path, name, content))
    return list(dataset.read("", 0)), guess


@pytest.mark.parametrize(("content", "message"), BROKEN_JSONL)
def test_a_broken_jsonl_is_refused_with_its_line(content, message, tmp_path):
    with pytest.raises(BadFile) as caught:
        questions(written(tmp_path, "w.jsonl", content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "message"), BROKEN_CSV)
def test_a_broken_csv_is_refused_with_its_line(content, message, tmp_path):
    with pytest.raises(BadFile) as caught:
        questions(written(tmp_path, "w.csv", content))
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path):
    with pytest.raises(BadFile, match="is no file"):
        questions(tmp_path / "none.jsonl")
    with pytest.raises(BadFile, match=r"read from \.jsonl, \.csv, \.parquet, not from \.json"):
        questions(written(tmp_path, "w.json", "[]"))
    with pytest.raises(BadFile, match="not readable as Parquet"):
        questions(written(tmp_path, "w.parquet", "PAR1 not"))


@pytest.mark.parametrize("question", ["question", "prompt", "input"])
@pytest.mark.parametrize("answer", ["answer", "target", "gold", "label"])
def test_fields_have_synonyms(question, answer, tmp_path):
    samples, _ = read(tmp_path, "w.jsonl", json.dumps({question: "1+1?", answer: "2"}))
    assert (samples[0].question, samples[0].target) == ("1+1?", "2")


def test_the_first_synonym_counts_and_the_rest_is_metadata(tmp_path):
    row = {"input": "i", "prompt": "p", "gold": "g", "target": "t", "level": 3, "tags": ["a"], "none": None}
    samples, _ = read(tmp_path, "w.jsonl", json.dumps(row))
    assert (samples[0].question, samples[0].target) == ("p", "t")
    assert samples[0].metadata == {"input": "i", "gold": "g", "level": 3, "tags": ["a"], "none": None}


@pytest.mark.parametrize(
    ("given", "target", "shape"),
    [
        ("0", "0", "number"),
        ("18", "18", "number"),
        ("18.0", "18.0", "number"),
        ("18.10", "18.10", "number"),
        ("1e3", "1e3", "number"),
        ("-5", "-5", "number"),
        ('"$1,234.50"', "$1,234.50", "number"),
        ('"3/4"', "3/4", "number"),
        ('"50%"', "50%", "number"),
        ("true", "true", "text"),
        ("false", "false", "text"),
        ('"Paris"', "Paris", "text"),
        ('" Paris "', "Paris", "text"),
        ('"12 apples"', "12 apples", "text"),
    ],
)
def test_an_answer_is_the_text_as_written(given, target, shape, tmp_path):
    samples, guess = read(tmp_path, "w.jsonl", f'{{"question": "?", "answer": {given}}}')
    assert (samples[0].target, guess.shape) == (target, shape)


@pytest.mark.parametrize("given", ["1", '"1"', '"B"', '"b"', '"y"', '"Y"', '"(B)"', '"B."'])
def test_an_answer_among_choices_is_a_letter_an_index_from_0_or_a_text(given, tmp_path):
    samples, guess = read(tmp_path, "w.jsonl", CHOICE % given)
    assert (samples[0].target, samples[0].choices) == ("B", ("x", "y", "z"))
    assert guess == Guess("choice", 1)


def test_index_and_text_that_agree_are_no_ambiguity(tmp_path):
    samples, _ = read(tmp_path, "w.jsonl", '{"question": "?", "choices": [0, 1, 2], "answer": 1}')
    assert samples[0].target == "B"


def test_columns_of_letters_are_choices(tmp_path):
    text = "question,A,B,C,D,answer\n?,x,y,z,,2\n?,x,y,,,y\n"
    samples, guess = read(tmp_path, "w.csv", text)
    assert [sample.choices for sample in samples] == [("x", "y", "z"), ("x", "y")]
    assert [sample.target for sample in samples] == ["C", "B"]
    assert [dict(sample.metadata) for sample in samples] == [{}, {}]
    assert guess.shape == "choice"


def test_a_csv_may_have_a_byte_order_mark_quoted_lines_and_empty_lines(tmp_path):
    text = '\ufeffquestion,answer,note\r\n"a, ""b""\nand c",1,\r\n\r\nd,2,x\r\n'
    samples, _ = read(tmp_path, "w.csv", text)
    assert [sample.question for sample in samples] == ['a, "b"\nand c', "d"]
    assert [dict(sample.metadata) for sample in samples] == [{}, {"note": "x"}]


def test_a_jsonl_may_have_a_byte_order_mark_and_no_last_newline(tmp_path):
    samples, _ = read(tmp_path, "w.jsonl", "\ufeff" + GOOD + GOOD.strip())
    assert [sample.id for sample in samples] == ["0", "1"]


def test_ids_and_groups_are_texts_and_ids_default_to_the_row(tmp_path):
    rows = [{"id": 7, "group": 3}, {"id": None, "group": None}, {"id": "x", "group": "g"}]
    text = "\n".join(json.dumps({**row, "question": "?", "answer": 1}) for row in rows)
    samples, _ = read(tmp_path, "w.jsonl", text)
    assert [(sample.id, sample.group) for sample in samples] == [("7", "3"), ("1", ""), ("x", "g")]


def test_rows_with_and_without_choices_are_mixed(tmp_path):
    _, guess = read(tmp_path, "w.jsonl", GOOD + CHOICE % 0)
    assert (guess.shape, guess.mixed) == ("choice", True)


def test_messages_are_kept_and_the_last_of_the_user_is_the_question(tmp_path):
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    samples, _ = read(tmp_path, "w.jsonl", json.dumps({"messages": messages, "answer": "x"}))
    assert samples[0].question == "u"
    assert samples[0].metadata == {"messages": messages}


def test_pictures_lie_beside_the_file_and_are_part_of_its_fingerprint(tmp_path):
    text = '{"question": "?", "answer": 1, "image": "sub/a.jpg"}\n{"question": "?", "answer": 1}\n'
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.jpg").write_bytes(PNG)
    file = written(tmp_path, "w.jsonl", text)
    dataset, guess = questions(file)
    samples = list(dataset.read("", 0))
    assert [image.media_type for image in samples[0].images] == ["image/png"]
    assert guess.pictures
    (tmp_path / "sub/a.jpg").write_bytes(PNG + b"more")
    assert questions(file)[0].fingerprint != dataset.fingerprint


def test_a_parquet_is_read_like_the_rest(tmp_path):
    import duckdb

    file = tmp_path / "w.parquet"
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES (1, '1+1?', 2.5, ['x', 'y'], DATE '2026-01-01'), (2, '?', 0.5, NULL, NULL)) "
        f"t(id, question, answer, tags, day)) TO '{file}' (FORMAT parquet)"
    )
    dataset, guess = questions(file)
    samples = list(dataset.read("", 0))
    assert [(s.id, s.question, s.target) for s in samples] == [("1", "1+1?", "2.5"), ("2", "?", "0.5")]
    assert samples[0].metadata == {"tags": ["x", "y"], "day": "2026-01-01"}
    assert guess == Guess("number", 2)


def test_a_parquet_with_choices(tmp_path):
    import duckdb

    file = tmp_path / "w.parquet"
    duckdb.sql(f"COPY (SELECT '?' AS question, ['x', 'y'] AS choices, 1 AS answer) TO '{file}' (FORMAT parquet)")
    assert next(iter(questions(file)[0].read("", 0))).target == "B"


def test_the_fingerprint_is_that_of_the_bytes(tmp_path):
    one = questions(written(tmp_path, "a.jsonl", GOOD))[0]
    two = questions(written(tmp_path, "b.jsonl", GOOD))[0]
    three = questions(written(tmp_path, "c.jsonl", GOOD + GOOD))[0]
    assert one.fingerprint == two.fingerprint != three.fingerprint
    assert (one.size, three.size) == (1, 2)


def test_a_large_file_is_checked_and_read_in_little_memory(tmp_path):
    file = tmp_path / "large.jsonl"
    with file.open("w") as out:
        for number in range(30_000):
            out.write(json.dumps({"id": f"q{number}", "question": "x" * 500, "answer": number}) + "\n")
    questions(written(tmp_path, "small.jsonl", GOOD))  # what is imported on first use does not count
    tracemalloc.start()
    dataset, guess = questions(file)
    count = sum(1 for _ in dataset.read("", 0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == guess.rows == 30_000
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("row", "letter"),
    [
        ('{"question": "1+1?", "choices": ["1", "2", "3", "4"], "answer": 1}', "B"),
        ('{"question": "1+1?", "A": "1", "B": "2", "C": "3", "answer": 2}', "C"),
        ('{"question": "1+1?", "choices": ["x", "y"], "answer": 0}', "A"),
        ('{"question": "1+1?", "choices": [7, 8], "answer": 8}', "B"),
    ],
)
def test_a_whole_number_beside_options_that_are_texts_is_an_index(tmp_path, row, letter):
    (tmp_path / "q.jsonl").write_text(row + "\n")
    dataset, _ = questions(tmp_path / "q.jsonl")
    assert [sample.target for sample in dataset.read("", 0)] == [letter]
