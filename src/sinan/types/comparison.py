"""Two runs side by side on the samples they share: how far apart they are, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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

Verdict = Literal["better", "worse", "undecided"]


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

    @property
    def sign(self) -> int:
        """1 where a is surely the larger one, -1 where b is, else 0: the interval leaves out 0, and the test agrees."""
        if self.ci is None or self.p_value is None or self.p_value >= 0.05:
            return 0
        return 1 if self.ci[0] > 0 else -1 if self.ci[1] < 0 else 0


@dataclass(frozen=True, slots=True)
class ProtocolDifference:
    """One thing that two runs did not do alike."""

    what: str
    a: str
    b: str
    unfair: bool = False
    """Whether a difference between the models cannot be told from it."""

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

    @property
    def verdict(self) -> Verdict:
        """Of a beside b."""
        sign = -self.paired.sign if self.less_is_better else self.paired.sign
        return "better" if sign > 0 else "worse" if sign < 0 else "undecided"

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
            "verdict": self.verdict,
            "flips": {"a_only": self.flips[0], "b_only": self.flips[1]},
            "protocol_differences": [str(one) for one in self.protocol_differences],
            "unfair": [one.what for one in self.protocol_differences if one.unfair],
            "causes": {cause: {"flips": flips, "differing": all_} for cause, (flips, all_) in self.causes.items()},
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
            "differing": [one.to_json() for one in self.differing],
        }
