"""The plan of a comparison: what is assumed, what n questions can tell, and how many a difference takes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sinan.statistics import power
from sinan.statistics.power import POWERS, Level, Variance

METHOD = {
    "verdicts": "n = (z_a sqrt(D) + z_b sqrt(D - d^2))^2 / d^2, D the discordance",
    "variance": "n = z^2 (omega^2 + sigma_a^2 / K_a + sigma_b^2 / K_b) / d^2 (Miller 2024)",
}
FULL = "this benchmark's full run"
LIKE_THESE = "questions like these"


@dataclass(frozen=True)
class Plan:
    """Of one comparison of two models on the same questions."""

    n: int | None
    """Questions that are asked; None where only their number is wanted."""
    difference: float | None
    """What is to be told."""
    discordance: float | None
    """At one draw; None where `variance` is known instead."""
    discordance_from: str | dict[str, Any] = "given"
    """`given`, `correlation and accuracy`, `assumed`, or the stored runs that it was measured on."""
    variance: Variance | None = None
    noise: float = power.NOISE
    """Share of the variance at one draw that further draws take away; not looked at where `variance` is known."""
    noise_from: str = "assumed"
    samples: tuple[int, int] = (1, 1)
    """Draws of each question, of a and of b."""
    level: Level = Level()
    deff: float = 1.0
    """Design effect of clusters."""
    deff_from: str = "given"
    population: int | None = None
    """Questions of the benchmark, where the claim is about its full run."""
    benchmark: str | None = None
    size: int | None = None
    """Questions of the benchmark."""
    costs: tuple[float, float] = (0.0, 1.0)
    """Of a question and of one draw of it."""

    def detectable(self, chance: float, n: int | None = None) -> float | None:
        """The smallest difference that n questions tell with this power; 0 where all of the population is asked."""
        n = self.n if n is None else n
        if n is None:
            return None
        beyond = power.beyond_population(n, self.population) if self.population else float(n)
        if math.isinf(beyond):
            return 0.0
        level = replace(self.level, power=chance)
        if self.variance is not None:
            return power.detectable_by_variance(beyond / self.deff, self.variance.at(*self.samples), level)
        assert self.discordance is not None
        return power.detectable(beyond / self.deff, self.discordance, level, self.left)

    @cached_property
    def needed(self) -> float | None:
        """Questions that `difference` takes, of any number that there are."""
        if self.difference is None:
            return None
        if self.variance is not None:
            variance = self.variance.at(*self.samples)
            return self.deff * power.needed_by_variance(self.difference, variance, self.level)
        assert self.discordance is not None
        return self.deff * power.needed(self.difference, self.discordance, self.level, self.left)

    @property
    def needed_of_population(self) -> float | None:
        """The same where the claim is about the full run."""
        if self.needed is None or self.population is None:
            return None
        return power.of_population(self.needed, self.population)

    @property
    def left(self) -> float:
        """Share of the variance at one draw that is left."""
        return power.variance_left(self.noise, *self.samples)

    @property
    def best_draws(self) -> float:
        """K*."""
        if self.variance is not None:
            return power.best_draws(self.variance.within, self.variance.omega2, *self.costs)
        return power.best_draws(self.noise, 1 - self.noise, *self.costs)

    @property
    def smallest_ever(self) -> dict[str, Any] | None:
        """What all questions of the benchmark tell about questions like them: no run of it tells less."""
        if self.size is None:
            return None
        beyond = replace(self, population=None)
        return {"n": self.size} | {f"{chance:g}": beyond.detectable(chance, self.size) for chance in POWERS}

    @property
    def powers(self) -> tuple[float, ...]:
        """For which differences are told."""
        return tuple(sorted({*POWERS, self.level.power}))

    def to_json(self) -> dict[str, Any]:
        """The document of `sinan power --json`. Differences and shares of one; n as the formula gives it, `questions`
        rounded up."""
        whole = {"difference": self.difference, "power": self.level.power, "n": self.needed}
        whole |= {"n_population": self.needed_of_population, "questions": _up(self.needed_of_population or self.needed)}
        a, b = self.samples
        return {
            "benchmark": self.benchmark,
            "size": self.size,
            "n": self.n,
            "population": self.population,
            "estimand": FULL if self.population else LIKE_THESE,
            "draws": a if a == b else [a, b],
            "discordance": self.discordance,
            "discordance_from": self.discordance_from if self.variance is None else "variance given",
            **self._variance_json(),
            "alpha": self.level.alpha,
            "power": self.level.power,
            "comparisons": self.level.comparisons,
            "deff": self.deff,
            "deff_from": self.deff_from,
            "detectable": None if self.n is None else {f"{p:g}": self.detectable(p) for p in self.powers},
            "smallest_ever": self.smallest_ever,
            "needed": whole if self.difference is not None else None,
            "best_draws": _finite(self.best_draws),
            "method": METHOD["verdicts" if self.variance is None else "variance"],
            "notes": list(self.notes()),
        }

    def _variance_json(self) -> dict[str, Any]:
        if self.variance is None:
            return {"noise": self.noise, "noise_from": self.noise_from}
        one = self.variance
        return {"omega2": one.omega2, "sigma2_a": one.sigma2_a, "sigma2_b": one.sigma2_b}

    def notes(self) -> Iterator[str]:
        """What limits what is said here."""
        smallest = self.detectable(POWERS[0])
        if self.discordance is not None and smallest is not None and smallest > self.discordance:
            yield (
                f"no difference above {100 * self.discordance:.3g} points can be where so few verdicts differ: "
                "with so few questions even the largest is hardly told"
            )
        if self.variance is None and max(self.samples) > 1 and self.noise_from == "assumed":
            yield f"what further draws take away is assumed: {100 * self.noise:.3g} % of the variance (--noise)"
        if self.population and self.n and self.n >= self.population:
            yield "all questions are asked: about this benchmark's full run nothing is left open"
        questions = _up(self.needed)
        if questions and self.size and not self.population and questions > self.size:
            yield f"the benchmark has {self.size:,} questions: it cannot tell that difference"
        if math.isinf(self.best_draws):
            yield "questions do not differ here: only draws tell anything"


def _up(n: float | None) -> int | None:
    return None if n is None or not math.isfinite(n) else math.ceil(n - 1e-9)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
