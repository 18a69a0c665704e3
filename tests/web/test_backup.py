"""A backup is of one moment, is restored elsewhere and on the other database, and a file that is none does no harm."""

import shutil
import threading
import zipfile

import orjson
import pytest
from click.testing import CliRunner

from sinan.cli.main import program
from sinan.errors import UsageError
from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import audit, backup, people
from sinan.web.service.tables import metadata, model_keys, users
from sinan.web.site import opened
from tests.web.clients import Client
from tests.web.conftest import PASSWORD
from tests.web.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture
def full(site):
    """A site that holds something of much."""
    with site.database.write() as connection:
        eva = connection.execute(people.select(users.c.id).where(users.c.name == "eva")).scalar_one()
        row = {"user": eva, "name": "k", "provider": "openai", "origin": "https://x.test", "created": 1}
        connection.execute(model_keys.insert().values(**row, cipher=site.ciphers.encrypt("sk-secret-value")))
        people.new_token(connection, eva, "ci", ["read"], None)
        people.begin_session(connection, eva, "here")
        audit.note(connection, people.Asker(address="::1"), "test", "试验 \u2028", a={"b": [1, None, "x"]})
    (site.config.site / "benchmarks" / "mine").mkdir(parents=True)
    (site.config.site / "benchmarks" / "mine" / "data.jsonl").write_text('{"question": "1+1"}\n')
    return site


def elsewhere(folder, url=""):
    return opened(Config(runs=folder / "runs", site=folder / "site", database=url, port=0))


def everything(database):
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, map(_plain, connection.execute(table.select()))))
            for table in metadata.sorted_tables
            if table.name not in backup.LEFT_OUT
        }


def _plain(row):
    return {name: bytes(one) if isinstance(one, memoryview) else one for name, one in row._mapping.items()}


def test_what_is_restored_elsewhere_answers_the_same(full, tmp_path):
    path = tmp_path / "b.zip"
    backup.write(full.database, full.config.site, path, with_secret=True)
    there = elsewhere(tmp_path / "there")
    backup.restore(there.database, there.config.site, path)
    assert everything(there.database) == everything(full.database)
    shutil.copytree(full.runs, there.runs, dirs_exist_ok=True)
    there = elsewhere(tmp_path / "there")
    before, after = Client(application(full), full), Client(application(there), there)
    for address in ("/index.json", "/admin/audit.json", "/runs.json"):
        status = before.as_("ada").http.get(address).status_code
        assert after.as_("ada").get(address, status) == before.as_("ada").get(address, status)
    after.send("POST", "/api/session", {"name": "eva", "password": PASSWORD})
    with there.database.read() as connection:
        cipher = connection.execute(people.select(model_keys.c.cipher)).scalar_one()
    assert there.ciphers.decrypt(cipher) == "sk-secret-value"
    assert (there.config.site / "benchmarks" / "mine" / "data.jsonl").read_text() == '{"question": "1+1"}\n'
    there.database.close()


def test_a_backup_holds_no_session_and_no_secret(full, tmp_path):
    path = tmp_path / "b.zip"
    backup.write(full.database, full.config.site, path)
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        whole = b"".join(archive.read(name) for name in names)
    assert "secret" not in names
    assert "tables/sessions.jsonl" not in names
    assert b"sk-secret-value" not in whole
    assert (full.config.site / "secret").read_bytes().strip() not in whole


def test_both_databases_are_restored_from_each_other(full, tmp_path, postgres):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    backup.write(full.database, full.config.site, first)
    there = elsewhere(tmp_path / "pg", postgres.url())
    backup.restore(there.database, there.config.site, first)
    assert everything(there.database) == everything(full.database)
    with there.database.write() as connection:  # it counts on from what is there
        people.create(connection, "newcomer", None, "viewer")
        audit.note(connection, people.Asker(), "test")
    backup.write(there.database, there.config.site, second)
    back = elsewhere(tmp_path / "back")
    backup.restore(back.database, back.config.site, second)
    assert everything(back.database) == everything(there.database)
    back.database.close()
    there.database.close()


def test_a_backup_is_of_one_moment_while_the_site_goes_on(full, tmp_path):
    ended = threading.Event()

    def writes():
        number = 0
        while not ended.is_set():
            number += 1
            with full.database.write() as connection:
                people.create(connection, f"user{number}", None, "viewer")
                audit.note(connection, people.Asker(), "pair", f"user{number}")

    thread = threading.Thread(target=writes)
    thread.start()
    try:
        for number in range(5):
            backup.write(full.database, full.config.site, tmp_path / f"{number}.zip")
    finally:
        ended.set()
        thread.join()
    for number in range(5):
        with zipfile.ZipFile(tmp_path / f"{number}.zip") as archive:
            made = [orjson.loads(line)["name"] for line in archive.read("tables/users.jsonl").splitlines()]
            noted = [orjson.loads(line) for line in archive.read("tables/audit.jsonl").splitlines()]
        noted = [one["subject"] for one in noted if one["action"] == "pair"]
        assert sorted(one for one in made if one.startswith("user")) == sorted(noted)


def test_a_site_that_is_not_empty_is_left_alone(full, tmp_path):
    path = tmp_path / "b.zip"
    backup.write(full.database, full.config.site, path)
    before = everything(full.database)
    with pytest.raises(UsageError, match="not empty"):
        backup.restore(full.database, full.config.site, path)
    with pytest.raises(UsageError, match="already"):
        backup.write(full.database, full.config.site, path)
    assert everything(full.database) == before


def _bent(source, path, change):
    """The same backup, with files changed, added (bytes) or removed (None)."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in change:
                new.writestr(name, old.read(name))
        for name, data in change.items():
            if data is not None:
                new.writestr(name, data)


BAD = {
    "out by dots": {"files/benchmarks/../../evil": b"x"},
    "out by a root": {"/etc/evil": b"x"},
    "out by a backslash": {"files/benchmarks/..\\..\\evil": b"x"},
    "another folder": {"files/boards/evil": b"x"},
    "the site's own file": {"files/site.db": b"x"},
    "a bomb": {"files/benchmarks/bomb": b"\0" * (64 << 20)},
    "a bomb of a table": {"tables/users.jsonl": b" " * (64 << 20)},
    "no row": {"tables/users.jsonl": b"[1, 2]\n"},
    "nonsense": {"tables/users.jsonl": b"{nonsense\n"},
    "other columns": {"tables/users.jsonl": b'{"id": 1}\n'},
    "a table that is cut": {"tables/audit.jsonl": b""},
    "another format": {"about.json": b'{"format": 99, "rows": {}}'},
    "nothing about it": {"about.json": None},
    "a list about it": {"about.json": b"[]"},
    "newer tables": {"about.json": b'{"format": 1, "tables": "9999", "rows": {}}'},
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_backup_of_ours_changes_nothing(full, tmp_path, kind):
    path, bad = tmp_path / "b.zip", tmp_path / "bad.zip"
    backup.write(full.database, full.config.site, path)
    _bent(path, bad, BAD[kind])
    there = elsewhere(tmp_path / "there")
    before = everything(there.database)
    with pytest.raises(UsageError):
        backup.restore(there.database, there.config.site, bad)
    assert everything(there.database) == before
    assert not list(tmp_path.rglob("evil"))
    there.database.close()


def test_what_is_no_zip_is_told(site, tmp_path):
    (tmp_path / "x").write_bytes(b"no zip")
    for path in (tmp_path / "x", tmp_path / "none"):
        with pytest.raises(UsageError):
            backup.restore(site.database, site.config.site, path)


def test_one_backup_a_day_is_made_and_so_many_are_kept(full, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 8):
        (folder / f"sinan-2020-01-0{day}.zip").write_bytes(b"old")
    (folder / "other.zip").write_bytes(b"not ours")
    made = backup.nightly(full.database, full.config.site, folder, keep=3)
    assert made is not None
    assert made.exists()
    assert backup.nightly(full.database, full.config.site, folder, keep=3) is None
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["other.zip", "sinan-2020-01-06.zip", "sinan-2020-01-07.zip", made.name]


def test_the_commands_do_it(full, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    said = run.invoke(program, ["backup", "b.zip", "--site", str(full.config.site)], catch_exceptions=False)
    assert "rows of" in said.output
    run.invoke(program, ["restore", "b.zip", "--site", "new"], catch_exceptions=False)
    listed = run.invoke(program, ["user", "list", "--site", "new"], catch_exceptions=False).output
    assert listed.splitlines() == ["ada\tadmin", "eva\tevaluator", "otto\tevaluator", "vic\tviewer"]


def test_accounts_are_changed_on_the_command_line(site):
    run, where = CliRunner(), ["--site", str(site.config.site)]

    def said(*arguments, **how):
        return run.invoke(program, ["user", *arguments, *where], **how)

    assert said("role", "eva", "viewer", catch_exceptions=False).output == "eva is viewer\n"
    assert said("disable", "eva", catch_exceptions=False).output == "eva is viewer, disabled\n"
    assert said("enable", "eva", catch_exceptions=False).output == "eva is viewer\n"
    assert said("password", "eva", input="a very new password\n", catch_exceptions=False).exit_code == 0
    assert "last administrator" in str(said("disable", "ada").exception)
    assert "no account" in str(said("role", "nobody", "viewer").exception)
    client = Client(application(site), site)
    client.send("POST", "/api/session", {"name": "eva", "password": "a very new password"})
