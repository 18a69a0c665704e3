"""Questions in a file that is leafed through: any page, any id, any words."""

import pytest

from sinan.hub import leaves
from sinan.types import Benchmark, Card, Dataset, Image, Protocol, Sample


def read(subset, seed):
    for i in range(5):
        image = (Image("/nowhere.png", "a" * 64, "image/png"),) if i == 0 else ()
        yield Sample(f"{subset}{i}", f"Question {i} of {subset}: 你好 \ud800", "B", ("x", f"Option {i}"), subset, image)


@pytest.fixture
def made(tmp_path):
    card = Card("T", "", "own", (), "", "")
    dataset = Dataset(read, subsets=("a", "b"))
    benchmark = Benchmark("t", card, dataset, None, {"default": Protocol(None, None, None)})
    leaves.write(tmp_path / "t.sqlite", benchmark)
    return tmp_path / "t.sqlite"


def test_any_page_is_found_by_its_number(made):
    assert leaves.subsets(made) == {"a": 5, "b": 5}
    found = leaves.page(made, None, 4, 3)
    assert [leaf.id for leaf in found.leaves] == ["a4", "b0", "b1"]
    assert (found.total, found.more) == (10, True)
    found = leaves.page(made, "b", 3, 5)
    assert [leaf.id for leaf in found.leaves] == ["b3", "b4"]
    assert (found.total, found.more) == (5, False)
    assert leaves.page(made, "nothing", 0, 5).total == 0
    assert leaves.page(made, None, 10**9, 5).leaves == ()


def test_one_is_found_by_its_id(made):
    leaf = leaves.by_id(made, "b2").leaves[0]
    assert (leaf.choices, leaf.target, leaf.group) == (("x", "Option 2"), "B", "b")
    assert leaves.by_id(made, "' OR 1 = 1 --").leaves == ()


def test_words_are_found_as_they_are(made):
    assert [leaf.id for leaf in leaves.search(made, "OPTION 3", None, 0, 5).leaves] == ["a3", "b3"]
    assert [leaf.id for leaf in leaves.search(made, "option 3", "b", 0, 5).leaves] == ["b3"]
    found = leaves.search(made, "你好", None, 0, 3)
    assert (len(found.leaves), found.more) == (3, True)
    assert leaves.search(made, "%", None, 0, 3).leaves == ()


def test_a_picture_is_one_of_the_questions(made):
    assert leaves.image(made, "a" * 64).media_type == "image/png"
    assert leaves.image(made, "b" * 64) is None
