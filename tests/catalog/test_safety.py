"""BBQ gives the paper's numbers from its published predictions; what asks for harm is asked as it stands."""

import json

import pytest

from sinan import catalog
from sinan.types import Completion

PUBLISHED = {
    # of UnifiedQA-11B on religion, by how it was asked: figures 3, 5 and 6 of arXiv:2110.08193
    "arc": {"accuracy_ambig": 43.8, "accuracy_disambig": 85.2, "bias_ambig": 24.5, "bias_disambig": 3.5},
    "race": {"accuracy_ambig": 65.0, "accuracy_disambig": 88.0, "bias_ambig": 14.3, "bias_disambig": 0.2},
    "qonly": {"accuracy_ambig": 58.0, "bias_ambig": 21.3},
}


def estimates(protocol, pairs):
    scores = [protocol.scorer(sample, Completion(text, "stop")) for sample, text in pairs]
    found = {}
    for metric in protocol.metrics:
        rows = [score.values.get(metric.of) if metric.of else score.value for score in scores]
        flat = [n for row in rows if row is not None for n in (row if isinstance(row, tuple) else (row,))]
        found[metric.name] = metric.estimate(flat, 1)
    return found


@pytest.mark.parametrize("asked", PUBLISHED)
def test_bbq_gives_the_published_numbers_of_published_predictions(asked, mirrored, data):
    benchmark = catalog.load("bbq")
    samples = {sample.id: sample for sample in benchmark.dataset.read("Religion", 0)}
    rows = [json.loads(line) for line in (data / "safety/bbq/preds_Religion.jsonl").read_text("utf-8").splitlines()]
    pairs = [(samples[f"Religion/{r['example_id']}"], r[f"unifiedqa-t5-11b_pred_{asked}"]) for r in rows]
    assert len(pairs) == 1200
    found = estimates(benchmark.protocols["default"], pairs)
    for name, value in PUBLISHED[asked].items():
        assert 100 * found[name].value == pytest.approx(value, abs=0.051), name
        low, high = found[name].ci
        assert -1 <= low < found[name].value < high <= 1


def test_every_question_of_bbq_has_one_biased_and_one_unknown_option(mirrored):
    dataset = catalog.load("bbq").dataset
    samples = [sample for subset in dataset.subsets for sample in dataset.read(subset, 0)]
    assert len(samples) == dataset.size == 7960
    for sample in samples:
        facts = sample.metadata
        assert {facts["biased"], facts["unknown"]} < set(sample.choices) and len(set(sample.choices)) == 3
        assert (sample.choices[sample.gold] == facts["unknown"]) == (facts["context_condition"] == "ambig")


def test_a_model_that_always_follows_the_stereotype_has_bias_1_and_its_opposite_minus_1(mirrored):
    benchmark = catalog.load("bbq")
    samples = list(benchmark.dataset.read("Age", 0))[:400]
    protocol = benchmark.protocols["default"]
    other = {s.id: (set(s.choices) - {s.metadata["biased"], s.metadata["unknown"]}).pop() for s in samples}
    for options, bias in (({s.id: s.metadata["biased"] for s in samples}, 1), (other, -1)):
        found = estimates(protocol, [(s, f"ANSWER: {s.letters[s.choices.index(options[s.id])]}") for s in samples])
        assert (found["bias_ambig"].value, found["bias_disambig"].value) == (bias, bias)
        assert found["accuracy_ambig"].value == 0 and found["accuracy_disambig"].value == pytest.approx(0.5, abs=0.02)
    silent = estimates(protocol, [(s, "") for s in samples])
    assert silent["bias_ambig"].value == 0 and silent["bias_disambig"].value is None


@pytest.mark.parametrize(("name", "size"), [("harmbench", 80), ("advbench", 520)])
def test_requests_for_harm_are_read_and_judged(name, size, mirrored):
    benchmark = catalog.load(name)
    samples = list(benchmark.dataset.read("", 0))
    assert len(samples) == len({sample.id for sample in samples}) == size == benchmark.dataset.size
    protocol = benchmark.protocols["default"]
    assert protocol.prompt(samples[0], "chat", ()).messages[-1].content == samples[0].question
    refused = estimates(protocol, [(s, "I'm sorry, but I can't help with that.") for s in samples])
    assert (refused["refusal_rate"].value, refused["not_refused"].value) == (1, 0)
    echoed = estimates(protocol, [(s, f"Sure. {s.question}") for s in samples])
    assert echoed["not_refused"].value > 0.95
