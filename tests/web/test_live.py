"""A run that another process writes, watched: progress, numbers, its end, and who may watch."""

import contextlib
import json
import time

import httpx2
import orjson
import pytest

from sinan.store import RunFolder
from sinan.store.folder import RunLock
from sinan.web.service import following, shelf


@pytest.fixture
def going_on(site):
    """A run that this process writes: its first answers are there, and its lock is held."""
    before = next(path for path in site.runs.iterdir() if path.name.endswith("small"))
    folder = RunFolder(site.runs / "abcd-going-on")
    folder.path.mkdir()
    about = json.loads((before / "run.json").read_text()) | {"status": "running", "id": folder.id}
    about.pop("ended")
    (folder.path / "run.json").write_text(json.dumps(about))
    lines = (before / "journal.jsonl").read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(lines[:30]))
    lock = RunLock(folder.path)
    shelf.index(site.database, site.runs)
    yield folder, lines, lock
    with contextlib.suppress(OSError):  # where the test has let go of it
        lock.release()


def _events(text):
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            yield lines["event"], lines["data"]


def _end(folder, lines, lock):
    with folder.journal.open("ab") as journal:
        journal.write(b"".join(lines[30:]))
    about = json.loads((folder.path / "run.json").read_text()) | {"status": "complete"}
    folder.describe(about)
    lock.release()


def test_a_run_that_goes_on_shows_its_numbers(client, going_on):
    told = client.as_("ada").get("/runs/abcd-going-on.json")
    assert told["status"] == "running"
    assert told["samples"] == 30
    assert told["cells"][0]["metrics"][0]["low"] is not None


def test_its_page_is_live_and_can_be_read_without_a_script(client, going_on):
    text = client.as_("ada").get("/runs/abcd-going-on")
    assert 'data-events="/runs/abcd-going-on/events"' in text
    assert "<noscript>" in text


def test_a_run_that_has_ended_ends_the_events_at_once(client, site):
    run = next(path.name for path in site.runs.iterdir())
    answer = client.as_("ada").http.get(f"/runs/{run}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert list(_events(answer.text)) == [("end", "complete")]


def test_nobody_watches_what_is_private(client, going_on):
    client.get("/runs/abcd-going-on/events", 404)
    client.as_("vic").get("/runs/abcd-going-on/events", 404)


def test_all_who_watch_share_one_follower(site, going_on):
    folder, lines, lock = going_on
    first = following.watch(folder, watching=True)
    assert following.watch(folder, watching=True) is first
    _end(folder, lines, lock)
    end = time.monotonic() + 30
    while not first.state.over and time.monotonic() < end:
        time.sleep(0.05)
    assert first.state.status == "complete"
    assert first.state.done == 80
    following.leave(first)
    following.leave(first)


def test_a_run_whose_process_died_is_told_as_killed(client, going_on):
    folder, _, lock = going_on
    lock.release()
    following.watch(folder).caught_up(10)
    told = client.as_("ada").get("/runs/abcd-going-on.json")
    assert told["status"] == "killed"
    assert any("sinan run --resume" in note["values"].get("command", "") for note in told["notes"])


def test_the_events_of_a_run_end_with_it(serve, tmp_path, going_on, site):
    folder, lines, lock = going_on
    site.database.close()
    served = serve("--runs", str(site.runs), "--db", site.config.url)
    with site.database.write() as connection:
        connection.execute(shelf.runs.update().values(visibility="public"))
    with httpx2.stream("GET", f"{served.address}/runs/{folder.id}/events", timeout=30) as answer:
        assert answer.status_code == 200
        seen = []
        for line in answer.iter_lines():
            if line.startswith("data: {") and orjson.loads(line[6:])["done"] == 30 and len(seen) == 0:
                seen.append(30)
                _end(folder, lines, lock)
            elif line.startswith("data: {"):
                seen.append(orjson.loads(line[6:])["done"])
            elif line == "data: complete":
                seen.append("complete")
    assert seen[0] == 30
    assert seen[-2:] == [80, "complete"]
