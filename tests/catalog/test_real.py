"""Every benchmark of published data proves itself on the real rows: gold scores 1, silence and wrong answers 0."""

import json

import pytest

from sinan import catalog
from sinan.prompts import few_shot
from sinan.scoring import After
from sinan.types import Completion, LogLikelihood, Outcome, Sample

SIZES = {
    "gsm8k": 1319,
    "mmlu": 14042,
    "ceval": 1346,
    "arc_easy": 2376,
    "arc_challenge": 1172,
    "boolq": 3270,
    "truthfulqa_mc1": 790,
    "bbh": 6511,
    "math_vision": 304,
    "math": 5000,
    "math_500": 500,
    "gsm_hard": 1319,
    "asdiv": 2215,
    "mathqa": 1000,
    "mmlu_pro": 12032,
    "mathvista": 1000,
}
SUBSETS = {"mmlu": 57, "ceval": 52, "bbh": 27, "math": 7}
PROTOCOLS = [
    *((name, "default") for name in SIZES if name not in ("mmlu_pro", "mathvista")),
    ("gsm8k", "zero-shot"),
    ("arc_easy", "acc_norm"),
    ("arc_challenge", "acc_norm"),
    ("mathqa", "acc_norm"),
    *((name, "generate") for name in ("mmlu", "ceval", "arc_easy", "arc_challenge", "boolq", "truthfulqa_mc1")),
    *((name, "cot") for name in ("mmlu", "ceval", "arc_easy", "arc_challenge", "mathqa")),
]

pytestmark = pytest.mark.usefixtures("mirrored")
everyone = pytest.mark.parametrize("name", SIZES)
protocols = pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)


@pytest.fixture(scope="module")
def rows():
    """Samples by benchmark, each read once."""
    read: dict[str, tuple[object, list[Sample]]] = {}

    def get(name):
        if name not in read:
            benchmark = catalog.load(name)
            dataset = benchmark.dataset
            read[name] = (benchmark, [s for subset in dataset.subsets for s in dataset.read(subset, 0)])
        return read[name]

    return get


@everyone
def test_a_card_counts_what_is_there_and_ids_are_unique(rows, name):
    benchmark, samples = rows(name)
    assert len(samples) == benchmark.dataset.size == SIZES[name]
    assert len({sample.id for sample in samples}) == len(samples)
    assert len(benchmark.dataset.subsets) == SUBSETS.get(name, 1)
    assert all(sample.question.strip() and sample.target for sample in samples)
    assert all(sample.gold >= 0 for sample in samples if sample.choices)
    if name in SUBSETS:
        assert {sample.group for sample in samples} == set(benchmark.dataset.subsets)


@everyone
def test_samples_come_in_the_same_order_whatever_the_seed(rows, name):
    benchmark, samples = rows(name)
    again = [s for subset in benchmark.dataset.subsets[:3] for s in benchmark.dataset.read(subset, 7)]
    assert again == samples[: len(again)]


@protocols
def test_gold_scores_one_and_silence_and_a_wrong_answer_score_nothing(rows, name, protocol):
    benchmark, samples = rows(name)
    scorer, solver = benchmark.protocols[protocol].scorer, benchmark.protocols[protocol].solver
    for sample in samples:
        likelihoods = solver.needs == "loglikelihood"
        for gold in golds(sample, name) if not likelihoods else [likely(sample, sample.gold)]:
            score = scorer(sample, gold)
            assert (score.value, score.outcome) == (1.0, Outcome.CORRECT), (sample, gold, score)
        score = scorer(sample, likely(sample, sample.gold - 1) if likelihoods else wrong(sample, name))
        assert (score.value, score.outcome) == (0.0, Outcome.WRONG), (sample, score)
        score = scorer(sample, Completion("", "stop"))
        assert (score.value, score.outcome) == (0.0, Outcome.UNPARSED), (sample, score)


@protocols
@pytest.mark.parametrize("form", ["base", "chat"])
def test_a_prompt_asks_the_question_and_does_not_answer_it(rows, name, protocol, form):
    benchmark, samples = rows(name)
    chosen = benchmark.protocols[protocol]
    for sample in samples[:: max(1, len(samples) // 400)]:
        prompt = chosen.prompt(sample, form, shots(benchmark, chosen, sample))
        text = prompt.text or "\n".join(text_of(message) for message in prompt.messages)
        words = sample.question if name != "math_vision" else max(sample.question.split("<image1>"), key=len)
        assert text.count(words.strip()) >= 1
        rest = text.rpartition(words.strip())[2]
        assert f"ANSWER: {sample.target}" not in rest
        assert "{" not in rest.replace(sample.question, "").replace("\\boxed{}", "") or any(
            "{" in choice for choice in sample.choices
        )
        assert str(sample.metadata.get("worked", "\0")) not in text
        assert len(prompt.continuations) == (len(sample.choices) if chosen.solver.needs == "loglikelihood" else 0)
        assert len(prompt.images) == (1 if name == "math_vision" else 0)


@pytest.mark.parametrize("name", ["gsm8k", "mmlu", "ceval"])
def test_worked_examples_never_hold_the_question(rows, name):
    benchmark, samples = rows(name)
    chosen = benchmark.protocols["default"]
    for sample in samples[:: max(1, len(samples) // 500)]:
        examples = shots(benchmark, chosen, sample)
        assert len(examples) == chosen.shots == 5
        asked = (sample.question, sample.choices)
        assert all((example.question, example.choices) != asked for example in examples)


def test_bbh_prompts_never_hold_the_question_and_no_canary(rows):
    benchmark, samples = rows("bbh")
    for sample in samples:
        text = benchmark.protocols["default"].prompt(sample, "base", ()).text
        assert text.count(f"Q: {sample.question}\nA:") == 1
        assert "canary" not in text


def test_every_task_of_bbh_has_three_worked_examples_with_their_reasoning(rows):
    benchmark, _ = rows("bbh")
    pool = benchmark.protocols["lm-eval"].dataset.pool
    for task in benchmark.dataset.subsets:
        worked = pool(task, 0)
        assert len(worked) == 3
        assert all("the answer is" in one.metadata["worked"] and "step by step" not in str(one) for one in worked)


def test_the_right_answer_of_truthfulqa_stands_at_every_place(rows):
    _, samples = rows("truthfulqa_mc1")
    four = [sample for sample in samples if len(sample.choices) == 4]
    places = [sum(sample.target == letter for sample in four) / len(four) for letter in "ABCD"]
    assert min(places) > 0.15


PUBLISHED = {
    ("cot", "boolean_expressions"): 92.8,
    ("cot", "date_understanding"): 87.2,
    ("cot", "sports_understanding"): 97.6,
    ("direct", "boolean_expressions"): 88.4,
    ("direct", "date_understanding"): 63.6,
    ("direct", "sports_understanding"): 72.8,
}


@pytest.mark.parametrize(("kind", "task"), PUBLISHED)
def test_the_published_outputs_of_bbh_have_their_published_accuracy(data, kind, task):
    outputs = published(data, kind, task)
    values = [After()(Sample("", "", o["target"]), Completion(o["prediction"], "stop")).value for o in outputs]
    assert round(100 * sum(values) / len(values), 4) == PUBLISHED[kind, task]


@pytest.mark.parametrize("task", [task for kind, task in PUBLISHED if kind == "cot"])
def test_our_prompt_of_bbh_is_the_published_one(rows, data, task):
    benchmark, samples = rows("bbh")
    ours = [benchmark.protocols["default"].prompt(s, "base", ()).text for s in samples if s.group == task]
    assert ours == [output["input"] for output in published(data, "cot", task)]


def published(data, kind, task):
    folder = data / "text/bbh/code-davinci-002-outputs" / f"code-davinci-002-{kind}"
    return json.loads((folder / f"{task}_few_shot_template_0-255000.json").read_text("utf-8"))["outputs"]


def golds(sample, name):
    """Right answers as a model may write them."""
    if name == "bbh":
        texts = [f"Some thought.\nSo the answer is {sample.target}."]
    elif name == "gsm8k":
        texts = [f" {sample.metadata['worked']}", f"ANSWER: {sample.target}", f"**ANSWER: ${sample.target}**"]
    elif sample.choices:
        texts = [f"Some thought.\nANSWER: {sample.target}", f" {sample.target}", f"答案：{sample.target}"]
    else:
        texts = [f"Some thought.\nANSWER: {sample.target}", f"\\boxed{{{sample.target}}}"]
    return [Completion(text, "stop") for text in texts]


def wrong(sample, name):
    if sample.choices:
        return Completion(f"ANSWER: {sample.letters[sample.gold - 1]}", "stop")
    return Completion("So the answer is 987654.5." if name == "bbh" else "ANSWER: 987654.5", "stop")


def likely(sample, best):
    values = [-1000.0] * len(sample.choices)
    values[best] = -0.001
    return Completion("", "stop", loglikelihoods=tuple(LogLikelihood(value, 1, False) for value in values))


def shots(benchmark, protocol, sample):
    subset = sample.group if len(benchmark.dataset.subsets) > 1 else ""
    return (protocol.few_shot or few_shot.first)(0, sample, benchmark.dataset.pool(subset, 0), protocol.shots)


def text_of(message):
    if isinstance(message.content, str):
        return message.content
    return "".join(part.text for part in message.content if hasattr(part, "text"))
