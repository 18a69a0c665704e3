"""Submitting, watching, and keys: who may, what is refused before it waits, what is shown to whom."""

import json
import re

import pytest

from sinan.web.service import jobs
from sinan.web.service.tables import audit, job_log, model_keys
from sinan.web.service.tables import jobs as table

KEY = "sk-very-secret-0123456789abcdef"
ORDER = {"targets": ["arithmetic"], "models": [{"provider": "needle", "name": "xs"}], "limit": 10}


def remote(**more):
    model = {"provider": "openai", "name": "gpt-x", "address": "https://api.example.com/v1"} | more
    return ORDER | {"models": [model]}


def submit(client, order=ORDER, status=201, **more):
    return client.send("POST", "/api/jobs", {"order": order} | more, status)


def test_who_may_submit(client):
    submit(client, status=401)
    submit(client.as_("vic"), status=403)
    submit(client.with_token("eva", "read"), status=403)
    submit(client.with_token("eva", "submit"))
    assert "Sign in" in client.get("/submit") and "role evaluator" in client.as_("vic").get("/submit")


def test_the_page_offers_what_there_is(client):
    eva = client.as_("eva")
    told = eva.get("/submit.json")
    assert told["bundled"] == ["needle/xs", "needle/s", "needle/m"] and told["may_submit"]
    assert "first-light" in [one["value"] for one in told["suites"]]
    assert all(f'value="{one}"' in eva.get("/submit") for one in told["bundled"])
    assert "提交评测" in eva.get("/submit?lang=zh")


def test_a_job_is_its_owners_and_the_administrators(client):
    job = submit(client.as_("eva"))["id"]
    for name in ("eva", "ada"):
        assert client.as_(name).get(f"/jobs/{job}.json")["state"] == "queued"
    for address in (f"/jobs/{job}.json", f"/jobs/{job}", f"/jobs/{job}/events"):
        client.as_("otto").get(address, 404)
        client.get(address, 404)
    for what in ("pause", "cancel", "resume"):
        client.as_("otto").send("POST", f"/api/jobs/{job}/{what}", None, 404)
    assert client.as_("eva").get("/jobs.json")["total"] == 1
    assert client.as_("otto").get("/jobs.json?everyone=true")["total"] == 0
    assert client.as_("ada").get("/jobs.json?everyone=true")["total"] == 1


def test_pausing_going_on_and_cancelling(client):
    eva = client.as_("eva")
    job = submit(eva)["id"]
    assert eva.send("POST", f"/api/jobs/{job}/pause")["state"] == "paused"
    assert eva.send("POST", f"/api/jobs/{job}/resume", {"max_tokens": 1000})["state"] == "queued"
    assert eva.get(f"/jobs/{job}.json")["limits"] == {"max_tokens": 1000}
    eva.send("PUT", f"/api/jobs/{job}/priority", {"priority": -5})
    eva.send("PUT", f"/api/jobs/{job}/priority", {"priority": 5}, 403)
    client.as_("ada").send("PUT", f"/api/jobs/{job}/priority", {"priority": 5})
    assert eva.send("POST", f"/api/jobs/{job}/cancel")["state"] == "cancelled"
    eva.send("POST", f"/api/jobs/{job}/resume", None, 409)
    with client.site.database.read() as connection:
        assert "job.cancel" in connection.execute(audit.select()).mappings().all()[-1]["action"]


@pytest.mark.parametrize(
    "order",
    [
        ORDER | {"targets": ["/etc/passwd"]},
        ORDER | {"targets": ["../x.jsonl"]},
        ORDER | {"targets": ["mine.py"]},
        ORDER | {"targets": ["lm-eval:hellaswag"]},
        ORDER | {"targets": ["a\0b"]},
        ORDER | {"targets": ["no_such_benchmark"]},
        ORDER | {"targets": ["own:nothing"]},
        ORDER | {"models": [{"provider": "hf", "name": "gpt2"}]},
        ORDER | {"models": [{"provider": "vllm", "name": "x"}]},
        ORDER | {"models": [{"provider": "litellm", "name": "x"}]},
        ORDER | {"models": [{"provider": "needle", "name": "xs", "address": "http://example.com"}]},
        remote(address="http://127.0.0.1:8000/v1"),
        remote(address="http://[::ffff:10.0.0.1]/v1"),
        remote(address="http://169.254.169.254/latest"),
        remote(address="file:///etc/passwd"),
        remote(address="http://user:pass@example.com/v1"),
        remote(address=""),
        remote(options={"key_env": "HOME"}),
        remote(options={"batch": "1"}),
        remote(name="x?key_env=HOME"),
        remote(key=12345),
        ORDER | {"limit": 0},
        ORDER | {"draws": 10**9},
        ORDER | {"few_shot": "x"},
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_waits(client, order):
    answer = client.as_("eva").http.post("/api/jobs", json={"order": order})
    assert answer.status_code in (400, 404, 422), answer.text
    with client.site.database.read() as connection:
        assert connection.execute(table.select()).first() is None


def test_a_key_is_kept_and_shown_nowhere(client):
    eva = client.as_("eva")
    made = eva.send("POST", "/api/keys", {"name": "mine", "address": "https://api.example.com/v1", "key": KEY}, 201)
    assert made["origin"] == "https://api.example.com:443"
    job = submit(eva, remote(key=made["id"]))["id"]
    pages = ("/keys", "/submit", f"/jobs/{job}", "/jobs")
    for address in (*pages, *(f"{one}.json" for one in pages)):
        assert KEY not in json.dumps(eva.get(address))
    with client.site.database.read() as connection:
        assert KEY.encode() not in connection.execute(model_keys.select()).one().cipher
        stored = (*connection.execute(table.select()), *connection.execute(audit.select()))
        assert all(KEY not in str(row) for row in stored)
    assert "mine" in eva.get("/keys") and "mine" not in client.as_("ada").get("/keys")


def test_a_key_is_bound_to_its_origin_and_its_owner(client):
    eva, otto = client.as_("eva"), client.as_("otto")
    made = eva.send("POST", "/api/keys", {"name": "mine", "address": "https://api.example.com/v1", "key": KEY}, 201)
    submit(eva, remote(key=made["id"], address="https://evil.example.com/v1"), 400)
    submit(eva, remote(key=made["id"], address="http://api.example.com/v1"), 400)
    submit(eva, remote(key=made["id"], address="https://api.example.com:8443/v1"), 400)
    submit(otto, remote(key=made["id"]), 404)
    otto.send("DELETE", f"/api/keys/{made['id']}", None, 404)
    eva.send("DELETE", f"/api/keys/{made['id']}", None, 204)
    submit(eva, remote(key=made["id"]), 404)


def test_a_key_for_one_job_is_stored_and_listed_nowhere_and_removed(client):
    eva = client.as_("eva")
    job = submit(eva, remote(secret=KEY))["id"]
    assert eva.get("/keys.json")["keys"] == []
    with client.site.database.read() as connection:
        assert connection.execute(model_keys.select()).one()
        assert KEY not in json.dumps(connection.execute(table.select()).one().order)
    eva.send("POST", f"/api/jobs/{job}/cancel")
    with client.site.database.read() as connection:
        assert connection.execute(model_keys.select()).first() is None


def test_what_is_refused_does_not_repeat_a_key(client):
    answer = client.as_("eva").http.post("/api/keys", json={"name": "x", "key": "sk with blanks " + KEY})
    assert answer.status_code in (400, 422) and KEY not in answer.text


def test_an_estimate_is_made_and_nothing_is_asked(client):
    told = client.as_("eva").send("POST", "/api/estimates", {"order": ORDER})
    assert told["requests"] == 10 and told["cells"][0]["benchmark"] == "arithmetic" and told["tokens_in"] > 0
    client.send("POST", "/api/estimates", {"order": ORDER}, 401)


def test_a_model_can_be_tried(client):
    told = client.as_("eva").send("POST", "/api/models/test", {"model": {"provider": "needle", "name": "xs"}})
    assert isinstance(told["answer"], str) and told["seconds"] >= 0


def test_the_pages_of_a_job_show_hostile_text_as_text(client):
    hostile = "<script>alert(1)</script>"
    eva = client.as_("eva")
    job = submit(eva, title=hostile)["id"]
    with client.site.database.write() as connection:
        progress = {"done": 3, "expected": 9, "cells": [{"benchmark": hostile, "model": hostile, "n": 3}]}
        row = {"progress": progress, "error": hostile, "state": "failed"}
        connection.execute(table.update().values(**row))
        connection.execute(job_log.insert().values(job=job, at=1, line=hostile))
    for address in ("/jobs", f"/jobs/{job}"):
        text = eva.get(address)
        assert hostile not in text and "&lt;script&gt;" in text
        assert not re.search(r"\son\w+=|style=", text)
    assert eva.get(f"/jobs/{job}.json")["error"] == hostile


def test_a_stream_ends_with_the_job(client):
    eva = client.as_("eva")
    job = submit(eva)["id"]
    eva.send("POST", f"/api/jobs/{job}/cancel")
    text = eva.get(f"/jobs/{job}/events")
    assert '"state":"cancelled"' in text and "event: over" in text


def test_quotas(client):
    object.__setattr__(client.site.config, "queued_per_user", 1)
    object.__setattr__(client.site.config, "tokens_per_month", 100)
    eva = client.as_("eva")
    job = submit(eva)["id"]
    submit(eva, status=429)
    with client.site.database.write() as connection:
        ended = {"state": jobs.COMPLETE, "progress": {"tokens": 100}}
        connection.execute(table.update().where(table.c.id == job).values(**ended))
    submit(eva, status=429)


def test_a_webhooks_secret_is_shown_once(client):
    eva = client.as_("eva")
    made = submit(eva, webhook="https://hook.example.com/x")
    assert made["webhook_secret"] and made["webhook_secret"] not in json.dumps(eva.get(f"/jobs/{made['id']}.json"))
    submit(eva, webhook="ftp://x", status=422)
    submit(eva, webhook="http://user:pw@x/", status=400)
