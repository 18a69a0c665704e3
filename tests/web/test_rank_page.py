"""`/rank` and its twin, downloads and history: what they tell, to whom, in which words."""

import csv
import io
import re
from dataclasses import replace

import duckdb
import pytest

from sinan.web.page import environment
from sinan.web.ready import Ready
from sinan.web.service import history, shelf
from sinan.web.service.board_view import View, letters
from sinan.web.service.maker import once
from sinan.web.service.making import Maker
from sinan.web.service.tables import runs, users
from sinan.web.words import _words


@pytest.fixture
def public(site):
    """Makes everything public, and its boards."""

    def make(**values):
        with site.database.write() as connection:
            connection.execute(runs.update().values(visibility="public", **values))
        once(site.database, Maker(site.config.site / "boards", site.runs))

    make()
    return make


def test_the_page_shows_what_its_twin_tells(client, public):
    told, text = client.get("/rank.json"), client.get("/rank")
    assert [one["name"] for one in told["leaderboards"]] == ["overall"]
    assert [row["rank"] for row in told["rows"]] == [1, 2, 3]
    for row in told["rows"]:
        assert row["model"] in text
        for cell in (row["main"], *row["cells"]):
            assert f"{100 * cell['value']:.1f}" in text
            assert f"[{100 * cell['ci'][0]:.1f}, {100 * cell['ci'][1]:.1f}]" in text
            assert f"/runs/{cell['run']}?model={row['model']}" in text


def test_a_place_has_the_fields_of_sinan_rank(client, public):
    (board,) = client.get("/rank.json?board=arithmetic")["leaderboards"]
    assert set(board["standings"][0]) >= {"model", "value", "ci", "rank", "rank_interval", "n", "runs"}
    assert board["standings"][0]["n"] == 20


def test_columns_are_dimensions_benchmarks_or_those_that_are_named(client, public):
    def columns(query):
        return [one["slug"] for one in client.get(f"/rank.json?{query}")["columns"]]

    assert columns("show=benchmarks") == ["arithmetic", "ordering"]
    assert columns("columns=ordering&columns=dim:math") == ["ordering", "dim:math"]
    assert columns("show=none") == []
    assert columns("board=dim:math") == ["arithmetic", "ordering"]
    assert columns("show=benchmarks&language=zh") == []
    assert columns("show=benchmarks&protocol=default") == ["arithmetic", "ordering"]


def test_models_are_filtered_and_sorted(client, public):
    def models(query):
        return [one["model"] for one in client.get(f"/rank.json?{query}")["rows"]]

    everyone = models("")
    assert len(everyone) == 3
    assert models("q=NEEDLE/X") == ["needle/xs"]
    assert models("weights=open") == everyone
    assert models("weights=closed") == models("min_size=1") == models("until=2000-01-01") == []
    assert models("maker=sinan&since=2000-01-01") == everyone
    assert models("sort=model") == sorted(everyone)
    assert models("sort=model&order=desc") == sorted(everyone, reverse=True)
    assert models("limit=1&offset=1") == everyone[1:2]
    by = client.get("/rank.json?show=benchmarks&sort=ordering")["rows"]
    assert [one["cells"][1]["value"] for one in by] == sorted((one["cells"][1]["value"] for one in by), reverse=True)


def test_ranks_stay_those_of_the_whole_board(client, public):
    (row,) = client.get("/rank.json?q=needle/xs")["rows"]
    assert row["rank"] == 3


def test_ties_share_a_bar_beside_their_letters(client, public):
    rows = client.get("/rank.json?board=arithmetic")["rows"]
    for one in rows:
        for other in rows:
            tied = bool(set(one["tie_group"].split()) & set(other["tie_group"].split()))
            if one is not other and tied:
                assert set(one["lanes"]) & set(other["lanes"])
    assert [letters(text) for text in ("a b c d", "a b", "a c d e aa ab", "", "z aa")] == [
        "a–d",
        "a b",
        "a c–e aa ab",
        "",
        "z aa",
    ]


def test_what_is_not_there_or_cannot_be_is_refused_in_words(client, public):
    for address in ("/rank?board=nothing", "/rank.csv?columns=nothing", "/models/nobody"):
        assert "no" in str(client.get(address, 404))
    client.get("/rank?sort=nothing", 400)
    for query in ("limit=0", "limit=9999", "since=yesterday", "min_size=big", "board=a%00b", "weights=heavy"):
        client.get(f"/rank.json?{query}", 422)


def test_the_view_goes_into_a_table(client, public):
    rows = list(csv.DictReader(io.StringIO(client.get("/rank.csv?show=benchmarks&sort=model"))))
    told = client.get("/rank.json?show=benchmarks&sort=model")["rows"]
    assert [(row["model"], float(row["value"]), float(row["ordering low"])) for row in rows] == [
        (one["model"], one["main"]["value"], one["cells"][1]["ci"][0]) for one in told
    ]


def test_parquet_holds_what_csv_does(client, public, tmp_path):
    path = tmp_path / "rank.parquet"
    path.write_bytes(client.http.get("/rank.parquet").content)
    assert duckdb.sql(f"SELECT model, rank FROM '{path}' ORDER BY rank").fetchall() == [
        (row["model"], row["rank"]) for row in client.get("/rank.json")["rows"]
    ]


def test_history_is_told_of_models_that_are_still_on_the_board(client, public):
    told = client.get("/rank/history.json?q=needle/m")
    assert [[one["model"] for one in moment["standings"]] for moment in told["moments"]] == [["needle/m"]]


def test_a_model_has_a_page_with_all_its_numbers(client, public):
    told = client.get("/models/needle/m.json")
    assert {one["slug"] for one in told["numbers"]} >= {"overall", "arithmetic", "ordering"}
    assert told["open_weights"] is True
    assert told["numbers"][0]["runs"][0] in client.get("/models/needle/m")


def test_an_empty_site_says_how_to_begin(client, site):
    once(site.database, Maker(site.config.site / "boards", site.runs))
    assert "sinan run first-light" in client.get("/rank")
    assert client.get("/rank.json")["rows"] == []
    client.get("/rank.csv", 404)


def test_hostile_names_are_text(client, site, public):
    folder = next(path for path in site.runs.iterdir() if path.name.endswith("large"))
    name = '=<script>alert("x")</script>'
    for file in ("run.json", "results.json"):
        text = (folder / file).read_text()
        (folder / file).write_text(text.replace("needle/m", name.replace('"', '\\"')))
    shelf.index(site.database, site.runs)
    public()
    text = client.get("/rank")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert f'"\'{name.replace(chr(34), chr(34) * 2)}"' in client.get("/rank.csv")


def test_chinese_readers_find_no_english(client, public):
    text = client.get("/rank?lang=zh")
    assert "谁领先" in text
    assert "Leaderboard" not in text


def test_every_word_of_these_pages_has_its_chinese():
    for name in ("rank.html", "model.html", "overview.html"):
        source = environment().loader.get_source(environment(), name)[0]
        for found in re.findall(r"\bt\(\"((?:[^\"\\]|\\.)*)\"", source):
            assert found in _words("zh"), (name, found)


def test_what_moved_lately_is_told_on_the_overview(client, site, public):
    folder = site.config.site / "boards"
    path = history._path(folder, "public", "overall")
    (moment,) = history.read(folder, "public", "overall")
    one, two, three = moment.standings
    before = (two._replace(rank=1), one._replace(rank=2))  # and the third was not there
    history._write(path, [history.Moment(moment.at - history.DAY_MS, "old", before)])
    history.remember(folder, "public")
    told = client.get("/index.json")["moved"]
    assert {(one["model"], one["before"], one["rank"]) for one in told} == {
        (three.model, None, 3),
        (one.model, 2, 1),
        (two.model, 1, 2),
    }
    text = client.get("/")
    assert "rank 2, now 1" in text
    assert "new at rank 3" in text


# Ready answers


def test_an_answer_is_made_once_and_dies_with_the_boards(client, site, public):
    client.get("/rank")  # whether there are accounts is known from now on
    first = client.http.get("/rank")
    again = client.http.get("/rank")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.http.get("/rank", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    with site.database.write() as connection:
        connection.execute(runs.update().where(runs.c.id.like("%large")).values(visibility="private"))
    once(site.database, Maker(site.config.site / "boards", site.runs))
    later = client.http.get("/rank", headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 200
    assert "needle/m<" in first.text
    assert "needle/m<" not in later.text


def test_no_private_number_reaches_another_whatever_was_asked_before(client, site):
    """Each asks each address before and after the others, in every order."""
    with site.database.write() as connection:
        eva = connection.execute(users.select().where(users.c.name == "eva")).first().id
        connection.execute(runs.update().where(runs.c.id.like("%small")).values(visibility="public"))
        connection.execute(runs.update().where(runs.c.id.like("%large")).values(owner=eva))
    readers = {
        "nobody": client,
        "eva": client.as_("eva"),
        "otto": client.as_("otto"),
        "token": client.with_token("eva", "vote"),
    }
    once(site.database, Maker(site.config.site / "boards", site.runs))
    addresses = ("/rank", "/rank.json", "/rank.csv", "/rank?show=benchmarks", "/rank/history.json", "/models/needle/m")
    marks = ("large", '"needle/m"', "needle/m<", "needle/m,")
    for order in (
        ["eva", "nobody", "otto", "token"],
        ["nobody", "eva", "token", "otto"],
        ["otto", "eva", "nobody", "token"],
    ):
        for address in addresses:
            for reader in order:
                answer = readers[reader].http.get(address)
                private = answer.status_code == 200 and any(mark in answer.text for mark in marks)
                if reader != "eva":
                    assert not private, (reader, address)
                elif address != "/rank/history.json":
                    assert private, address


def test_what_is_kept_is_bounded_and_told_apart_by_language_and_encoding(client, site, public):
    layer = client.http.app.middleware_stack
    client.get("/rank")
    layer = client.http.app.middleware_stack
    while not isinstance(layer, Ready):
        layer = layer.app
    english, chinese = client.get("/rank"), client.get("/rank", headers={"Accept-Language": "zh"})
    assert english != chinese
    plain = client.http.get("/rank", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    layer.most_bytes = 40_000
    for at in range(60):
        client.get(f"/rank?offset={at}")
    assert layer._bytes <= 40_000
    assert len(layer._kept) < 60


def test_a_site_for_members_keeps_nothing_for_others(client, site, public):
    client.get("/rank")
    site.config = replace(site.config, public=False)
    client.get("/rank", 401)


def test_views_have_bounds():
    with pytest.raises(ValueError, match="at most 150"):
        View(columns=["x"] * 151)
