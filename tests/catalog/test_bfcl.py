"""BFCL on its real rows: what the data allow is right in every form, and whatever is spoiled is not."""

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from aiohttp import web
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import sinan
from sinan import catalog
from sinan.catalog import bfcl
from sinan.prompts.tools import plain_name
from sinan.scoring.tool_calls.reading import read
from sinan.types import Completion, Outcome
from tests.catalog.tool_answers import FORMS, TALK, other_type, outside, right_calls
from tests.server import ChatServer

pytestmark = pytest.mark.usefixtures("mirrored")
SIZES = {
    "simple_python": 400,
    "multiple": 200,
    "parallel": 200,
    "parallel_multiple": 200,
    "irrelevance": 240,
    "live_simple": 258,
}
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
places = st.integers(0, 10**6)


@cache
def benchmark():
    return catalog.load("bfcl")


@cache
def rows():
    dataset = benchmark().dataset
    return {subset: list(dataset.read(subset, 0)) for subset in dataset.subsets}


@cache
def calling():
    return [sample for category, samples in rows().items() if category != "irrelevance" for sample in samples]


def score(sample, completion):
    return benchmark().protocols["default"].scorer(sample, completion)


def first(count):
    return 0


@st.composite
def answered(draw):
    """A sample that wants calls, with right ones."""
    sample = calling()[draw(places) % len(calling())]
    return sample, right_calls(sample, lambda count: draw(st.integers(0, count - 1)))


def test_rows_are_as_many_as_the_card_says_and_have_the_published_ids():
    found = {category: len(samples) for category, samples in rows().items()}
    assert found == SIZES
    assert sum(found.values()) == benchmark().dataset.size
    assert [samples[0].id for samples in rows().values()][:2] == ["simple_python_0", "multiple_0"]
    assert all(sample.group == category for category, samples in rows().items() for sample in samples)
    ids = [sample.id for samples in rows().values() for sample in samples]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("form", FORMS)
def test_what_the_data_allow_is_right_for_every_sample(form):
    for sample in calling():
        calls = right_calls(sample, first)
        verdict = score(sample, FORMS[form](calls))
        assert (verdict.value, verdict.outcome) == (1.0, Outcome.CORRECT), (sample.id, calls, verdict)


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), st.randoms())
def test_any_allowed_value_in_any_order_and_form_is_right(pair, form, random):
    sample, calls = pair
    random.shuffle(calls)
    assert score(sample, FORMS[form](calls)).value == 1.0, (sample.id, form, calls)


@thorough
@given(answered(), st.sampled_from(sorted(TALK)))
def test_calls_in_words_are_no_answer(pair, form):
    sample, calls = pair
    verdict = score(sample, Completion(TALK[form](calls), "stop"))
    assert verdict.value == 0.0, (sample.id, form, calls, verdict)


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), places, st.sampled_from([outside, other_type]))
def test_a_value_that_is_not_allowed_is_wrong(pair, form, place, spoil):
    sample, calls = pair
    _, arguments = calls[place % len(calls)]
    assume(arguments)
    name = sorted(arguments)[place % len(arguments)]
    arguments[name] = spoil(arguments[name])
    verdict = score(sample, FORMS[form](calls))
    assert verdict.outcome is Outcome.WRONG, (sample.id, name, calls, verdict)
    assert verdict.evidence["wrong"]


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), places)
def test_a_parameter_too_many_is_wrong(pair, form, place):
    sample, calls = pair
    calls[place % len(calls)][1]["qz"] = 1
    assert score(sample, FORMS[form](calls)).outcome is Outcome.WRONG


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), places)
def test_a_required_parameter_that_is_missing_is_wrong(pair, form, place):
    sample, calls = pair
    name, arguments = calls[place % len(calls)]
    [described] = [one for one in sample.metadata["functions"] if one["name"] == name]
    assume(described["parameters"]["required"])
    del arguments[described["parameters"]["required"][place % len(described["parameters"]["required"])]]
    assert score(sample, FORMS[form](calls)).value == 0.0


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), places)
def test_another_function_is_wrong(pair, form, place):
    sample, calls = pair
    at = place % len(calls)
    calls[at] = (calls[at][0] + "_qz", calls[at][1])
    assert score(sample, FORMS[form](calls)).value == 0.0


def test_values_of_two_parameters_exchanged_are_wrong():
    exchanged = 0
    for sample in calling():
        for call, expected in zip(right_calls(sample, first), sample.metadata["calls"], strict=True):
            (_, arguments), [allowed] = call, expected.values()
            words = [key for key, value in arguments.items() if isinstance(value, str) and value.isalpha()]
            for one, other in pairwise(words):
                if arguments[one].lower() in {str(value).lower() for value in allowed[other]}:
                    continue
                spoiled = {**arguments, one: arguments[other], other: arguments[one]}
                exchanged += 1
                alone = replace(sample, metadata={**sample.metadata, "calls": [expected]})
                assert score(alone, FORMS["native"]([(call[0], spoiled)])).outcome is Outcome.WRONG
    assert exchanged > 100


@thorough
@given(answered(), st.sampled_from(sorted(FORMS)), st.booleans())
def test_a_call_too_many_or_too_few_is_wrong(pair, form, more):
    sample, calls = pair
    calls = [*calls, calls[0]] if more else calls[1:]
    assert score(sample, FORMS[form](calls)).value == 0.0


def test_where_no_function_fits_any_call_is_wrong_and_words_are_right():
    for sample in rows()["irrelevance"]:
        name = sample.metadata["functions"][0]["name"]
        for form in FORMS.values():
            assert score(sample, form([(name, {"a": 1})])).outcome is Outcome.WRONG
        for words in ("None of the functions can be used.", "I cannot help.", "[]", f"`{name}` does not fit."):
            assert score(sample, Completion(words, "stop")).outcome is Outcome.CORRECT
        assert score(sample, Completion("[" + name + "(a=", "length")).outcome is Outcome.TRUNCATED


def test_silence_and_cut_answers_are_not_right_where_a_call_is_wanted():
    for sample in calling():
        assert score(sample, Completion("", "stop")).outcome is Outcome.UNPARSED
        assert score(sample, Completion("[f(", "length")).outcome is Outcome.TRUNCATED
        assert score(sample, Completion("", "refusal")).outcome is Outcome.REFUSED


@pytest.mark.parametrize("protocol", ["default", "text"])
def test_every_sample_can_be_asked(protocol):
    prompt = benchmark().protocols[protocol].prompt
    for samples in rows().values():
        for sample in samples:
            chat, base = prompt(sample, "chat", ()), prompt(sample, "base", ())
            assert bool(chat.tools) == (protocol == "default")
            assert chat.messages[-1].role == "user"
            assert sample.metadata["functions"][0]["name"] in base.text


def test_tools_are_named_as_providers_take_them_and_described_in_json_schema():
    known = {"string", "integer", "number", "boolean", "array", "object"}

    def types(schema):
        yield schema["type"]
        for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
            yield from types(inner)

    for samples in rows().values():
        for sample in samples:
            tools = benchmark().protocols["default"].prompt(sample, "chat", ()).tools
            assert all(tool.name.replace("-", "_").isidentifier() and len(tool.name) <= 64 for tool in tools)
            assert len({tool.name for tool in tools}) == len(tools)
            assert all(set(types(tool.parameters)) <= known for tool in tools)


def test_the_other_categories_load_without_their_data_and_read_rows_of_every_kind():
    pytest.importorskip("tree_sitter")
    further = catalog.load("bfcl_further")
    subsets = set(further.dataset.subsets)
    assert not subsets & set(SIZES)
    assert all(further.dataset.sources(subset) for subset in subsets)
    row = {"id": "1", "question": [[{"role": "user", "content": "Print."}]], "function": [PRINT]}
    right = [{"Printer.print": {"copies": [2]}}]
    for category, language in (
        ("simple_java", "java"),
        ("simple_javascript", "javascript"),
        ("live_multiple", "python"),
    ):
        made = bfcl.sample(category, "live", row, right)
        assert (made.metadata["language"], made.group) == (language, category)
        assert score(made, Completion("[Printer.print(copies=2)]", "stop")).values == {"strict": 1.0, "live": 1.0}
    assert bfcl.sample("live_relevance", "relevance", row, "some").target == "any call"


PRINT = {
    "name": "Printer.print",
    "description": "Prints.",
    "parameters": {"type": "dict", "properties": {"copies": {"type": "integer"}}, "required": ["copies"]},
}


class ToolServer(ChatServer):
    """Makes the right calls natively, with the tools that it is offered."""

    async def _chat(self, request):
        body = json.loads(await request.read())
        question = "\n\n".join(message["content"] for message in body["messages"])
        offered = {one["function"]["name"] for one in body["tools"]}
        calls = [call for call in self.answer(question) if plain_name(call[0]) in offered]
        made = [
            {"id": f"c{at}", "type": "function", "function": {"name": plain_name(name), "arguments": json.dumps(given)}}
            for at, (name, given) in enumerate(calls)
        ]
        message = {"role": "assistant", "content": None, "tool_calls": made} if made else {"content": "I cannot."}
        return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def test_a_server_that_calls_the_right_tools_gets_all_of_it_and_one_that_talks_the_irrelevant_part(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    right = {sample.question: right_calls(sample, first) for sample in calling()}
    with ToolServer(lambda question: right.get(question, [])) as server:
        [called] = sinan.run("bfcl", server.model, limit=30).results
    with ChatServer(lambda question: "I cannot do that.") as server:
        [talked] = sinan.run("bfcl", server.model, limit=30, protocol="text").results
    assert [one.estimate.value for one in called.further] == [1.0, 1.0, 1.0, 1.0]
    assert [one.metric for one in talked.further] == ["strict", "non_live", "live", "irrelevance"]
    assert [one.estimate.value for one in talked.further][1:] == [0.0, 0.0, 1.0]
    assert called.estimate.value == 1.0


def test_nothing_that_people_and_tools_say_in_real_conversations_is_a_call(data):
    said = set()
    for file in (data / "tools/tau_bench_fewshot").iterdir():
        for line in file.read_text("utf-8").splitlines():
            turns = json.loads(line)["messages_display"].splitlines()
            said |= {turn.partition(": ")[2] for turn in turns}
    assert len(said) > 1000
    for text in said:
        found = read(Completion(text, "stop"), ["book"], "python")
        assert found is None or not found.calls, (text, found)
