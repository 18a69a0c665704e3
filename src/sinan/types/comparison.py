"""Two runs side by side on the samples they share: how far apart they are, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sinan.types.closer import Closer

Cause = Literal[
    "data",
    "model",
    "prompt",
    "few-shot",
    "template",
    "tokens",
    "sampling",
    "stop",
    "chance",
    "extraction",
    "scorer",
    "judge",
    "unknown",
]
"""Why one sample ends differently in two runs, the earliest on a sample's way first.

`data`: another question or right answer. `model`: other weights, or another server. `prompt`: the question's own
wording, the header, the system prompt, the continuations. `few-shot`: other worked examples, another order or number.
`template`: text against messages, or another chat template. `tokens`: the same text as other token ids. `sampling`:
temperature, seed and the like. `stop`: one answer is the other one cut short. `chance`: the same request, answered
differently. `extraction`: another answer was read from the same completion. `scorer`: the same answer, or the same
log-likelihoods, judged differently. `judge`: models judged the same answer, and did not rule alike. `unknown`:
nothing that is stored tells."""

CAUSES: tuple[Cause, ...] = Cause.__args__  # type: ignore[attr-defined]

Verdict = Literal["better", "worse", "equivalent", "undecided", "not comparable"]
"""Of a beside b. `better`, `worse`: the interval leaves out 0 and the test, adjusted for its family, agrees.
`equivalent`: the interval lies within the margin. `undecided`: none of these. `not comparable`: the two were not asked,
judged or measured by the same questions, so that nothing is said of the models."""

Sort = Literal["protocol", "data", "model", "chance"]
"""Of what two runs did not do alike. `chance`: a seed, how many draws, how many questions."""

QUESTIONS_LIKE_THESE = "E2: the mean difference over questions like these"
"""What an interval is about: the questions are taken for a sample of such questions."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of the differences of pairs, with its uncertainty. None where there is no such number."""

    value_a: float | None
    value_b: float | None
    difference: float | None
    """a - b."""
    stderr: float | None
    """Of the difference: standard deviation of the pairs' differences (ddof 1) over the root of their number."""
    ci: tuple[float, float] | None
    """Two-sided 95 % interval."""
    p_value: float | None
    """Two-sided, of no difference."""
    method: str
    """How interval and p-value were computed."""
    n: int
    """Pairs: samples (or units) that have a number in both runs."""
    clusters: int | None = None
    """Independent units where pairs share some (`Sample.cluster`); None where every pair stands alone."""
    df: float | None = None
    """Degrees of freedom of t."""
    deff: float | None = None
    """Design effect of the clusters: by how much they multiply the variance of pairs that stand alone."""
    tests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Every test of no difference that applies: `mcnemar`, `t`, `sign_flip`, `randomisation`."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Every 95 % interval that applies: `t`, `bonett_price`, `tango`, `bootstrap`."""
    notes: tuple[str, ...] = ()
    """What limits it."""
    discordant: int = 0
    """Pairs whose two numbers are not the same."""

    @property
    def sign(self) -> int:
        """1 where a is surely the larger one, -1 where b is, else 0: the interval leaves out 0, and the test agrees."""
        return self.sign_at(self.p_value)

    def sign_at(self, p_value: float | None) -> int:
        """The same with another p-value, such as one that is adjusted."""
        if self.ci is None or p_value is None or p_value >= ALPHA:
            return 0
        return 1 if self.ci[0] > 0 else -1 if self.ci[1] < 0 else 0

    def bare(self) -> "PairedDifference":
        """The two numbers and their difference, where nothing that was computed holds."""
        of = self.value_a, self.value_b, self.difference
        return PairedDifference(*of, None, None, None, "none", self.n, notes=self.notes, discordant=self.discordant)


@dataclass(frozen=True, slots=True)
class Family:
    """The comparisons that one error budget is for: all that were asked for together and have a test."""

    size: int
    method: str
    """`holm`: at most 5 % that any verdict is wrong. `benjamini-hochberg`: at most 5 % of those that say something are
    wrong, on average (the false discovery rate)."""
    alpha: float = ALPHA


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether two are as good as equal."""

    epsilon: float
    """The margin, in the metric's own numbers: 0.01 of a share is one point."""
    interval: tuple[float, float] | None
    """Of the difference, at 95 % for all of the family together."""

    @property
    def within(self) -> bool:
        """Whether the interval lies between -epsilon and epsilon."""
        return self.interval is not None and -self.epsilon < self.interval[0] and self.interval[1] < self.epsilon


@dataclass(frozen=True, slots=True)
class ProtocolDifference:
    """One thing that two runs did not do alike."""

    what: str
    a: str
    b: str
    unfair: bool = False
    """Whether a difference between the models cannot be told from it."""
    sort: Sort = "protocol"

    def __str__(self) -> str:
        return f"{self.what}: {self.a} | {self.b}"


@dataclass(frozen=True, slots=True)
class Differing:
    """One draw of one sample whose score, outcome or answer differs."""

    sample_id: str
    draw: int
    target: str
    """Of a."""
    score_a: float | None
    score_b: float | None
    outcome_a: str
    outcome_b: str
    answer_a: str | None
    answer_b: str | None
    flip: bool
    """Whether one is right and the other is not."""
    causes: tuple[Cause, ...]
    """All that it took, the earliest first."""
    detail: str

    def to_json(self) -> dict[str, Any]:
        """As in `sinan compare --json`."""
        names = "sample_id draw target score_a score_b outcome_a outcome_b answer_a answer_b flip".split()
        return {name: getattr(self, name) for name in names} | {"causes": list(self.causes), "detail": self.detail}


@dataclass(frozen=True)
class Comparison:
    """One cell of a run beside one cell of another."""

    benchmark: str
    metric: str
    """Of a; where b's is another, the protocol differences say so."""
    model_a: str
    model_b: str
    run_a: str
    run_b: str
    paired: PairedDifference
    flips: tuple[int, int]
    """Draws that are right in a only, and in b only."""
    protocol_differences: tuple[ProtocolDifference, ...]
    causes: Mapping[Cause, tuple[int, int]]
    """Cause -> (flips, all differing draws) that it had a part in. A draw with two causes counts for both."""
    differing: tuple[Differing, ...]
    left_out: Mapping[str, int]
    """Draws that are no pair: `only_a`, `only_b`, and without a verdict in one of the runs `failed` and `collected`."""
    notes: tuple[str, ...] = ()
    """What limits what is said here."""
    in_percent: bool = True
    """Whether the metric is a share of one."""
    less_is_better: bool = False
    folders: tuple[str, str] = ("", "")
    """Where the two runs are."""
    differ: int = 0
    """Draws that end differently; `differing` may hold a part of them."""
    targets: int = 0
    """Pairs of draws whose right answers are not the same."""
    anyway: bool = False
    """Whether a verdict is wanted although the two are not comparable."""
    adjusted_p: float | None = None
    """The p-value, adjusted for the family."""
    family: Family = Family(1, "holm")
    equivalence: Equivalence | None = None
    estimand: str = QUESTIONS_LIKE_THESE
    closer: "Closer | None" = None
    """A closer look, where one was asked for."""

    @property
    def compares(self) -> Literal["models", "protocols", "runs"]:
        """What it is that differs: two models; two ways to ask or judge one model; nothing but chance."""
        sorts = {one.sort for one in self.protocol_differences if one.sort != "data" or one.unfair}
        if self.model_a != self.model_b:
            return "models"
        return "protocols" if sorts & {"protocol", "data"} else "models" if "model" in sorts else "runs"

    @property
    def comparable(self) -> bool:
        """Whether one may be called better: both were asked the same, and judged alike."""
        unfair = any(one.unfair for one in self.protocol_differences)
        return not (unfair or self.targets or self.compares == "protocols")

    @property
    def finding(self) -> Verdict:
        """What the numbers say, whether or not the two are comparable."""
        sign = self.paired.sign_at(self.adjusted_p if self.adjusted_p is not None else self.paired.p_value)
        if sign:
            return "better" if (sign > 0) != self.less_is_better else "worse"
        return "equivalent" if self.equivalence and self.equivalence.within else "undecided"

    @property
    def verdict(self) -> Verdict:
        """Of a beside b."""
        return self.finding if self.comparable or self.anyway else "not comparable"

    def to_json(self) -> dict[str, Any]:
        """An entry of `sinan compare --json`."""
        paired = self.paired
        return {
            "benchmark": self.benchmark,
            "metric": self.metric,
            "model_a": self.model_a,
            "model_b": self.model_b,
            "run_a": self.run_a,
            "run_b": self.run_b,
            "value_a": paired.value_a,
            "value_b": paired.value_b,
            "difference": paired.difference,
            "stderr": paired.stderr,
            "ci": list(paired.ci) if paired.ci else None,
            "p_value": paired.p_value,
            "method": paired.method,
            "n": paired.n,
            "clusters": paired.clusters,
            "df": paired.df,
            "deff": paired.deff,
            "estimand": self.estimand,
            "tests": {name: dict(test) for name, test in paired.tests.items()},
            "intervals": {name: list(ends) for name, ends in paired.intervals.items()},
            "adjusted_p": self.adjusted_p,
            "family": {"size": self.family.size, "method": self.family.method, "alpha": self.family.alpha},
            "equivalence": _equivalence(self.equivalence),
            "compares": self.compares,
            "comparable": self.comparable,
            "anyway": self.anyway,
            "verdict": self.verdict,
            "flips": {"a_only": self.flips[0], "b_only": self.flips[1]},
            "protocol_differences": [str(one) for one in self.protocol_differences],
            "unfair": [one.what for one in self.protocol_differences if one.unfair],
            "causes": {cause: {"flips": flips, "differing": all_} for cause, (flips, all_) in self.causes.items()},
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
            "differ": self.differ,
            "differing": [one.to_json() for one in self.differing],
        }


def _equivalence(found: Equivalence | None) -> dict[str, Any] | None:
    if found is None:
        return None
    interval = list(found.interval) if found.interval else None
    return {"epsilon": found.epsilon, "within": found.within, "interval": interval}
