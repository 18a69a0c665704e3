"""Files of prompts: lines, objects, messages; and the line that is wrong."""

import pytest

from sinan.datasets.written_prompts import read
from sinan.errors import BadFile, UsageError


def file(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_lines_of_text_are_prompts(tmp_path):
    assert [p.text for p in read(file(tmp_path, "p.txt", "\ufeffone\n\n  二 \r\nthree"))] == ["one", "二", "three"]


def test_objects_are_prompts_and_messages_stay_messages(tmp_path):
    rows = '{"question": "q", "answer": "a"}\n\n{"messages": [{"role": "user", "content": "hi"}]}\n'
    first, second = read(file(tmp_path, "p.jsonl", rows))
    assert (first.text, first.messages) == ("q", ())
    assert [(m.role, m.content) for m in second.messages] == [("user", "hi")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.jsonl", '{"prompt": "a"}\n{"other": 1}\n', "p.jsonl line 2: no prompt"),
        ("p.jsonl", '{"messages": [{"role": "king", "content": "a"}]}', "line 1: a message is"),
        ("p.jsonl", '{"messages": ["a"]}', "line 1: a message is"),
        ("p.jsonl", "{", "line 1: not JSON"),
        ("p.txt", b"\xff\xfe", "not UTF-8"),
        ("p.txt", "\n \n", "holds no prompt"),
    ],
)
def test_what_is_no_prompt_is_named(tmp_path, name, text, said):
    with pytest.raises(BadFile, match=said):
        read(file(tmp_path, name, text))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        read(tmp_path / "none.txt")
