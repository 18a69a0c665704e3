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
from sinan.datasets.varied import SOURCES, variants
from sinan.engine import plan
from sinan.errors import UnknownName, UsageError
from sinan.prompts import Reworded, WithPrefill, WithSystem, few_shot, shown_as, worded
from sinan.prompts.few_shot import Fixed, Redrawn
from sinan.prompts.worded import WORDINGS
from sinan.statistics import accuracy
from sinan.statistics.forms import of_forms, of_variants
from sinan.statistics.repeats import PASS_AT_1, circular, of_draws, passes
from sinan.types import Benchmark, Form, Metric, Prompt, Protocol, Reporting, RunSpec, Sample, Solver
from sinan.types.sample import ORIGINAL

SHOWN_AS = ("turns", "text")
BOTH: tuple[Form, Form] = ("base", "chat")
NAMES = {"base": "a model that continues text", "chat": "a model that takes messages"}
LOOKED_AT = 200
"""Questions that a perturbation has to change one of."""


def adapted(benchmark: Benchmark, spec: RunSpec) -> Benchmark:
    """The benchmark whose chosen protocol is as `spec` says. Reads no data. Raises UsageError for what cannot be."""
    _refuse_forms_of_forms(spec)
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
    if "prompt" in spec.vary:
        protocol = replace(protocol, prompt=worded(protocol.prompt, spec.variants))
    if "seed" in spec.vary and protocol.few_shot and not isinstance(protocol.few_shot, Fixed):
        protocol = replace(protocol, few_shot=Redrawn(protocol.few_shot))
    if spec.system:
        protocol = replace(protocol, prompt=WithSystem(protocol.prompt, spec.system))
    if spec.prefill:
        solver = _with_prefill(benchmark, protocol.solver, spec.prefill)
        protocol = replace(protocol, prompt=WithPrefill(protocol.prompt, spec.prefill), solver=solver)
    dataset, kinds = protocol.dataset or benchmark.dataset, forms_of(spec)
    dataset = rotated(dataset) if spec.rotate else perturbed(dataset, kinds) if kinds else dataset
    # Under every name that it has: a default may go by its own name as well.
    protocols = {name: protocol if one is chosen else one for name, one in benchmark.protocols.items()}
    return replace(benchmark, dataset=dataset, protocols=protocols)


def forms_of(spec: RunSpec) -> tuple[str, ...]:
    """The forms in which each question is asked beside the question as it is."""
    return spec.perturb or variants(spec.vary, spec.variants)


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
    if spec.vary:
        return (*chosen, *of_variants(chosen[0], forms_of(spec)))
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
    if spec.rotate:
        _refuse_rotation_in_vain(benchmark, protocol, spec)
    for form in sorted(asked_as) if spec.perturb or spec.vary else ():
        _refuse_forms_in_vain(benchmark, protocol, spec, form)


def _refuse_forms_of_forms(spec: RunSpec) -> None:
    """Raises UsageError for what asks each question in several forms beside something else that repeats it."""
    for kind in spec.perturb:
        if kind not in KINDS:
            raise UnknownName(kind, "perturbation", KINDS, f"Perturbations: {', '.join(KINDS)}.")
    if len(set(spec.perturb)) < len(spec.perturb):
        raise UsageError(f"--perturb {','.join(spec.perturb)} names a perturbation twice")
    if spec.vary or spec.variants != RunSpec.variants:
        _refuse_variants(spec)
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


def _refuse_forms_in_vain(benchmark: Benchmark, protocol: Protocol, spec: RunSpec, form: Form) -> None:
    """Looks at the first questions, until each perturbation or variant has changed a prompt. Answers that are drawn at
    random are varied by another seed, whatever the prompt."""
    missing, own, asked = set(forms_of(spec)), Prompt(), 0
    if protocol.solver.needs == "generate" and plan.sampling(protocol, form, spec.parameters).temperature != 0:
        missing = {kind for kind in missing if not (spec.vary and kind.startswith("seed"))}
    for subset, sample in plan.samples(benchmark, replace(spec, limit=None)):
        if sample.form == ORIGINAL:
            asked += 1
            if not missing or asked > LOOKED_AT:
                break
            own = _prompt(benchmark, protocol, spec, subset, sample, form)
        elif sample.form in missing and _differ(
            own, _prompt(benchmark, protocol, spec, subset, sample, form), sample.form
        ):
            missing.remove(sample.form)
    if missing:
        kind = next(kind for kind in forms_of(spec) if kind in missing)
        what = f"--vary {kind.rstrip('0123456789')}" if spec.vary else f"--perturb {kind}"
        of = f"the first prompts of {benchmark.id} under protocol {spec.protocol} for {NAMES[form]}"
        if spec.vary and kind.startswith("seed"):
            raise UsageError(
                f"{what} changes nothing: no answer is drawn at random, and none of {of} has examples drawn at random. "
                "Remedy: -p temperature=0.7, or --few-shot random --shots K"
            )
        raise UsageError(f"{what} changes none of {of}. Remedy: leave it out, or another protocol")


def _differ(own: Prompt, other: Prompt, form: str) -> bool:
    """Whether the model reads anything else. Variants by the order of options are held to more than a perturbation:
    where the order of continuations is all that changes, nothing would vary."""
    if form.startswith("order"):
        own, other = _in_any_order(own), _in_any_order(other)
    return own != other


def _refuse_variants(spec: RunSpec) -> None:
    """Raises UsageError for variants that there are not, or that go with no other forms."""
    if not spec.vary:
        raise UsageError(
            f"--variants {spec.variants} says how many of each source of --vary: name one, as --vary prompt"
        )
    for source in spec.vary:
        if source not in SOURCES:
            raise UnknownName(source, "source of variants", SOURCES, f"Sources: {', '.join(SOURCES)}.")
    if len(set(spec.vary)) < len(spec.vary):
        raise UsageError(f"--vary {','.join(spec.vary)} names a source twice")
    if spec.variants < 2 or ("prompt" in spec.vary and spec.variants > 1 + len(WORDINGS)):
        raise UsageError(
            f"--variants {spec.variants}: at least 2, and of prompts at most {1 + len(WORDINGS)}, which are declared"
        )
    if others := [name for name, given in (("--perturb", spec.perturb), ("--rotate", spec.rotate)) if given]:
        raise UsageError(f"--vary asks each question in several forms: it does not go with {others[0]}")
    if spec.draws > 1:
        raise UsageError("--vary does not go with --samples: each variant is one draw, and --vary seed draws again")
    if "seed" in spec.vary and "seed" in spec.parameters:
        raise UsageError("--vary seed draws with several seeds, and -p seed=... gives one: leave one of them out")


def _in_any_order(prompt: Prompt) -> Prompt:
    """A prompt whose continuations tell nothing by their order: where they alone hold the options, the model never
    sees in which order these stand."""
    return replace(prompt, continuations=tuple(sorted(prompt.continuations)))


def _prompt(benchmark: Benchmark, protocol: Protocol, spec: RunSpec, subset: str, sample: Sample, form: Form) -> Prompt:
    shown = plan.shots(benchmark, protocol, spec.seed, subset, sample)
    return protocol.prompt(sample, form, shown)
