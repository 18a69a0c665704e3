"""A share of a run, asked again: by a worker, judged by the rule, told on its page."""

import threading

import orjson
import pytest

import sinan
from sinan.store import RunFolder, frames
from sinan.web.service import asked_again, jobs, shelf, verifying
from sinan.web.service.asked_again import Again, judged
from sinan.web.service.database import Database
from sinan.web.service.tables import runs, verifications
from sinan.web.service.worker import Carrying, Place


def named(site, which):
    (folder,) = site.runs.glob(f"*-{which}")
    return folder.name


@pytest.fixture
def published(site):
    with site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public", published=1))
    return site


def work(site):
    """What a worker does with the next job."""
    place = Place(site.config, site.database, site.ciphers)
    job = jobs.claim(site.database, "test", 3)
    assert job is not None
    Carrying(place, job, threading.Event()).run()


def falsified(site, run):
    """Every wrong answer is called right, as somebody might push it."""
    folder = RunFolder(site.runs / run)
    lines = [orjson.loads(line) for line in folder.journal.read_bytes().splitlines()]
    for line in lines:
        line |= {"score": 1.0, "outcome": "correct"}
    folder.journal.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    frames.write_samples(folder, repeated=False)


def test_a_run_that_was_measured_is_confirmed(published, client):
    run, eva = named(published, "small"), client.as_("eva")
    begun = eva.send("POST", f"/api/runs/{run}/verifications", {"share": 1.0}, 201)
    (told,) = eva.get(f"/runs/{run}/verifications.json")["verifications"]
    assert told["verdict"] == "waiting"
    eva.send("POST", f"/api/runs/{run}/verifications", {"share": 1.0}, 409)
    work(published)
    (told,) = eva.get(f"/runs/{run}/verifications.json")["verifications"]
    assert (told["id"], told["verdict"], told["n"]) == (begun["id"], "confirmed", 80)
    assert all(cell["equal"] == cell["n"] and cell["same_text"] == 1 for cell in told["cells"])
    page = client.get(f"/runs/{run}/verifications?lang=en")
    assert "confirmed" in page
    assert "证实" in client.get(f"/runs/{run}/verifications?lang=zh")
    with published.database.read() as connection:
        assert verifying.badges(connection, [run])[run].verdict == "confirmed"
    assert verifying.changed(published.config.site).exists()


def test_a_run_whose_numbers_were_made_up_is_contradicted(published, client):
    run = named(published, "small")
    falsified(published, run)
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {}, 201)
    work(published)
    (told,) = client.get(f"/runs/{run}/verifications.json")["verifications"]
    assert told["verdict"] == "contradicted"
    assert any(cell["verdict"] == "contradicted" and cell["ci"][1] < 0 for cell in told["cells"])


def test_the_answers_of_a_verification_are_of_no_board_and_private(published, client):
    run = named(published, "small")
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {}, 201)
    work(published)
    (told,) = client.as_("eva").get(f"/runs/{run}/verifications.json")["verifications"]
    assert client.get(f"/runs/{run}/verifications.json")["verifications"][0]["run"] is None
    about = RunFolder(published.runs / told["run"]).about()
    assert about["part"] == {"of": 80}
    client.as_("eva").send("POST", f"/api/runs/{told['run']}/verifications", {}, 409)
    said = []
    (board, *_) = sinan.rank(runs=published.runs, notice=said.append)
    assert told["run"] not in [one for standing in board.standings for one in standing.runs]
    assert any(told["run"] in line for line in said)


def test_who_may_ask(published, client):
    run = named(published, "large")
    client.send("POST", f"/api/runs/{run}/verifications", {}, 401)
    client.as_("vic").send("POST", f"/api/runs/{run}/verifications", {}, 403)
    client.with_token("eva", "read").send("POST", f"/api/runs/{run}/verifications", {}, 403)
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {"share": 0}, 422)
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {"share": 1.5}, 422)
    client.as_("eva").send("POST", "/api/runs/none/verifications", {}, 404)
    with published.database.write() as connection:
        connection.execute(runs.update().values(visibility="private"))
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {}, 404)
    client.as_("eva").get(f"/runs/{run}/verifications.json", 404)


def test_a_run_of_files_or_unknown_models_cannot_be_asked_again_from_here(published, client):
    run = named(published, "large")
    folder = RunFolder(published.runs / run)
    about = folder.about()
    for change in ({"targets": ["pushed:mine.jsonl"]}, {"targets": ["/etc/x.py"]}, {"models": ["hf/some/model"]}):
        folder.describe(about | {"spec": about["spec"] | change})
        client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {}, 400)
    with published.database.read() as connection:
        assert not connection.execute(verifications.select()).first()


def test_a_job_that_is_cancelled_leaves_no_verdict(published, client):
    run, eva = named(published, "large"), client.as_("eva")
    job = eva.send("POST", f"/api/runs/{run}/verifications", {}, 201)["job"]
    with published.database.write() as connection:
        row = connection.execute(jobs.select(jobs.jobs).where(jobs.jobs.c.id == job)).one()
        jobs.cancel(connection, row)
    (told,) = eva.get(f"/runs/{run}/verifications.json")["verifications"]
    assert told["verdict"] == "given up"
    eva.send("POST", f"/api/runs/{run}/verifications", {}, 201)


def test_the_share_is_drawn_by_its_seed_and_holds_whole_questions(published, monkeypatch):
    monkeypatch.setattr(asked_again, "LEAST", 5)
    folder = RunFolder(published.runs / named(published, "small"))
    first, again, other = (Again(folder, 0.4, seed).keys() for seed in ("a", "a", "b"))
    assert first == again != other
    assert len(first) == 2 * 2 * 8  # models, benchmarks, questions
    assert {key[1] for key in first} == {"needle/xs", "needle/s"}


def test_small_benchmarks_are_judged_together():
    rows = {(f"b{at}", "m"): [(f"q{q}", 1.0, 1.0, 1, 1.0) for q in range(20)] for at in range(5)}
    verdict, cells = judged(rows)
    assert {one["verdict"] for one in cells} == {"undecided"}
    assert verdict == "confirmed"
    assert judged({})[0] == "undecided"
    rows["b0", "m"] = [(f"q{q}", 1.0, 0.0, 1, 0.0) for q in range(20)]
    assert judged(rows)[0] == "contradicted"


def test_the_index_knows_verifications_from_runs(published, client):
    run = named(published, "large")
    client.as_("eva").send("POST", f"/api/runs/{run}/verifications", {}, 201)
    work(published)
    shelf.index(Database(published.config.url), published.runs)
    with published.database.read() as connection:
        row = connection.execute(runs.select().where(runs.c.origin == "verification")).one()
    assert (row.visibility, row.status) == ("private", "complete")
