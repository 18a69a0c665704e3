"""The hub: what is there, one benchmark whole, its questions."""

import time

import pytest


def ready(client, address, state="items_state"):
    """The twin, once what it waits for was made."""
    end = time.monotonic() + 60
    while (told := client.get(address))[state] == "making":
        assert time.monotonic() < end
        time.sleep(0.05)
    return told


def test_every_benchmark_of_the_catalogue_is_there(client):
    told = client.get("/hub.json")
    assert told["every"] == len(told["found"]) > 40
    assert "arithmetic" in {one["id"] for one in told["found"]}
    text = client.get("/hub")
    assert all(f'href="/hub/{one["id"]}"' in text for one in told["found"])


@pytest.mark.parametrize(
    ("query", "has", "lacks"),
    [
        ("q=grade+school+word", "gsm8k", "mmlu"),
        ("q=中文", "ceval", "gsm8k"),
        ("q=数学", "math_500", "ceval"),
        ("q=French", "m_ifeval", "gsm8k"),
        ("dimension=math", "gsm8k", "mmlu"),
        ("language=zh", "ceval", "gsm8k"),
        ("modality=image", "math_vision", "gsm8k"),
        ("data=here", "arithmetic", "nothing"),
    ],
)
def test_what_is_sought_is_found_in_both_languages(client, query, has, lacks):
    ids = {one["id"] for one in client.get(f"/hub.json?{query}")["found"]}
    assert has in ids
    assert lacks not in ids


def test_the_grid_counts_what_its_links_show(client):
    grid = client.get("/hub.json")["grid"]
    row = next(row for row in grid["rows"] if row["dimension"] == "math")
    count = row["counts"][grid["languages"].index("en")]
    assert len(client.get("/hub.json?dimension=math&language=en")["found"]) == count


def test_nothing_found_says_what_to_do(client):
    assert "Take a filter away" in client.get("/hub?q=zzzzzz")


def test_a_card_is_whole_and_its_twin_tells_the_same(client):
    told = client.get("/hub/gsm8k.json")
    assert told["title"] == "GSM8K"
    assert told["paper_url"] == "https://arxiv.org/abs/2110.14168"
    assert {one["name"] for one in told["protocols"]} >= {"default", "zero-shot"}
    assert told["files"][0]["sha256"].startswith("3730d312")
    text = client.get("/hub/gsm8k")
    assert all(one["command"] in text and one["version"] in text for one in told["protocols"])
    assert "shots" in next(one for one in told["protocols"] if one["name"] == "zero-shot")["differs"]


def test_an_example_is_shown_where_the_data_is_here(client):
    told = client.get("/hub/arithmetic.json")
    assert "Reply with the number alone" in told["example"]["asked"]
    assert "Reply with the number alone" in client.get("/hub/arithmetic")


def test_a_part_of_a_benchmark_has_its_page(client):
    assert client.get("/hub/mmlu/astronomy.json")["id"] == "mmlu/astronomy"


@pytest.mark.parametrize(
    "name",
    ["nothing", "mmlu/nothing", "../../etc/passwd", "x.py", "/tmp/x.jsonl", "gsm8k/x.py", "a%00b", "lm-eval:x", ""],
)
def test_what_is_no_benchmark_is_not_found_and_no_file_is_read_for_it(client, name):
    client.get(f"/hub/{name}", 404)
    client.get(f"/hub/{name}.json", 404)


def test_results_are_those_that_the_reader_may_see(client):
    assert client.get("/hub/arithmetic.json")["places"] == []
    told = ready(client.as_("ada"), "/hub/arithmetic.json")
    assert {one["model"] for one in told["places"]} == {"needle/xs", "needle/s", "needle/m"}
    values = [one["value"] for one in told["places"]]
    assert values == sorted(values, reverse=True)
    assert told["groups"][0]["current"]
    text = client.as_("ada").get("/hub/arithmetic")
    assert all(f"/runs/{one['run']}" in text for one in told["places"])


def test_items_are_analysed_behind_the_request(client):
    told = ready(client.as_("ada"), "/hub/arithmetic.json")
    assert told["items_state"] == "ready"
    assert told["items"]["items"] == 20
    assert sum(told["items"]["strip"]) == 20
    assert told["items"]["discriminating"] == 0
    assert "Told from 5 models on" in client.as_("ada").get("/hub/arithmetic")


def test_pages_are_there_in_chinese(client):
    assert "有哪些评测集" in client.get("/hub?lang=zh")
    assert "如何运行" in client.get("/hub/gsm8k?lang=zh")


def test_questions_are_leafed_through_a_page_at_a_time(client):
    told = ready(client, "/hub/arithmetic/samples.json?size=7&page=2", "state")
    assert told["total"] == 200
    assert [one["number"] for one in told["questions"]] == list(range(7, 14))
    text = client.get("/hub/arithmetic/samples?size=7&page=2")
    assert all(one["question"] in text for one in told["questions"])
    assert 'rel="next"' in text
    last = client.get("/hub/arithmetic/samples.json?size=100&page=3")
    assert (last["questions"], last["more"]) == ([], False)


def test_a_question_stands_beside_what_models_answered_that_the_reader_may_see(client):
    ready(client, "/hub/arithmetic/samples.json", "state")
    one = client.get("/hub/arithmetic/samples.json?id=3")["questions"][0]
    assert (one["id"], one["answers"]) == ("3", [])
    ada = client.as_("ada")
    one = ada.get("/hub/arithmetic/samples.json?id=3")["questions"][0]
    assert {answer["model"] for answer in one["answers"]} == {"needle/xs", "needle/s", "needle/m"}
    answer = one["answers"][0]
    link = f"/runs/{answer['run']}/sample?benchmark=arithmetic&model={answer['model']}&id=3"
    assert link.replace("&", "&amp;") in ada.get("/hub/arithmetic/samples?id=3")
    ada.get(link)


def test_words_are_sought_in_questions(client):
    ready(client, "/hub/ordering/samples.json", "state")
    first = client.get("/hub/ordering/samples.json?size=1")["questions"][0]
    found = client.get("/hub/ordering/samples.json", params={"q": first["question"][:60].upper()})
    assert first["id"] in {one["id"] for one in found["questions"]}
    assert client.get("/hub/ordering/samples.json?q=zzzz%25_")["questions"] == []


def test_data_that_is_not_here_is_not_fetched(client):
    assert client.get("/hub/mt_bench/samples.json")["state"] == "absent"
    assert "fetches nothing" in client.get("/hub/mt_bench/samples")


def test_words_that_no_template_writes_out_are_translated():
    from sinan.hub import in_words
    from sinan.web import words
    from sinan.web.service import catalogue

    there = catalogue.shelf()
    keys = {
        *there.measures.values(),
        *catalogue.LANGUAGES.values(),
        *in_words.JUDGED.values(),
        *in_words.ASKED.values(),
    }
    keys |= {name for one in there.entries for name in (one.dimension, one.modality, one.data)}
    keys |= {"solver", "shots", "scorer_settings", "sampling", "upside_down", "against", "never"}
    assert {key for key in keys if key not in words._words("zh")} == set()
