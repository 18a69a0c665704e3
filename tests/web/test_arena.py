"""Two answers without names, a vote, ratings; and what is done about those who would bend them."""

import json
import subprocess
import sys

import orjson
import pytest

from sinan.web import words
from sinan.web.service import battles as drawing
from sinan.web.service import blind, ratings, shelf, voting
from sinan.web.service.tables import audit, battles, now, runs, users, votes

SLOW = 60_000


@pytest.fixture
def arena(site):
    """The sample runs, published."""
    with site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public", published=1))
    return site


def change(site, battle, **values):
    with site.database.write() as connection:
        connection.execute(battles.update().where(battles.c.id == battle).values(**values))


def row(site, battle):
    with site.database.read() as connection:
        return connection.execute(battles.select().where(battles.c.id == battle)).one()


def voted(site, battle):
    with site.database.read() as connection:
        return connection.execute(votes.select().where(votes.c.battle == battle)).one()


def begin(site, who, check=False):
    """A battle that was shown a minute ago."""
    battle = who.send("POST", "/api/battles", status=201)["id"]
    at = row(site, battle)
    change(site, battle, created=at.created - SLOW, held_out=at.held_out if check else "")
    return battle


def cast(site, who, choice="left"):
    battle = begin(site, who)
    who.send("POST", f"/api/battles/{battle}/vote", {"choice": choice}, 204)
    return battle


def made_up(site, name, count, winner="model_a", pair=("x", "y"), counted=True, run=voting.LIVE, held_out=""):
    """Votes that somebody gave before."""
    with site.database.write() as connection:
        number = connection.execute(users.select().where(users.c.name == name)).one().id
        first = connection.execute(battles.select()).all()
        for at in range(count):
            battle = f"{name}-{pair[0]}-{winner}-{len(first) + at}"
            connection.execute(
                battles.insert().values(
                    id=battle[:32], voter=f"user:{number}", benchmark="b", sample=f"s{at % 7}", left_run=run,
                    left_model=pair[0], right_run=run, right_model=pair[1], held_out=held_out, created=at, voted=at,
                    shown={"question": "?", "left": "1", "right": "2"},
                )
            )  # fmt: skip
            connection.execute(
                votes.insert().values(
                    battle=battle[:32], voter=f"user:{number}", model_a=pair[0], model_b=pair[1], winner=winner,
                    counted=counted, created=at,
                )
            )  # fmt: skip


def test_nothing_betrays_the_models_before_the_vote(arena, client):
    vic = client.as_("vic")
    battle = vic.send("POST", "/api/battles", status=201)["id"]
    page, twin = vic.get(f"/arena/battles/{battle}"), vic.get(f"/arena/battles/{battle}.json")
    shown = row(arena, battle)
    for told in (page, json.dumps(twin)):
        for secret in (shown.left_model, shown.right_model, shown.left_run, shown.right_run, "correct", "needle"):
            assert secret not in told
    assert (twin["left"]["model"], twin["left"]["score"], twin["benchmark"]) == (None, None, None)


def test_names_and_scores_are_told_after_the_vote(arena, client):
    vic = client.as_("vic")
    battle = cast(arena, vic, "right")
    shown, twin = row(arena, battle), vic.get(f"/arena/battles/{battle}.json")
    assert (twin["left"]["model"], twin["right"]["model"]) == (shown.left_model, shown.right_model)
    assert twin["voted"] == "right"
    page = vic.get(f"/arena/battles/{battle}?lang=en")
    assert shown.left_model in page
    assert "Right is better" not in page
    assert voted(arena, battle).counted is True


def test_both_answers_are_of_the_same_question_and_differ(arena, client):
    vic = client.as_("vic")
    for _ in range(8):
        shown = row(arena, cast(arena, vic))
        assert shown.benchmark == "arithmetic"  # answers that are no text are not shown
        assert shown.left_model != shown.right_model
        assert shown.shown["left"].strip() != shown.shown["right"].strip()


def test_a_battle_is_voted_on_once_and_by_whom_it_was_shown_to(arena, client):
    vic, eva = client.as_("vic"), client.as_("eva")
    battle = begin(arena, vic)
    eva.get(f"/arena/battles/{battle}.json", 404)
    eva.send("POST", f"/api/battles/{battle}/vote", {"choice": "left"}, 404)
    client.send("POST", f"/api/battles/{battle}/vote", {"choice": "left"}, 404)
    vic.send("POST", f"/api/battles/{battle}/vote", {"choice": "model_a"}, 422)
    vic.send("POST", f"/api/battles/{battle}/vote", {"choice": "left"}, 204)
    vic.send("POST", f"/api/battles/{battle}/vote", {"choice": "right"}, 409)


def test_who_has_not_voted_is_shown_the_same_question_again(arena, client):
    vic = client.as_("vic")
    first = vic.send("POST", "/api/battles", status=201)["id"]
    assert vic.send("POST", "/api/battles", status=201)["id"] == first
    assert vic.get("/arena.json")["waiting"] == first


def test_private_runs_are_shown_to_nobody_else(site, client):
    client.as_("vic").send("POST", "/api/battles", status=404)
    with site.database.write() as connection:
        eva = connection.execute(users.select().where(users.c.name == "eva")).one().id
        connection.execute(runs.update().values(owner=eva))
    battle = begin(site, client.as_("eva"))
    with site.database.write() as connection:
        connection.execute(runs.update().values(owner=None))
    client.as_("eva").send("POST", f"/api/battles/{battle}/vote", {"choice": "left"}, 404)


def test_votes_on_private_runs_make_no_public_rating(site, client):
    with site.database.write() as connection:
        eva = connection.execute(users.select().where(users.c.name == "eva")).one().id
        connection.execute(runs.update().values(owner=eva))
    cast(site, client.as_("eva"))
    ratings.make(site.database, site.ciphers)
    assert client.get("/arena/ratings.json")["votes"] == 0
    assert client.get("/arena/votes.jsonl") == ""


def test_a_vote_that_is_faster_than_reading_does_not_count_and_looks_the_same(arena, client):
    vic = client.as_("vic")
    battle = vic.send("POST", "/api/battles", status=201)["id"]
    change(arena, battle, held_out="", created=now())
    assert vic.send("POST", f"/api/battles/{battle}/vote", {"choice": "left"}, 204) is None
    assert (voted(arena, battle).counted, voted(arena, battle).why_not) == (False, voting.FAST)


def test_a_question_judged_again_does_not_count(arena, client):
    vic = client.as_("vic")
    first = cast(arena, vic)
    second, shown = begin(arena, vic), row(arena, first)
    change(
        arena, second, benchmark=shown.benchmark, sample=shown.sample,
        left_model=shown.right_model, right_model=shown.left_model,
    )  # fmt: skip
    vic.send("POST", f"/api/battles/{second}/vote", {"choice": "left"}, 204)
    assert voted(arena, second).why_not == voting.AGAIN


def test_questions_that_a_voter_has_seen_are_not_drawn_again(arena, client):
    vic = client.as_("vic")
    seen = set()
    for _ in range(voting.PER_MINUTE - 1):
        shown = row(arena, cast(arena, vic))
        key = (shown.sample, frozenset((shown.left_model, shown.right_model)))
        assert key not in seen
        seen.add(key)


def test_who_fails_the_checks_has_no_vote_that_counts_and_administrators_see_it(arena, client):
    made_up(arena, "vic", 5)
    made_up(arena, "vic", voting.FAIL_FROM, winner="model_b", counted=False, held_out="left", pair=("u", "v"))
    cast(arena, client.as_("vic"))
    battle = begin(arena, client.as_("vic"))
    change(arena, battle, held_out="left")
    client.as_("vic").send("POST", f"/api/battles/{battle}/vote", {"choice": "right"}, 204)
    with arena.database.read() as connection:
        assert not connection.execute(votes.select().where(votes.c.counted.is_(True))).first()
        assert connection.execute(audit.select().where(audit.c.action == "arena.checks")).first()
    (told,) = client.as_("ada").get("/arena/voters.json")["voters"]
    assert (told["name"], told["fails"], told["counted"]) == ("vic", True, 0)
    assert "vic" in client.as_("ada").get("/arena/voters")
    client.as_("vic").get("/arena/voters.json", 403)
    client.get("/arena/voters.json", 401)


def test_who_passes_the_checks_goes_on_counting(arena, client):
    made_up(arena, "vic", voting.FAIL_FROM, winner="model_a", counted=False, held_out="left")
    assert voted(arena, cast(arena, client.as_("vic"))).counted


def test_a_check_shows_an_answer_that_is_right_beside_one_that_is_wrong(arena, monkeypatch, client):
    monkeypatch.setattr(drawing, "CHECKS", 1.1)
    vic = client.as_("vic")
    battle = vic.send("POST", "/api/battles", status=201)["id"]
    shown = row(arena, battle)
    outcome = shown.shown["after"]
    other = {"left": "right", "right": "left"}[shown.held_out]
    assert (outcome[f"{shown.held_out}_outcome"], outcome[f"{other}_outcome"]) == ("correct", "wrong")
    change(arena, battle, created=shown.created - SLOW)
    vic.send("POST", f"/api/battles/{battle}/vote", {"choice": shown.held_out}, 204)
    assert voted(arena, battle).why_not == voting.CHECK


def test_visitors_vote_without_being_counted_and_only_where_the_site_is_public(arena, client):
    battle = cast(arena, client)
    assert (voted(arena, battle).counted, voted(arena, battle).why_not) == (False, voting.VISITOR)
    assert row(arena, battle).voter.startswith("visitor:")
    assert "testclient" not in row(arena, battle).voter
    assert client.get("/arena.json")["counts"] is False
    object.__setattr__(arena.config, "public", False)
    client.send("POST", "/api/battles", status=401)


def test_a_voter_who_hurries_has_to_wait(arena, client):
    vic = client.as_("vic")
    answer = None
    for _ in range(voting.PER_MINUTE + 1):
        answer = vic.http.post("/api/battles", json={})
        if answer.status_code != 201:
            break
        vic.send("POST", f"/api/battles/{answer.json()['id']}/vote", {"choice": "left"}, 204)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_a_token_votes_only_with_that_scope(arena, client):
    client.with_token("vic", "read").send("POST", "/api/battles", {}, 403)
    assert client.with_token("vic", "read").get("/arena.json")["may_vote"] is False
    client.with_token("vic", "read", "vote").send("POST", "/api/battles", {}, 201)


def test_the_export_gives_the_same_numbers_to_sinan_rank(arena, client, tmp_path):
    made_up(arena, "vic", 9)
    made_up(arena, "eva", 6, winner="model_b")
    made_up(arena, "otto", 4, winner="tie", pair=("y", "z"))
    made_up(arena, "otto", 5, winner="model_b", pair=("y", "z"))
    made_up(arena, "otto", 3, winner="both_bad", pair=("x", "z"), counted=False)
    assert ratings.make(arena.database, arena.ciphers)
    assert not ratings.make(arena.database, arena.ciphers)
    file = tmp_path / "votes.jsonl"
    file.write_text(client.get("/arena/votes.jsonl"))
    assert len(file.read_text().splitlines()) == 24
    assert "user:" not in file.read_text()
    ranked = subprocess.run(
        [sys.executable, "-m", "sinan", "rank", "--votes", str(file), "--json"], capture_output=True, check=True
    )
    board = orjson.loads(ranked.stdout)["leaderboards"][0]
    shown = client.get("/arena/ratings.json")
    for one, other in zip(shown["standings"], board["standings"], strict=True):
        assert one["model"] == other["model"]
        assert one["rating"] == other["value"]
        assert one["ci"] == other["ci"]
        assert one["rank_interval"] == other["rank_interval"]
    assert sum(pair["votes"] for pair in shown["pairs"]) == shown["votes"] == 24
    assert all(one["model"] in client.get("/arena/ratings") for one in shown["standings"])


def test_ratings_that_cannot_be_say_why(arena, client):
    assert "Nobody has voted yet" in client.get("/arena/ratings?lang=en")
    made_up(arena, "vic", 2)
    made_up(arena, "vic", 2, pair=("u", "v"))
    ratings.make(arena.database, arena.ciphers)
    assert client.get("/arena/ratings.json")["why"]
    client.get("/arena/ratings")


def test_hostile_answers_are_text(arena, client):
    vic, evil = client.as_("vic"), "<script>alert(1)</script>"
    battle = begin(arena, vic)
    change(arena, battle, shown={"question": evil, "left": evil, "right": '"><img src=x onerror=y>', "after": {}})
    page = vic.get(f"/arena/battles/{battle}")
    assert evil not in page
    assert "<img" not in page


def test_names_of_models_are_blacked_out_in_both_answers_alike():
    models = ("openai/gpt-4o-mini", "needle/m")
    text = blind.blacked("I am GPT-4o-mini by OpenAI, no Claude. 我是通义千问。 Needles; needle/m!", models)
    assert text == "I am ▇▇▇ by ▇▇▇, no ▇▇▇. 我是▇▇▇。 Needles; ▇▇▇!"


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("What is 2?", "What is 2?"),
        ('"What is 2?"', "What is 2?"),
        ([{"role": "user", "content": "Hi"}], "Hi"),
        ([{"role": "system", "content": "Be"}, {"role": "user", "content": "Hi"}], "system: Be\n\nuser: Hi"),
        ([{"role": "user", "content": [{"type": "image", "sha256": "0"}]}], None),
        ({"text": "x", "tools": []}, None),
        ("", None),
        ([3], None),
    ],
)
def test_a_prompt_is_shown_as_text_or_not_at_all(prompt, text):
    assert blind.question(prompt) == text


def test_the_pages_speak_chinese(arena, client):
    vic = client.as_("vic")
    battle = cast(arena, vic)
    for address in ("/arena", f"/arena/battles/{battle}", "/arena/ratings"):
        assert 'lang="zh-Hans"' in vic.get(f"{address}?lang=zh")
    assert "哪个回答更好" in vic.get("/arena?lang=zh")
    for choice in ("left", "right", "tie", "both_bad"):
        assert words.say("zh", f"voted: {choice}") != f"voted: {choice}"


def test_a_run_that_cannot_be_read_is_passed_over(arena, client):
    for folder in arena.runs.iterdir():
        (folder / "run.json").write_bytes(b"{")
    client.as_("vic").send("POST", "/api/battles", status=404)
    assert shelf.ENDED
