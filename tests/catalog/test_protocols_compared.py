"""One benchmark of published data under two protocols: every sample that ends differently has its cause."""

import pytest

import sinan
from sinan import catalog
from tests.comparison_runs import Runs
from tests.server import ChatServer

PROTOCOLS = [
    ("gsm8k", "default", "lm-eval", 4),
    ("mmlu", "default", "generate", 12),
    ("arc_easy", "default", "acc_norm", 60),
    ("arc_easy", "default", "lm-eval", 60),
    ("arc_easy", "acc_norm", "generate", 40),
    ("bbh", "default", "lm-eval", 6),
]

pytestmark = pytest.mark.usefixtures("mirrored")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    with ChatServer(str) as server:
        yield Runs(server, tmp_path)


@pytest.mark.parametrize(("name", "first", "second", "limit"), PROTOCOLS)
def test_a_bundled_model_under_two_protocols_leaves_no_sample_without_a_cause(runs, name, first, second, limit):
    for protocol in (first, second):
        runs.made.append(sinan.run(name, "needle/xs", protocol=protocol, limit=limit, cache=False))
    one = runs.compare()
    assert one.paired.n == limit
    assert all("cannot be told" in note for note in one.notes)  # so few pairs tell little, and that is all there is
    assert all(d.causes and d.detail and "unknown" not in d.causes for d in one.differing)
    assert sum(d.flip for d in one.differing) == sum(one.flips)
    if (first, second) == ("default", "acc_norm"):
        assert sum(one.flips) and {d.causes for d in one.differing} == {("scorer",)}
    if (name, second) == ("arc_easy", "lm-eval"):  # the same prompts and the same rule under two names
        assert not one.differing


def gold_answers(name, limit, say):
    """A server's answer: what `say` makes of the place and the target of the question that is asked last."""
    benchmark = catalog.load(name)
    subset = benchmark.dataset.subsets[0]
    samples = list(benchmark.dataset.read(subset, 0))

    def answer(prompt):
        asked = max((s for s in samples if s.question in prompt), key=lambda s: prompt.rfind(s.question))
        return say(samples.index(asked), asked.target)

    return answer


def test_a_number_that_only_the_lenient_rule_reads_is_told_as_extraction(runs):
    answer = gold_answers("gsm8k", 9, lambda i, target: f"#### {target}" if i % 3 else f"It makes {target}.")
    for protocol in ("default", "lm-eval"):
        runs.ask(answer, target="gsm8k", protocol=protocol, limit=9)
    one = runs.compare()
    assert one.flips[0] >= 1 and one.flips[1] == 0
    assert {d.causes for d in one.differing if d.flip} == {("extraction",)}


def test_a_dropped_last_character_is_told_as_extraction_and_an_end_at_q_as_stop_too(runs):
    def say(i, target):
        return (f"So the answer is {target}", f"Queue: so the answer is {target}.", f"So the answer is {target}.")[
            i % 3
        ]

    whole = gold_answers("bbh", 12, say)
    runs.ask(whole, target="bbh/boolean_expressions", protocol="default", limit=12)
    runs.ask(
        lambda prompt: whole(prompt).partition("Q")[0], target="bbh/boolean_expressions", protocol="lm-eval", limit=12
    )
    one = runs.compare()
    causes = {d.causes for d in one.differing if d.flip}
    # That scorer cuts at Q as well, so that the whole answer would not be read by it either.
    assert causes == {("extraction",), ("stop", "extraction")}
