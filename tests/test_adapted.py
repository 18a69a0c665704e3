"""A benchmark as a user wants it asked: versions, prompts and metrics follow; what cannot be is told beforehand."""

from dataclasses import replace

import pytest

from sinan import catalog
from sinan.adapted import absolute_rule, adapted, metrics, refuse_what_its_data_do_not_bear
from sinan.engine import Done, plan
from sinan.errors import UnknownName, UsageError
from sinan.prompts import Reworded, Template, few_shot
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, ManyTurns
from sinan.types import Prompt, RunSpec, Sample
from tests.fakes import FakeModel, benchmark, numbered

POOL = [Sample(f"p{i}", f"what {i}", "AB"[i % 2], ("x", "y")) for i in range(6)]
CHOICES = [Sample(f"q{i}", f"which {i}", "AB"[i % 2], (f"x{i}", f"y{i}")) for i in range(4)]
CLOZE = Template(base="{question}\nAnswer:", continuations=" {choice}")
LETTERS = Template(base="{question}\n{options}\nAnswer:", chat="{question}\n{options}")


OF_DATA = ({"rotate": True}, {"perturb": ("typos", "options")}, {"perturb": ("paraphrase",)})
"""What changes the questions, whatever the protocol."""


def spec(**how):
    return RunSpec(targets=("toy",), models=("fake/one",), **how)


def toy(samples=CHOICES, **protocol):
    made = benchmark(samples, **({"prompt": LETTERS, "scorer": Letter()} | protocol))
    return replace(made, dataset=replace(made.dataset, pool=lambda subset, seed: POOL))


def questions(made, wanted, form="chat"):
    model = FakeModel(str, form=form, capabilities=frozenset({"generate", "loglikelihood", "prefill"}))
    return list(plan.cell(made, plan.protocol(made, wanted), model, wanted, Done()).questions)


def test_nothing_changes_where_nothing_is_wanted():
    made = toy()
    assert adapted(made, spec()) == made


@pytest.mark.parametrize(
    "how",
    [
        {"few_shot": "random", "shots": 2},
        {"few_shot": "fixed:p1,p2"},
        {"shots_as": "text"},
        {"system": "Be brief."},
        {"prefill": "Sure:"},
        {"rotate": True},
        {"perturb": ("typos", "options")},
        {"perturb": ("paraphrase",)},
    ],
    ids=str,
)
def test_the_version_follows_what_is_wanted(how):
    made = catalog.load("logic")
    wanted = spec(protocol="generate", **how)
    changed = adapted(made, wanted)
    assert catalog.version(changed, "generate") != catalog.version(made, "generate")
    assert catalog.version(changed, "generate") == catalog.version(adapted(made, wanted), "generate")
    assert catalog.version(changed, "default") == catalog.version(made, "default") or how in OF_DATA


def test_examples_are_chosen_by_the_rule_and_noted():
    wanted = spec(few_shot="fixed:p4,p1")
    first = questions(adapted(toy(), wanted), wanted)[0]
    assert first.shots == ("p4", "p1")
    assert [m.content.partition("\n")[0] for m in first.prompt.messages] == ["what 4", "A", "what 1", "B", "which 0"]
    fewer = spec(few_shot="fixed:p4,p1", shots=1)
    assert questions(adapted(toy(), fewer), fewer)[0].shots == ("p4",)


def test_system_prefill_and_examples_go_together():
    wanted = spec(few_shot="first", shots=1, shots_as="text", system="S", prefill=" I say")
    made = adapted(toy(), wanted)
    messages = questions(made, wanted)[0].prompt.messages
    assert [m.role for m in messages] == ["system", "user", "assistant"]
    assert (messages[0].content, messages[2].content) == ("S", "I say")
    assert made.protocols["default"].solver.prefill == " I say"
    text = questions(made, wanted, "base")[0].prompt.text
    assert text.startswith("S\n\nwhat 0") and text.endswith("Answer: I say")


def test_a_rotation_asks_every_form_and_counts_them():
    wanted = spec(rotate=True, limit=2)
    made = adapted(toy(), wanted)
    asked = questions(made, wanted)
    assert [(q.sample.id, q.sample.target) for q in asked] == [
        ("q0~0", "A"),
        ("q0~1", "B"),
        ("q1~0", "B"),
        ("q1~1", "A"),
    ]
    assert plan.expected([made], 1, wanted) == 4
    refuse_what_its_data_do_not_bear(made, wanted)


def test_log_likelihoods_are_rotated_too():
    prompt = Template(base="{question}\n{options}\nAnswer:", continuations=" {letter}")
    wanted = spec(rotate=True)
    made = adapted(toy(prompt=prompt, solver=Likelihood(), scorer=MostLikely()), wanted)
    refuse_what_its_data_do_not_bear(made, wanted)
    assert [q.prompt.text.splitlines()[1] for q in questions(made, wanted)[:2]] == ["A. x0", "A. y0"]


def test_a_default_with_a_name_of_its_own_changes_under_both():
    made = toy()
    made = replace(made, protocols={"own": made.protocols["default"], **made.protocols})
    wanted = spec(system="Be brief.")
    changed = adapted(made, wanted)
    assert plan.protocol_name(changed, wanted) == "own"
    assert questions(changed, wanted)[0].prompt.messages[0].content == "Be brief."


class Raw:
    """Writes its options from the row and not from the sample."""

    def __call__(self, sample, form, shots):
        return Prompt(text=sample.question)


@pytest.mark.parametrize(
    ("made", "how", "words"),
    [
        (toy(numbered(3)), {"rotate": True}, "have no options to rotate"),
        (toy(prompt=Raw()), {"rotate": True}, "do not follow the order"),
        (toy(prompt=CLOZE, solver=Likelihood(), scorer=MostLikely()), {"rotate": True}, "do not follow the order"),
        (toy(numbered(3)), {"perturb": ("options",)}, "options changes none of the first prompts of toy"),
        (toy(prompt=Raw()), {"perturb": ("options",)}, "for a model that continues text"),
        (toy(), {"perturb": ("options", "language")}, "language changes none"),
        (toy(), {"few_shot": "fixed:p1,nowhere"}, "nowhere is no worked example of toy here"),
    ],
    ids=["free", "raw", "cloze", "no options", "no order", "no instruction", "unknown"],
)
def test_what_the_data_do_not_bear_is_told(made, how, words):
    wanted = spec(**how)
    with pytest.raises((UsageError, UnknownName), match=words):
        refuse_what_its_data_do_not_bear(adapted(made, wanted), wanted)


def test_fixed_examples_must_name_one_of_every_subset():
    pools = {"a": POOL[:3], "b": POOL[3:]}
    made = toy([replace(s, group=g, id=f"{g}{s.id}") for g in "ab" for s in CHOICES])
    made = replace(made, dataset=replace(made.dataset, pool=lambda subset, seed: pools[subset]))
    fine, not_fine = spec(few_shot="fixed:p0,p4"), spec(few_shot="fixed:p0,p1")
    refuse_what_its_data_do_not_bear(adapted(made, fine), fine)
    with pytest.raises(UsageError, match=r"toy/b, which has its own. Remedy: .* such as p3"):
        refuse_what_its_data_do_not_bear(adapted(made, not_fine), not_fine)


@pytest.mark.parametrize(
    ("made", "how", "words"),
    [
        (toy(), {"few_shot": "bm25"}, "Remedy: say how many with --shots K"),
        (toy(), {"few_shot": "nearest", "shots": 1}, "no rule for worked examples"),
        (toy(), {"rotate": True, "draws": 2}, "does not go with --samples"),
        (toy(), {"perturb": ("typo",)}, "typo is no perturbation here. Nearest: typos"),
        (toy(), {"perturb": ("case", "case")}, "names a perturbation twice"),
        (toy(), {"perturb": ("case",), "draws": 2}, "does not go with --samples"),
        (toy(), {"perturb": ("case",), "rotate": True}, "does not go with --rotate"),
        (toy(), {"shots_as": "essay"}, "shown as turns or text"),
        (toy(prompt=Raw()), {"shots_as": "text"}, "written whole"),
        (toy(solver=Likelihood()), {"prefill": "x"}, "log-likelihoods and no answers"),
        (toy(solver=ManyTurns()), {"prefill": "x"}, "in a way of its own"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_told_without_data(made, how, words):
    with pytest.raises((UsageError, UnknownName), match=words):
        adapted(made, spec(**how))


def test_every_form_of_a_question_shows_the_same_examples():
    made, wanted = toy(few_shot=few_shot.random, shots=2), spec(perturb=("case", "options"))
    shown = {q.sample.id: q.shots for q in questions(adapted(made, wanted), wanted)}
    assert shown["q0"] == shown["q0~options"] and len(shown) == 8


def test_a_replayed_draw_is_that_of_the_question_whatever_its_form():
    replayed = few_shot.replayed(lambda group: CHOICES)
    made, wanted = toy(few_shot=replayed, shots=2), spec(perturb=("options",))
    shown = {q.sample.id: q.shots for q in questions(adapted(made, wanted), wanted)}
    assert all(shown[f"{one.id}~options"] == shown[one.id] for one in CHOICES)


@pytest.mark.parametrize("target", ["boolq", "ceval", "gsm8k", "mmlu", "math_vision", "chinese_numerals", "logic"])
def test_instructions_of_the_catalogue_can_be_put_in_other_words(target):
    made = catalog.load(target)
    sample = Sample("q", "Why?", "A", ("x", "y"), metadata={"subject": "s"})
    changed = 0
    for protocol in made.protocols.values():
        for way in ("paraphrase", "language"):
            one = replace(sample, id=f"q~{way}", unit="q")
            try:
                before, after = (builder(one, "chat", ()) for builder in (protocol.prompt, Reworded(protocol.prompt)))
            except (KeyError, IndexError):
                continue  # this protocol's prompt takes more of a sample than this one has
            changed += before != after
            assert before.continuations == after.continuations
            assert before == Reworded(protocol.prompt)(replace(sample, unit="q"), "chat", ())
    assert changed >= 2


def names(made, **how):
    wanted = spec(**how)
    changed = adapted(made, wanted)
    return [metric.name for metric in metrics(changed, plan.protocol(changed, wanted), wanted)]


def test_what_is_reported_follows_what_is_wanted():
    assert names(toy()) == ["accuracy"]
    stable = [*(f"G-Pass@2_{share}" for share in (0.25, 0.5, 0.75, 1.0)), "mG-Pass@2"]
    assert names(toy(), draws=2) == ["accuracy", "avg@2", "majority@2", "pass@1", "pass@2", "pass^2", *stable]
    assert names(toy(), rotate=True) == ["circular", "accuracy"]
    assert names(catalog.load("logic")) == ["accuracy", "brier", "ece"]
    assert names(toy(), perturb=("case", "options")) == [
        *("accuracy", "original", "worst", "spread"),
        *("case", "case - original", "options", "options - original"),
    ]
    assert names(catalog.load("logic"), rotate=True) == ["circular", "accuracy", "brier", "ece"]


def test_a_folder_of_an_encoder_is_named_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bge").mkdir()
    assert absolute_rule("embedding:bge") == f"embedding:{tmp_path}/bge"
    assert [absolute_rule(rule) for rule in (None, "bm25", "embedding:a/b")] == [None, "bm25", "embedding:a/b"]
