"""Charts of the boards: what they tell is what the page tells, and pictures show what is public alone."""

import pytest

from sinan.web.service.maker import once
from sinan.web.service.making import Maker
from sinan.web.service.tables import runs

KINDS = ("bars", "pareto", "history")


@pytest.fixture
def published(site):
    """The boards of everybody are made of the first run alone; the second stays private."""
    with site.database.write() as connection:
        connection.execute(runs.update().where(runs.c.id.like("%small")).values(visibility="public"))
    once(site.database, Maker(site.config.site / "boards", site.runs))
    return site


def rows_of(spec):
    return spec["data"]["values"]


def test_bars_tell_what_the_page_tells(published, client):
    board = client.get("/rank.json?board=arithmetic")
    chart = client.get("/rank/plot.json?board=arithmetic&kind=bars")
    told = {row["model"]: row for row in board["rows"]}
    found = rows_of(chart["spec"])
    assert [row["name"] for row in found] == [row["model"] for row in board["rows"]]
    for row in found:
        assert row["value"] == pytest.approx(100 * told[row["name"]]["main"]["value"])
        assert row["low"] == pytest.approx(100 * told[row["name"]]["main"]["ci"][0])
        assert row["ties"] == told[row["name"]]["tie_group"]


def test_the_page_offers_the_charts_that_it_has_numbers_for(published, client):
    told = client.get("/rank.json")["plots"]
    assert "bars" in told and "history" in told and "radar" not in told
    page = client.get("/rank")
    assert all(f"/rank/plot.json?kind={kind}" in page for kind in told)
    for kind in told:
        assert client.get(f"/rank/plot.json?kind={kind}")["spec"]["description"]


def test_a_radar_of_too_few_columns_says_what_to_do(published, client):
    assert "choose more columns" in client.get("/rank/plot.json?kind=radar", 400)["error"]
    assert "choose more columns" in client.get("/rank/plot.svg?kind=radar", 400)["error"]


def test_filters_of_the_view_hold_for_its_charts(published, client):
    chart = client.get("/rank/plot.json?kind=bars&q=needle/xs")
    assert {row["name"] for row in rows_of(chart["spec"])} == {"needle/xs"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_can_be_shown_by_other_sites(published, client, kind):
    answer = client.http.get(f"/rank/plot.svg?kind={kind}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-security-policy"].endswith("sandbox")
    assert "public" in answer.headers["cache-control"]
    again = client.http.get(f"/rank/plot.svg?kind={kind}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content


def test_a_picture_is_drawn_as_png_too(published, client):
    answer = client.http.get("/rank/plot.png?kind=bars&theme=dark&lang=zh&width=400")
    assert answer.headers["content-type"] == "image/png" and answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("who", ["", "eva", "ada"])
def test_a_picture_shows_public_boards_alone_whoever_asks(published, client, who):
    asker = client.as_(who) if who else client
    text = asker.get("/rank/plot.svg?kind=bars")
    assert "needle/s" in text and "needle/m" not in text


def test_the_administrator_sees_private_runs_on_the_page_s_own_chart(published, client):
    names = {row["name"] for row in rows_of(client.as_("ada").get("/rank/plot.json?kind=bars")["spec"])}
    assert "needle/m" in names
    assert "needle/m" not in {row["name"] for row in rows_of(client.get("/rank/plot.json?kind=bars")["spec"])}


def test_charts_speak_the_language_that_is_asked_for(published, client):
    assert "得分" in str(client.get("/rank/plot.json?lang=zh"))
    assert "得分" in str(client.get("/rank/plot.json", headers={"Accept-Language": "zh-CN"}))
    assert "得分" in client.get("/rank/plot.svg?lang=zh")
    assert "得分" not in client.get("/rank/plot.svg", headers={"Accept-Language": "zh-CN"})


@pytest.mark.parametrize("wrong", ["kind=pie", "width=1", "width=99999", "theme=x", "lang=xx", "q=%00", "model=%00"])
def test_what_cannot_be_drawn_is_refused(published, client, wrong):
    for address in ("/rank/plot.json", "/rank/plot.svg", "/rank/plot.png"):
        assert client.get(f"{address}?{wrong}", 422)["fields"]


def test_there_is_no_chart_of_a_board_that_one_may_not_see(published, client):
    client.get("/rank/plot.json?board=no-such-board", 404)
    client.get("/rank/plot.svg?board=no-such-board", 404)


def test_before_boards_are_made_there_is_no_chart(site, client):
    client.get("/rank/plot.json", 503)
    client.get("/rank/plot.svg", 503)
