"""What a terminal says of a decision: whom it is about, in the units of the table beside it."""

import pytest

from sinan.stopping.told import lines

SURE = {"met": True, "guaranteed": True, "estimand": "the full run's score"}


def said(kind, rule, verdict, claims, beyond=0, alpha=0.05, models="ab", used=17):
    models = [{"model": name, "used": used, "beyond": beyond if name == "a" else 0} for name in models]
    rows = [{"about": about, "verdict": word, "detail": detail} for about, word, detail in claims]
    of = {"rule": rule, "kind": kind, "benchmark": "x", "verdict": verdict, "alpha": alpha, "questions": 200}
    return list(lines(SURE | {"verdicts": [of | {"over": True, "claims": rows, "models": models, "notes": []}]}))


def test_a_race_names_its_best_and_not_how_another_was_dropped():
    claims = [("a", "dropped", "after 9 of 200, b led"), ("b", "best", "")]
    assert said("best", "best", "best", claims)[0] == "x stopped at 17 of 200: b: best (best, sure at 95 %)"


def test_a_duel_says_of_whom_it_speaks():
    first = said("duel", "duel", "worse", [("a - b", "worse", "")], alpha=0.2)[0]
    assert first == "x stopped at 17 of 200: a - b: worse (duel, sure at 80 %)"


def test_a_width_says_at_which_level_it_was_met():
    first = said("precision", "ci<15%", "precise", [("a", "precise", "[76.5, 91.0]")], alpha=0.2, models="a")[0]
    assert first == "x and a stopped at 17 of 200: precise (ci<15%, at 80 %) [76.5, 91.0]"


@pytest.mark.parametrize(("used", "left"), [(17, True), (200, False)])
def test_the_rest_is_offered_where_there_is_any(used, left):
    last = said("duel", "duel", "better", [("a - b", "better", "")], used=used)[-1]
    assert last.startswith("sure means: of the full run's score") and ("--resume" in last) is left


@pytest.mark.parametrize(("beyond", "told"), [(1, "1 answer came"), (4, "4 answers came")])
def test_answers_that_came_too_late_are_counted(beyond, told):
    assert said("duel", "duel", "better", [("a - b", "better", "")], beyond)[1].startswith(told)
