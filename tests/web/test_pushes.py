"""Runs that are sent: in pieces, checked, never trusted."""

import hashlib
import time

import orjson
import pytest

from sinan.web.pages import pushes as pages
from sinan.web.service import pushed, pushes
from sinan.web.service.tables import now, runs
from sinan.web.service.tables import pushes as table

FILES = ("run.json", "journal.jsonl", "results.json")


@pytest.fixture
def small(sample_runs):
    """The files of a sample run."""
    (folder,) = sample_runs.glob("*-small")
    return {name: (folder / name).read_bytes() for name in FILES}


def declared(files):
    return {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}


def put(who, push, name, piece, data, status=204, digest=None):
    headers = {"Content-Type": "application/octet-stream", "Content-Digest": digest or pages.digest(data)}
    answer = who.http.put(f"/api/pushes/{push}/files/{name}/{piece}", content=data, headers=headers)
    assert answer.status_code == status, answer.text


def push(who, files, run="0a0a-mine", status=None):
    """Send it all, and wait for what comes of it."""
    begun = who.send("POST", "/api/pushes", {"run": run, "files": declared(files)}, 201)
    for name, data in files.items():
        for at in range(0, len(data), begun["piece_bytes"]):
            put(who, begun["id"], name, at // begun["piece_bytes"], data[at : at + begun["piece_bytes"]])
    who.send("POST", f"/api/pushes/{begun['id']}/done", status=202)
    end = time.monotonic() + 60
    while (told := who.get(f"/api/pushes/{begun['id']}"))["state"] == "checking":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert told["state"] == (status or "done"), told
    return told


def test_a_run_is_pushed_and_is_its_owners_alone(site, client, small):
    told = push(client.with_token("eva", "push", "read"), small)
    assert told["run"] == "0a0a-mine"
    assert told["checked"] == pushed.AGREES
    page = client.as_("eva").get("/runs/0a0a-mine/provenance.json")
    assert (page["origin"], page["owner"], page["visibility"]) == ("push", "eva", "private")
    assert "Self-reported" in page["told"]
    client.as_("otto").get("/runs/0a0a-mine/provenance.json", 404)
    (mine,) = (site.runs / "0a0a-mine").glob("samples.parquet")
    assert mine.stat().st_size
    assert not list((site.config.site / "pushes").iterdir())


def test_a_name_that_is_taken_becomes_another(site, client, small):
    eva = client.as_("eva")
    first, second = push(eva, small)["run"], push(eva, small)["run"]
    assert first != second
    assert second.endswith("-mine")


def test_numbers_that_do_not_follow_from_the_answers_are_told_and_not_shown(site, client, small):
    rows = orjson.loads(small["results.json"])
    honest = rows[0]["value"]
    rows[0]["value"] = 0.999
    told = push(client.as_("eva"), small | {"results.json": orjson.dumps(rows)})
    assert told["checked"] == pushed.DIFFERS
    shown = orjson.loads((site.runs / told["run"] / "results.json").read_bytes())
    assert shown[0]["value"] == honest


def test_a_run_without_results_is_taken_and_one_that_lacks_answers_is_stopped(site, client, small):
    lines = small["journal.jsonl"].splitlines(keepends=True)
    told = push(client.as_("eva"), {"run.json": small["run.json"], "journal.jsonl": b"".join(lines[:10])})
    assert told["checked"] == pushed.NOTHING
    assert client.as_("eva").get(f"/runs/{told['run']}/provenance.json")["status"] == "stopped"


def test_paths_and_trust_in_code_do_not_survive(site, client, small):
    about = orjson.loads(small["run.json"])
    about["spec"]["targets"] = ["arithmetic", "/etc/evil.py", "../x.jsonl", "dim:math", "lm-eval:/x"]
    about["spec"]["trust"] = True
    told = push(client.as_("eva"), small | {"run.json": orjson.dumps(about)})
    kept = orjson.loads((site.runs / told["run"] / "run.json").read_bytes())
    assert kept["spec"]["targets"] == ["arithmetic", "pushed:evil.py", "pushed:x.jsonl", "dim:math", "pushed:x"]
    assert kept["spec"]["trust"] is False
    assert kept["id"] == told["run"]


@pytest.mark.parametrize(
    "hostile",
    [
        {"run.json": b"{"},
        {"run.json": b"[" * 100_000},
        {"run.json": b"{}"},
        {"journal.jsonl": b""},
        {"journal.jsonl": b"{}\n" * 9},
        {"journal.jsonl": b"\x00" * 5000},
        {"results.json": b"[3]"},
        {"results.json": b'{"a": NaN}'},
    ],
)
def test_what_is_no_run_is_refused_and_leaves_nothing(site, client, small, hostile):
    told = push(client.as_("eva"), small | hostile, status="refused")
    assert told["error"]
    assert str(site.config.site) not in told["error"]
    assert not (site.runs / told["run"]).exists()
    assert not list((site.config.site / "pushes").iterdir())
    with site.database.read() as connection:
        assert connection.execute(runs.select().where(runs.c.id == told["run"])).first() is None


def test_pieces_come_in_any_order_and_again_and_go_on_after_a_break(site, client, small, monkeypatch):
    monkeypatch.setattr(pushes, "PIECE", 4096)
    eva = client.as_("eva")
    begun = eva.send("POST", "/api/pushes", {"run": "0a0a-mine", "files": declared(small)}, 201)
    data = small["journal.jsonl"]
    assert len(data) > 3 * 4096
    put(eva, begun["id"], "journal.jsonl", 2, data[2 * 4096 : 3 * 4096])
    put(eva, begun["id"], "journal.jsonl", 2, data[2 * 4096 : 3 * 4096])
    put(eva, begun["id"], "journal.jsonl", 0, data[:4096])
    eva.send("POST", f"/api/pushes/{begun['id']}/done", status=400)
    again = eva.send("POST", "/api/pushes", {"run": "0a0a-mine", "files": declared(small)}, 201)
    assert again["id"] == begun["id"]
    assert again["files"]["journal.jsonl"]["received"] == [0, 2]
    assert push(eva, small)["run"] == "0a0a-mine"


def test_a_piece_that_is_not_what_was_announced_is_refused(client, small):
    eva = client.as_("eva")
    begun = eva.send("POST", "/api/pushes", {"run": "0a0a-mine", "files": declared(small)}, 201)["id"]
    put(eva, begun, "run.json", 0, small["run.json"], 400, digest=pages.digest(b"other"))
    put(eva, begun, "run.json", 0, small["run.json"][:-1], 400)
    put(eva, begun, "run.json", 1, b"x", 404)
    put(eva, begun, "lock", 0, b"x", 404)
    put(client.as_("otto"), begun, "run.json", 0, small["run.json"], 404)
    put(client.as_("vic"), begun, "run.json", 0, small["run.json"], 403)
    put(client.with_token("eva", "read"), begun, "run.json", 0, small["run.json"], 403)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"../run.json": {"size": 1, "sha256": "0" * 64}}, 400),
        ({"samples.parquet": {"size": 1, "sha256": "0" * 64}}, 400),
        ({"journal.jsonl": {"size": 1 << 40, "sha256": "0" * 64}}, 413),
        ({"run.json": {"size": 1 << 30, "sha256": "0" * 64}}, 413),
        ({"run.json": {"size": -1, "sha256": "0" * 64}}, 422),
        ({"run.json": {"size": 1, "sha256": "zz"}}, 422),
    ],
)
def test_files_that_are_not_taken_are_refused_before_they_are_sent(client, small, change, status):
    client.as_("eva").send("POST", "/api/pushes", {"run": "0a0a-mine", "files": declared(small) | change}, status)


@pytest.mark.parametrize("name", ["../../etc", "mine", "", "0a0a-", "ABCD-x", "0a0a-" + "x" * 80, "0a0a-a/b"])
def test_a_name_that_is_no_runs_is_refused(client, small, name):
    answer = client.as_("eva").http.post("/api/pushes", json={"run": name, "files": declared(small)})
    assert answer.status_code in (400, 422)


def test_pushes_that_nobody_went_on_with_are_forgotten(site, client, small):
    eva = client.as_("eva")
    begun = eva.send("POST", "/api/pushes", {"run": "0a0a-mine", "files": declared(small)}, 201)["id"]
    put(eva, begun, "run.json", 0, small["run.json"])
    with site.database.write() as connection:
        connection.execute(table.update().values(touched=now() - pushes.FORGOTTEN_MS - 1))
    pushes.forget(site.database, site.config.site)
    eva.get(f"/api/pushes/{begun}", 404)
    assert not pushes.folder(site.config.site, begun).exists()


def test_only_so_many_are_open_at_once(client, small):
    eva = client.as_("eva")
    for at in range(pushes.OPEN_AT_ONCE):
        eva.send("POST", "/api/pushes", {"run": f"0a0{at}-mine{at}", "files": declared(small)}, 201)
    eva.send("POST", "/api/pushes", {"run": "0b0b-more", "files": declared(small)}, 429)


def test_a_file_that_is_not_what_was_announced_is_refused(site, client, small):
    eva, files = client.as_("eva"), declared(small)
    files["run.json"]["sha256"] = "0" * 64
    begun = eva.send("POST", "/api/pushes", {"run": "0a0a-mine", "files": files}, 201)["id"]
    for name, data in small.items():
        put(eva, begun, name, 0, data)
    eva.send("POST", f"/api/pushes/{begun}/done", status=202)
    end = time.monotonic() + 60
    while (told := eva.get(f"/api/pushes/{begun}"))["state"] == "checking":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert (told["state"], "announced" in told["error"]) == ("refused", True)
