"""Worked examples depend on the seed and the sample, on nothing else, and never hold the question."""

from sinan.prompts import few_shot
from sinan.types import Sample

POOL = [Sample(f"train/{i}", f"question {i}", str(i)) for i in range(50)]
ASKED = Sample("test/1", "asked", "1")


def test_the_first_are_the_first():
    assert few_shot.first(0, ASKED, POOL, 3) == POOL[:3]


def test_random_ones_depend_on_seed_and_sample_alone():
    drawn = few_shot.random(0, ASKED, POOL, 5)
    assert drawn == few_shot.random(0, ASKED, POOL, 5)
    assert len({sample.id for sample in drawn}) == 5
    assert drawn != few_shot.random(1, ASKED, POOL, 5)
    assert drawn != few_shot.random(0, Sample("test/2", "asked", "1"), POOL, 5)


def test_the_draw_is_the_same_for_ever():
    assert [sample.id for sample in few_shot.random(0, ASKED, POOL, 3)] == DRAWN


def test_the_question_itself_is_never_an_example():
    asked = Sample("test/1", "question 0", "0")
    assert all(s.question != "question 0" for s in few_shot.first(0, asked, POOL, 50))
    assert all(s.question != "question 0" for s in few_shot.random(0, asked, POOL, 50))


def test_a_small_pool_gives_what_it_has():
    assert len(few_shot.random(0, ASKED, POOL[:2], 5)) == 2
    assert few_shot.first(0, ASKED, [], 5) == []


DRAWN = ["train/5", "train/15", "train/32"]
