"""BFCL's conversations in several turns: the right calls are right, and what leaves one out is not."""

import json

import pytest

from sinan import catalog
from sinan.engine import plan
from sinan.errors import UsageError
from sinan.scoring import ToolState
from sinan.scoring.tool_calls.python_calls import python_calls
from sinan.scoring.tool_state.simulated import APIS, functions
from sinan.types import Completion, Outcome, RunSpec
from tests.fakes import FakeModel

DOCUMENTS = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TwitterAPI": "posting_api",
}


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def conversations(mirrored):
    return list(catalog.load("bfcl_multi_turn").dataset.read("", 0))


def record(turns, one_by_one=False):
    steps = [[f"[{call}]" for call in turn] if one_by_one else [f"[{', '.join(turn)}]"] for turn in turns]
    return Completion(json.dumps(steps), "stop")


def natively(turns):
    called = [
        [[{call.name: json.dumps(dict(call.arguments))}] for text in turn for call in python_calls(text)]
        for turn in turns
    ]
    return Completion(json.dumps(called), "stop")


def test_half_of_the_conversations_are_judged_and_the_others_fail_with_the_missing_api(conversations):
    outcomes = {sample.id: ToolState()(sample, record(sample.metadata["calls"])) for sample in conversations}
    for sample in conversations:
        score = outcomes[sample.id]
        if set(sample.metadata["apis"]) <= set(APIS):
            assert score.outcome is Outcome.CORRECT, (sample.id, score.evidence)
        else:
            assert score.outcome is Outcome.FAILED
            assert "TravelAPI" in score.explanation or "VehicleControlAPI" in score.explanation
    assert sum(score.outcome is Outcome.CORRECT for score in outcomes.values()) == 100


def test_the_right_calls_are_right_one_by_one_and_natively(conversations):
    for sample in conversations:
        if set(sample.metadata["apis"]) <= set(APIS):
            turns = sample.metadata["calls"]
            assert ToolState()(sample, record(turns, one_by_one=True)).value == 1.0
            if not any(call.unnamed for turn in turns for text in turn for call in python_calls(text)):
                assert ToolState()(sample, natively(turns)).value == 1.0


def test_a_turn_without_its_calls_is_wrong(conversations):
    for sample in conversations:
        turns = sample.metadata["calls"]
        if not set(sample.metadata["apis"]) <= set(APIS):
            continue
        for at, turn in enumerate(turns):
            if turn:
                silent = [*turns[:at], [], *turns[at + 1 :]]
                assert ToolState()(sample, record(silent)).outcome is Outcome.WRONG
        assert ToolState()(sample, record(turns[:-1])).outcome is Outcome.WRONG


def test_every_documented_function_is_there_with_its_parameters(data):
    for name, file in DOCUMENTS.items():
        own = functions(APIS[name]({}))
        documented = {row["name"]: row for row in lines(data / f"tools/bfcl/multi_turn_func_doc/{file}.json")}
        assert set(own) == set(documented), name
        for function, row in documented.items():
            code = own[function].__func__.__code__
            assert list(code.co_varnames[1 : code.co_argcount]) == list(row["parameters"]["properties"]), function
            optional = len(own[function].__func__.__defaults__ or ())
            assert code.co_argcount - 1 - optional == len(row["parameters"]["required"]), function


def test_conversations_have_the_published_ids_their_tools_and_their_turns(conversations):
    benchmark = catalog.load("bfcl_multi_turn")
    assert len(conversations) == benchmark.dataset.size == 200
    assert [sample.id for sample in conversations] == [f"multi_turn_base_{number}" for number in range(200)]
    for sample in conversations:
        prompt = benchmark.protocols["default"].prompt(sample, "chat", ())
        assert len(prompt.turns) + 1 == len(sample.metadata["calls"])
        assert not {tool.name for tool in prompt.tools} & set(sample.metadata.get("excluded_function", ()))


def test_a_conversation_is_not_asked_yet_and_that_is_said_before_a_run_begins():
    benchmark = catalog.load("bfcl_multi_turn")
    model = FakeModel(str)
    with pytest.raises(UsageError, match="needs recorded answers"):
        plan.refuse_what_cannot_work(benchmark, benchmark.protocols["default"], model, RunSpec(("x",), ("y",)))


def test_the_only_turn_of_a_conversation_may_lack_its_list(conversations):
    for sample in conversations:
        if len(sample.metadata["calls"]) == 1 and set(sample.metadata["apis"]) <= set(APIS):
            [turn] = sample.metadata["calls"]
            assert ToolState()(sample, Completion(json.dumps([f"[{call}]" for call in turn]), "stop")).value == 1.0
