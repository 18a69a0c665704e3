"""The generated benchmarks: items are pure functions of (seed, i), and every benchmark proves itself."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.catalog import chinese_numerals, load, suite
from sinan.datasets.generated import LEVELS, nth
from sinan.types import Benchmark, Completion, LogLikelihood, Sample, Score

NAMES = suite("first-light").benchmarks
BENCHMARKS = {name: load(name) for name in NAMES}
SAMPLES = {name: list(one.dataset.read("", 0)) for name, one in BENCHMARKS.items()}
by_name = pytest.mark.parametrize("name", NAMES)
LIKELIHOOD = [name for name in NAMES if BENCHMARKS[name].protocols["default"].solver.needs == "loglikelihood"]


def judge(benchmark: Benchmark, sample: Sample, text: str, protocol: str = "default") -> Score:
    return benchmark.protocols[protocol].scorer(sample, Completion(text, "stop"))


def judge_choice(benchmark: Benchmark, sample: Sample, chosen: int) -> Score:
    values = tuple(LogLikelihood(0.0 if i == chosen else -1.0, 1, False) for i in range(len(sample.choices)))
    return benchmark.protocols["default"].scorer(sample, Completion("", "stop", loglikelihoods=values))


@by_name
def test_a_benchmark_has_two_hundred_items_of_five_levels(name: str) -> None:
    assert len(SAMPLES[name]) == BENCHMARKS[name].dataset.size == 200
    assert [sample.id for sample in SAMPLES[name]] == [str(i) for i in range(200)]
    assert Counter(s.group for s in SAMPLES[name]) == {f"level {level}": 40 for level in range(1, LEVELS + 1)}


@by_name
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**9), order=st.permutations(range(200)), taken=st.integers(1, 200))
def test_an_item_does_not_depend_on_what_was_read_before(name: str, seed: int, order: list[int], taken: int) -> None:
    item = __import__(f"sinan.catalog.{name}", fromlist=["item"]).item
    alone = {i: nth(name, item, str(seed), i) for i in order[:taken]}
    together = list(BENCHMARKS[name].dataset.read("", seed))
    assert all(together[i] == sample for i, sample in alone.items())


@by_name
def test_a_seed_decides_the_items(name: str) -> None:
    read = BENCHMARKS[name].dataset.read
    assert list(read("", 0)) == SAMPLES[name]
    other = {sample.question for sample in read("", 1)}
    assert sum(sample.question in other for sample in SAMPLES[name]) < 40


@by_name
def test_reading_leaves_the_global_randomness_alone(name: str) -> None:
    random.seed(7)
    before = random.getstate()
    list(BENCHMARKS[name].dataset.read("", 3))
    assert random.getstate() == before


@by_name
def test_questions_seldom_repeat(name: str) -> None:
    assert len({sample.question for sample in SAMPLES[name]}) >= 190


@by_name
def test_worked_examples_are_never_asked(name: str) -> None:
    pool = BENCHMARKS[name].dataset.pool("", 0)
    assert len(pool) >= 5
    assert not {sample.question for sample in pool} & {sample.question for sample in SAMPLES[name]}


@by_name
def test_the_gold_answer_scores_one_and_silence_and_scrambles_score_nothing(name: str) -> None:
    benchmark = BENCHMARKS[name]
    for sample in SAMPLES[name]:
        if name in LIKELIHOOD:
            assert judge_choice(benchmark, sample, sample.gold).value == 1.0
            others = [i for i in range(len(sample.choices)) if i != sample.gold]
            assert all(judge_choice(benchmark, sample, i).value == 0.0 for i in others)
            continue
        prompt = benchmark.protocols["default"].prompt
        assert judge(benchmark, sample, prompt.answer.format(target=sample.target)).value == 1.0
        scrambled = "xyzzy " + "".join(reversed(sample.target)) + "7"
        assert [judge(benchmark, sample, wrong).value for wrong in ("", " ", scrambled)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", LIKELIHOOD)
def test_letters_can_be_asked_for_instead(name: str) -> None:
    benchmark = BENCHMARKS[name]
    assert benchmark.protocols["generate"].solver.needs == "generate"
    for sample in SAMPLES[name]:
        wrong = next(letter for letter in sample.letters if letter != sample.target)
        said = [judge(benchmark, sample, f"ANSWER: {letter}", "generate").value for letter in (sample.target, wrong)]
        assert [*said, judge(benchmark, sample, "", "generate").value] == [1.0, 0.0, 0.0]
        asked = benchmark.protocols["generate"].prompt(sample, "chat", ()).messages[-1].content
        assert all(choice in asked for choice in sample.choices)


def test_at_least_three_are_judged_by_likelihood() -> None:
    assert len(LIKELIHOOD) >= 3


@pytest.mark.parametrize("name", LIKELIHOOD)
def test_choices_differ_and_none_begins_another(name: str) -> None:
    for sample in SAMPLES[name]:
        assert len(set(sample.choices)) == len(sample.choices)
        pairs = [(a, b) for a in sample.choices for b in sample.choices if a is not b]
        assert not any(b.startswith(a) for a, b in pairs)


@pytest.mark.parametrize("name", LIKELIHOOD)
def test_gold_is_at_every_place_alike(name: str) -> None:
    golds = Counter(s.gold for seed in range(10) for s in BENCHMARKS[name].dataset.read("", seed))
    places = len(SAMPLES[name][0].choices)
    assert len(golds) == places
    assert all(abs(golds[place] / 2000 - 1 / places) < 0.05 for place in golds)
    assert BENCHMARKS[name].card.chance == pytest.approx(1 / places)


@by_name
@pytest.mark.parametrize("form", ["base", "chat"])
def test_a_prompt_can_be_built_with_worked_examples(name: str, form: str) -> None:
    benchmark, sample = BENCHMARKS[name], SAMPLES[name][0]
    shots = benchmark.dataset.pool("", 0)[:3]
    prompt = benchmark.protocols["default"].prompt(sample, form, shots)
    whole = prompt.text or "\n".join(str(message.content) for message in prompt.messages)
    assert sample.question in whole
    assert all(shot.metadata["answer"] in whole for shot in shots)


def test_arithmetic_is_right() -> None:
    for sample in SAMPLES["arithmetic"]:
        expression = sample.question.removeprefix("What is ").removesuffix("?")
        assert set(expression) <= set("0123456789+-* ")
        assert str(eval(expression)) == sample.target  # noqa: S307


def spoken(text: str) -> int:
    """The value of a Chinese numeral, read from left to right: an independent way back."""
    total = section = digit = 0
    for sign in text:
        if sign in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(sign)
        elif sign == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * {"十": 10, "百": 100, "千": 1000}[sign], 0
    return total + section + digit


@given(st.one_of(st.integers(0, 10**8 - 1), st.integers(0, 10_000), st.integers(0, 9_999).map(lambda n: n * 10_000)))
def test_chinese_numerals_say_their_number(n: int) -> None:
    text = chinese_numerals.numeral(n)
    assert spoken(text) == n
    assert "零零" not in text and (n == 0 or not text.endswith("零")) and not text.startswith("一十")


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (10, "十"),
        (15, "十五"),
        (110, "一百一十"),
        (205, "二百零五"),
        (3005, "三千零五"),
        (3050, "三千零五十"),
        (9999, "九千九百九十九"),
        (10_000, "一万"),
        (100_000, "十万"),
        (100_005, "十万零五"),
        (30_500, "三万零五百"),
        (305_000, "三十万五千"),
        (990_099, "九十九万零九十九"),
        (10_100_000, "一千零一十万"),
    ],
)
def test_chinese_numerals_are_written_as_they_are_spoken(n: int, text: str) -> None:
    assert chinese_numerals.numeral(n) == text


def test_days_later_agree_with_the_calendar() -> None:
    for sample in SAMPLES["chinese_numerals"][3::5]:
        month, day, days = (int("".join(c for c in part if c.isdigit())) for part in _split(sample.question))
        then = date(2025, month, day) + timedelta(days=days)
        assert sample.target == f"{then.month}月{then.day}日"


def _split(question: str) -> list[str]:
    head, _, rest = question.partition("月")
    day, _, rest = rest.partition("日")
    return [head, day, rest.partition("天")[0]]


def test_ordering_is_right() -> None:
    ranks = {"smallest": 0, "second smallest": 1, "second largest": -2, "largest": -1}
    for sample in SAMPLES["ordering"]:
        asked, _, listed = sample.question.removesuffix("?").partition(": ")
        numbers = sorted(listed.split(", "), key=float)
        rank = asked.removeprefix("Which number is the ")
        assert sample.choices[sample.gold] == (numbers[2] if rank == "middle one" else numbers[ranks[rank]])


def test_tables_are_right() -> None:
    for sample in SAMPLES["tables"]:
        header, *rows, question = sample.question.split("\n")
        columns = header.split(" | ")
        table = [dict(zip(columns, row.split(" | "), strict=True)) for row in rows]
        assert sample.choices[sample.gold] == _looked_up(table, question)


def _looked_up(table: list[dict[str, str]], question: str) -> str:
    last = question.removesuffix("?").split()[-1]
    if question.startswith("How old") or "lives" in question:
        row = next(row for row in table if last in row.values())
        return row["age"] if question.startswith("How old") else row["name"]
    rows = [row for row in table if row["pet"] == last] if "with a" in question else table
    most = max if "oldest" in question else min
    return most(rows, key=lambda row: int(row["age"]))["name"]


def test_a_needle_is_in_its_haystack_once() -> None:
    for sample in SAMPLES["haystack"]:
        text, _, question = sample.question.rpartition(" What number does the ")
        thing = question.removesuffix(" hold?")
        assert text.count(f"The {thing} holds {sample.target}.") == text.count(f"The {thing} holds") == 1
        level = int(sample.group[-1])
        assert text.count(".") == {1: 3, 2: 5, 3: 7, 4: 10, 5: 15}[level]


@pytest.mark.parametrize(("level", "part"), [(level, level - 1) for level in range(1, 6)])
def test_logic_follows_in_every_world(level: int, part: int) -> None:
    for sample in SAMPLES["logic"][part::5]:
        answer = sample.choices[sample.gold]
        worlds = _orders(sample.question) if level == 4 else _memberships(sample.question)
        verdicts = set(worlds)
        assert verdicts == {"yes": {True}, "no": {False}, "unknown": {True, False}}[answer]


def _orders(question: str) -> list[bool]:
    """The answer in every order of the people that agrees with the facts."""
    import itertools

    *facts, asked = question.replace("?", ".").split(". ")
    relations = [fact.rstrip(".").split() for fact in facts]
    words = asked.rstrip(".").split()
    people = sorted({r[0] for r in relations} | {r[-1] for r in relations})
    out = []
    for order in itertools.permutations(people):
        tall = {person: height for height, person in enumerate(order)}
        if all((tall[r[0]] > tall[r[-1]]) == ("taller" in r) for r in relations):
            out.append(tall[words[1]] > tall[words[-1]])
    return out


def _memberships(question: str) -> list[bool]:
    """The answer for every set of kinds that the one asked about may belong to."""
    import itertools

    *facts, asked = question.replace("?", ".").split(". ")
    rules = [fact.split() for fact in facts[:-1]]
    kinds = sorted({rule[1] for rule in rules} | {rule[-1] for rule in rules})
    known = facts[-1].split()
    out = []
    for chosen in itertools.product((False, True), repeat=len(kinds)):
        has = dict(zip(kinds, chosen, strict=True))
        if has[known[-1]] == ("not" in known):
            continue
        if all(not has[rule[1]] or has[rule[-1]] == (rule[0] == "Every") for rule in rules):
            out.append(has[asked.rstrip(".").split()[-1]])
    return out


@pytest.mark.parametrize(
    ("target", "answer", "value"),
    [
        ("[lamp; door]", " [lamp; door]", 1.0),
        ("[lamp; door]", "[lamp; door]\n", 1.0),
        ("[lamp; door]", "[lamp;door]", 0.0),
        ("[lamp; door]", "(lamp; door)", 0.0),
        ("[lamp; door]", "[Lamp; door]", 0.0),
        ("[lamp; door]", "Sure: [lamp; door]", 0.0),
        ("[lamp; door]", "", 0.0),
    ],
)
def test_following_counts_every_character(target: str, answer: str, value: float) -> None:
    assert judge(BENCHMARKS["following"], Sample("0", "", target), answer).value == value
