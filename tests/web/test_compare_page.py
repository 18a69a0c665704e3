"""Compare: who may see it, that it says what `sinan compare` says, and nothing that a model wrote is more than text."""

import time
from dataclasses import asdict
from urllib.parse import quote

import duckdb
import pytest

import sinan
from sinan.comparison import words as said
from sinan.types import CAUSES, Outcome
from sinan.web import words
from sinan.web.failures import NotYet
from sinan.web.service import compared
from sinan.web.service.compared import Asked
from sinan.web.service.tables import runs as table


@pytest.fixture
def names(site):
    return {path.name.partition("-")[2]: path.name for path in site.runs.iterdir()}  # small and large


@pytest.fixture
def ada(client):
    return client.as_("ada")


@pytest.fixture
def pair(names):
    """The address of needle/m beside needle/xs."""
    return f"runs={names['large']},{names['small']}&a=needle/m&b=needle/xs"


def made(who, address):
    """What is told once the comparison is made."""
    deadline = time.monotonic() + 60
    while (answer := who.http.get(address)).status_code == 503 and time.monotonic() < deadline:
        assert int(answer.headers["Retry-After"]) > 0
    return who.get(address)


def test_without_runs_it_offers_those_that_may_be_seen(client, ada, names):
    text = ada.get("/compare")
    assert all(f'value="{name}"' in text for name in names.values())
    assert client.as_("eva").get("/compare.json")["candidates"] == []
    assert "No run that you may see" in client.as_("eva").get("/compare")
    assert [one["id"] for one in ada.get("/compare.json?find=needle/m")["candidates"]] == [names["large"]]
    assert ada.get("/compare.json?find=%25")["candidates"] == []


def test_a_run_of_several_models_is_compared_within_itself(ada, names):
    told = made(ada, f"/compare.json?runs={names['small']}")
    assert {frozenset((one["model_a"], one["model_b"])) for one in told["comparisons"]} == {
        frozenset(("needle/xs", "needle/s"))
    }


def test_it_tells_the_numbers_of_the_command(ada, site, names, pair):
    told = made(ada, f"/compare.json?{pair}")["comparisons"]
    found = sinan.compare(site.runs / names["large"], site.runs / names["small"], beside=("needle/m", "needle/xs"))
    assert len(told) == len(found) == 2
    for one, other in zip(told, found, strict=True):
        wanted = other.to_json()
        del wanted["differing"]
        assert {name: one[name] for name in wanted} == wanted
        text = ada.get(f"/compare?{pair}&benchmark={other.benchmark}")
        assert str(said.verdict(other)) in text or "adjusted" in text


def test_models_that_could_be_paired_in_several_ways_are_offered(ada, names):
    address = f"runs={names['large']},{names['small']}"
    told = made(ada, f"/compare.json?{address}")
    assert told["comparisons"] == [] and ["needle/m", "needle/xs"] in told["choices"]
    assert "choose which stands beside which" in ada.get(f"/compare?{address}")


def test_flips_are_filtered_and_paged(ada, pair):
    one = made(ada, f"/compare.json?{pair}&only=all&rows=3")
    assert one["flips"]["total"] == one["comparisons"][0]["differ"] and len(one["flips"]["rows"]) == 3
    only_a = ada.get(f"/compare.json?{pair}&only=a")["flips"]
    assert only_a["total"] == one["comparisons"][0]["flips"]["a_only"]
    assert ada.get(f"/compare.json?{pair}&q=nothing-like-this")["flips"]["total"] == 0
    group = one["flips"]["rows"][0]["group"]
    rows = ada.get(f"/compare.json?{pair}&only=all&group={quote(group)}")["flips"]["rows"]
    assert {row["group"] for row in rows} == {group}
    ada.get(f"/compare.json?{pair}&cause=magic", 422)
    ada.get(f"/compare.json?{pair}&q=%00", 422)


def test_a_flip_shows_both_answers_and_why(ada, pair):
    row = made(ada, f"/compare.json?{pair}")["flips"]["rows"][0]
    address = f"{pair}&sample={quote(row['sample_id'])}"
    told = ada.get(f"/compare/flip.json?{address}")
    assert (told["a"]["model"], told["b"]["model"]) == ("needle/m", "needle/xs")
    assert [one["cause"] for one in told["why"]] == row["causes"]
    assert told["a"]["outcome"] == row["outcome_a"] and told["question"]
    assert told["question"].strip().splitlines()[0] in ada.get(f"/compare/flip?{address}").replace("&#39;", "'")
    ada.get(f"/compare/flip.json?{pair}&sample=none-such", 404)


def test_both_runs_must_be_visible_also_where_the_comparison_is_kept(client, ada, site, names, pair):
    made(ada, f"/compare.json?{pair}")
    sample = ada.get(f"/compare.json?{pair}")["flips"]["rows"][0]["sample_id"]
    with site.database.write() as connection:
        connection.execute(table.update().where(table.c.id == names["large"]).values(visibility="public"))
    for who in (client, client.as_("eva"), client.as_("vic"), client.with_token("otto", "read")):
        for address in ("/compare", "/compare.json", "/compare/flip", "/compare/flip.json"):
            who.get(f"{address}?{pair}&sample={quote(sample)}", 404)
    with site.database.write() as connection:
        connection.execute(table.update().values(visibility="public"))
    assert client.get(f"/compare.json?{pair}")["comparisons"]


HOSTILE = "</pre><script>alert(1)</script>\u202e' OR 1=1 <img src=x onerror=alert(2)>"


def test_what_a_model_wrote_stays_text(ada, site, names, pair):
    path = site.runs / names["small"] / "samples.parquet"
    text = HOSTILE.replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE ('{text}' AS completion, '{text}' AS answer, '{text}' AS target, "
            f"'{text}' AS explanation, '[]' AS readings, 'wrong' AS outcome, 0.0::DOUBLE AS score) "
            f"FROM read_parquet('{path}')) TO '{path}.new' (FORMAT parquet)"
        )
    (path.parent / "samples.parquet.new").replace(path)
    row = made(ada, f"/compare.json?{pair}&only=all")["flips"]["rows"][0]
    for page in (f"/compare?{pair}&only=all", f"/compare/flip?{pair}&sample={quote(row['sample_id'])}"):
        shown = ada.get(page)
        assert "<script>alert" not in shown and "<img src=x" not in shown


def test_what_takes_longer_is_being_made_and_then_there(site, names):
    asked = Asked((names["small"],))
    with pytest.raises(NotYet):
        compared.compared(site.config.site, site.runs, asked, patience=0)
    assert len(compared.compared(site.config.site, site.runs, asked, patience=60).comparisons) == 2


def test_a_process_of_its_own_finds_the_same(site, names, tmp_path):
    asked = Asked((names["small"],))
    here = compared.compared(site.config.site, site.runs, asked, patience=60)
    into = tmp_path / "into"
    into.mkdir()
    compared._elsewhere(site.runs, asdict(asked), into)
    assert compared._read(into).comparisons == here.comparisons


def test_every_word_of_a_comparison_has_its_translation():
    known = words._words("zh")
    keys = [*CAUSES, *said.CAUSES.values(), *map(str, Outcome), "better", "worse", "equivalent", "undecided"]
    keys += ["a is better", "a is worse", "not comparable", "tokens in", "tokens out", "latency", "cost", *said.PARTS]
    assert [key for key in keys if key not in known] == []
