"""Pictures of questions: found by their content alone, served as nothing but pictures."""

import base64
import hashlib
import json

import pytest

from sinan.web.service import shelf

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHA = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def small(site):
    return next(path for path in site.runs.iterdir() if path.name.endswith("small"))


def _with_targets(site, small, *targets):
    about = json.loads((small / "run.json").read_text())
    about["spec"]["targets"] = list(map(str, targets))
    (small / "run.json").write_text(json.dumps(about))
    shelf.index(site.database, site.runs)


@pytest.fixture
def own(site, small, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "dot.png").write_bytes(PNG)
    (folder / "questions.jsonl").write_text('{"question": "What is it?", "answer": "a dot", "image": "dot.png"}\n')
    _with_targets(site, small, folder / "questions.jsonl")


def test_a_picture_beside_the_operators_questions_is_shown(client, own, small):
    answer = client.as_("ada").http.get(f"/runs/{small.name}/pictures/{SHA}")
    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_picture_of_a_private_run_is_not_shown_to_others(client, own, small):
    client.get(f"/runs/{small.name}/pictures/{SHA}", 404)
    client.as_("eva").get(f"/runs/{small.name}/pictures/{SHA}", 404)


def test_a_run_that_was_pushed_opens_no_path_of_this_machine(client, site, own, small):
    with site.database.write() as connection:
        connection.execute(shelf.runs.update().where(shelf.runs.c.id == small.name).values(origin="push"))
    client.as_("ada").get(f"/runs/{small.name}/pictures/{SHA}", 404)


def test_what_is_no_picture_is_not_served(client, site, small):
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    (small / "media").mkdir()
    name = hashlib.sha256(svg).hexdigest()
    (small / "media" / name).write_bytes(svg)
    client.as_("ada").get(f"/runs/{small.name}/pictures/{name}", 404)


def test_a_picture_that_was_changed_is_not_served(client, small):
    (small / "media").mkdir()
    (small / "media" / SHA).write_bytes(PNG + b"more")
    client.as_("ada").get(f"/runs/{small.name}/pictures/{SHA}", 404)


@pytest.mark.parametrize("name", ["..", "%2e%2e", "../run.json", "A" * 64, "0" * 63])
def test_a_name_that_is_no_hash_is_refused(client, small, name):
    answer = client.as_("ada").http.get(f"/runs/{small.name}/pictures/{name}")
    assert answer.status_code in (404, 422) or "pictures" not in str(answer.url)
