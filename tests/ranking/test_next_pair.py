"""Which pair another vote tells the most of."""

from sinan.ranking.next_pair import gains


def test_pairs_that_are_close_come_before_those_that_are_far_apart():
    close, far = gains([("a", "b"), ("a", "c")], {"a": 1000.0, "b": 1010.0, "c": 400.0}, {})
    assert close > far > 0


def test_pairs_that_have_rarely_met_come_before_those_that_have_often():
    met = {frozenset(("a", "b")): 100, frozenset(("a", "c")): 1}
    often, rarely = gains([("a", "b"), ("c", "a")], {}, met)
    assert rarely > 10 * often > 0


def test_a_model_that_was_never_rated_is_taken_to_be_close_to_all():
    new, known = gains([("a", "new"), ("a", "b")], {"a": 1000.0, "b": 1000.0}, {})
    assert new == known


def test_a_model_that_never_loses_still_has_a_chance_to_be_shown():
    (gain,) = gains([("a", "b")], {"a": 1e9, "b": -1e9}, {})
    assert gain > 0
