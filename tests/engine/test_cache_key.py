"""The key of an answer: every difference that decides it counts, and nothing else does."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sinan.engine.cache import Keys
from sinan.solving import Likelihood, OneTurn
from sinan.statistics import accuracy
from sinan.types import Cell, Message, Prompt, Protocol, Question, Sample, Sampling
from tests.fakes import FakeModel, Same

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Twice:
    """Somebody's own solver."""

    turns: int = 2
    needs: str = "generate"

    async def __call__(self, model, prompt, sampling):
        raise NotImplementedError


class Mute:
    """A solver that does not say what it is."""

    needs = "generate"

    async def __call__(self, model, prompt, sampling):
        raise NotImplementedError


@dataclass(frozen=True)
class Request:
    """Everything that a key is about, flat."""

    name: str = "fake/one"
    identity: Any = None
    solver: Any = OneTurn()
    version: str = "v"
    prompt: Prompt = Prompt(text="1 + 1 =")
    draw: int = 0
    seed: int = 0
    temperature: Any = 0.7
    max_tokens: Any = 16
    top_p: Any = None
    stop: tuple[str, ...] = ()
    sent_seed: Any = None
    extra: Any = None

    @property
    def cell(self) -> Cell:
        model = FakeModel(str, name=self.name, identity=self.identity or {})
        protocol = Protocol(prompt=None, solver=self.solver, scorer=Same())  # type: ignore[arg-type]
        return Cell("toy", model, protocol, self.sampling, accuracy, ())

    @property
    def sampling(self) -> Sampling:
        known = (self.temperature, self.max_tokens, self.top_p, self.stop, self.sent_seed)
        return Sampling(*known, extra=self.extra or {})

    @property
    def question(self) -> Question:
        return Question(Sample("1", "q", "t"), self.prompt, self.draw, self.seed, self.prompt.hash)


def key(request, keys=None):
    return (keys or Keys({"toy": request.version})).key(request.cell, request.question, request.sampling)


# Few and short values, so that two of them are often equal, or alike but for a type or a border.
TEXT = st.text("a1:/,\ud83d\ude00\U0001f600", max_size=3)
NUMBER = st.sampled_from([0, 1, 1.0, True, -1, 0.5, 10])
JSON = st.recursive(
    st.none() | NUMBER | TEXT, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2)
)
OBJECT = st.dictionaries(st.sampled_from(["url", "model", "a", "1"]), JSON, max_size=3)
PROMPT = st.builds(Prompt, text=TEXT) | st.builds(
    lambda texts: Prompt(messages=tuple(Message("user", text) for text in texts)),
    st.lists(TEXT, min_size=1, max_size=2),
)
PARTS = {
    "name": TEXT,
    "identity": OBJECT,
    "solver": st.sampled_from([OneTurn(), OneTurn("other"), Likelihood(), Twice(), Twice(3)]),
    "prompt": PROMPT,
    "draw": st.integers(0, 11),
    "seed": st.integers(0, 11),
    "temperature": st.sampled_from([0.5, 0.7, 1, None]),
    "max_tokens": st.sampled_from([None, 1, 11]),
    "top_p": st.sampled_from([None, 1.0, 0.5]),
    "stop": st.lists(TEXT.filter(bool), max_size=2).map(tuple),
    "sent_seed": st.sampled_from([None, 0, 1, 11]),
    "extra": OBJECT,
}
REQUEST = st.builds(Request, **PARTS)


def form(value):
    """Equal where the content is the same, whatever the order of keys; 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return "dict", tuple(sorted((k, repr(form(v))) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return "list", tuple(form(v) for v in value)
    return type(value).__name__, value


def forms(request):
    solver = type(request.solver).__name__, repr(request.solver)
    return (
        [form(v) for k, v in vars(request).items() if k not in ("solver", "prompt")],
        solver,
        request.prompt.to_json(),
    )


def shuffled(value, random):
    if isinstance(value, dict):
        items = [(k, shuffled(v, random)) for k, v in value.items()]
        random.shuffle(items)
        return dict(items)
    return [shuffled(v, random) for v in value] if isinstance(value, list) else value


@given(request=REQUEST, data=st.data())
def test_a_difference_in_any_part_gives_another_key(request, data):
    part = data.draw(st.sampled_from(sorted(PARTS)))
    other = replace(request, **{part: data.draw(PARTS[part])})
    assume(forms(request) != forms(other))
    assert key(request) != key(other)


@given(one=REQUEST, other=REQUEST)
def test_two_requests_have_one_key_only_where_they_are_the_same(one, other):
    assert (key(one) == key(other)) == (forms(one) == forms(other))


@given(request=REQUEST, random=st.randoms(use_true_random=False))
def test_the_order_of_keys_plays_no_part(request, random):
    other = replace(request, identity=shuffled(request.identity, random), extra=shuffled(request.extra, random))
    assert key(request) == key(other) is not None
    assert len(key(request)) == 32


@given(requests=st.lists(REQUEST, min_size=1, max_size=5))
def test_cells_that_are_asked_in_turn_do_not_mix(requests):
    keys, cells = Keys({"toy": "v"}), [request.cell for request in requests]
    for _ in range(2):
        for cell, request in zip(cells, requests, strict=True):
            assert keys.key(cell, request.question, request.sampling) == key(request)


@given(request=REQUEST)
def test_the_cells_own_sampling_gives_the_key_of_an_equal_one(request):
    keys, cell = Keys({"toy": "v"}), request.cell
    assert keys.key(cell, request.question, cell.sampling) == keys.key(cell, request.question, request.sampling)


def test_half_characters_are_not_the_character_they_would_make():
    pair = Request(identity={"a": "\ud83d\ude00"})
    assert key(pair) != key(replace(pair, identity={"a": "\U0001f600"}))


def test_draws_never_share_an_answer_even_at_temperature_0():
    greedy = Request(temperature=0.0)
    assert len({key(replace(greedy, draw=draw)) for draw in range(100)}) == 100


def test_where_nothing_is_random_the_samples_seed_plays_no_part():
    assert key(Request(temperature=0.0, seed=1)) == key(Request(temperature=0.0, seed=2))
    assert key(Request(temperature=0, seed=1)) == key(Request(temperature=0, seed=2))


@pytest.mark.parametrize("temperature", [None, 0.7])
def test_where_answers_are_drawn_two_samples_with_one_prompt_and_two_seeds_of_a_run_share_none(temperature):
    assert key(Request(temperature=temperature, seed=1)) != key(Request(temperature=temperature, seed=2))


def test_the_sample_its_id_and_its_benchmark_play_no_part():
    request, keys = Request(), Keys()
    cell, question = request.cell, request.question
    moved = replace(question, sample=Sample("other", "q", "u", group="g"))
    elsewhere = replace(cell, benchmark="tow")
    assert keys.key(cell, question, request.sampling) == keys.key(elsewhere, moved, request.sampling)


def test_a_prompt_without_its_hash_gets_the_same_key():
    request, keys = Request(), Keys()
    bare = replace(request.question, prompt_hash="")
    assert keys.key(request.cell, bare, request.sampling) == key(request)


@pytest.mark.parametrize(
    "request_",
    [
        Request(solver=Mute()),
        Request(identity={"a": {1, 2}}),
        Request(identity={"a": b"x"}),
        Request(extra={"a": object()}),
        Request(extra={"a": {1: 0, "1": 0}}),
    ],
    ids=["solver", "identity-set", "identity-bytes", "parameter", "parameter-keys"],
)
def test_what_cannot_be_named_has_no_key(request_):
    assert key(request_) is None


def test_what_holds_itself_has_no_key():
    endless: dict[str, Any] = {}
    endless["a"] = endless
    assert key(Request(extra=endless)) is None


def test_somebodys_own_solver_needs_a_version_and_another_version_is_another_key():
    own = Request(solver=Twice())
    assert key(own, Keys()) is None
    assert key(own, Keys({"toy": "1"})) != key(own, Keys({"toy": "2"}))
    assert key(Request(), Keys({"toy": "1"})) == key(Request(), Keys({"toy": "2"})) == key(Request(), Keys())


def test_the_identity_is_taken_at_the_first_question_and_not_before():
    request = Request()
    keys, cell = Keys(), request.cell
    cell.model.identity = {"found": "when opened"}  # type: ignore[misc]
    assert keys.key(cell, request.question, request.sampling) == key(Request(identity={"found": "when opened"}))


KNOWN = "3181909445a66bb59029df422015f5992282d8cc637fb6c7547021645330f258"


def test_a_key_stays_what_it_was_in_another_process_and_another_release():
    """Where this fails on purpose, raise FORMAT: else older answers would be lost, or worse, found."""
    code = "from tests.engine.test_cache_key import Request, key; print(key(Request(identity={'b': 1, 'a': 2})).hex())"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == key(Request(identity={"a": 2, "b": 1})).hex() == KNOWN, done.stderr
