"""Percentiles against the definition, arrivals against their law, the search against every possible server."""

import itertools
import math
import statistics
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics.arrivals import poisson
from sinan.statistics.highest import CLOSE, highest
from sinan.statistics.percentiles import percentiles, spread

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


def by_definition(values, percent):
    place = (len(values) - 1) * percent / 100
    low, rest = math.floor(place), place - math.floor(place)
    ordered = [*sorted(values), 0.0]
    return ordered[low] + (rest * (ordered[low + 1] - ordered[low]) if rest else 0.0)


@given(VALUES)
def test_a_spread_is_by_linear_interpolation(values):
    found = spread(array("d", values))
    for name, percent in {"p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99}.items():
        assert getattr(found, name) == pytest.approx(by_definition(values, percent), rel=1e-9, abs=1e-9)
        assert getattr(found, name) == pytest.approx(np.quantile(values, percent / 100), rel=1e-9, abs=1e-9)
    assert (found.n, found.max) == (len(values), max(values))
    assert found.mean == pytest.approx(statistics.fmean(values))


def test_percentiles_agree_with_the_standard_library():
    values = array("d", [3.0, 1.0, 4.0, 1.5, 9.0, 2.6])
    assert percentiles(values, range(10, 100, 10)) == pytest.approx(
        statistics.quantiles(values, n=10, method="inclusive")
    )
    assert list(values) == [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]


def test_a_spread_of_nothing_is_no_number():
    assert spread(array("d")) is None
    assert spread(array("q", [7])).p99 == 7


def test_arrivals_are_the_same_for_the_same_seed_alone():
    first, again, other = ([*itertools.islice(poisson(5, seed), 50)] for seed in ("a", "a", "b"))
    assert first == again
    assert first != other
    assert first[0] == 0.0
    assert first == sorted(first)


@pytest.mark.parametrize("rate", [0.1, 3.0, 250.0])
def test_gaps_between_arrivals_are_exponential(rate):
    from scipy.stats import kstest

    instants = [*itertools.islice(poisson(rate, "law"), 20_001)]
    gaps = [after - before for before, after in itertools.pairwise(instants)]
    assert statistics.fmean(gaps) == pytest.approx(1 / rate, rel=0.03)  # 4 standard errors
    assert kstest(gaps, "expon", args=(0, 1 / rate)).pvalue > 0.001


def searched(limit, start, least, most, whole):
    """What a search finds where everything up to `limit` holds, and what it tried."""
    search, tried = highest(start, least, most, whole=whole), []
    at = next(search)
    while True:
        tried.append(at)
        try:
            at = search.send(at <= limit)
        except StopIteration as end:
            return end.value, tried


@given(st.integers(0, 1200), st.integers(1, 1024))
def test_a_search_over_whole_numbers_finds_the_limit_within_five_percent(limit, start):
    best, tried = searched(limit, start, 1, 1024, whole=True)
    if limit < 1:
        assert best is None
    else:
        assert best <= limit
        assert min(limit, 1024) - best <= max(0, CLOSE * best)
    assert len(set(tried)) == len(tried) <= 20
    assert all(at == int(at) and 1 <= at <= 1024 for at in tried)


@given(st.floats(0.001, 2000), st.floats(1 / 64, 1024))
def test_a_search_over_rates_finds_the_limit_within_five_percent(limit, start):
    best, tried = searched(limit, start, 1 / 64, 1024, whole=False)
    if limit < 1 / 64:
        assert best is None
    else:
        assert best <= limit
        assert min(limit, 1024) <= best * (1 + CLOSE) * (1 + 1e-9)
    assert len(tried) <= 25


def test_a_search_doubles_and_then_halves_the_gap():
    assert searched(11, 1, 1, 1024, whole=True) == (11, [1, 2, 4, 8, 16, 12, 10, 11])
