"""Generation parameters are checked by type and range before anything runs."""

import pytest

from sinan.errors import UsageError
from sinan.models.parameters import check


@pytest.mark.parametrize(
    "parameters",
    [
        {"thinking_tokens": 0},
        {"thinking_tokens": 4096, "reasoning_effort": "high", "think_end": "</think>"},
        {"reasoning_effort": None, "think_end": None, "thinking_tokens": None},
        {"schema": {"type": "object"}},
        {"min_p": 0.1},
    ],
)
def test_what_can_be_is_taken(parameters):
    check(parameters)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"thinking_tokens": -1}, "0 (no thoughts) or more"),
        ({"thinking_tokens": 0.5}, "a whole number"),
        ({"thinking_tokens": True}, "a whole number"),
        ({"reasoning_effort": "much"}, "none, minimal, low, medium, high"),
        ({"reasoning_effort": 3}, "a text"),
        ({"think_end": ""}, "such as </think>"),
        ({"think_end": 1}, "a text"),
        ({"schema": "object"}, "a JSON schema"),
    ],
)
def test_what_cannot_be_is_one_line(parameters, words):
    with pytest.raises(UsageError) as caught:
        check(parameters)
    assert words in str(caught.value)
