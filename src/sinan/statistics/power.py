"""How small a difference can be told, and how many questions it takes: planning of paired comparisons.

The unit is the question, and what is planned for is the mean over questions of a - b. Its variance at one draw of each
question is omega^2 + sigma_a^2 + sigma_b^2: that of the expected difference over questions, and what two models vary by
on one question (Miller 2024, arXiv:2411.00640). With z_a = z(1 - alpha / 2), z_b = z(power), z = z_a + z_b:

    n     = z^2 (omega^2 + sigma_a^2 / K_a + sigma_b^2 / K_b) / delta^2
    n     = (z_a sqrt(D) + z_b sqrt(D - delta^2))^2 / delta^2        verdicts, one draw
    delta = z sqrt(D / n) / sqrt(1 + z^2 / n)                        the smallest difference that n tells
    K*    = sqrt(W c1 / (B c2))                                      draws that cost least
    D     = 2 p (1 - p) (1 - r)                                      from accuracy and correlation

D is the discordance: the share of questions that exactly one of two models has right. Clusters multiply n by their
design effect. Where the claim is about the full run of a benchmark of N questions, n / (1 + n / N) of them do. Of m
comparisons that are all to hold each is planned at alpha / m.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from sinan.errors import UsageError

DISCORDANCE = 0.2
"""Where nothing is known of a benchmark's."""
NOISE = 0.45
"""Share of the variance of a difference that further draws would take away, where nothing is known of it: between the
0.26 and 0.62 that were measured on LiveCodeBench."""
POWERS = (0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Level:
    """How sure one wants to be."""

    alpha: float = 0.05
    """Two-sided, over all comparisons."""
    power: float = 0.8
    """Chance that a difference which is there is told."""
    comparisons: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or not 0.5 <= self.power < 1 or self.comparisons < 1:
            raise UsageError(
                f"alpha {self.alpha:g}, power {self.power:g}, {self.comparisons} comparisons: alpha lies between 0 and "
                "1, power between 0.5 and 1, and there is at least one comparison"
            )

    @property
    def z_alpha(self) -> float:
        """Of the test."""
        return -NormalDist().inv_cdf(self.alpha / self.comparisons / 2)

    @property
    def z_power(self) -> float:
        """Of the power."""
        return NormalDist().inv_cdf(self.power)

    @property
    def z(self) -> float:
        """Standard errors between no difference and one that is told."""
        return self.z_alpha + self.z_power


@dataclass(frozen=True, slots=True)
class Variance:
    """Of the difference on one question: `omega2` over questions, `sigma2_a` and `sigma2_b` over draws of one."""

    omega2: float
    sigma2_a: float = 0.0
    sigma2_b: float = 0.0

    def at(self, samples_a: int, samples_b: int) -> float:
        """Of the difference of means of so many draws."""
        return self.omega2 + self.sigma2_a / samples_a + self.sigma2_b / samples_b

    @property
    def within(self) -> float:
        """W: of both models' draws."""
        return self.sigma2_a + self.sigma2_b


def needed(difference: float, discordance: float, level: Level = Level(), left: float = 1.0) -> float:
    """Questions that tell two models apart which differ by `difference`, of verdicts. `left`: the share of the variance
    at one draw that several draws leave. Raises UsageError for a difference that cannot be: of models that differ by
    it, at least so many verdicts differ."""
    d = abs(difference)
    if not 0 < d <= discordance:
        raise UsageError(
            f"a difference of {100 * d:.3g} points cannot be planned for where {100 * discordance:.3g} % of the "
            "verdicts differ: it must lie above 0, and can be no larger than that share. Remedy: --discordance"
        )
    variance = (discordance - d * d) * left
    return (level.z_alpha * math.sqrt(variance + d * d) + level.z_power * math.sqrt(variance)) ** 2 / (d * d)


def needed_by_variance(difference: float, variance: float, level: Level = Level()) -> float:
    """Questions where the difference on one of them has this variance. Raises UsageError where there is no
    difference."""
    if difference == 0:
        raise UsageError("a difference of 0 cannot be planned for: no number of questions tells it from none")
    return level.z**2 * variance / difference**2


def detectable(n: float, discordance: float, level: Level = Level(), left: float = 1.0) -> float:
    """The smallest difference that n questions tell, of verdicts; `left` as of `needed`."""
    return level.z * math.sqrt(discordance * left / n) / math.sqrt(1 + level.z**2 * left / n)


def detectable_by_variance(n: float, variance: float, level: Level = Level()) -> float:
    """The smallest difference that n questions tell."""
    return level.z * math.sqrt(variance / n)


def of_population(n: float, population: float) -> float:
    """Of a benchmark of so many questions, how many tell about its full run what n tell about all questions."""
    return n / (1 + n / population)


def beyond_population(n: float, population: float) -> float:
    """The inverse: infinite for a full run, which leaves nothing open."""
    return math.inf if n >= population else n / (1 - n / population)


def best_draws(within: float, between: float, cost_item: float, cost_sample: float) -> float:
    """K*: draws of each question that tell most for their cost, where one question costs `cost_item` + K `cost_sample`.
    Below 1 is 1: another question then tells more than another draw. Infinite where questions do not differ."""
    if between <= 0:
        return math.inf if within > 0 else 1.0
    return max(1.0, math.sqrt(within * cost_item / (between * cost_sample)))


def variance_left(noise: float, samples_a: int, samples_b: int) -> float:
    """Share of the variance at one draw that is left at so many; `noise`: the share that draws take away, half of it
    each model's."""
    return 1 - noise + noise * (1 / samples_a + 1 / samples_b) / 2


def discordance_of(accuracy: float, correlation: float) -> float:
    """Of two models of this accuracy whose verdicts correlate so."""
    return 2 * accuracy * (1 - accuracy) * (1 - correlation)


def too_few(n: int, differing: int, difference: float | None, stderr: float | None, in_percent: bool = True) -> str:
    """What an undecided comparison could have told, in one line; empty where that cannot be said.

    `stderr` is of the difference as it was tested, clusters included."""
    if not stderr or difference is None or n < 2:
        return ""
    variance = stderr**2 * n
    smallest = detectable(n, variance + difference**2)
    told = (
        f"with {n:,} pairs of which {differing:,} differ, differences below {_amount(smallest, in_percent)} cannot "
        "be told (80 % power)"
    )
    if abs(difference) < 1e-9:
        return told
    more = needed_by_variance(difference, variance)
    return f"{told}; needed for the observed {_amount(abs(difference), in_percent)}: about {_rounded(more)} pairs"


def few_questions(n: int, what: str, level: Level = Level(), left: float = 1.0) -> str:
    """What two models on n questions will leave open, in one line, before they are asked; `left` as of `needed`."""
    smallest, wanted = detectable(n, DISCORDANCE, level, left), 0.03
    return (
        f"{what}: {n:,} question{'s' * (n != 1)} cannot tell two models apart that differ by less than about "
        f"{_amount(smallest, True)} (80 % power, where one verdict in five differs); 3 points take about "
        f"{_rounded(needed(wanted, DISCORDANCE, level, left))}. See: sinan power"
    )


def _amount(value: float, in_percent: bool) -> str:
    if not in_percent:
        return f"{value:.3g}"
    points = f"{100 * value:.0f}" if value >= 0.0995 else f"{100 * value:.2g}"
    return f"{points} point{'s' * (points != '1')}"


def _rounded(n: float) -> str:
    """Two digits that count: a plan is no more exact."""
    if n < 100:
        return f"{math.ceil(n):,}"
    scale = 10 ** (math.floor(math.log10(n)) - 1)
    return f"{math.ceil(n / scale) * scale:,}"
