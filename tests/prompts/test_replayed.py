"""Worked examples drawn as lm-evaluation-harness draws them."""

import random
from itertools import count

import pytest

from sinan.errors import UsageError
from sinan.prompts import few_shot
from sinan.types import Sample


def samples(n, start=0, group=""):
    return [Sample(str(i), f"question {i}", f"answer {i}", group=group) for i in range(start, start + n)]


def test_every_document_draws_from_one_stream_in_order():
    documents, pool = samples(5), samples(20, 100)
    choose, stream = few_shot.replayed(lambda group: documents), random.Random(1234)
    expected = [stream.sample(pool, 3) for _ in documents]
    assert [list(choose(0, one, pool, 3)) for one in documents] == expected


def test_any_order_of_asking_and_any_seed_of_a_run_give_the_same():
    documents, pool = samples(6), samples(20, 100)
    forward, backward = few_shot.replayed(lambda group: documents), few_shot.replayed(lambda group: documents)
    there = {one.id: forward(0, one, pool, 2) for one in documents}
    back = {one.id: backward(7, one, pool, 2) for one in reversed(documents)}
    assert there == back


def test_documents_are_read_only_as_far_as_they_are_asked():
    endless = (Sample(str(i), f"question {i}", "") for i in count())
    choose = few_shot.replayed(lambda group: endless)
    assert len(choose(0, Sample("3", "question 3", ""), samples(9, 100), 4)) == 4
    assert next(endless).id == "4"


def test_a_document_is_never_its_own_example():
    documents = samples(12)
    choose = few_shot.replayed(lambda group: documents, drop=True)
    for one in documents:
        examples = choose(0, one, documents, 4)
        assert len(examples) == 4
        assert one not in examples


def test_every_task_of_a_group_has_a_stream_of_its_own():
    first, second, pool = samples(3, group="a"), samples(3, 50, group="b"), samples(20, 100)
    choose = few_shot.replayed({"a": first, "b": second}.__getitem__)
    assert choose(0, first[0], pool, 3) == choose(0, second[0], pool, 3)


def test_the_first_n_leave_out_the_document_itself_where_it_may_be_among_them():
    documents = samples(5)
    choose = few_shot.replayed(lambda group: documents, drop=True, first_n=True)
    assert [one.id for one in choose(0, documents[1], documents, 3)] == ["0", "2", "3"]


def test_too_small_a_pool_is_told():
    choose = few_shot.replayed(lambda group: samples(2))
    with pytest.raises(UsageError, match="5 worked examples are to be drawn, and there are 2"):
        choose(0, samples(1)[0], samples(2, 100), 5)


def test_a_sample_of_another_task_is_told():
    choose = few_shot.replayed(lambda group: samples(2))
    with pytest.raises(UsageError, match="no document of its task"):
        choose(0, Sample("other", "", ""), samples(9, 100), 2)


@pytest.mark.parametrize("drop", [False, True])
def test_draws_are_those_of_the_harness(drop):
    samplers = pytest.importorskip("lm_eval.api.samplers")
    documents = samples(30)
    documents[11] = Sample("11", *_texts(documents[3]))  # the same question twice: the harness draws anew
    documents[20] = Sample("20", *_texts(documents[3]))
    rows = [{"q": one.question, "a": one.target} for one in documents]
    theirs = samplers.ContextSampler(rows)
    theirs.set_rnd(1234)
    choose = few_shot.replayed(lambda group: documents, drop=drop)
    for one, row in zip(documents, rows, strict=True):
        expected = [row["q"] for row in theirs.sample(25, eval_doc=row if drop else None)]
        assert [example.question for example in choose(0, one, documents, 25)] == expected


def _texts(sample):
    return sample.question, sample.target
