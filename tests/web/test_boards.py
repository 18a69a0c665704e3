"""The boards: made by the maker for each audience, read by pages, and shown to nobody else."""

import os
import shutil
import subprocess
import sys

import orjson
import pytest

import sinan
from sinan import store
from sinan.web import config as configuration
from sinan.web.failures import NotYet
from sinan.web.service import boards, history, shelf
from sinan.web.service.maker import audiences, locked, once
from sinan.web.service.making import Maker
from sinan.web.service.people import Asker
from sinan.web.service.tables import members, organisations, runs, users


@pytest.fixture
def maker(site):
    return Maker(site.config.site / "boards", site.runs)


def name_of(site, start):
    return next(path.name for path in site.runs.iterdir() if path.name.endswith(start))


def owned(site, run, user, visibility="private", organisation=None):
    with site.database.write() as connection:
        number = connection.execute(users.select().where(users.c.name == user)).first().id if user else None
        connection.execute(
            runs.update().where(runs.c.id == run).values(owner=number, visibility=visibility, organisation=organisation)
        )


def models(client, address="/rank.json"):
    return {row["model"] for row in client.get(address)["rows"]}


def test_boards_say_what_sinan_rank_says(site, maker):
    once(site.database, maker)
    found = boards.opened(site.config.site, site.database, Asker(alone=True))
    told = {board.name: board for board in sinan.rank(runs=site.runs)}
    assert {one.slug for one in found.listed} >= set(told)
    for slug, board in told.items():
        kept = found.board(found.named(slug))
        assert [
            (one.model, one.value, (one.low, one.high), one.rank, (one.first, one.last), one.ties)
            for one in kept.standings
        ] == [
            (one.model, one.estimate.value, one.estimate.ci, one.rank, one.rank_interval, one.tie_group)
            for one in board.standings
        ]


def test_before_boards_are_made_nobody_is_told_numbers(site, client):
    with pytest.raises(NotYet):
        boards.opened(site.config.site, site.database, Asker())
    answer = client.http.get("/rank")
    assert (answer.status_code, answer.headers["retry-after"], answer.headers["refresh"]) == (503, "2", "2")
    assert client.http.get("/rank.json").status_code == 503


def test_each_reader_sees_public_runs_and_their_own(site, client, maker):
    small, large = name_of(site, "small"), name_of(site, "large")
    owned(site, small, "eva", "public")
    owned(site, large, "otto")
    eva, otto, ada, vic = (client.as_(name) for name in ("eva", "otto", "ada", "vic"))
    once(site.database, maker)
    assert models(client) == models(eva) == models(vic) == {"needle/xs", "needle/s"}
    assert models(otto) == models(ada) == {"needle/xs", "needle/s", "needle/m"}


def test_equal_audiences_share_their_boards(site, client, maker):
    owned(site, name_of(site, "small"), "eva", "public")
    for name in ("eva", "otto", "vic"):
        client.as_(name)
    once(site.database, maker)
    pointers = [orjson.loads(path.read_bytes()) for path in (maker.folder / "audiences").glob("*.json")]
    assert len(pointers) == 5
    assert len({one["set"] for one in pointers}) == 2  # all, and what is public


def test_who_leaves_an_organisation_sees_its_numbers_no_more_at_once(site, client, maker):
    with site.database.write() as connection:
        team = connection.execute(
            organisations.insert().values(name="team", folded="team", created=0).returning(organisations.c.id)
        ).scalar_one()
        eva = connection.execute(users.select().where(users.c.name == "eva")).first().id
        connection.execute(members.insert().values(organisation=team, user=eva, role="member"))
    owned(site, name_of(site, "large"), "otto", "organisation", team)
    reader = client.as_("eva")
    once(site.database, maker)
    assert models(reader) == {"needle/m"}
    with site.database.write() as connection:
        connection.execute(members.delete())
    told = reader.get("/rank.json")  # the maker has not looked yet
    assert told["rows"] == []
    assert told["waiting"]


def test_a_token_that_may_not_read_sees_what_is_public(site, client, maker):
    owned(site, name_of(site, "large"), "otto")
    once(site.database, maker)
    otto = client.as_("otto")
    once(site.database, maker)
    assert models(otto) == {"needle/m"}
    assert models(client.with_token("otto", "vote")) == set()
    assert models(client.with_token("otto", "read")) == {"needle/m"}


def test_a_run_withdrawn_leaves_the_public_board(site, client, maker):
    run = name_of(site, "small")
    owned(site, run, "eva", "public")
    once(site.database, maker)
    assert models(client) == {"needle/xs", "needle/s"}
    owned(site, run, "eva", "private")
    once(site.database, maker)
    assert client.get("/rank.json")["rows"] == []
    assert run not in client.get("/rank")


def test_one_more_run_makes_only_its_boards_again(site, maker):
    once(site.database, maker)
    before = {path.name: path.stat().st_mtime_ns for path in (maker.folder / "made").glob("*.json")}
    shutil.copytree(site.runs / name_of(site, "small"), site.runs / "more")
    folder = store.RunFolder(site.runs / "more")
    about = folder.about()
    about["cells"] = [cell for cell in about["cells"] if cell["benchmark"] == "arithmetic"]
    folder.describe(about | {"created": "2999-01-01T00:00:00Z"})
    folder.conclude(
        [row for row in orjson.loads((folder.path / "results.json").read_bytes()) if row["benchmark"] == "arithmetic"]
    )
    shelf.index(site.database, site.runs)
    once(site.database, maker)
    found = boards.opened(site.config.site, site.database, Asker(alone=True))
    now = {one.slug: f"{one.key}.json" for one in found.listed}
    assert before[now["ordering"]] == (maker.folder / "made" / now["ordering"]).stat().st_mtime_ns
    assert now["arithmetic"] not in before
    told = found.board(found.named("arithmetic"))
    assert told.by_model["needle/xs"].runs == ("more",)
    assert any("older ones, passed over: 2" in note for note in told.notes)


def test_an_unfinished_or_damaged_run_is_on_no_board(site, maker):
    folder = store.RunFolder(site.runs / name_of(site, "small"))
    folder.describe(folder.about() | {"status": "running"})
    (site.runs / name_of(site, "large") / "results.json").write_text("{")
    shelf.index(site.database, site.runs)
    once(site.database, maker)
    assert boards.opened(site.config.site, site.database, Asker(alone=True)).listed == ()


def test_what_no_audience_sees_any_more_is_removed(site, maker):
    once(site.database, maker)
    old = set((maker.folder / "made").iterdir())
    for path in (*old, *(maker.folder / "sets").iterdir()):
        os.utime(path, (0, 0))
    shutil.rmtree(site.runs / name_of(site, "large"))
    with site.database.write() as connection:
        connection.execute(runs.delete().where(runs.c.id.like("%large")))
    once(site.database, maker)
    assert not old & set((maker.folder / "made").iterdir())


def test_who_has_not_come_for_days_has_no_boards_made(site, client):
    client.as_("eva")
    with site.database.write() as connection:
        assert len(audiences(connection)) == 3
        connection.execute(boards.runs.metadata.tables["sessions"].update().values(seen=0))
        assert set(audiences(connection)) == {"public", "all"}


def test_history_keeps_the_last_of_each_day(site, maker):
    once(site.database, maker)
    folder = maker.folder
    assert len(history.read(folder, "all", "overall")) == 1
    for day, key in ((1, "a"), (1, "b"), (2, "c")):
        path = history._path(folder, "all", "overall")
        moments = history.read(folder, "all", "overall")
        history._write(path, [*moments, history.Moment(moments[-1].at + day, key, moments[-1].standings)])
    history.remember(folder, "all", at=history.read(folder, "all", "overall")[-1].at + 2 * history.DAY_MS)
    found = history.read(folder, "all", "overall")
    assert found[-1].at - found[-2].at == 2 * history.DAY_MS
    assert history.before(found, found[-1].at - history.DAY_MS) == found[-2]
    assert history.before([], 0) is None


def test_configuration_goes_to_the_maker_and_back(site):
    told = orjson.loads(orjson.dumps(configuration.to_json(site.config)))
    assert configuration.from_json(told) == site.config


def test_the_maker_works_until_its_input_ends(site):
    with site.database.write() as connection:
        connection.execute(runs.update().values(visibility="public"))
    process = subprocess.Popen(
        [sys.executable, "-m", "sinan.web.service.maker", "--number", "1"], stdin=subprocess.PIPE
    )
    process.stdin.write(orjson.dumps(configuration.to_json(site.config)) + b"\n")
    process.stdin.flush()
    path = boards.pointer_path(site.config.site, "all")
    while not path.exists():
        assert process.poll() is None
    process.stdin.close()
    assert process.wait(20) == 0
    with locked(site.config.site / "boards" / "lock"):
        assert boards.opened(site.config.site, site.database, Asker()).listed
