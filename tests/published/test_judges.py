"""Judges whose verdicts were published: what they wrote, read by our readers, gives the published numbers.

AlpacaEval: the preference of every pair from the log-probabilities that the judge gave, in the order that was drawn for
the pair, and the win rates from the preferences. LLMBar: the accuracies of ChatGPT and GPT-4 as judges.
"""

import json
import math
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from sinan import catalog
from sinan.catalog.llmbar import COT, VANILLA
from sinan.datasets.judgements import judgements
from sinan.scoring.judges import Judged, NoRuling, Pairwise
from sinan.scoring.judges.pairwise import drawn_first
from sinan.statistics.agreement import estimate_kappa
from sinan.statistics.averages import estimate_mean
from sinan.statistics.judge_audit import audit
from sinan.statistics.preference import estimate_at_equal_lengths
from sinan.types import Completion, LogLikelihood, Sample
from tests.scoring.judges.judge import FakeJudge, block
from tests.test_end_to_end import sinan

TURBO = "judge/alpaca_eval/vicuna-7b/weighted_alpaca_eval_gpt4_turbo/annotations.json"
FIRST = "judge/alpaca_eval/gpt-3.5-turbo-0301/alpaca_eval_gpt4/annotations.json"
LLMBAR = "judge/llmbar/LLMBar/Natural/evaluators"


def rows(data, path):
    return json.loads((data / path).read_text("utf-8"))


class Published(FakeJudge):
    """Gives the log-probabilities that GPT-4 Turbo gave to `m` (the first is better) and `M`, as ours to A and B."""

    async def loglikelihood(self, prompt):
        row = self.answer("\n".join(str(message.content) for message in prompt.messages))
        content = row["raw_completion"]["logprobs"]["content"][0]["top_logprobs"]
        said = {one["token"]: one["logprob"] for one in content}
        # A token below the top five is far below: as AlpacaEval has it, its probability is 0.
        values = [LogLikelihood(said.get(token, -math.inf), 1, False) for token in ("m", "M")]
        return Completion("", "stop", loglikelihoods=tuple(values))


async def test_preferences_of_alpaca_eval_come_from_the_judges_log_probabilities(data):
    """Of 805 pairs two have no answer of the judge, and 1.5 for a preference: a failure that was taken for a draw."""
    annotations = rows(data, TURBO)
    answered = [row for row in annotations if row["raw_completion"] is not None]
    assert (len(annotations), len(answered)) == (805, 803)
    assert {row["preference"] for row in annotations if row["raw_completion"] is None} == {1.5}
    by_question = {row["instruction"]: row for row in answered}
    judge = Published(
        lambda asked: by_question[block(asked, "QUESTION")], capabilities=frozenset({"generate", "loglikelihood"})
    )
    scorer = Judged(Pairwise(("A", "B"), "drawn", weighed=True))
    for row in answered:
        sample = Sample("1", row["instruction"], "", metadata={"baseline": row["output_1"]})
        score = await scorer.judge(sample, Completion(row["output_2"], "stop"), [judge])
        assert score.value == pytest.approx(row["preference"] - 1, abs=1e-8)


def test_win_rates_of_alpaca_eval(data):
    won = [row["preference"] - 1 for row in rows(data, TURBO)]
    estimate = estimate_mean(won, 1)
    assert 100 * estimate.value == pytest.approx(4.16261116226087, abs=1e-9)
    assert 100 * estimate.stderr == pytest.approx(0.6135107768217068, abs=1e-9)
    sides = Counter("win" if one > 0.5 else "draw" if one == 0.5 else "loss" for one in won)
    assert sides == {"win": 28, "loss": 775, "draw": 2}
    discrete = [1.0 if one > 0.5 else 0.5 if one == 0.5 else 0.0 for one in won]
    assert 100 * estimate_mean(discrete, 1).value == pytest.approx(3.602484472049689, abs=1e-9)
    lengths = [len(row["output_2"]) for row in rows(data, TURBO)]
    assert int(sum(lengths) / len(lengths)) == 1044


def test_win_rates_of_alpaca_eval_1(data):
    """One of 805 pairs has no preference, and stays outside n, as published."""
    won = [row["preference"] - 1 for row in rows(data, FIRST) if row["preference"] is not None]
    estimate = estimate_mean(won, 1)
    assert len(won) == 804 and 100 * estimate.value == pytest.approx(89.36567164179104, abs=1e-9)
    assert 100 * estimate.stderr == pytest.approx(1.0789487022114888, abs=1e-9)


def test_the_order_of_every_pair_is_the_one_that_alpaca_eval_drew(data):
    """Only under one of both orders does the judge's probability give the published preference."""
    for row in rows(data, TURBO):
        if row["raw_completion"] is None:
            continue
        said = {one["token"]: one["logprob"] for one in row["raw_completion"]["logprobs"]["content"][0]["top_logprobs"]}
        m, big = (math.exp(said.get(token, -math.inf)) for token in ("m", "M"))
        second = big / (m + big)
        assert row["preference"] - 1 == pytest.approx(
            1 - second if drawn_first(row["instruction"]) else second, abs=1e-8
        )


def test_a_win_rate_at_equal_lengths_is_not_the_published_length_controlled_one(data):
    """Published: 6.28. Its third term, the difficulty of each instruction, is not in the file."""
    values = [
        v
        for row in rows(data, TURBO)
        for v in (row["preference"] - 1, float(len(row["output_2"]) - len(row["output_1"])))
    ]
    estimate = estimate_at_equal_lengths(values, 1)
    assert (
        100 * estimate.value == pytest.approx(8.8166, abs=1e-3) and 100 * estimate.ci[0] < 6.28 < 100 * estimate.ci[1]
    )


def verdicts(judge, form):
    """Per pair and order, what ours reads of the last round: 1, 2, or None; with what was published."""
    for pair in judge:
        texts = pair["output_1"], pair["output_2"]
        for order in ("swap = False", "swap = True"):
            said = pair["results"][-1][order]
            own = VANILLA if len(pair["results"]) > 1 else form
            try:
                label = {"a": "1", "b": "2"}[own.read(said["completion"][0], "", texts).label]
            except NoRuling:
                label = None
            swapped = {"1": "2", "2": "1", None: None}[label]
            yield pair["label"], label if order == "swap = False" else swapped, said


ENDED_AS_TOLD = re.compile(r"(?:^|[.!?)\n]\s*)Therefore, Output \([ab]\) is better\.\s*$")
LLMBAR_JUDGES = [
    ("GPT-4/Vanilla", VANILLA, 0),
    ("GPT-4/CoT", COT, 0),
    ("GPT-4/Swap", COT, 0),
    ("ChatGPT/Vanilla", VANILLA, 0),
    ("ChatGPT/CoT", COT, 29),
    ("ChatGPT/Swap", COT, 23),
]


@pytest.mark.parametrize(("name", "form", "unread"), LLMBAR_JUDGES, ids=[name for name, _, _ in LLMBAR_JUDGES])
def test_judges_of_llmbar_have_the_published_accuracies(data, name, form, unread):
    """The two differ in nothing but this: ChatGPT, told to end with one of two sentences word for word, does not in 29
    and 23 of 200 answers, and ours reads no verdict there, where LLMBar takes `Output (a) is better` from anywhere in
    the text. Every verdict that ours reads is the published one. The published accuracies come out of what is read
    here together with the published reading of those answers alone."""
    published = rows(data, f"{LLMBAR}/{name}/statistics.json")
    read = list(verdicts(rows(data, f"{LLMBAR}/{name}/result.json"), form))
    assert all(label == said["winner"] for _, label, said in read if label is not None)
    differing = [said for _, label, said in read if label is None]
    assert len(differing) == unread
    assert all(ENDED_AS_TOLD.search(said["completion"][0]) is None for said in differing)
    winners = [(str(gold), label or said["winner"]) for gold, label, said in read]
    straight, swapped = winners[::2], winners[1::2]
    right = [[winner == gold for gold, winner in order] for order in (straight, swapped)]
    assert share(published["correct_False"]) == Fraction(sum(right[0]), 100)
    assert share(published["correct_True"]) == Fraction(sum(right[1]), 100)
    assert float(published["correct_average"].rstrip("%")) == pytest.approx((sum(right[0]) + sum(right[1])) / 2)
    assert share(published["correct_both"]) == Fraction(sum(a and b for a, b in zip(*right, strict=True)), 100)
    same = [a[1] == b[1] for a, b in zip(straight, swapped, strict=True)]
    assert share(published["equal"]) == Fraction(sum(same), 100)
    assert kappas(straight, swapped) == pytest.approx(
        [published[name] for name in ("kappa_False", "kappa_True", "kappa_agreement")], abs=1e-12
    )


def share(text):
    """`70 / 100 = 70.0%`."""
    return Fraction(int(text.split(" / ")[0]), int(text.split(" / ")[1].split(" = ")[0]))


def kappas(straight, swapped):
    """As published: with 0 for a verdict of 2, and 2 for a label of 2, so that no 2 ever agrees."""
    codes = [[float(winner == "1") for _, winner in order] for order in (straight, swapped)]
    labels = [float(gold) for gold, _ in straight]
    pairs = [zip(codes[0], labels, strict=True), zip(codes[1], labels, strict=True), zip(*codes, strict=True)]
    return [estimate_kappa([number for pair in one for number in pair]).value for one in pairs]


def test_an_audit_of_a_published_result_file_agrees_with_its_statistics(data):
    kind, found = judgements(data / f"{LLMBAR}/GPT-4/CoT/result.json")
    measured = {one.measure: one.estimate for one in audit(kind, found, "judge").measured}
    assert (kind, measured["accuracy"].value, measured["position_consistency"].value) == ("pairwise", 0.94, 0.91)
    # With labels coded alike, as they are not in the file's own kappa of 0.26.
    assert measured["kappa"].value == pytest.approx(0.8777, abs=1e-4)


def test_the_judges_of_llmbar_score_as_models_in_its_benchmark(data, mirrored):
    """The raw outputs of GPT-4, as answers to the benchmark's own samples."""
    published = rows(data, f"{LLMBAR}/GPT-4/Vanilla/result.json")
    benchmark = catalog.load("llmbar/Natural")
    protocol = benchmark.protocols["default"]
    texts = [
        pair["results"][-1][order]["completion"][0] for pair in published for order in ("swap = False", "swap = True")
    ]
    scores = [
        protocol.scorer(sample, Completion(text, "stop"))
        for sample, text in zip(benchmark.dataset.read("Natural", 0), texts, strict=True)
    ]
    assert sum(score.value for score in scores) / 200 == pytest.approx(0.955)
    assert sum(a.value == b.value == 1 for a, b in zip(scores[::2], scores[1::2], strict=True)) == 93


def test_the_audit_that_the_documents_show_is_the_one_that_is_made(data, tmp_path):
    kept = set(random.Random(0).sample(range(100), 40))
    lines = [
        _row(number, pair, number in kept) for number, pair in enumerate(rows(data, f"{LLMBAR}/GPT-4/CoT/result.json"))
    ]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    code, out, err = sinan(tmp_path, "judge", "audit", "pairs.jsonl", "--json")
    assert code == 0, err
    root = Path(__file__).parents[2]
    for page in ("docs/judges.md", "docs/zh/judges.md"):
        text = (root / page).read_text("utf-8")
        for row in json.loads(out)["judges"][0]["measures"]:
            low, high = row["ci"]
            shown = rf"{row['measure']} +{row['value']:.3f} +\[{low:.3f}, {high:.3f}\] +{row['n']} "
            assert re.search(shown, text), (page, row)


def _row(number, pair, labelled):
    said, named = pair["results"][-1], {"1": "A", "2": "B"}
    row = {"judge": named[said["swap = False"]["winner"]], "judge_swapped": named[said["swap = True"]["winner"]]}
    row |= {"id": str(number), "answer_a": pair["output_1"], "answer_b": pair["output_2"]}
    return row | ({"human": named[str(pair["label"])]} if labelled else {})
