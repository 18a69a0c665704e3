"""Judges asked once, twice, in both orders and as a panel; rules before them; models that read."""

import json
import re

import pytest

from sinan.errors import ModelError, NoVerdict, RequestRejected, Unsupported, UsageError
from sinan.scoring import ByChoices, Number, by_name
from sinan.scoring.judges import FIVE, Cascade, Extracted, Grade, Harm, Judged, Pairwise, Reference, Rubric
from sinan.types import Completion, Judging, LogLikelihood, Outcome, Reading, Sample, Sampling, Score
from tests.scoring.judges.judge import FakeJudge, block, ruling

SAMPLE = Sample("1", "Capital of France?", "Paris", metadata={"baseline": "The capital of France is Paris."})
ANSWER = Completion("It is Paris.", "stop")
DRAWN = Sampling(temperature=1.0, max_tokens=100)


async def judged(scorer, *answers, sample=SAMPLE, completion=ANSWER, **how):
    judges = [FakeJudge(answer, f"fake/{number}", **how) for number, answer in enumerate(answers)]
    return await scorer.judge(sample, completion, judges), judges


@pytest.mark.parametrize(
    ("label", "value", "outcome", "given"),
    [
        ("correct", 1.0, Outcome.CORRECT, (1.0, 1.0)),
        ("incorrect", 0.0, Outcome.WRONG, (0.0, 1.0)),
        ("not_attempted", 0.0, Outcome.REFUSED, (0.0, 0.0)),
    ],
)
async def test_an_answer_is_graded_by_its_reference(label, value, outcome, given):
    score, (judge,) = await judged(Judged(), ruling(verdict=label))
    assert (score.value, score.outcome, score.answer, score.values["given"]) == (value, outcome, label, given)
    assert score.evidence["judges"][0]["judge"] == "fake/0" and score.evidence["judges"][0]["verdict"] == label
    asked = str(judge.asked[0][0].messages[-1].content)
    assert [block(asked, name) for name in ("QUESTION", "REFERENCE", "ANSWER")] == [
        "Capital of France?",
        "Paris",
        "It is Paris.",
    ]
    assert json.dumps(score.evidence)


async def test_a_choice_is_shown_with_its_options_and_the_text_of_the_right_one():
    sample = Sample("1", "Largest?", "B", ("Moon", "Sun"))
    _, (judge,) = await judged(Judged(), ruling(verdict="correct"), sample=sample)
    asked = str(judge.asked[0][0].messages[-1].content)
    assert block(asked, "QUESTION") == "Largest?\nA. Moon\nB. Sun" and block(asked, "REFERENCE") == "B. Sun"


async def test_thoughts_of_the_answer_are_not_shown_and_turns_are():
    _, (judge,) = await judged(
        Judged(), ruling(verdict="correct"), completion=Completion("<think>x</think>Paris", "stop")
    )
    assert block(str(judge.asked[0][0].messages[-1].content), "ANSWER") == "Paris"
    sample = Sample("1", "One?", "1", metadata={"turns": ["Two?"]})
    answers = Completion("2", "stop", turns=("1", "2"))
    _, (judge,) = await judged(Judged(), ruling(verdict="correct"), sample=sample, completion=answers)
    assert block(str(judge.asked[0][0].messages[-1].content), "ANSWER") == "[1]\n1\n\n[2]\n2"


async def test_a_judge_is_held_to_the_schema_where_it_can_be():
    _, (held,) = await judged(Judged(), ruling(verdict="correct"), capabilities=frozenset({"generate", "schema"}))
    schema = held.asked[0][1].schema
    assert list(schema["properties"]) == schema["required"] == ["reason", "verdict", "check"]
    assert schema["properties"]["verdict"]["enum"] == ["correct", "incorrect", "not_attempted"]
    _, (free,) = await judged(Judged(), ruling(verdict="correct"))
    assert free.asked[0][1].schema is None


async def test_a_judge_that_continues_text_is_asked_in_text():
    score, (judge,) = await judged(Judged(), ruling(verdict="correct"), form="base")
    assert judge.asked[0][0].text.startswith("You grade answers.") and score.value == 1.0


async def test_the_same_judgement_is_the_same_request_and_every_draw_is_another():
    first = (await judged(Judged(), ruling(verdict="correct")))[1][0].asked
    again = (await judged(Judged(), ruling(verdict="correct")))[1][0].asked
    assert first == again
    draws = (await judged(Judged(draws=3, sampling=DRAWN), ruling(verdict="correct")))[1][0].asked
    assert len({prompt.hash for prompt, _ in draws}) == 3 and {how.seed for _, how in draws} == {0, 1, 2}
    with pytest.raises(ValueError, match="temperature above 0"):
        Judged(draws=2)


async def test_grades_are_read_by_criterion():
    rubric = Rubric((Grade("clarity", 1, 5), Grade("truth", 0, 1, whole=False)))
    score, _ = await judged(Judged(rubric), ruling(clarity=4, truth=0.5))
    assert (score.value, score.outcome, score.values) == (2.25, Outcome.MEASURED, {"clarity": 4.0, "truth": 0.5})
    for wrong in (
        {"clarity": 6, "truth": 1},
        {"clarity": 4.5, "truth": 1},
        {"clarity": True, "truth": 1},
        {"clarity": 10**400, "truth": 1},
        {"clarity": float("nan"), "truth": 1},
        {"clarity": 4, "truth": float("inf")},
        {"clarity": 4},
    ):
        with pytest.raises(NoVerdict):
            await judged(Judged(rubric), ruling(**wrong))
    with pytest.raises(ValueError, match="names of their own"):
        Rubric((Grade("reason", 1, 5),))


def prefers(text):
    """A judge that prefers an answer wherever it stands."""
    return lambda asked: ruling(verdict="A" if block(asked, "ANSWER A") == text else "B")(asked)


@pytest.mark.parametrize(
    ("answer", "value", "label", "inconsistent", "first"),
    [
        (prefers("It is Paris."), 1.0, "win", 0.0, 0.0),
        (prefers("The capital of France is Paris."), 0.0, "loss", 0.0, 0.0),
        (ruling(verdict="A"), 0.5, "tie", 1.0, 1.0),
        (ruling(verdict="B"), 0.5, "tie", 1.0, -1.0),
        (ruling(verdict="tie"), 0.5, "tie", 0.0, 0.0),
    ],
)
async def test_a_pair_is_asked_in_both_orders(answer, value, label, inconsistent, first):
    score, (judge,) = await judged(Judged(Pairwise()), answer)
    assert len(judge.asked) == 2 and (score.value, score.answer, score.outcome) == (value, label, Outcome.MEASURED)
    assert (score.values["position_inconsistent"], score.values["prefers_first"]) == (inconsistent, first)
    assert score.values["by_length"] == (value, len("It is Paris.") - len("The capital of France is Paris."))


@pytest.mark.parametrize(
    ("second", "first", "weighted"),
    [
        ("B>>A", "A>>B", (6.0, 6.0)),
        ("B>A", "A>>B", (4.0, 4.0)),
        ("A>B", "B>>A", (0.0, 4.0)),
        ("A=B", "A>B", (1.5, 2.0)),
    ],
)
async def test_a_verdict_of_much_better_counts_three_times(second, first, weighted):
    def answer(asked):
        return ruling(verdict=first if block(asked, "ANSWER A") == "It is Paris." else second)(asked)

    score, _ = await judged(Judged(Pairwise(FIVE)), answer)
    assert score.values["weighted"] == weighted


def marked(mark):
    """Ends with the mark and the code that was asked for."""
    return lambda asked: f"Both.\nFinal verdict: {mark} {re.findall('code ([0-9a-f]{12})', asked)[-1]}"


async def test_marks_stand_in_for_the_object_where_they_are_asked_for():
    score, (judge,) = await judged(Judged(Pairwise(FIVE, marks=True)), marked("[[A=B]]"))
    assert score.answer == "tie" and "[[A>>B]]" in str(judge.asked[0][0].messages[-1].content)
    score, _ = await judged(Judged(Pairwise(marks=True)), marked("[[C]]"))
    assert (score.value, score.values["position_inconsistent"]) == (0.5, 0.0)
    with pytest.raises(NoVerdict, match="does not end with the check code"):
        await judged(Judged(Pairwise(marks=True)), lambda asked: "Final verdict: [[A]]")


async def test_a_judge_without_a_verdict_is_asked_once_more_and_that_is_kept():
    says = iter(["It is correct.", ruling(verdict="incorrect")])

    def answer(asked):
        said = next(says)
        return said if isinstance(said, str) else said(asked)

    score, (judge,) = await judged(Judged(), answer)
    assert (score.outcome, len(judge.asked)) == (Outcome.WRONG, 2)
    assert judge.asked[0][0].hash != judge.asked[1][0].hash
    assert score.evidence["judges"][0]["attempt"] == 1
    with pytest.raises(NoVerdict):
        await judged(Judged(tries=1), lambda asked: "It is correct.")


async def test_a_pair_without_a_baseline_is_refused_in_words():
    with pytest.raises(UsageError, match="no `baseline`"):
        await judged(Judged(Pairwise()), ruling(verdict="A"), sample=Sample("1", "?", ""))


async def test_log_likelihoods_weigh_a_verdict_where_the_judge_gives_them():
    class Weighing(FakeJudge):
        async def loglikelihood(self, prompt):
            self.asked.append((prompt, Sampling()))
            values = [LogLikelihood(-0.5, 1, True), LogLikelihood(-0.5 - 1.0986122886681098, 1, False)]
            return Completion("", "stop", loglikelihoods=tuple(values))

    able = Weighing(lambda asked: "", capabilities=frozenset({"generate", "loglikelihood"}))
    scorer = Judged(Pairwise(("A", "B"), "second", weighed=True))
    score = await scorer.judge(SAMPLE, ANSWER, [able])
    assert score.value == pytest.approx(0.25) and score.values["discrete_win_rate"] == 0.0
    assert able.asked[0][0].continuations == ("A", "B")
    with pytest.raises(Unsupported, match="no log-likelihoods"):
        await judged(scorer, ruling(verdict="A"))


async def test_a_panel_decides_by_majority_and_says_that_it_was_not_of_one_mind():
    right, wrong = ruling(verdict="correct"), ruling(verdict="incorrect")
    score, _ = await judged(Judged(), right, wrong, right)
    assert (score.value, score.outcome, score.values["disagreement"]) == (1.0, Outcome.CORRECT, 1.0)
    assert score.explanation == "judged correct by 3: correct, incorrect, correct"
    score, _ = await judged(Judged(), right, right)
    assert score.values["disagreement"] == 0.0
    assert [one["judge"] for one in score.evidence["judges"]] == ["fake/0", "fake/1"]


async def test_a_panel_that_is_split_decides_nothing():
    score, _ = await judged(Judged(), ruling(verdict="correct"), ruling(verdict="incorrect"))
    assert (score.value, score.outcome, score.answer) == (0.5, Outcome.MEASURED, None)
    assert score.explanation == "judged split by 2: correct, incorrect"


async def test_a_panel_gives_the_mean_of_its_grades():
    score, _ = await judged(Judged(Rubric()), ruling(quality=4), ruling(quality=9))
    assert (score.value, score.values["quality"], score.values["disagreement"]) == (6.5, 6.5, 5.0)


async def test_draws_of_one_judge_are_settled_before_judges_are():
    came = iter(["correct", "incorrect", "correct", "incorrect", "incorrect", "incorrect"])
    score, _ = await judged(Judged(draws=3, sampling=DRAWN), lambda asked: ruling(verdict=next(came))(asked))
    assert (score.value, score.values["self_disagreement"]) == (1.0, 1.0)


async def test_a_panel_of_which_one_gives_no_verdict_has_failed():
    with pytest.raises(NoVerdict, match="fake/1"):
        await judged(Judged(), ruling(verdict="correct"), lambda asked: "correct")


async def test_a_judge_that_does_not_answer_fails_as_what_it_is():
    def broken(asked):
        raise RequestRejected("too long")

    with pytest.raises(ModelError, match="too long"):
        await judged(Judged(), broken)


@pytest.mark.parametrize(
    ("finish", "outcome"), [("stop", Outcome.UNPARSED), ("length", Outcome.TRUNCATED), ("refusal", Outcome.REFUSED)]
)
@pytest.mark.parametrize(
    ("kind", "value"), [(Reference(), 0.0), (Rubric(), 1.0), (Pairwise(), 0.0), (Pairwise(FIVE), 0.0)]
)
async def test_where_nothing_was_answered_no_judge_is_asked_and_every_metric_has_its_worst(
    finish, outcome, kind, value
):
    score, (judge,) = await judged(Judged(kind), ruling(), completion=Completion(" \n", finish))
    assert (score.value, score.outcome, judge.asked) == (value, outcome, [])
    named = {metric.of for metric in kind.metrics} - {"", "position_inconsistent", "prefers_first"}
    assert named <= set(score.values)


@pytest.mark.parametrize("scorer", [Judged(), Judged(Rubric()), Judged(Pairwise()), Extracted(), Cascade(Number())])
def test_a_scorer_that_asks_judges_says_so_where_there_are_none(scorer):
    assert isinstance(scorer, Judging)
    with pytest.raises(Unsupported, match="--judge MODEL"):
        scorer(Sample("1", "?", "4"), Completion("It may be that there are many of them", "stop"))


def test_the_prompt_is_part_of_the_repr_which_versions_hash():
    assert "You grade answers" in repr(Judged()) and repr(Judged()) != repr(Judged(Reference(task="Be kind.")))
    for name in ("judge", "judge-rubric", "judge-pairwise", "cascade", "model-extractor"):
        assert isinstance(by_name(name), Judging)


class Unsure:
    """A rule that infers."""

    def __call__(self, sample, completion):
        reading = Reading(completion.text, "the last word", sure=False)
        right = completion.text == sample.target
        return Score(
            float(right), Outcome.CORRECT if right else Outcome.WRONG, reading.answer, "inferred", readings=(reading,)
        )


NUMBER = Sample("1", "2 + 2?", "4")


async def test_a_cascade_asks_no_judge_where_the_rule_is_sure():
    scorer = Cascade(Number())
    score, (judge,) = await judged(
        scorer, ruling(verdict="incorrect"), sample=NUMBER, completion=Completion("ANSWER: 4", "stop")
    )
    assert (score.value, score.values["judged"], judge.asked) == (1.0, 0.0, [])
    assert score.evidence["cascade"]["decided_by"] == "rule"
    assert scorer(NUMBER, Completion("ANSWER: 5", "stop")).value == 0.0


@pytest.mark.parametrize("rule", [Unsure(), Number()])
async def test_a_cascade_asks_the_judge_where_the_rule_infers_or_reads_nothing(rule):
    score, (judge,) = await judged(
        Cascade(rule), ruling(verdict="correct"), sample=NUMBER, completion=Completion("four", "stop")
    )
    assert (score.value, score.values["judged"], len(judge.asked)) == (1.0, 1.0, 1)
    assert "the rule was not sure" in score.explanation and score.values["rule_agrees"] == 0.0
    assert score.evidence["cascade"]["decided_by"] == "judge"


async def test_a_cascade_asks_the_judge_where_other_words_may_mean_the_same():
    other = Completion("ANSWER: the City of Light", "stop")
    score, (judge,) = await judged(Cascade(), ruling(verdict="correct"), completion=other)
    assert (score.value, len(judge.asked)) == (1.0, 1)
    score, (judge,) = await judged(Cascade(words=False), ruling(verdict="correct"), completion=other)
    assert (score.value, judge.asked) == (0.0, [])
    score, (judge,) = await judged(Cascade(), ruling(), completion=Completion("ANSWER: Paris", "stop"))
    assert (score.value, judge.asked) == (1.0, [])


async def test_a_cascade_does_not_ask_about_what_was_cut():
    score, (judge,) = await judged(
        Cascade(Number()), ruling(), sample=NUMBER, completion=Completion("Let me see", "length")
    )
    assert (score.outcome, judge.asked) == (Outcome.TRUNCATED, [])


async def test_a_model_reads_the_answer_beside_the_rule():
    text = "First 3, then 4. So there are four, that is 4 birds. I have 7 fingers."
    score, (judge,) = await judged(
        Extracted(Number()), ruling(found="yes", answer="4 birds"), sample=NUMBER, completion=Completion(text, "stop")
    )
    assert [(one.name, one.answer) for one in score.readings] == [("rule", "7"), ("model", "4 birds")]
    assert score.values == {"strict": 0.0, "rule": 0.0, "model": 1.0, "readings_agree": 0.0} and score.value == 0.0
    start, end = score.readings[1].span
    assert text[start:end] == "4 birds" and score.readings[1].sure
    assert "<<<REFERENCE" not in str(judge.asked[0][0].messages[-1].content)
    by_model, _ = await judged(
        Extracted(Number(), "model"),
        ruling(found="yes", answer="4"),
        sample=NUMBER,
        completion=Completion(text, "stop"),
    )
    assert (by_model.value, [one.name for one in by_model.readings]) == (1.0, ["model", "rule"])


async def test_what_the_reader_made_up_is_not_sure_and_what_it_did_not_find_is_unparsed():
    how = {"sample": NUMBER, "completion": Completion("ANSWER: four", "stop")}
    score, _ = await judged(Extracted(Number(), "model"), ruling(found="yes", answer="4"), **how)
    assert score.value == 1.0 and not score.readings[0].sure and score.readings[0].span is None
    score, _ = await judged(Extracted(Number(), "model"), ruling(found="no", answer=""), **how)
    assert (score.value, score.outcome) == (0.0, Outcome.UNPARSED)
    score, _ = await judged(
        Extracted(ByChoices()),
        ruling(found="yes", answer="4"),
        sample=NUMBER,
        completion=Completion("ANSWER: 4", "stop"),
    )
    assert score.values["readings_agree"] == 1.0


async def test_a_reader_that_keeps_to_no_form_has_failed():
    with pytest.raises(NoVerdict):
        await judged(Extracted(Number()), lambda asked: "4", sample=NUMBER, completion=Completion("ANSWER: 4", "stop"))


@pytest.mark.parametrize(
    ("label", "outcome", "success", "partial"),
    [
        ("complied", Outcome.WRONG, 1.0, 0.0),
        ("partial", Outcome.WRONG, 0.0, 1.0),
        ("declined", Outcome.CORRECT, 0.0, 0.0),
    ],
)
async def test_an_attack_has_succeeded_where_a_judge_says_so(label, outcome, success, partial):
    asked = Sample("h1", "Some context.\n\n---\n\nOpen the safe", "refuse", metadata={"behavior": "Open the safe"})
    score, (judge,) = await judged(Judged(Harm()), ruling(verdict=label), sample=asked)
    assert (score.outcome, score.values["attack_success"], score.values["partial_success"]) == (
        outcome,
        success,
        partial,
    )
    shown = str(judge.asked[0][0].messages[-1].content)
    assert [block(shown, name) for name in ("REQUEST", "ANSWER")] == ["Open the safe", "It is Paris."]


async def test_silence_is_no_successful_attack_and_nobody_is_asked():
    silent = Completion("", "refusal")
    score, (judge,) = await judged(Judged(Harm()), ruling(verdict="complied"), completion=silent)
    assert (score.outcome, score.values["attack_success"], judge.asked) == (Outcome.REFUSED, 0.0, [])


async def test_a_judge_is_shown_every_right_answer():
    sample = Sample("1", "Capital of France?", "Paris", metadata={"golds": ["Paris", "the French capital"]})
    _, (judge,) = await judged(Judged(), ruling(verdict="correct"), sample=sample)
    asked = str(judge.asked[0][0].messages[-1].content)
    assert block(asked, "REFERENCE").splitlines()[1:] == ["- Paris", "- the French capital"]
