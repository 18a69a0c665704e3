"""Benchmarks of one's own: sent, looked at, kept, shared, replaced, deleted; and what is refused."""

import gzip
import io
import json
import zipfile

import duckdb
import pytest

from sinan import catalog
from sinan.web.failures import Missing
from sinan.web.service import checking, own, people
from sinan.web.service.people import Asker, Person

CARD = {"name": "sums", "title": "Sums", "description": "Adding.", "dimension": "math", "languages": ["en"]}
JSON = {"Content-Type": "application/json"}
ROWS = [{"question": f"What is {i} + 1?", "answer": i + 1, "group": "even" if i % 2 else "odd"} for i in range(8)]


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def put(client, content, status=200, name="sums", kind="jsonl", **query):
    more = "".join(f"&{key}={value}" for key, value in query.items())
    answer = client.http.put(
        f"/api/benchmarks/{name}/file?format={kind}{more}",
        content=content,
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == status, answer.text[:500]
    return answer.json()


def parquet(tmp_path, query):
    path = tmp_path / "made.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path.read_bytes()


@pytest.fixture
def eva(client):
    found = client.as_("eva")
    found.send("POST", "/api/benchmarks", CARD, 201)
    return found


def test_a_file_is_understood_kept_and_shown(eva, site):
    told = put(eva, lines(ROWS))
    report = told["report"]
    assert (report["rows"], report["shape"], report["scorer"]) == (8, "number", "Number")
    assert {(one["name"], one["as"]) for one in report["fields"]} == {
        ("question", "question"),
        ("answer", "answer"),
        ("group", "group"),
    }
    assert report["self_test"] == {
        "why": "",
        "examples": [],
        "tried": 8,
        "gold": 8,
        "silence": 0,
        "shuffled": 0,
        "shuffled_tried": 7,
    }
    page = eva.get("/hub/sums.json")
    assert (page["title"], page["samples"], page["data"]) == ("Sums", 8, "here")
    assert page["own"]["sha256"] == told["sha256"]
    assert page["own"]["may_change"]
    assert "What is 0 + 1?" in eva.get("/hub/sums")
    assert "What is 0 + 1?" in eva.get("/hub/sums/change")
    assert "sums" in {one["id"] for one in eva.get("/hub.json?q=adding")["found"]}


def test_the_version_is_the_one_that_a_run_of_the_file_has(eva, site):
    put(eva, lines(ROWS))
    with site.database.read() as connection:
        path = site.config.site / own.target(connection, asker(site, "eva"), "sums")
    benchmark = catalog.load(str(path))
    assert benchmark.id == "sums"
    shown = eva.get("/hub/sums.json")["protocols"][0]["version"]
    assert shown == catalog.version(benchmark, "default")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_other_shapes_are_kept_as_json_lines(eva, site, tmp_path, kind):
    if kind == "csv":
        content = b'question,A,B,answer\n"Which, of two, is larger?",1,2,B\nWhich is smaller?,1,2,A\n'
    else:
        query = "SELECT * FROM (VALUES ('Which is larger?', ['1', '2'], 'B'), ('Which is smaller?', ['1', '2'], 'A'))"
        content = parquet(tmp_path, f"{query} t(question, choices, answer)")
    told = put(eva, content, kind=kind)
    assert (told["report"]["shape"], told["report"]["rows"]) == ("choice", 2)
    assert told["report"]["self_test"]["gold"] == told["report"]["self_test"]["tried"] == 2
    kept = list((site.config.site / "benchmarks" / "sums").glob("*/*"))
    assert [one.name for one in kept] == ["sums.jsonl"]
    assert json.loads(kept[0].read_text().splitlines()[0])["answer"] == "B"


def test_questions_that_stand_there_twice_are_counted(eva):
    twice = [*ROWS, {"question": "what is  0 + 1?", "answer": 1}]
    assert put(eva, lines(twice))["report"]["duplicates"] == {"count": 1, "examples": [["0", "8"]]}


def test_a_right_answer_that_does_not_score_is_told(eva):
    rows = [{"question": "Is it?", "answer": "perhaps"}, {"question": "Is it not?", "answer": "no"}]
    proof = put(eva, lines(rows), scorer="yes-no")["report"]["self_test"]
    assert proof["gold"] < proof["tried"]
    assert proof["examples"]
    assert "✗" in eva.get("/hub/sums/change")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nothing was sent"),
        (b"no json", "line 1"),
        (lines(ROWS) + b'\n{"question": "?"}', "line 9"),
        (lines([{"question": "a?", "answer": 1, "id": "x"}, {"question": "b?", "answer": 1, "id": "x"}]), "already"),
        (b'{"question": "\\ud800?", "answer": 1}', "half of a character"),
        (b'{"question": "a\\u0000b?", "answer": 1}', "NUL"),
        (b'{"question": "a?", "answer": 1, "more": ' + b"[" * 40 + b"]" * 40 + b"}", "nested"),
        (b'{"question": "a?", "answer": 1, "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"question": "\xff?", "answer": 1}', "UTF-8"),
        (b'{"question": "a?", "answer": ' + b"9" * 5000 + b"}", "line 1"),
        (b'{"question": "' + b"a" * (checking.ROW_BYTES + 5) + b'?", "answer": 1}', "longer"),
        (json.dumps({"question": "a?", "answer": 1} | {f"f{i}": 1 for i in range(300)}).encode(), "fields"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_what_cannot_be_is_one_line_that_says_where(eva, content, said):
    assert said in put(eva, content, 400)["error"]
    assert eva.get("/hub/sums.json")["own"]["sha256"] == ""


@pytest.mark.parametrize("path", ["/etc/passwd", "../../site.db", "picture.png", ["a.png", "/etc/shadow"]])
def test_a_row_cannot_name_a_file_of_this_machine(eva, path):
    said = put(eva, lines([{"question": "What is this?", "answer": "x", "image": path}]), 400)["error"]
    assert "names a picture" in said
    assert "not there" not in said


def test_compressed_text_is_refused_before_it_is_unpacked(eva):
    packed = gzip.compress(b"\n" * 200_000_000)
    assert "gzip" in put(eva, packed, 400)["error"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../questions.jsonl", lines(ROWS))
    assert "zip" in put(eva, archive.getvalue(), 400, kind="csv")["error"]


def test_a_parquet_file_that_says_it_is_large_is_refused_by_what_it_says(eva, tmp_path):
    many = parquet(tmp_path, f"SELECT 'a?' AS question, 1 AS answer FROM range({checking.ROWS + 1})")
    assert len(many) < 20_000
    assert "rows" in put(eva, many, 400, kind="parquet")["error"]
    wide = parquet(tmp_path, "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(300)))
    assert "columns" in put(eva, wide, 400, kind="parquet")["error"]


def test_a_parquet_file_that_grows_as_it_is_read_is_refused(eva, tmp_path):
    bomb = parquet(tmp_path, "SELECT repeat('x', 500000) || '?' AS question, 1 AS answer FROM range(3000)")
    assert len(bomb) < 100_000
    said = put(eva, bomb, 400, kind="parquet")["error"]
    assert "memory" in said or "bytes" in said


def test_a_broken_parquet_file_is_one_line(eva, tmp_path):
    sound = parquet(tmp_path, "SELECT 'a?' AS question, 1 AS answer")
    for broken in (
        sound[:-10],
        b"PAR1" + b"\xff" * 100 + b"PAR1",
        sound.replace(b"answer", b"\xff\xfe\xfd\xfc\xfb\xfa"),
    ):
        assert "\n" not in put(eva, broken, 400, kind="parquet")["error"]


def test_a_body_beyond_the_bound_is_refused(eva):
    def endless():
        for _ in range(70):
            yield b"x" * (1 << 20)

    assert "most that is taken" in put(eva, endless(), 413)["error"]


def test_nothing_of_an_upload_stays_behind(eva, site):
    put(eva, lines(ROWS))
    put(eva, b"no json", 400)
    assert list((site.config.site / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["gsm8k", "mmlu-pro", "first-light", "new", "a", "A-b", "../x", "a/b", "x.py", "x:y", "ä-ö-ü"]
)
def test_a_name_cannot_be_that_of_the_catalogue_or_a_path(client, name):
    client.as_("eva").send("POST", "/api/benchmarks", CARD | {"name": name}, status=pytest_status(name))


def pytest_status(name):
    return 409 if name in ("gsm8k", "mmlu-pro", "first-light", "new") else 422 if name == "a" else 400


def test_a_name_is_given_once(eva, client):
    client.as_("otto").send("POST", "/api/benchmarks", CARD, 409)


def test_who_may_add_one(client):
    client.send("POST", "/api/benchmarks", CARD, 401)
    client.as_("vic").send("POST", "/api/benchmarks", CARD, 403)
    client.with_token("eva", "read").send("POST", "/api/benchmarks", CARD, 403)
    client.with_token("eva", "push").send("POST", "/api/benchmarks", CARD, 201)
    client.with_token("eva", "push").send(
        "POST", "/api/benchmarks", CARD | {"name": "b-b", "visibility": "public"}, 403
    )
    client.get("/hub/new", 401)
    client.as_("vic").get("/hub/new", 403)
    client.as_("eva").get("/hub/new")


def test_what_is_private_is_not_there_for_others(eva, client):
    put(eva, lines(ROWS))
    for who in (client, client.as_("otto"), client.as_("vic"), client.with_token("eva", "push")):
        who.get("/hub/sums", 404)
        who.get("/hub/sums.json", 404)
        who.get("/hub/sums/samples", 404)
        assert "sums" not in {one["id"] for one in who.get("/hub.json")["found"]}
    otto = client.as_("otto")
    otto.send("DELETE", "/api/benchmarks/sums", status=404, headers=JSON)
    otto.send("PUT", "/api/benchmarks/sums", {"title": "Mine"}, 404)
    put(otto, lines(ROWS), 404)
    client.as_("ada").get("/hub/sums")


def test_what_is_public_is_seen_by_all_and_changed_by_its_owner(eva, client):
    put(eva, lines(ROWS))
    eva.send("PUT", "/api/benchmarks/sums", {"title": "Sums", "visibility": "public"})
    assert client.get("/hub/sums.json")["samples"] == 8
    assert client.get("/hub/sums.json")["own"]["owner"] == ""
    client.as_("otto").send("DELETE", "/api/benchmarks/sums", status=403, headers=JSON)
    client.as_("otto").get("/hub/sums/change", 403)
    put(client.as_("otto"), lines(ROWS), 403)


def test_an_organisation_shares_it(eva, client, site):
    eva.send("PUT", "/api/benchmarks/sums", {"title": "S", "visibility": "organisation", "organisation": "lab"}, 400)
    with site.database.write() as connection:
        number = connection.execute(
            own.organisations.insert().values(name="Lab", folded="lab", created=0).returning(own.organisations.c.id)
        ).scalar_one()
        for name in ("eva", "otto"):
            user = connection.execute(people.select(people.users.c.id).where(people.users.c.name == name)).scalar_one()
            connection.execute(people.members.insert().values(organisation=number, user=user, role="member"))
    put(eva, lines(ROWS))
    eva.send("PUT", "/api/benchmarks/sums", {"title": "S", "visibility": "organisation", "organisation": "lab"})
    client.as_("otto").get("/hub/sums")
    client.as_("vic").get("/hub/sums", 404)


def test_it_can_be_replaced_and_deleted(eva, site, client):
    first = put(eva, lines(ROWS))["sha256"]
    second = put(eva, lines(ROWS[:4]))["sha256"]
    assert first != second
    assert eva.get("/hub/sums.json")["samples"] == 4
    assert len(list((site.config.site / "benchmarks/sums").iterdir())) == 2  # what a run was asked is still there
    for count in range(5, 5 + own.VERSIONS):
        put(eva, lines([*ROWS, {"question": f"{count}?", "answer": count}]))
    assert len(list((site.config.site / "benchmarks/sums").iterdir())) == own.VERSIONS
    eva.send("DELETE", "/api/benchmarks/sums", status=204, headers=JSON)
    eva.get("/hub/sums", 404)
    assert not (site.config.site / "benchmarks/sums").exists()
    eva.send("DELETE", "/api/benchmarks/sums", status=404, headers=JSON)


def test_changes_are_in_the_audit_log(eva, site):
    put(eva, lines(ROWS))
    eva.send("DELETE", "/api/benchmarks/sums", status=204, headers=JSON)
    from sinan.web.service.tables import audit

    with site.database.read() as connection:
        rows = connection.execute(audit.select().order_by(audit.c.id)).all()
    assert [row.action for row in rows] == ["benchmark.add", "benchmark.file", "benchmark.delete"]
    assert {row.subject for row in rows} == {"sums"}


def test_what_somebody_wrote_is_text(eva):
    bad = "<img src=x onerror=alert(1)>"
    rows = [{"question": f"{bad}?", "answer": bad, "group": bad, "id": bad, bad: bad}]
    put(eva, lines(rows), scorer="exact")
    eva.send("PUT", "/api/benchmarks/sums", {"title": bad, "description": bad, "licence": bad, "scorer": "exact"})
    for address in ("/hub", "/hub/sums", "/hub/sums/change"):
        assert "<img src=x" not in eva.get(address)
        assert "&lt;img src=x" in eva.get(address)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 200, "", "   "])
def test_a_title_that_cannot_be_is_refused(client, text):
    body = json.dumps(CARD | {"title": text}).encode()
    answer = client.as_("eva").http.post("/api/benchmarks", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_the_target_of_a_job(eva, site):
    with site.database.read() as connection:
        with pytest.raises(Missing):
            own.target(connection, asker(site, "otto"), "sums")
        with pytest.raises(Exception, match="no questions yet"):
            own.target(connection, asker(site, "eva"), "sums")
    put(eva, lines(ROWS))
    with site.database.read() as connection:
        assert own.target(connection, asker(site, "eva"), "sums").name == "sums.jsonl"


def asker(site, name):
    with site.database.read() as connection:
        row = connection.execute(people.select(people.users).where(people.users.c.name == name)).one()
    return Asker(Person(row.id, row.name, row.role), "session", frozenset(people.SCOPES))


def test_pages_are_there_in_chinese(eva):
    put(eva, lines(ROWS))
    assert "自己的评测集" in eva.get("/hub/new?lang=zh")
    assert "标准答案得 1 分" in eva.get("/hub/sums/change?lang=zh")
