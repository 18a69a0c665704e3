"""What people read is there in both languages."""

import re
from pathlib import Path

import jinja2
import orjson
import pytest
from jinja2 import nodes

from sinan.web import words
from sinan.web.page import TEMPLATES
from sinan.web.service import pushed

FILES = sorted((Path(words.__file__).parent / "zh").glob("*.json"))
PLACES = re.compile(r"{(\w+)}")


def keys(template):
    """The texts that a template says: arguments of `t` and `tn` that are written out, also where one is chosen."""
    for call in jinja2.Environment().parse(template.read_text("utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("t", "tn"):
            said = call.args[:1] if call.node.name == "t" else call.args[1:3]
            for one in said:
                yield from (const.value for const in constants(one) if isinstance(const.value, str))


def constants(node):
    if isinstance(node, nodes.Const):
        yield node
    elif isinstance(node, nodes.CondExpr):
        yield from constants(node.expr1)
        if node.expr2 is not None:
            yield from constants(node.expr2)


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_text_of_a_template_has_its_translation(template):
    known = words._words("zh")
    missing = [key for key in keys(template) if key not in known]
    assert not missing, missing


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_translation_has_the_same_places(file):
    for english, chinese in orjson.loads(file.read_bytes()).items():
        assert chinese.strip(), english
        assert sorted(set(PLACES.findall(english))) == sorted(set(PLACES.findall(chinese))), english


def test_one_text_has_one_translation():
    found: dict[str, set[str]] = {}
    for file in FILES:
        for english, chinese in orjson.loads(file.read_bytes()).items():
            found.setdefault(english, set()).add(chinese)
    assert {english: said for english, said in found.items() if len(said) > 1} == {}


def test_a_sentence_from_below_is_recognised_and_keeps_what_stands_in_it():
    note = "with 60 pairs of which 13 differ, differences below 16 points cannot be told (80 % power)"
    assert words.recognised(note, "zh") == "共 60 对，其中 13 对不同：无法分辨小于 16 个百分点的差异（检验效能 80 %）"
    assert words.recognised(note, "en") == note
    board = "left out of the overall, being no share of right answers: a, b"
    assert words.recognised(board, "zh") == "不是正确率，未计入总分：a, b"
    assert words.recognised("nobody knows {this} one", "zh") == "nobody knows {this} one"


def test_what_a_check_of_pushes_says_is_known_in_chinese():
    for said in (pushed.AGREES, pushed.DIFFERS, pushed.NOTHING):
        assert words.recognised(said, "zh") != said
