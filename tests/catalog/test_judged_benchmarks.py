"""Benchmarks that judges score, and the one that scores judges: their samples, what judges are shown, the extremes."""

import pytest

from sinan import catalog
from sinan.errors import UsageError
from sinan.types import Completion, Outcome
from tests.scoring.judges.judge import FakeJudge, block, ruling

pytestmark = pytest.mark.usefixtures("mirrored")


def samples(benchmark, protocol):
    dataset = benchmark.protocols[protocol].dataset or benchmark.dataset
    return [sample for subset in dataset.subsets for sample in dataset.read(subset, 0)]


@pytest.mark.parametrize(
    ("name", "size", "groups"),
    [("alpaca_eval", 805, 5), ("arena_hard", 500, 1), ("mt_bench", 80, 8), ("llmbar", 384, 2)],
)
def test_every_sample_is_there_once(name, size, groups):
    benchmark = catalog.load(name)
    for protocol in benchmark.protocols:
        found = samples(benchmark, protocol)
        assert len(found) == len({sample.id for sample in found}) == size == benchmark.dataset.size
        assert len({sample.group for sample in found}) == groups


@pytest.mark.parametrize(
    ("name", "protocol"), [("alpaca_eval", "default"), ("alpaca_eval", "gpt4-turbo"), ("arena_hard", "default")]
)
async def test_a_pair_is_the_answer_and_the_baselines(name, protocol):
    benchmark = catalog.load(name)
    sample, scorer = samples(benchmark, protocol)[7], benchmark.protocols[protocol].scorer
    better = FakeJudge(lambda asked: ruling(verdict="A" if block(asked, "ANSWER A") == "mine" else "B")(asked))
    if name == "arena_hard":
        better = FakeJudge(lambda asked: ruling(verdict="A>>B" if block(asked, "ANSWER A") == "mine" else "B>A")(asked))
    score = await scorer.judge(sample, Completion("mine", "stop"), [better])
    shown = str(better.asked[0][0].messages[-1].content)
    assert score.value == 1.0 and block(shown, "ANSWER A") == sample.metadata["baseline"]
    silent = await scorer.judge(sample, Completion("", "stop"), [better])
    assert (silent.value, silent.outcome) == (0.0, Outcome.UNPARSED)
    assert {metric.of for metric in benchmark.protocols[protocol].metrics} <= {*score.values, "", "disagreement"}


async def test_mt_bench_asks_for_two_grades_with_the_published_prompts():
    benchmark = catalog.load("mt_bench")
    scorer = benchmark.protocols["default"].scorer
    found = {sample.group: sample for sample in samples(benchmark, "default")}
    judge = FakeJudge(lambda asked: f"Fine.\n\nRating: [[{9 if 'second user question' in asked else 6}]]")
    answers = Completion("two", "stop", turns=("one {x}", "two"))
    score = await scorer.judge(found["writing"], answers, [judge])
    assert (score.value, score.values) == (7.5, {"turn_1": 6.0, "turn_2": 9.0})
    first, second = (prompt.messages for prompt, _ in judge.asked)
    assert [message.role for message in first] == ["system", "user"] and "one {x}" in first[1].content
    assert found["writing"].metadata["turns"][0] in second[1].content and "two" in second[1].content
    for group, sample in found.items():
        judge.asked.clear()
        await scorer.judge(sample, answers, [FakeJudge(judge.answer, asked=judge.asked)])
        with_reference = ["Reference" in prompt.messages[1].content for prompt, _ in judge.asked]
        assert with_reference == [group in ("math", "reasoning", "coding")] * 2
    silent = await scorer.judge(found["math"], Completion("", "length", turns=("", "")), [judge])
    assert (silent.value, silent.outcome, silent.values) == (1.0, Outcome.TRUNCATED, {"turn_1": 1.0, "turn_2": 1.0})


@pytest.mark.parametrize(
    ("protocol", "form"),
    [
        ("default", "Output ({})"),
        ("cot", "It does. Therefore, Output ({}) is better."),
        ("swap", "Therefore, Output ({}) is better."),
    ],
)
def test_llmbar_scores_the_gold_verdict_1_and_anything_else_0(protocol, form):
    benchmark = catalog.load("llmbar")
    scorer = benchmark.protocols[protocol].scorer
    for sample in samples(benchmark, protocol)[::7]:
        other = {"a": "b", "b": "a"}[sample.target]
        right = scorer(sample, Completion(form.format(sample.target), "stop"))
        assert (right.value, right.outcome) == (1.0, Outcome.CORRECT)
        assert scorer(sample, Completion(form.format(other), "stop")).outcome == Outcome.WRONG
        for text in ("", sample.target, f"({sample.target})", f"I like Output ({sample.target})", "Both are good."):
            assert scorer(sample, Completion(text, "stop")).outcome == Outcome.UNPARSED
        prompt = benchmark.protocols[protocol].prompt(sample, "chat", ())
        assert sample.metadata["output_a"] in prompt.messages[-1].content


def test_llmbar_asks_every_pair_in_both_orders():
    found = samples(catalog.load("llmbar"), "default")
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert one.unit == other.unit and {one.target, other.target} == {"a", "b"}
        assert one.metadata["output_a"] == other.metadata["output_b"]


@pytest.mark.parametrize(
    ("verdicts", "settled", "value", "calls"),
    [
        ("ab", "", 1.0, 2),
        ("ba", "", 0.0, 2),
        ("aa", "a", 1.0, 3),
        ("bb", "b", 0.0, 3),
        ("a?", "", 1.0, 2),
        ("?b", "", 0.0, 2),
    ],
)
async def test_llmbar_asks_once_more_where_both_orders_contradict_each_other(verdicts, settled, value, calls):
    benchmark = catalog.load("llmbar")
    protocol = benchmark.protocols["swap"]
    sample = next(sample for sample in samples(benchmark, "swap") if sample.target == "a")
    prompt = protocol.prompt(sample, "chat", ())
    says = iter(verdicts)

    def judge(asked):
        if "contradict each other" in asked:
            return f"Output ({settled})"
        letter = next(says)
        return f"Output ({letter}) does it. Therefore, Output ({letter}) is better." if letter != "?" else "Who knows."

    model = FakeJudge(judge)
    completion = await protocol.solver(model, prompt, protocol.chat_sampling)
    assert (protocol.scorer(sample, completion).value, len(model.asked), len(completion.turns)) == (value, calls, calls)
    first, second = (str(asked.messages[-1].content) for asked, _ in model.asked[:2])
    one, other = sample.metadata["output_a"], sample.metadata["output_b"]
    assert f"# Output (a)\n{one}\n\n# Output (b)\n{other}\n" in first
    assert f"# Output (a)\n{other}\n\n# Output (b)\n{one}\n" in second
    if calls == 3:  # both preferred the place of that letter: each of them speaks for one output
        text = str(model.asked[2][0].messages[-1].content)
        for_a, for_b = text.split("## The judge who prefers Output (a)\n")[1].split(
            "## The judge who prefers Output (b)\n"
        )
        assert for_a.startswith("Output (a) does it. Therefore, Output (a)")
        assert for_b.startswith("Output (b) does it. Therefore, Output (b)")


async def test_half_a_conversation_is_not_graded():
    benchmark = catalog.load("mt_bench")
    with pytest.raises(UsageError, match="asks 2 turns, and 1 was answered"):
        await benchmark.protocols["default"].scorer.judge(
            samples(benchmark, "default")[0], Completion("one", "stop"), [FakeJudge(lambda asked: "Rating: [[9]]")]
        )
