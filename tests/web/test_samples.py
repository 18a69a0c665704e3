"""Samples of a run: a page at a time, filtered and sorted; one whole; what is private stays so."""

import pytest


@pytest.fixture
def small(site):
    return next(path.name for path in site.runs.iterdir() if path.name.endswith("small"))


@pytest.fixture
def ada(client):
    return client.as_("ada")


def test_samples_are_paged_in_the_order_of_the_run(ada, small):
    first = ada.get(f"/runs/{small}/samples.json?size=30")
    second = ada.get(f"/runs/{small}/samples.json?size=30&page=3")
    assert first["total"] == 80
    assert [one["row"] for one in first["samples"]] == list(range(30))
    assert [one["row"] for one in second["samples"]] == list(range(60, 80))
    assert first["more"] and not second["more"]


def test_samples_are_filtered_by_outcome_and_cell(ada, small):
    told = ada.get(f"/runs/{small}/samples.json?outcome=wrong&benchmark=arithmetic&model=needle/xs&size=200")
    assert told["total"] == len(told["samples"]) > 0
    assert {(one["outcome"], one["benchmark"], one["model"]) for one in told["samples"]} == {
        ("wrong", "arithmetic", "needle/xs")
    }


def test_a_page_and_its_twin_show_the_same_samples(ada, small):
    told = ada.get(f"/runs/{small}/samples.json?outcome=not-correct&sample=0")
    text = ada.get(f"/runs/{small}/samples?outcome=not-correct&sample=0")
    assert text.count("data-row=") == len(told["samples"])
    assert told["chosen"]["prompt"][0]["parts"][0]["text"][:20] in text


def test_one_sample_is_told_whole_with_those_beside_it(ada, small):
    one = ada.get(f"/runs/{small}/samples.json?outcome=wrong")["samples"][1]
    where = {"benchmark": one["benchmark"], "model": one["model"], "id": one["id"], "draw": one["draw"]}
    told = ada.get(f"/runs/{small}/sample.json", params=where | {"outcome": "wrong"})
    assert told["sample"]["row"] == one["row"]
    assert told["before"]["outcome"] == told["after"]["outcome"] == "wrong"
    text = ada.get(f"/runs/{small}/sample", params=where | {"outcome": "wrong"})
    assert "<mark>" in text


def test_the_rows_that_are_wanted_are_taken_away(ada, small):
    wanted = ada.get(f"/runs/{small}/samples.json?outcome=correct")["total"]
    assert ada.get(f"/runs/{small}/samples.jsonl?outcome=correct").count("\n") == wanted
