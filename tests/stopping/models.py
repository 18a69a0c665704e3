"""Models whose score on the questions of a test is known."""

from tests.test_end_to_end import number_in, right

N = 400


def good(share):
    """A model that has this share of the questions right; which, no neighbour tells."""
    return lambda q: right(q) if number_in(q) * 37 % 100 < 100 * share else "ANSWER: 1"
