"""What the questions of a file share, as far as its columns tell."""

import json

import pytest

from sinan.datasets.questions import questions


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def clusters(tmp_path, rows):
    dataset, guess = questions(written(tmp_path / "q.jsonl", rows))
    return [sample.cluster for sample in dataset.read("", 0)], guess


def row(number, **more):
    return {"question": f"What is {number} + 1?", "answer": number + 1, **more}


def test_a_column_that_is_called_so_says_it(tmp_path):
    found, guess = clusters(tmp_path, [row(n, passage_id=f"p{n // 2}") for n in range(4)])
    assert found == ["p0", "p0", "p1", "p1"] and guess.cluster == "passage_id"


def test_a_column_in_which_nothing_is_shared_says_nothing(tmp_path):
    found, guess = clusters(tmp_path, [row(n, passage_id=n) for n in range(4)])
    assert found == [""] * 4 and guess.cluster == ""


@pytest.mark.parametrize(("sharing", "taken"), [(2, True), (0, False)])
def test_a_long_context_that_is_shared_goes_by_its_hash(tmp_path, sharing, taken):
    texts = [f"{n} {'word ' * 40}" for n in range(30)]
    texts[: sharing + 1] = [texts[0]] * (sharing + 1)
    found, guess = clusters(tmp_path, [row(n, context=texts[n]) for n in range(30)])
    assert (guess.cluster == "context") is taken
    assert (len(set(found)) < 30 and len(found[0]) == 16) if taken else found == [""] * 30


def test_many_small_groups_are_taken_for_it_and_few_are_subjects(tmp_path):
    found, guess = clusters(tmp_path, [row(n, group=f"g{n // 3}") for n in range(36)])
    assert guess.cluster == "group" and found[:4] == ["g0", "g0", "g0", "g1"] and "12" in guess.sharing
    found, guess = clusters(tmp_path, [row(n, group=f"g{n % 4}") for n in range(36)])
    assert guess.cluster == "" and set(found) == {""}
