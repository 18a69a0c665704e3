"""Tests by betting, on values drawn without replacement from a population of n.

Of the null hypothesis "the mean of all n values is at most m0": before draw t, with S the sum of the t - 1 values seen,
the mean of what is left is at most mu_t = (n m0 - S) / (n - t + 1). A bettor who stakes the share g of all it can lose
wins 1 + g (x_t - mu_t) / (mu_t - low) times its money, and that is worth at most 1 on average: the null makes no one
rich. The evidence e_t is the mean money of one bettor for each g of GRID, each with 1 at the beginning; that it ever
comes to 1 / alpha has at most the probability alpha (Ville 1939), however often one looks (Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", 2024). Nothing is assumed about values or their order but
that the order was drawn at random.

Where mu_t < low, the null is impossible and the evidence infinite. At mu_t = low exactly it is still possible: all that
is left may be `low`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

GRID: Numbers = np.array([0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9])
"""Shares of what can be lost that are staked."""

LEAST = 1e-9
"""Nothing is divided by less. A smaller stake than could be afforded keeps the guarantee."""


class Wealth:
    """The money of the bettors of many tests. Of each test one logarithm is kept, and how the money is spread among its
    bettors, so that nothing overflows."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.log_e: Numbers = np.zeros(shape)
        self._shares: Numbers = np.ones((*shape, len(GRID)))

    def pay(self, gains: Numbers) -> None:
        """`gains` (shape): what was won for each unit of what could be lost; at least -1."""
        self._shares *= 1 + GRID * gains[..., None]
        grown = self._shares.mean(-1)
        self._shares /= grown[..., None]
        self.log_e = self.log_e + np.log(grown)

    def keep(self, index: Any) -> None:
        """These tests alone go on. `index`: as of an array of the tests' shape."""
        self.log_e, self._shares = self.log_e[index], self._shares[index]


class Bets:
    """Tests of "the mean is at most m0", each about its own values, which come in step.

    For "at least m0" turn all signs: Bets(n, -m0, -high, -low), and observe -value. n None: the values are drawn with
    replacement, or are independent ones of an endless population (`E2`), and mu_t is always m0.
    """

    def __init__(self, n: int | None, m0: npt.ArrayLike, low: npt.ArrayLike = 0.0, high: npt.ArrayLike = 1.0) -> None:
        m0, low, high = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (m0, low, high))
        self.m0, self.low, self.high = (np.array(v) for v in np.broadcast_arrays(m0, low, high))
        self.n, self.t = n, 0
        self.total: Numbers = np.zeros(self.m0.shape)
        self.wealth = Wealth(self.m0.shape)

    @property
    def log_e(self) -> Numbers:
        """Natural logarithm of the evidence against each null; infinite where it is impossible."""
        return self.wealth.log_e

    def observe(self, values: npt.ArrayLike, drawn: "tuple[Any, Any, Any] | None" = None) -> Numbers:
        """The next value of each test; the gains that were paid come back.

        `drawn`: another variable with the same mean over what is left (of a control variate), and the range that it
        was known to have: (x, lowest, highest).
        """
        if self.n is not None and self.t >= self.n:
            raise ValueError(f"all {self.n} values were observed")
        values = np.broadcast_to(np.asarray(values, dtype=float), self.m0.shape)
        x, low, high = drawn if drawn is not None else (values, self.low, self.high)
        mu = self.left()
        gains = np.where(mu >= high, 0.0, np.maximum((x - mu) / np.maximum(mu - low, LEAST), -1.0))
        impossible = mu < self.low - LEAST
        self.wealth.pay(np.where(impossible, 0.0, gains))
        self.wealth.log_e = np.where(impossible, np.inf, self.wealth.log_e)
        self.total = self.total + values
        self.t += 1
        return gains

    def left(self) -> Numbers:
        """mu_t: the largest mean of what is left that the null allows."""
        if self.n is None:
            return self.m0
        left: Numbers = (self.n * self.m0 - self.total) / (self.n - self.t)
        return left

    def keep(self, index: Any) -> None:
        """These tests alone go on."""
        self.wealth.keep(index)
        self.m0, self.low, self.high = self.m0[index], self.low[index], self.high[index]
        self.total = self.total[index]


def evidence(
    values: Sequence[float], n: int | None, m0: float, low: float = 0.0, high: float = 1.0, *, below: bool = False
) -> Numbers:
    """(values,) log e after each value, against "the mean is at most m0"; `below`: against "at least m0"."""
    sign = -1.0 if below else 1.0
    bets = Bets(n, sign * m0, -high if below else low, -low if below else high)
    path = []
    for value in values:
        bets.observe(sign * value)
        path.append(float(bets.log_e[0]))
    return np.array(path)


def paths(values: Numbers, n: int, m0: Numbers, drawn: "tuple[Numbers, Numbers, Numbers] | None" = None) -> Numbers:
    """(m0, values) log e of `values` (t,) in [0, 1] against each m0, from all of them at once.

    `drawn`: (x, lowest, highest), (t,) each, as in Bets.observe.
    """
    t = len(values)
    before = np.concatenate([[0.0], np.cumsum(values)[:-1]]) if t else values
    mu = (n * m0[:, None] - before) / (n - np.arange(t))
    x, low, high = drawn if drawn is not None else (values, np.zeros(t), np.ones(t))
    gains = np.where(mu >= high, 0.0, np.maximum((x - mu) / np.maximum(mu - low, LEAST), -1.0))
    money = np.cumsum(np.log1p(GRID[:, None, None] * gains), axis=-1)
    top = money.max(0)
    found: Numbers = np.where(mu < -LEAST, np.inf, top + np.log(np.exp(money - top).mean(0)))
    return found
