"""Refusals that come by chance: an endpoint that refuses one request in twenty, however slowly it is asked.

Slowing down would not help there, and going on slowing down would never end. Refusals in a row mean the pace. Where
they stay single, and there are several, an experiment tells: the rate is cut by a third, and if then as many are
refused as before, it was not the pace.
"""

from collections import deque

IN_A_ROW = 5.0
"""Evidence that means the pace at once: each refusal adds 2, each send that is let through takes 0.7 away."""
SINGLE, AMONG, AMONG_FREE = 5, 110, 500
"""So many single refusals among so many sends call for an experiment; where no rate is kept yet, among more."""
FUTILE = 3
"""So many cuts in a row, with several single refusals before each, call for one as well."""
SLOWER = 0.8
"""The rate of each stage of the experiment, relative to the one before."""
STAGES = 2
ENOUGH = 6.0
"""Refusals to be expected in an experiment if they come by chance."""
FEW = 0.05
"""The highest share of single refusals that an experiment is laid out for."""
SETTLING = 1.0
"""Seconds at the beginning that do not count: an allowance per second that was used up refuses until it is over."""
PATIENCE = 150
"""Sends until the next experiment, after one that showed that it is the pace."""


class Chance:
    """Finds out whether refusals come by chance. Times in seconds, of one clock."""

    def __init__(self) -> None:
        self.share = 0.0
        """The share that is refused whatever the pace; 0: not known to be so."""
        self.trying = False
        """Whether an experiment is on."""
        self._evidence = 0.0
        self._last = 0
        self._single: deque[int] = deque(maxlen=SINGLE)
        self._not_before = 0
        self._began = 0.0
        self._count = 0
        self._ended = 0.0
        self._refused = 0
        self._before = 0.0
        self._stage = self._futile = 0
        self._patience = PATIENCE
        self._late = 0.0

    def in_a_row(self, number: int) -> bool:
        """Send `number` was refused; True where the refusals of late say that it is the pace."""
        let_through = max(0, number - self._last - 1)
        self._evidence = max(0.0, self._evidence - 0.7 * let_through) + 2.0
        if self.share:  # was found to be at work: more than that is the pace
            self._late *= 0.98**let_through
            self._late += 0.02 * (1.0 - self._late)
        self._last = number
        if self.share:
            return self._late > 3.0 * self.share + 0.2
        return self._evidence >= IN_A_ROW

    def calls_for_trial(self, number: int, free: bool) -> bool:
        """Send `number` was refused, and it was a single one; `free`: no rate is kept yet."""
        if self._single and number - self._single[-1] < 4:
            return False
        self._single.append(number)
        among = number - self._single[0]
        return len(self._single) == SINGLE and among < (AMONG_FREE if free else AMONG) and number >= self._not_before

    def futile(self, number: int, single: int) -> bool:
        """The rate is cut at send `number`, and so many were refused one by one since the last cut.

        True where cut after cut has changed nothing.
        """
        self._futile = self._futile + 1 if single >= 3 else 0
        return self._futile >= FUTILE and number >= self._not_before

    def begin(self, now: float, number: int) -> None:
        """Sends from `number` on are the experiment."""
        among = self._single[-1] - self._single[0] if len(self._single) == SINGLE else 0
        self._before = min(FEW, (SINGLE - 1) / among) if among else FEW
        self._single.clear()
        self._futile = 0
        self._stage = 0
        self._again(now, number)

    def _again(self, now: float, number: int) -> None:
        self._stage += 1
        self.trying, self._began, self._refused, self._ended = True, now + SETTLING, 0, 0.0
        self._count = number

    @property
    def factor(self) -> float:
        """The rate of the experiment, relative to the one before it."""
        return SLOWER**self._stage

    def heard(self, sent: float) -> None:
        """A send at `sent` was refused during the experiment."""
        self._refused += sent >= self._began

    def over(self, now: float, number: int, feedback: float) -> bool:
        """Whether the experiment is over; `share` is what it found."""
        enough = ENOUGH if self._refused else 0.6 * ENOUGH
        if now < self._began:
            self._count = number
        if (number - self._count) * self._before < enough:
            return False
        self._ended = self._ended or now
        if now < self._ended + 2.0 * feedback:
            return False
        self.trying, self._not_before = False, number + self._patience
        share: float = self._refused / max(1, number - self._count)
        if not 0.3 * self._before <= share <= 3.0 * self._before + 0.05:
            self._stage = 0
            self._patience = min(8 * PATIENCE, 2 * self._patience)
        elif self._stage < STAGES:
            self._again(now, number)
        else:
            self.share = self._late = share
        return True

    def forget(self) -> None:
        """It is the pace after all."""
        self.share, self._evidence = 0.0, 0.0
        self._single.clear()
