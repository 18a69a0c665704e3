"""A closer look at two runs: groups, outcomes, what answers took, and every draw that differs, against numbers that
were worked out by hand."""

import pytest

import sinan
from sinan.store import differing
from tests.comparison_runs import OWN, Runs, right, wrong_at
from tests.server import ChatServer


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    (tmp_path / "own.py").write_text(OWN)
    with ChatServer(right) as server:
        yield Runs(server, tmp_path)


@pytest.fixture
def found(runs, tmp_path):
    """r00 to r11, groups g0 (even) and g1 (odd): a is wrong at 0, b at 1, 3, 5, 7, 9 and 11."""
    runs.ask(wrong_at(0), model="a")
    runs.ask(wrong_at(1, 3, 5, 7, 9, 11), model="b")
    (tmp_path / "closer").mkdir()
    one = runs.compare(closer=tmp_path / "closer")
    return one, tmp_path / "closer" / one.closer.file


def test_each_group_has_its_difference_and_a_test_of_its_own(found):
    one, _ = found
    even, odd = one.closer.groups
    assert (even.name, even.flips, even.differ, even.paired.n) == ("g0", (0, 1), 1, 6)
    assert (odd.name, odd.flips, odd.differ, odd.paired.n) == ("g1", (6, 0), 6, 6)
    assert even.paired.difference == pytest.approx(-1 / 6) and odd.paired.difference == 1
    # McNemar's mid-p: one of one is 2 * (1/2) / 2 = 0.5 of 1; six of six 2 * (1/64) / 2 = 1/64
    assert even.paired.p_value == pytest.approx(0.5) and odd.paired.p_value == pytest.approx(1 / 64)
    # Holm over two: 2 * 1/64, and max of that and 0.5
    assert odd.adjusted_p == pytest.approx(2 / 64) and even.adjusted_p == pytest.approx(0.5)
    assert (odd.sign, even.sign) == (1, 0)


def test_the_whole_is_what_it_is_without_a_closer_look(found, runs):
    one, _ = found
    assert runs.compare().to_json() == one.to_json()


def test_outcomes_are_counted_in_pairs(found):
    one, _ = found
    assert one.closer.outcomes == {("correct", "correct"): 5, ("correct", "wrong"): 6, ("wrong", "correct"): 1}


def test_what_the_answers_took_is_paired(found):
    one, _ = found
    spent = {each.what: each for each in one.closer.spent}
    assert spent["tokens_out"].pairs == 12
    assert spent["tokens_out"].total_a == pytest.approx(12 * spent["tokens_out"].mean_a)
    assert spent["latency_s"].ratio > 0 and spent["latency_s"].ci[0] <= spent["latency_s"].ratio


def test_every_draw_that_differs_can_be_leafed_through(found):
    _, file = found
    wanted = differing.Wanted
    rows, total = differing.page(file, wanted(), 3)
    assert total == 7 and [row["sample_id"] for row in rows] == ["r00", "r01", "r03"]
    assert (rows[0]["right_in"], rows[0]["outcome_a"], rows[0]["outcome_b"]) == ("b", "wrong", "correct")
    assert rows[0]["causes"] == ["model"] and rows[0]["answer_a"] == "1"
    assert [row["sample_id"] for row in differing.page(file, wanted(), 3, 6)[0]] == ["r11"]
    assert differing.page(file, wanted("a"), 10)[1] == 6
    assert differing.page(file, wanted(group="g0"), 10)[1] == 1
    assert differing.page(file, wanted(outcomes=("correct", "wrong")), 10)[1] == 6
    assert differing.page(file, wanted(cause="scorer"), 10)[1] == 0
    assert differing.page(file, wanted(text="R1"), 10)[1] == 1
    assert differing.page(file, wanted(text="' OR 1=1 --"), 10)[1] == 0
    assert differing.page(file, wanted("other"), 10)[1] == 0


def test_one_that_differs_knows_its_neighbours(found):
    _, file = found
    assert differing.one(file, "r03", 0)["right_in"] == "a"
    assert differing.one(file, "r02", 0) is None
    assert differing.neighbours(file, "r03", 0, differing.Wanted()) == (("r01", 0), ("r05", 0))
    assert differing.neighbours(file, "r00", 0, differing.Wanted()) == (None, ("r01", 0))
    assert differing.neighbours(file, "r01", 0, differing.Wanted("a")) == (None, ("r03", 0))


def test_one_model_can_be_put_beside_another_by_name(runs):
    url = runs.server.url
    names = [f"openai/{name}?base_url={url}" for name in ("x", "y")]
    runs.ask(wrong_at(2), models=names)
    runs.ask(right, models=names)
    (one,) = sinan.compare(*runs.made, beside=(runs.made[0].results[0].model, runs.made[1].results[1].model))
    assert one.model_a != one.model_b and one.flips == (0, 1)


def test_questions_of_a_file_are_not_built_anew_where_only_the_catalogue_is_trusted(runs, tmp_path):
    runs.ask(right)
    runs.ask(wrong_at(3), target="own.py", protocol="kind")
    (tmp_path / "own.py").write_text("raise SystemExit('a page has run a file')")
    one = runs.compare(catalogued=True)
    assert any("they are not of the catalogue" in note for note in one.notes)
    assert one.paired.n == 12
