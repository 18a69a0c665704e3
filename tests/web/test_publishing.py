"""Who may see a run, and what a published number rests on."""

import hashlib

import pytest

from sinan.web import words
from sinan.web.pages import publishing as pages
from sinan.web.service import shelf
from sinan.web.service.tables import audit, runs


def owned(site, owner="eva", which="small"):
    """The name of a run that belongs to somebody."""
    with site.database.write() as connection:
        number = connection.exec_driver_sql(f"SELECT id FROM users WHERE name = '{owner}'").scalar_one()
        name = connection.execute(runs.select().where(runs.c.id.like(f"%-{which}"))).first().id
        connection.execute(runs.update().where(runs.c.id == name).values(owner=number))
    return name


def visibility(run):
    return f"/api/runs/{run}/visibility"


def test_an_owner_publishes_and_everybody_reads(site, client):
    run, eva = owned(site), client.as_("eva")
    client.get(f"/runs/{run}/provenance.json", 404)
    told = eva.send("PUT", visibility(run), {"visibility": "public"})
    assert told["visibility"] == "public"
    assert told["published"]
    read = client.get(f"/runs/{run}/provenance.json")
    journal = (site.runs / run / "journal.jsonl").read_bytes()
    assert read["journal_sha256"] == hashlib.sha256(journal).hexdigest()
    assert (read["owner"], read["published_by"], read["origin"]) == ("eva", "eva", "folder")
    assert read["unchanged"] is True
    assert not read["can_change"]


def test_what_changed_after_publication_is_told(site, client):
    run, eva = owned(site), client.as_("eva")
    eva.send("PUT", visibility(run), {"visibility": "public"})
    with (site.runs / run / "journal.jsonl").open("ab") as journal:
        journal.write(b"\n")
    assert client.get(f"/runs/{run}/provenance.json")["unchanged"] is False
    assert "have changed" in client.get(f"/runs/{run}/provenance?lang=en")


def test_another_may_not_publish_and_does_not_learn_that_it_exists(site, client):
    run = owned(site)
    client.send("PUT", visibility(run), {"visibility": "public"}, 401)
    client.as_("otto").send("PUT", visibility(run), {"visibility": "public"}, 404)
    client.as_("vic").send("PUT", visibility(run), {"visibility": "public"}, 403)
    client.with_token("eva", "read", "submit").send("PUT", visibility(run), {"visibility": "public"}, 403)
    client.with_token("eva", "read", "publish").send("PUT", visibility(run), {"visibility": "public"})
    client.as_("otto").send("PUT", visibility(run), {"visibility": "private", "reason": "mine"}, 403)
    client.as_("ada").send("PUT", visibility(run), {"visibility": "private", "reason": "wrong key"})


def test_a_published_run_is_withdrawn_with_a_reason_that_stays(site, client):
    run, eva = owned(site), client.as_("eva")
    eva.send("PUT", visibility(run), {"visibility": "public"})
    eva.send("PUT", visibility(run), {"visibility": "private"}, 400)
    eva.send("PUT", visibility(run), {"visibility": "private", "reason": "the endpoint was another model"})
    client.get(f"/runs/{run}/provenance", 404)
    assert eva.get(f"/runs/{run}/provenance.json")["withdrawn"][0]["reason"] == "the endpoint was another model"
    assert "the endpoint was another model" in eva.get(f"/runs/{run}/provenance")
    with site.database.read() as connection:
        noted = connection.execute(audit.select().where(audit.c.action == "run.withdraw")).first()
    assert noted.subject == run
    assert noted.detail["reason"] == "the endpoint was another model"


def test_a_run_that_is_not_finished_stays_private(site, client):
    run = owned(site)
    with site.database.write() as connection:
        connection.execute(runs.update().where(runs.c.id == run).values(status="running"))
    client.as_("eva").send("PUT", visibility(run), {"visibility": "public"}, 409)


def test_an_organisation_sees_what_is_shared_with_it_and_no_other_does(site, client):
    run = owned(site)
    with site.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO organisations (id, name, folded, created) VALUES (1, 'lab', 'lab', 0)")
        connection.exec_driver_sql(
            "INSERT INTO members (organisation, user, role) SELECT 1, id, 'member' FROM users "
            "WHERE name IN ('eva', 'vic')"
        )
    client.as_("eva").send("PUT", visibility(run), {"visibility": "organisation", "organisation": 2}, 400)
    client.as_("eva").send("PUT", visibility(run), {"visibility": "organisation"})
    client.as_("vic").get(f"/runs/{run}/provenance.json")
    client.as_("otto").get(f"/runs/{run}/provenance.json", 404)


def test_what_publishing_means_is_said_before(site, client):
    run = owned(site)
    page = client.as_("eva").get(f"/runs/{run}/provenance?lang=en")
    assert "every question, prompt, answer" in page
    chinese = client.as_("eva").get(f"/runs/{run}/provenance?lang=zh")
    assert "发布即公开" in chinese
    assert "To publish" not in chinese


def test_a_removed_run_is_gone_and_can_be_moved_back(site, client):
    run, eva = owned(site), client.as_("eva")
    client.as_("otto").send("DELETE", f"/api/runs/{run}", status=404)
    eva.send("PUT", visibility(run), {"visibility": "public"})
    eva.send("DELETE", f"/api/runs/{run}", status=409)
    eva.send("PUT", visibility(run), {"visibility": "private", "reason": "no"})
    eva.send("DELETE", f"/api/runs/{run}", status=204)
    eva.get(f"/runs/{run}/provenance.json", 404)
    assert not (site.runs / run).exists()
    (there,) = (site.config.site / "removed").glob(f"{run}.*/run.json")
    there.parent.rename(site.runs / run)
    shelf.index(site.database, site.runs)
    client.as_("ada").get(f"/runs/{run}/provenance.json")


def test_a_run_that_is_being_written_is_not_removed(site, client):
    run = owned(site)
    lock = shelf.RunFolder(site.runs / run).lock()
    try:
        client.as_("eva").send("DELETE", f"/api/runs/{run}", status=409)
    finally:
        lock.release()


@pytest.mark.parametrize("name", ["x" * 81, "%00", "..", "a%2Fb", "ü"])
def test_a_name_that_is_no_run_is_missing_or_unreadable(client, name):
    answer = client.as_("ada").http.get(f"/runs/{name}/provenance.json")
    assert answer.status_code in (404, 422)


def test_all_that_is_told_by_origin_has_its_translation():
    for text in (*pages.TOLD.values(), *(f"origin: {origin}" for origin in pages.TOLD)):
        assert words.say("zh", text) != text
