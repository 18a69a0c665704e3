"""Refusals that come by chance: an endpoint that refuses one request in twenty, however slowly it is asked.

Slowing down would not help there, and going on slowing down would never end. What tells the two apart is whether more
is let through when more is sent: an endpoint that allows 40 requests/s refuses half of 80, and chance refuses the same
share of any number. So single refusals slow nobody down while no rate is kept; what counts is that the share refused
is more than chance explains. And where a rate is kept and refusals go on coming one by one, twice the rate is tried
for a moment: at once half of it is refused, or it was chance.
"""

import math
from bisect import insort
from collections import deque

BY_CHANCE = 0.15
"""The highest share refused that is taken for chance where nothing is known yet."""
PUSH = 2.0
"""The rate that is tried, relative to the one that was refused."""
SURE, SURER = 4.0, 1.5
"""Log of the odds at which it is the pace, and what is asked for more at e-fold the sends: about three refusals in a
row at the very beginning, six after a hundred sends, eight after a thousand. So chance seldom gets there, however
long the run is."""
SURE_OF_TRIAL = 6.0
"""The same in a trial: about five in a row."""
FLOOR = -2.0
"""Log of the odds of a trial which refuted the pace; it goes no lower, so that an end of the allowance is noticed."""
SINGLE, AMONG, WITHIN = 3, 80, 4.0
"""So many single refusals among so many sends at a kept rate, and in so many seconds, call for a trial."""
REMEMBERED = 32
"""Refusals that the odds go back to."""
LONG, MANY, TOO_MANY = 1.2, 20, 150
"""A trial takes so many seconds, since allowances are commonly per second, and sends, and is undecided after many."""
PATIENCE = 200
"""Sends until the next trial, after one that showed that it is the pace; twice as many after the next one."""


class _Odds:
    """Log of the odds of the pace against chance, by which sends were refused. Refusals come in any order: quick ones
    overtake slow ones, and the odds are those of the order in which they were sent."""

    __slots__ = ("_floor", "_from", "_less", "_more", "_numbers")

    def __init__(self, by_chance: float, number: int, floor: float) -> None:
        """Beginning after send `number`."""
        of_pace = 1.0 - (1.0 - by_chance) / PUSH
        self._more, self._less = math.log(of_pace / by_chance), math.log(PUSH)
        self._from, self._floor = number, floor
        self._numbers: list[int] = []

    def refused(self, number: int) -> float:
        """Send `number` was refused; the odds at their highest, those in between having been let through."""
        insort(self._numbers, number)
        highest, odds, last = -math.inf, 0.0, self._from
        for this in self._numbers:
            odds = self._after(odds, this - last - 1) + self._more
            highest, last = max(highest, odds), this
        if len(self._numbers) > REMEMBERED:
            self._from = self._numbers[0]
            del self._numbers[0]
        return highest

    def until(self, number: int) -> float:
        """The odds after send `number`, which was let through as all those that are not known to be refused."""
        odds, last = 0.0, self._from
        for this in self._numbers:
            odds, last = self._after(odds, this - last - 1) + self._more, this
        return self._after(odds, number - last)

    def _after(self, odds: float, let_through: int) -> float:
        return max(self._floor, odds - self._less * max(0, let_through))


class Chance:
    """Finds out whether refusals come by chance. Times in seconds, of one clock."""

    def __init__(self) -> None:
        self.share = 0.0
        """The share that is refused whatever the pace; 0: not known to be so."""
        self.trying = False
        """Whether a trial is on."""
        self._odds = _Odds(BY_CHANCE, 0, 0.0)
        self._single: deque[tuple[int, float]] = deque(maxlen=SINGLE)
        self._not_before = 0
        self._patience = PATIENCE
        self._began, self._first, self._refused = 0.0, 0, 0
        self._trial = self._odds

    def explains_not(self, number: int) -> bool:
        """Send `number` was refused while no rate is kept; True where more of late were than chance explains."""
        return self._odds.refused(number) >= SURE + SURER * math.log1p(number / 10.0)

    def calls_for_trial(self, now: float, number: int) -> bool:
        """Send `number` was refused, at a rate that is kept, though the one before it was not."""
        self._single.append((number, now))
        if number < self._not_before or len(self._single) < SINGLE:
            return False
        first, since = self._single[0]
        return number - first < AMONG and now - since < WITHIN

    def begin(self, now: float, number: int) -> None:
        """Sends after `number` are a trial, at PUSH times the rate."""
        among = max(1, self._single[-1][0] - self._single[0][0])
        before = min(0.25, max(0.12, (len(self._single) - 1) / among))
        self._single.clear()
        self.trying, self._began, self._first, self._refused = True, now, number, 0
        self._trial = _Odds(before, number, FLOOR)

    def heard(self, number: int) -> bool:
        """Send `number` was refused during the trial; True where that ends it: it is the pace."""
        if number <= self._first:
            return False
        self._refused += 1
        if self._trial.refused(number) < SURE_OF_TRIAL:
            return False
        self._pace_it_is(number)
        return True

    def over(self, now: float, number: int) -> bool:
        """Whether the trial is over, where it is known of sends up to `number` what became of them; `share` is what
        it found."""
        sends = number - self._first
        if sends < MANY or now < self._began + LONG:
            return False
        odds = self._trial.until(number)
        if odds > 0.5 * FLOOR and sends < TOO_MANY:
            return False
        if odds > 0.0:
            self._pace_it_is(number)
        else:
            self.trying, self.share = False, max(1, self._refused) / sends
            self._odds = _Odds(min(0.5, max(BY_CHANCE, 1.3 * self.share)), number, 0.0)
        return True

    def forget(self, number: int) -> None:
        """It is the pace after all."""
        self.share = 0.0
        self._single.clear()
        self._odds = _Odds(BY_CHANCE, number, 0.0)

    def _pace_it_is(self, number: int) -> None:
        self.trying, self._not_before = False, number + self._patience
        self._patience = min(8 * PATIENCE, 2 * self._patience)
