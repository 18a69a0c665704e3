"""What will be asked: a benchmark, a protocol and a model become a cell of questions, which are built lazily.

Everything that can be known to fail before the first request is refused here.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from sinan.errors import SinanError, UnknownName, UsageError
from sinan.types import (
    Benchmark,
    Cell,
    Form,
    Judge,
    Judging,
    Metric,
    Model,
    Protocol,
    Question,
    RunSpec,
    Sample,
    Sampling,
)
from sinan.types.answered import Answered
from sinan.types.price import Price
from sinan.types.sample import shared_by
from sinan.types.sequential import Gate

LONG = 100_000
"""Tokens of an answer that nothing limits: such are begun first."""

Placed = tuple[int, str, Sample]
"""(place in the benchmark's order, subset, sample)."""

Done = Answered
"""Questions whose answers are in the journal already, as (benchmark, model, sample id, draw)."""


def protocol_name(benchmark: Benchmark, spec: RunSpec) -> str:
    """The protocol that the user chose. The default goes by its own name where that stands before `default` in the
    benchmark. `generate` is also what a default that generates is."""
    if spec.protocol == "default":
        return next(name for name, one in benchmark.protocols.items() if one is benchmark.protocols["default"])
    if spec.protocol in benchmark.protocols:
        return spec.protocol
    if spec.protocol == "generate" and benchmark.protocols["default"].solver.needs == "generate":
        return "default"
    remedy = f"{benchmark.id} has: {', '.join(benchmark.protocols)}."
    raise UnknownName(spec.protocol, f"protocol of {benchmark.id}", benchmark.protocols, remedy)


def protocol(benchmark: Benchmark, spec: RunSpec) -> Protocol:
    """The protocol that the user chose, with the shots they asked for."""
    chosen = benchmark.protocols[protocol_name(benchmark, spec)]
    return chosen if spec.shots is None else replace(chosen, shots=spec.shots)


def sampling(protocol: Protocol, form: Form, parameters: Mapping[str, Any]) -> Sampling:
    """The protocol's sampling with the user's parameters over it; what we do not know goes to the server as it is."""
    base = protocol.chat_sampling if form == "chat" else protocol.sampling
    known = {field.name for field in fields(Sampling)} - {"extra"}
    set_here = {k: v for k, v in parameters.items() if k in known}
    if "stop" in set_here:
        stop = set_here["stop"]
        set_here["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    extra = {k: v for k, v in parameters.items() if k not in known}
    return replace(base, **set_here, extra=dict(base.extra) | extra)


def greedy(cells: Sequence[Cell], draws: int) -> str:
    """What to tell of draws that are no draws, since every one of a question is the likeliest answer; empty where there
    are none."""
    for cell in cells if draws > 1 else ():
        if cell.protocol.solver.needs == "generate" and cell.sampling.temperature == 0:
            return (
                f"--samples {draws}, and {cell.benchmark} is asked at temperature 0: the draws of a question will be "
                "alike, and pass@k tells nothing that one draw does not. Remedy: -p temperature=0.7"
            )
    return ""


def refuse_what_cannot_work(benchmark: Benchmark, protocol: Protocol, model: Model, spec: RunSpec) -> None:
    """Raises UsageError where this model cannot be asked this benchmark under this protocol."""
    need = protocol.solver.needs
    if need not in model.capabilities:
        others = [n for n, p in benchmark.protocols.items() if p.solver.needs in model.capabilities]
        remedy = f" Remedy: --protocol {others[0]}" if others else ""
        raise UsageError(
            f"{benchmark.id} under protocol {spec.protocol} needs {_NAMES.get(need, need)}, "
            f"which {model.name} does not give.{remedy}"
        )
    if spec.prefill and "prefill" not in model.capabilities:
        raise UsageError(
            f"--prefill: {model.name} takes no beginning of its answer. Remedy: leave --prefill out, or ask a model "
            "that continues text or runs on this machine"
        )
    if benchmark.card.modality == "image" and "image" not in model.capabilities:
        raise UsageError(f"{benchmark.id} shows pictures; {model.name} reads text only")
    if protocol.shots and not any(benchmark.dataset.pool(subset, spec.seed) for subset in benchmark.dataset.subsets):
        raise UsageError(f"{benchmark.id} has no worked examples to show: --shots {protocol.shots} cannot be met")


def cell(
    benchmark: Benchmark,
    protocol: Protocol,
    model: Model,
    spec: RunSpec,
    done: Done,
    long: Mapping[str, float] = MappingProxyType({}),
    price: Price | None = None,
    answer_tokens: float | None = None,
    metrics: tuple[Metric, ...] = (),
    judges: tuple[Judge, ...] = (),
) -> Cell:
    """The cell; its questions leave out what `done` holds, and begin with the samples of `long`: those that are
    expected to take longest, by id, with their seconds (or any measure of length). `answer_tokens`: of the mean
    answer, as far as earlier runs tell; else the limit that the benchmark sets stands for it. `metrics`: what is
    reported; empty: what the protocol says. `judges`: whom the scorer may ask; kept where it does."""
    metrics = metrics or protocol.metrics or (benchmark.metric,)
    drawn = sampling(protocol, model.form, spec.parameters)
    if answer_tokens is None:
        answer_tokens = 0.0 if protocol.solver.needs != "generate" else float(drawn.max_tokens or LONG)
    return Cell(
        benchmark.id,
        model,
        protocol,
        drawn,
        metrics,
        _Questions(benchmark, protocol, model, spec, done, long, any(metric.ordered for metric in metrics)),
        price,
        answer_tokens,
        judges if isinstance(protocol.scorer, Judging) else (),
    )


def in_another_order(cell: Cell, order: Iterable[Placed], gate: Gate) -> Cell:
    """A cell of `cell` that asks these samples, in this order, each through the gate."""
    assert isinstance(cell.questions, _Questions)
    return replace(cell, questions=cell.questions.in_order(order), gate=gate)


def expected(benchmarks: Iterable[Benchmark], models: int, spec: RunSpec) -> int:
    """How many results a run will have. A dataset that does not know its size is read through once to count it."""
    return sum(_count(benchmark, spec) for benchmark in benchmarks) * models * spec.draws


def _count(benchmark: Benchmark, spec: RunSpec) -> int:
    size = benchmark.dataset.size
    if size is None:
        return sum(1 for _ in samples(benchmark, spec))
    return size if spec.limit is None else min(size, spec.limit)


class _Questions:
    """The questions of one cell; each pass builds them anew."""

    def __init__(
        self,
        benchmark: Benchmark,
        protocol: Protocol,
        model: Model,
        spec: RunSpec,
        done: Done,
        long: Mapping[str, float],
        placed: bool,
    ) -> None:
        self._benchmark, self._protocol, self._model, self._spec, self._done = benchmark, protocol, model, spec, done
        self._long, self._placed = long, placed
        self._order: Iterable[Placed] | None = None

    def in_order(self, order: Iterable[Placed]) -> "_Questions":
        """The same questions in the order of these samples."""
        same = copy(self)
        same._order = order
        return same

    def __iter__(self) -> Iterator[Question]:
        for place, subset, sample in self._ordered():
            prompt, digest, shown = None, "", tuple[str, ...]()
            for draw in range(self._spec.draws):
                if self._done and (self._benchmark.id, self._model.name, sample.id, draw) in self._done:
                    continue
                if prompt is None:
                    examples = shots(self._benchmark, self._protocol, self._spec.seed, subset, sample)
                    prompt = self._protocol.prompt(sample, self._model.form, examples)
                    digest, shown = prompt.hash, tuple(example.id for example in examples)
                seed = _seed(self._spec.seed, sample.id, draw)
                yield Question(sample, prompt, draw, seed, digest, shown, place if self._placed else None)

    def _ordered(self) -> Iterator[Placed]:
        """What is known to take long comes first, the longest before the others, so that no run ends in waiting for
        one late answer. All else keeps the dataset's order: neighbours often share a beginning, which servers keep."""
        if self._order is not None or not self._long:
            yield from self._in_place() if self._order is None else self._order
            return
        first = [one for one in self._in_place() if one[2].id in self._long]
        yield from sorted(first, key=lambda one: -self._long[one[2].id])
        yield from (one for one in self._in_place() if one[2].id not in self._long)

    def _in_place(self) -> Iterator[Placed]:
        for place, (subset, sample) in enumerate(samples(self._benchmark, self._spec)):
            yield place, subset, sample


def shots(benchmark: Benchmark, protocol: Protocol, seed: int, subset: str, sample: Sample) -> Sequence[Sample]:
    """The worked examples that are shown before a sample."""
    if protocol.shots == 0:
        return ()
    pool = benchmark.dataset.pool(subset, seed)
    return protocol.few_shot(seed, sample, pool, protocol.shots) if protocol.few_shot else pool[: protocol.shots]


def _seed(seed: int, sample_id: str, draw: int) -> int:
    digest = hashlib.sha256(f"{seed}/{draw}/{sample_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> 1  # 31 bits: what every sampler takes


def samples(benchmark: Benchmark, spec: RunSpec) -> Iterator[tuple[str, Sample]]:
    """(subset, sample) in order. A limit is spread over the subsets as evenly as their sizes allow, so that a part
    of a benchmark still looks at all of it; within a subset the first questions are taken, each in all its forms."""
    data, limit = benchmark.dataset, spec.limit
    if limit is None:
        quotas: Sequence[int | None] = [None] * len(data.subsets)
    elif len(data.subsets) == 1:
        quotas = [limit]
    else:
        sizes = [_questions_in(_read(benchmark, subset, spec, limit)) for subset in data.subsets]
        quotas = spread(limit, sizes)
    for subset, quota in zip(data.subsets, quotas, strict=True):
        for sample in _read(benchmark, subset, spec, quota):
            yield subset, sample


def _read(benchmark: Benchmark, subset: str, spec: RunSpec, quota: int | None) -> Iterator[Sample]:
    """The samples of the first questions. What somebody's own code raises while it reads them becomes one line that
    names the benchmark."""
    try:
        for sample in _first(benchmark.dataset.read(subset, spec.seed), quota):
            if not isinstance(sample.id, str) or not (sample.id.isascii() or _is_unicode(sample.id)):
                raise UsageError(
                    f"{benchmark.id}: the id of a sample must be a text of whole characters: {sample.id!r}"
                )
            yield sample if spec.cluster is None else replace(sample, cluster=shared_by(sample, spec.cluster))
    except (SinanError, GeneratorExit):
        raise
    except Exception as error:
        raise UsageError(f"{benchmark.id}: reading its samples raised {type(error).__name__}: {error}") from error


def _first(samples: Iterable[Sample], quota: int | None) -> Iterator[Sample]:
    """Those of the first `quota` questions; all forms of one question are one, and stand together."""
    taken = forms = 0
    for sample in samples if quota != 0 else ():
        if not forms:
            taken, forms = taken + 1, sample.unit_size
        forms -= 1
        yield sample
        if not forms and taken == quota:
            return


def _questions_in(samples: Iterable[Sample]) -> int:
    return round(sum(1 / sample.unit_size for sample in samples))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def spread(limit: int, sizes: Sequence[int]) -> list[int]:
    """Quotas that sum to min(limit, sum(sizes)), none above its size, and no two further apart than they must be."""
    quotas = [0] * len(sizes)
    rest = min(limit, sum(sizes))
    while rest:
        open_ = [i for i, size in enumerate(sizes) if quotas[i] < size]
        share = max(1, rest // len(open_))
        for i in open_[:rest]:
            step = min(share, sizes[i] - quotas[i], rest)
            quotas[i] += step
            rest -= step
    return quotas


_NAMES = {
    "loglikelihood": "log-likelihoods",
    "generate": "generation",
    "rolling": "log-likelihoods of whole texts",
}
