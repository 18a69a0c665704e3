"""Organisations: who is invited sees nothing, who accepts sees what is shared, who is removed sees it no more."""

import pytest

from sinan.web.service.tables import organisations, runs


@pytest.fixture
def shared(client):
    """An organisation of eva's, with one run that is shared with it."""
    eva = client.as_("eva")
    eva.send("POST", "/api/organisations", {"name": "Lab"})
    with client.site.database.write() as connection:
        lab = connection.execute(organisations.select()).one().id
        one = connection.execute(runs.select()).first().id
        connection.execute(runs.update().where(runs.c.id == one).values(visibility="organisation", organisation=lab))
    return eva


def test_who_is_invited_sees_nothing_until_they_accept(client, shared):
    otto = client.as_("otto")
    assert otto.get("/index.json")["runs"] == 0
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "Otto"}, 204)
    assert otto.get("/index.json")["runs"] == 0
    assert otto.get("/organisations/lab.json")["members"] == []
    otto.send("POST", "/api/organisations/Lab/accept", status=204)
    assert otto.get("/index.json")["runs"] == 1
    assert [one["name"] for one in otto.get("/organisations/Lab.json")["members"]] == ["eva", "otto"]


def test_who_is_removed_sees_nothing_from_that_moment(client, shared):
    otto, token = client.as_("otto"), client.with_token("otto", "read")
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "otto"}, 204)
    otto.send("POST", "/api/organisations/Lab/accept", status=204)
    assert token.get("/index.json")["runs"] == 1
    shared.send("DELETE", "/api/organisations/Lab/members/otto", status=204)
    assert otto.get("/index.json")["runs"] == 0
    assert token.get("/index.json")["runs"] == 0
    otto.get("/organisations/Lab.json", 404)


def test_an_organisation_is_unknown_to_who_does_not_belong_to_it(client, shared):
    otto = client.as_("otto")
    otto.get("/organisations/Lab.json", 404)
    otto.get("/organisations/None.json", 404)
    otto.send("POST", "/api/organisations/Lab/accept", status=404)
    otto.send("POST", "/api/organisations/Lab/invitations", {"user": "otto"}, 404)
    otto.send("DELETE", "/api/organisations/Lab/members/eva", status=404)
    otto.send("PUT", "/api/organisations/Lab/members/otto", {"role": "owner"}, 404)


def test_a_member_changes_nothing_but_may_leave(client, shared):
    otto = client.as_("otto")
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "otto"}, 204)
    otto.send("POST", "/api/organisations/Lab/accept", status=204)
    otto.send("DELETE", "/api/organisations/Lab/members/eva", status=403)
    otto.send("PUT", "/api/organisations/Lab/members/otto", {"role": "owner"}, 403)
    otto.send("DELETE", "/api/organisations/Lab", status=403)
    otto.send("DELETE", "/api/organisations/Lab/members/otto", status=204)


def test_an_organisation_keeps_an_owner(client, shared):
    shared.send("DELETE", "/api/organisations/Lab/members/eva", status=409)
    shared.send("PUT", "/api/organisations/Lab/members/eva", {"role": "member"}, 409)
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "otto"}, 204)
    shared.send("PUT", "/api/organisations/Lab/members/otto", {"role": "owner"}, 409)
    client.as_("otto").send("POST", "/api/organisations/Lab/accept", status=204)
    shared.send("PUT", "/api/organisations/Lab/members/otto", {"role": "owner"}, 204)
    shared.send("DELETE", "/api/organisations/Lab/members/eva", status=204)


def test_an_organisation_that_has_runs_is_not_deleted(client, shared):
    shared.send("DELETE", "/api/organisations/Lab", status=409)
    with client.site.database.write() as connection:
        connection.execute(runs.update().values(visibility="private", organisation=None))
    shared.send("DELETE", "/api/organisations/Lab", status=204)
    shared.get("/organisations/Lab.json", 404)


def test_viewers_make_none_and_names_are_taken_once(client, shared):
    client.as_("vic").send("POST", "/api/organisations", {"name": "Mine"}, 403)
    client.as_("otto").send("POST", "/api/organisations", {"name": "LAB"}, 409)
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "nobody"}, 404)
    shared.send("POST", "/api/organisations/Lab/invitations", {"user": "eva"}, 409)


def test_a_page_and_its_twin_tell_the_same(client, shared):
    text = shared.get("/organisations/Lab")
    assert all(one["name"] in text for one in shared.get("/organisations/Lab.json")["members"])
    assert "Lab" in client.as_("ada").get("/admin")
    assert "成员" in shared.get("/organisations/Lab?lang=zh")
