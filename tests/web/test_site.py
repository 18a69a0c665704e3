"""The site as a whole: pages and twins, what each request passes, what is refused."""

import re

from sinan.web import words


def test_a_page_and_its_twin_tell_the_same(client):
    ada = client.as_("ada")
    told = ada.get("/index.json")
    assert told["runs"] == 2
    text = ada.get("/")
    assert all(one["id"] in text for one in told["lately"])


def test_private_runs_are_seen_by_administrators_alone(client):
    assert client.get("/index.json")["runs"] == 0
    assert client.as_("eva").get("/index.json")["runs"] == 0


def test_the_reader_chooses_the_language(client):
    assert "榜单" in client.get("/?lang=zh")
    assert "榜单" in client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "榜单" not in client.get("/")


def test_a_change_that_another_site_asks_for_is_refused(client):
    eva = client.as_("eva")
    eva.send("POST", "/api/nothing", {}, 403, headers={"Origin": "https://evil.test"})
    eva.send("POST", "/api/nothing", {}, 403, headers={"Sec-Fetch-Site": "cross-site"})
    answer = eva.http.post("/api/nothing", data={"a": "b"})
    assert answer.status_code == 400


def test_every_answer_says_what_a_browser_may_do(client):
    for address in ("/", "/index.json", "/nothing", "/healthz"):
        headers = client.http.get(address).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]


def test_static_addresses_change_with_their_content(client):
    found = re.search(r'href="(/static/[0-9a-f]{12}/base.css)"', client.get("/"))
    assert found
    answer = client.http.get(found[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_all_words_are_in_one_place():
    assert words.say("zh", "Rank") == "榜单"
    assert words.count("en", 1, "{n} run", "{n} runs") == "1 run"
