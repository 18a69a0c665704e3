"""The parts of the site know each other: verdicts stand beside runs and on boards, pages lead to each other."""

import threading

import pytest

from sinan.web import warming
from sinan.web.service import jobs, two_answers, verifying
from sinan.web.service.maker import once
from sinan.web.service.making import Maker
from sinan.web.service.tables import audit, now, runs, users, verifications
from sinan.web.service.tables import jobs as job_table


def named(site, which):
    (folder,) = site.runs.glob(f"*-{which}")
    return folder.name


@pytest.fixture
def public(site):
    with site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public", published=1))
    once(site.database, Maker(site.config.site / "boards", site.runs))
    return site


def decide(site, run, verdict, n=80):
    with site.database.write() as connection:
        eva = connection.execute(users.select().where(users.c.name == "eva")).one().id
        row = {"run": run, "share": 1.0, "asked_by": eva, "verdict": verdict, "found": {"n": n}}
        connection.execute(verifications.insert().values(**row, created=now(), ended=now()))
    verifying.tell(site.config.site)


def test_a_run_shows_the_newest_verdict_and_leads_to_it(public, client):
    run = named(public, "large")
    assert client.get(f"/runs/{run}.json")["verification"] is None
    assert f"/runs/{run}/provenance" in client.get(f"/runs/{run}")
    decide(public, run, "contradicted")
    decide(public, run, "confirmed")
    decide(public, run, "waiting")
    told = client.get(f"/runs/{run}.json")["verification"]
    assert (told["verdict"], told["n"], told["of"]) == ("confirmed", 80, 1)
    page = client.get(f"/runs/{run}?lang=zh")
    assert "证实" in page and f'href="/runs/{run}/verifications"' in page


def test_who_may_ask_again_is_offered_it(public, client):
    run = named(public, "large")
    assert client.as_("eva").get(f"/runs/{run}.json")["may_verify"]
    assert "Ask again…" in client.as_("eva").get(f"/runs/{run}?lang=en")
    for who in (client, client.as_("vic")):
        assert not who.get(f"/runs/{run}.json")["may_verify"]
        assert "Ask again…" not in who.get(f"/runs/{run}?lang=en")


def test_a_board_shows_the_verdict_beside_the_model_at_once(public, client):
    run = named(public, "large")
    client.get("/rank"), client.get("/rank.json")
    decide(public, run, "contradicted")
    found = {row["model"]: row["verification"] for row in client.get("/rank.json")["rows"]}
    assert found["needle/m"]["verdict"] == "contradicted"
    assert found["needle/xs"] is None and found["needle/s"] is None
    assert f'href="/runs/{run}/verifications"' in client.get("/rank?lang=en")


def test_a_number_of_several_runs_is_confirmed_with_how_many_are():
    def badge(run, verdict):
        return verifying.Badge(verdict=verdict, run=run, n=10, at=1)

    found = {"a": badge("a", "confirmed"), "b": badge("b", "confirmed"), "c": badge("c", "contradicted")}
    told = verifying.together(found, ["a", "b", "x"])
    assert told is not None
    assert (told.verdict, told.runs, told.of, told.n) == ("confirmed", 2, 3, 20)
    told = verifying.together(found, ["a", "c"])
    assert told is not None and (told.verdict, told.run, told.runs) == ("contradicted", "c", 1)
    assert verifying.together(found, ["x"]) is None


def test_asking_again_counts_for_the_months_tokens(public, client):
    object.__setattr__(public.config, "tokens_per_month", 100)
    eva, run = client.as_("eva"), named(public, "large")
    job = eva.send("POST", f"/api/runs/{run}/verifications", {}, 201)["job"]
    with public.database.write() as connection:
        ended = {"state": jobs.COMPLETE, "progress": {"tokens": 100}}
        connection.execute(job_table.update().where(job_table.c.id == job).values(**ended))
        connection.execute(verifications.update().values(verdict="undecided"))
    before = len(client.as_("ada").get(f"/runs/{run}/verifications.json")["verifications"])
    eva.send("POST", f"/api/runs/{run}/verifications", {}, 429)
    assert len(client.as_("ada").get(f"/runs/{run}/verifications.json")["verifications"]) == before
    with public.database.read() as connection:
        noted = connection.execute(audit.select().where(audit.c.action == "run.verify")).all()
    assert len(noted) == 1


def test_answers_of_the_arena_are_rendered_and_can_do_nothing(public, client):
    from sinan.web.service.tables import battles

    eva = client.as_("eva")
    battle = eva.send("POST", "/api/battles", status=201)["id"]
    with public.database.write() as connection:
        shown = connection.execute(battles.select().where(battles.c.id == battle)).one().shown
        told = shown | {"left": "**bold** <script>alert(1)</script>"}
        connection.execute(battles.update().where(battles.c.id == battle).values(shown=told))
    page = eva.get(f"/arena/battles/{battle}")
    assert "<strong>bold</strong>" in page and "&lt;script&gt;alert" in page and "<script>alert" not in page


def test_pictures_of_a_question_are_known_by_their_hash_alone():
    parts = [{"type": "text", "text": "?"}, {"type": "image", "sha256": "a" * 64}, {"sha256": "../x"}, "x"]
    assert two_answers.pictures({"prompt": [{"role": "user", "content": parts}]}) == ["a" * 64]
    for prompt in ("text", [], [1], [{"content": "text"}], {"text": "x"}):
        assert two_answers.pictures({"prompt": prompt}) == []


def test_a_benchmark_leads_to_where_it_is_submitted_with_it_chosen(public, client):
    eva = client.as_("eva")
    assert "/submit?target=arithmetic" in eva.get("/hub/arithmetic")
    assert 'value="arithmetic"' in eva.get("/submit?target=arithmetic")
    assert 'href="/keys"' in eva.get("/account")


def test_warming_up_ends_and_what_was_warm_stays():
    thread = warming.begin()
    assert isinstance(thread, threading.Thread)
    thread.join(60)
    assert not thread.is_alive()
