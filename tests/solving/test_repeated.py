"""Several answers to one prompt, kept together."""

from itertools import count

import pytest

from sinan.errors import TransientError
from sinan.solving import Repeated
from sinan.types import Message, Prompt, Sampling
from tests.fakes import FakeModel

PROMPT = Prompt(messages=(Message("user", "How many?"),))


async def test_all_answers_stand_in_the_turns():
    number = count(1)
    model = FakeModel(lambda text: str(next(number)))
    answer = await Repeated(3)(model, PROMPT, Sampling(temperature=0.7))
    assert (answer.text, answer.turns, answer.requests) == ("1", ("1", "2", "3"), 3)
    assert answer.usage.tokens_out == 3


async def test_where_nothing_is_drawn_one_answer_stands_for_all():
    model = FakeModel(lambda text: "four")
    answer = await Repeated(3)(model, PROMPT, Sampling())
    assert answer.turns == ("four",) * 3
    assert model.asked.total() == 1


async def test_every_answer_has_a_seed_of_its_own():
    seeds = []

    class Seeded(FakeModel):
        async def generate(self, prompt, sampling):
            seeds.append(sampling.seed)
            return await super().generate(prompt, sampling)

    await Repeated(3)(Seeded(lambda text: ""), PROMPT, Sampling(temperature=1.0, seed=5))
    assert seeds == [5, 6, 7]


async def test_one_call_without_an_answer_is_its_error():
    number = count()

    def answer(text):
        if next(number):
            raise TransientError("gone")
        return "here"

    with pytest.raises(TransientError, match="gone"):
        await Repeated(2)(FakeModel(answer), PROMPT, Sampling(temperature=1.0))
