"""A benchmark as a user wants it asked: the part of a RunSpec that changes prompts, forms and what is reported.

    benchmark, spec -> the benchmark with the chosen protocol, and its data, changed

`asked` and `score_again` both begin here, so that a run, its going on and its scoring again ask and judge the same.
All changes are values inside the protocol and the dataset: versions, cache keys and prompts follow by themselves.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from sinan.datasets import perturbed, rotated
from sinan.datasets.perturbations import KINDS, OF_PROMPTS
from sinan.engine import plan
from sinan.errors import UnknownName, UsageError
from sinan.prompts import Reworded, WithPrefill, WithSystem, few_shot, shown_as
from sinan.prompts.few_shot import Fixed
from sinan.statistics import accuracy
from sinan.statistics.forms import of_forms
from sinan.statistics.repeats import PASS_AT_1, circular, of_draws, passes
from sinan.types import Benchmark, Form, Metric, Prompt, Protocol, Reporting, RunSpec, Sample, Solver
from sinan.types.sample import NO_CLUSTER, ORIGINAL

SHOWN_AS = ("turns", "text")
BOTH: tuple[Form, Form] = ("base", "chat")
NAMES = {"base": "a model that continues text", "chat": "a model that takes messages"}
LOOKED_AT = 200
"""Questions that a perturbation has to change one of."""


def adapted(benchmark: Benchmark, spec: RunSpec) -> Benchmark:
    """The benchmark whose chosen protocol is as `spec` says. Reads no data. Raises UsageError for what cannot be."""
    chosen = benchmark.protocols[plan.protocol_name(benchmark, spec)]
    protocol = chosen
    if spec.few_shot is not None:
        protocol = _with_rule(benchmark, protocol, spec)
    if spec.shots_as is not None:
        if spec.shots_as not in SHOWN_AS:
            raise UsageError(f"--shots-as {spec.shots_as}: worked examples are shown as {' or '.join(SHOWN_AS)}")
        protocol = replace(protocol, prompt=shown_as(protocol.prompt, spec.shots_as))
    if not set(OF_PROMPTS).isdisjoint(spec.perturb):
        protocol = replace(protocol, prompt=Reworded(protocol.prompt))
    if spec.system:
        protocol = replace(protocol, prompt=WithSystem(protocol.prompt, spec.system))
    if spec.prefill:
        solver = _with_prefill(benchmark, protocol.solver, spec.prefill)
        protocol = replace(protocol, prompt=WithPrefill(protocol.prompt, spec.prefill), solver=solver)
    _refuse_forms_of_forms(spec)
    dataset = protocol.dataset or benchmark.dataset
    dataset = rotated(dataset) if spec.rotate else perturbed(dataset, spec.perturb) if spec.perturb else dataset
    # Under every name that it has: a default may go by its own name as well.
    protocols = {name: protocol if one is chosen else one for name, one in benchmark.protocols.items()}
    return replace(benchmark, dataset=dataset, protocols=protocols)


def absolute_rule(rule: str | None) -> str | None:
    """A rule for worked examples with the folder that it names by its whole path, so that a run can go on from another
    folder."""
    name, colon, model = (rule or "").partition(":")
    if name == "embedding" and colon and Path(model).is_dir():
        return f"{name}:{Path(model).absolute()}"
    return rule


def metrics(benchmark: Benchmark, protocol: Protocol, spec: RunSpec) -> tuple[Metric, ...]:
    """What is reported of a cell: what the protocol says, and what rotations and repeated draws tell beyond it."""
    scorer = protocol.scorer
    chosen = protocol.metrics or (scorer.reports if isinstance(scorer, Reporting) else ()) or (benchmark.metric,)
    if spec.rotate:
        return (circular, *(metric for metric in chosen if metric.name != circular.name))
    if spec.perturb:
        return (*chosen, *of_forms(chosen[0], spec.perturb))
    if spec.draws == 1 or chosen[0].of:
        return chosen
    kind = chosen[0].kind or chosen[0].name
    further = of_draws(spec.draws) if kind == accuracy.name else passes(spec.draws) if kind == PASS_AT_1 else ()
    return (*chosen, *further)


def refuse_what_its_data_do_not_bear(benchmark: Benchmark, spec: RunSpec, asked_as: Collection[Form] = BOTH) -> None:
    """What can be told only from the data, which are at hand: raises UsageError for a question that cannot be
    rotated, prompts that do not follow the rotation or a perturbation, and worked examples that are not there.
    `asked_as`: the forms of the models that are asked."""
    protocol = plan.protocol(benchmark, spec)
    if isinstance(protocol.few_shot, Fixed):
        _refuse_unknown_examples(benchmark, protocol.few_shot.ids, spec)
    if spec.cluster not in (None, NO_CLUSTER):
        _refuse_unknown_cluster(benchmark, spec)
    if spec.rotate:
        _refuse_rotation_in_vain(benchmark, protocol, spec)
    if spec.perturb:
        for form in sorted(asked_as):
            _refuse_perturbation_in_vain(benchmark, protocol, spec, form)


def _refuse_forms_of_forms(spec: RunSpec) -> None:
    """Raises UsageError for what asks each question in several forms beside something else that repeats it."""
    for kind in spec.perturb:
        if kind not in KINDS:
            raise UnknownName(kind, "perturbation", KINDS, f"Perturbations: {', '.join(KINDS)}.")
    if len(set(spec.perturb)) < len(spec.perturb):
        raise UsageError(f"--perturb {','.join(spec.perturb)} names a perturbation twice")
    if spec.rotate and spec.draws > 1:
        raise UsageError("--rotate asks each question in all rotations of its options: it does not go with --samples")
    if spec.perturb and (spec.rotate or spec.draws > 1):
        other = "--rotate" if spec.rotate else "--samples"
        raise UsageError(f"--perturb asks each question in several forms: it does not go with {other}")


def _with_rule(benchmark: Benchmark, protocol: Protocol, spec: RunSpec) -> Protocol:
    """The protocol with another choice of examples. Fixed ones are as many as are named."""
    rule = few_shot.rule(str(spec.few_shot))
    if isinstance(rule, Fixed) and spec.shots is None:
        return replace(protocol, few_shot=rule, shots=len(rule.ids))
    if not protocol.shots and spec.shots is None:
        raise UsageError(
            f"--few-shot {spec.few_shot}: {benchmark.id} under protocol {spec.protocol} shows no worked examples. "
            "Remedy: say how many with --shots K"
        )
    return replace(protocol, few_shot=rule)


def _with_prefill(benchmark: Benchmark, solver: Solver, prefill: str) -> Solver:
    if "prefill" not in getattr(solver, "__dataclass_fields__", {}):
        what = "log-likelihoods and no answers" if solver.needs == "loglikelihood" else "answers in a way of its own"
        raise UsageError(
            f"--prefill: this protocol of {benchmark.id} asks for {what}, which has no beginning to give. "
            "Remedy: a protocol that asks one question for one answer, such as --protocol generate"
        )
    made: Solver = replace(solver, prefill=prefill)  # type: ignore[type-var]
    return made


def _refuse_unknown_examples(benchmark: Benchmark, ids: Sequence[str], spec: RunSpec) -> None:
    pools = [benchmark.dataset.pool(subset, spec.seed) for subset in benchmark.dataset.subsets]
    known = {one.id for pool in pools for one in pool}
    if missing := [name for name in ids if name not in known]:
        some = ", ".join(sorted(known)[:3])
        raise UnknownName(
            missing[0], f"worked example of {benchmark.id}", known, f"It has {len(known)}, such as {some}."
        )
    for subset, pool in zip(benchmark.dataset.subsets, pools, strict=True):
        if not {one.id for one in pool} & set(ids):
            raise UsageError(
                f"--few-shot fixed: none of the worked examples named is one of {benchmark.id}/{subset}, which has its "
                f"own. Remedy: name one of them as well, such as {pool[0].id}"
                if pool
                else f"--few-shot fixed: {benchmark.id}/{subset} has no worked examples"
            )


def _refuse_unknown_cluster(benchmark: Benchmark, spec: RunSpec) -> None:
    known: dict[str, None] = {}
    for _, sample in plan.samples(benchmark, replace(spec, limit=None)):
        if sample.cluster:
            return
        known |= dict.fromkeys([*(["group"] * bool(sample.group)), *sample.metadata])
    raise UsageError(
        f"--cluster {spec.cluster}: no question of {benchmark.id} has it. "
        f"Remedy: none, or one of {', '.join(known) or 'none'}"
    )


def _refuse_rotation_in_vain(benchmark: Benchmark, protocol: Protocol, spec: RunSpec) -> None:
    """Looks at the first question that has options."""
    once: dict[str, tuple[str, Sample]] = {}
    for subset, sample in plan.samples(benchmark, replace(spec, limit=None)):
        if not sample.unit:
            continue
        once[sample.id] = subset, sample
        if len(once) == 2:
            break
    if len(once) < 2:
        raise UsageError(f"--rotate: the questions of {benchmark.id} have no options to rotate")
    one, other = (_prompt(benchmark, protocol, spec, *form, "base") for form in once.values())
    if _in_any_order(one).hash == _in_any_order(other).hash:
        raise UsageError(
            f"--rotate: the prompts of {benchmark.id} under protocol {spec.protocol} do not follow the order of its "
            "options. Remedy: another protocol"
        )


def _refuse_perturbation_in_vain(benchmark: Benchmark, protocol: Protocol, spec: RunSpec, form: Form) -> None:
    """Looks at the first questions, until each perturbation has changed a prompt."""
    missing, own, asked = set(spec.perturb), Prompt(), 0
    for subset, sample in plan.samples(benchmark, replace(spec, limit=None)):
        if sample.form == ORIGINAL:
            asked += 1
            if not missing or asked > LOOKED_AT:
                break
            own = _prompt(benchmark, protocol, spec, subset, sample, form)
        elif sample.form in missing and own != _prompt(benchmark, protocol, spec, subset, sample, form):
            missing.remove(sample.form)
    if missing:
        kind = next(kind for kind in spec.perturb if kind in missing)
        raise UsageError(
            f"--perturb {kind} changes none of the first prompts of {benchmark.id} under protocol {spec.protocol} for "
            f"{NAMES[form]}. Remedy: leave it out, or another protocol"
        )


def _in_any_order(prompt: Prompt) -> Prompt:
    """A prompt whose continuations tell nothing by their order: where they alone hold the options, the model never
    sees in which order these stand."""
    return replace(prompt, continuations=tuple(sorted(prompt.continuations)))


def _prompt(benchmark: Benchmark, protocol: Protocol, spec: RunSpec, subset: str, sample: Sample, form: Form) -> Prompt:
    shown = plan.shots(benchmark, protocol, spec.seed, subset, sample)
    return protocol.prompt(sample, form, shown)
