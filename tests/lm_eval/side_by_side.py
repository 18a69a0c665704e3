"""What two runs of one task file must agree in."""

import json
import math

import pytest

import sinan
from sinan.scoring.filtered import PLAIN
from sinan.statistics.metrics import KINDS

CLOSE = 1e-4
"""Nats by which two implementations of one model may differ."""

OF_LIKELIHOODS = {
    "perplexity": "perplexity",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
    "brier_score": "brier_score",
    "acc": "mean",
}
"""Two implementations of one model differ in the last digits of a log-likelihood, and so does what is made of them:
there, what sinan makes of the harness's own values is compared besides."""


def ours(target, model, tmp_path, **how):
    """The run of a task file, and its records by sample id."""
    run = sinan.run(target, f"hf/{model}", runs=tmp_path, trust=True, cache=False, **how)
    assert run.status == "complete", run
    (folder,) = tmp_path.iterdir()
    lines = [json.loads(line) for file in sorted(folder.glob("journal*")) for line in _lines(file)]
    return run, {line["sample_id"]: line for line in lines if "sample_id" in line}


def _lines(file):
    return file.read_bytes().splitlines() if file.is_file() else []


def compare_samples(samples, records):
    assert {str(sample["doc_id"]) for sample in samples} == records.keys()
    for sample in samples:
        record = records[str(sample["doc_id"])]
        compare_prompt(sample["arguments"], record["prompt"])
        compare_answers(sample["resps"], record)
        for metric in sample["metrics"]:
            name = metric if sample["filter"] == PLAIN else f"{metric},{sample['filter']}"
            compare_value(sample[metric], record["scores"].get(name), name)


def compare_prompt(arguments, prompt):
    """The very same text was asked, behind it the very same continuations."""
    if isinstance(prompt, str):
        prompt = {"text": prompt}
    if prompt.get("rolling"):
        assert (prompt["text"],) == tuple(arguments[0])
        return
    continuations = prompt.get("continuations")
    contexts = prompt.get("contexts") or [prompt["text"]] * len(continuations or [0])
    assert [argument[0] for argument in arguments] == contexts
    if continuations:
        assert [argument[1] for argument in arguments] == continuations


def compare_answers(responses, record):
    if record.get("loglikelihoods"):
        found = [one[0] for one in responses]
        for mine, their in zip(record["loglikelihoods"], found, strict=True):
            value = their[0] if isinstance(their, tuple | list) else their
            assert mine[0] == pytest.approx(value, abs=CLOSE * max(1, mine[1] / 10))
            if isinstance(their, tuple | list):
                assert mine[2] == their[1]
    else:
        assert list(record.get("turns") or [record["completion"]]) == responses[0]


def compare_value(their, mine, name):
    if isinstance(their, tuple | list) and name in ("bleu", "chrf", "chrf++", "ter"):
        assert mine is not None
    elif isinstance(their, tuple | list) and name.startswith("brier"):
        gold, probabilities = their
        expected = sum((p - (i == gold)) ** 2 for i, p in enumerate(probabilities))
        assert mine == pytest.approx(float(expected), abs=CLOSE)
    elif name == "maybe":
        assert mine == ([0.0, 0.0] if math.isnan(their) else [their, 1.0])
    elif name in ("flags", "pair", "f1", "acc,numbered"):
        assert mine is not None
    elif isinstance(their, tuple | list):
        assert mine == pytest.approx(list(map(float, their)), abs=5e-3)
    else:
        assert mine == pytest.approx(float(their), abs=CLOSE), name


def compare_results(their, result, samples):
    mine = {result.metric: result.estimate} | {one.metric: one.estimate for one in result.further}
    names = [key for key in their if "," in key and "_stderr," not in key]
    assert len(mine) == len(names)
    for key in names:
        metric, _, pipeline = key.partition(",")
        estimate, stderr = mine[metric if pipeline == PLAIN else key], their[f"{metric}_stderr,{pipeline}"]
        if made_of_likelihoods(metric, samples):
            same(estimate, their[key], stderr, {"rel": 2e-5})
            estimate = KINDS[OF_LIKELIHOODS[metric]].estimate(flat(metric, samples), 1)
        # the last bits of a perplexity of 1e17 are more than any absolute tolerance: 32
        same(estimate, their[key], stderr, {"abs": 1e-9, "rel": 1e-14})


def same(estimate, value, stderr, close):
    assert estimate.value == pytest.approx(float(value), **close)
    if stderr == "N/A":
        assert estimate.stderr is None
    else:
        assert estimate.stderr == pytest.approx(float(stderr), **close)


def made_of_likelihoods(metric, samples):
    if metric == "acc" and any(isinstance(sample[metric], list) for sample in samples):
        return False
    return metric in OF_LIKELIHOODS and any(sample[metric] not in (0, 1) for sample in samples)


def flat(metric, samples):
    """The harness's own values, as a metric takes them."""
    if metric == "brier_score":
        pairs = [sample[metric] for sample in samples]
        return [sum((p - (i == gold)) ** 2 for i, p in enumerate(probabilities)) for gold, probabilities in pairs]
    values = [sample[metric] for sample in samples]
    return [float(one) for value in values for one in (value if isinstance(value, tuple | list) else [value])]


def compare_estimate(estimate, their, metric):
    assert estimate.value == pytest.approx(float(their[f"{metric},none"]), abs=1e-9)
    assert estimate.stderr == pytest.approx(float(their[f"{metric}_stderr,none"]), abs=1e-9)
