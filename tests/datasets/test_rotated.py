"""Every question with options in all their rotations: the right one keeps its text, and no sample is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.datasets import rotated
from sinan.datasets.rotated import forms
from sinan.errors import DataError
from sinan.types import Dataset, Sample


@given(st.lists(st.text(max_size=3), min_size=2, max_size=10), st.data())
def test_every_option_stands_at_every_place_once_and_the_target_follows(choices, data):
    gold = data.draw(st.integers(0, len(choices) - 1))
    sample = Sample("q", "?", "ABCDEFGHIJ"[gold], tuple(choices), group="g", metadata={"k": 1})
    made = list(forms(sample))
    assert [form.id for form in made] == [f"q~{i}" for i in range(len(choices))]
    assert {(form.unit, form.unit_size, form.group) for form in made} == {("q", len(choices), "g")}
    assert all(form.choices[form.gold] == choices[gold] for form in made)
    assert sorted(form.gold for form in made) == list(range(len(choices)))
    assert made[0].choices == sample.choices and made[0].target == sample.target


def test_a_question_without_options_is_asked_once():
    sample = Sample("q", "?", "4")
    assert list(forms(sample)) == [sample]


def test_a_target_that_is_no_letter_is_told():
    with pytest.raises(DataError, match=r"question q cannot be rotated: its target 'yes'"):
        list(forms(Sample("q", "?", "yes", ("yes", "no"))))


def test_a_rotated_dataset_reads_forms_and_does_not_claim_to_know_how_many():
    data = rotated(Dataset(lambda subset, seed: [Sample(f"{subset}{seed}", "?", "A", ("x", "y"))], size=1))
    assert [sample.id for sample in data.read("s", 3)] == ["s3~0", "s3~1"]
    assert data.size is None
