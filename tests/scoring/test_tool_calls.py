"""Calls of functions as a table: what was written, what was read, whether it is right. Made-up functions throughout."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.errors import MissingExtra
from sinan.prompts.tools import ToolsAsText, ToolsOffered, tool
from sinan.scoring import ToolCalls, by_name
from sinan.scoring.tool_calls.call import Unreadable
from sinan.scoring.tool_calls.python_calls import python_calls
from sinan.scoring.tool_calls.source_calls import parser
from sinan.types import Completion, Outcome, Sample, ToolCall

YES, NO, NONE = Outcome.CORRECT, Outcome.WRONG, Outcome.UNPARSED
WARM = {
    "name": "weather.now",
    "description": "How warm it is.",
    "parameters": {
        "type": "dict",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "scale": {"type": "float"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "at": {"type": "tuple", "items": {"type": "float"}},
            "grid": {"type": "array", "items": {"type": "array"}},
            "where": {"type": "dict", "properties": {"street": {"type": "string"}}},
            "stops": {"type": "array", "items": {"type": "dict"}},
            "exact": {"type": "boolean"},
            "until": {"type": "any"},
        },
        "required": ["city"],
    },
}
BOOK = {
    "name": "book",
    "description": "Books a room.",
    "parameters": {"type": "dict", "properties": {"room": {"type": "integer"}}, "required": ["room"]},
}


def asked(*calls, functions=(WARM, BOOK), language="python", **metadata):
    metadata = {"functions": list(functions), "language": language, "calls": list(calls), **metadata}
    return Sample("1", "?", "", metadata=metadata)


def judged(sample, text, finish="stop"):
    return ToolCalls()(sample, Completion(text, finish))


CITY = {"city": ["Oslo", "Oslo, Norway"]}
ARGUMENTS = [
    ({}, "", YES),
    ({"days": [3]}, "days=3", YES),
    ({"days": [3]}, "days=3.0", NO),
    ({"days": [3]}, "days='3'", NO),
    ({"days": [1]}, "days=True", NO),
    ({"days": [3]}, "", NO),
    ({"days": [3, ""]}, "", YES),
    ({"days": [3, ""]}, "days=4", NO),
    ({"days": [6]}, "days=2*3", YES),
    ({"days": [6]}, "days=9**9**9", NO),
    ({"days": [-3]}, "days=-3", YES),
    ({"scale": [2.5]}, "scale=2.5", YES),
    ({"scale": [2.0]}, "scale=2", YES),
    ({"scale": [2]}, "scale=2.0", YES),
    ({"scale": [0.5]}, "scale=1/2", YES),
    ({"scale": [2.0]}, "scale='2'", NO),
    ({"scale": [None, ""]}, "scale=None", YES),
    ({"tags": [["a b", "c"]]}, "tags=['A-B', 'c.']", YES),
    ({"tags": [["a", "b"]]}, "tags=['b', 'a']", NO),
    ({"tags": [["a", "b"]]}, "tags=('a', 'b')", NO),
    ({"tags": [["a"]]}, "tags='a'", NO),
    ({"tags": [["a"]]}, "tags=[1]", NO),
    ({"tags": ["all_tags"]}, "tags=all_tags", YES),
    ({"tags": ["all_tags"]}, "tags=other_tags", NO),
    ({"tags": []}, "tags=[]", YES),
    ({"tags": []}, "tags=['a']", NO),
    ({"at": [[1.5, 2.0]]}, "at=(1.5, 2.0)", YES),
    ({"at": [[1.5, 2.0]]}, "at=[1.5, 2.0]", YES),
    ({"at": [[1.5, 2.0]]}, "at=(1.5,)", NO),
    ({"grid": [[[1, 2], [3, 4]]]}, "grid=[[1, 2], [3, 4]]", YES),
    ({"grid": [[[1, 2], [3, 4]]]}, "grid=[[1, 2], [4, 3]]", NO),
    ({"where": [{"street": ["Main St", "Main Street"], "no": [5, ""]}]}, "where={'street': 'main st.'}", YES),
    ({"where": [{"street": ["Main St"], "no": [5, ""]}]}, "where={'street': 'Main St', 'no': 5}", YES),
    ({"where": [{"street": ["Main St"], "no": [5, ""]}]}, "where={'street': 'Main St', 'no': 6}", NO),
    ({"where": [{"street": ["Main St"]}]}, "where={'street': 'Main St', 'no': 5}", NO),
    ({"where": [{"street": ["Main St"]}]}, "where={}", NO),
    ({"where": ["", {}]}, "where={}", YES),
    ({"stops": [[{"a": [1]}, {"a": [2]}]]}, "stops=[{'a': 1}, {'a': 2}]", YES),
    ({"stops": [[{"a": [1]}, {"a": [2]}]]}, "stops=[{'a': 2}, {'a': 1}]", NO),
    ({"stops": [[{"a": [1]}]]}, "stops=[]", NO),
    ({"stops": [[{"a": [1]}], ""]}, "stops=[]", YES),
    ({"exact": [True]}, "exact=True", YES),
    ({"exact": [True]}, "exact=true", NO),
    ({"exact": [True]}, "exact=1", NO),
    ({"until": ["noon"]}, "until='Noon'", YES),
    ({"until": [12]}, "until=12", YES),
    ({"until": ["noon"]}, "until=clock.noon", NO),
    ({"until": ["lambda: 1"]}, "until=lambda: 1", NO),
    ({"until": ["f(x)"]}, "until=f(x)", YES),
    ({"until": ["a[0]"]}, "until=a[0]", YES),
    ({}, "unknown=1", NO),
    ({}, "*more", NO),
    ({}, "**more", NO),
]


@pytest.mark.parametrize(("allowed", "written", "verdict"), ARGUMENTS)
def test_arguments_are_compared_as_published(allowed, written, verdict):
    score = judged(asked({"weather.now": CITY | allowed}), f"[weather.now(city='oslo', {written})]")
    assert score.outcome is verdict, score.evidence
    assert ("wrong" in score.evidence) == (verdict is NO)


@pytest.mark.parametrize(
    ("city", "verdict"),
    [("Oslo", YES), ("OSLO Norway", YES), ("Oslo,Norway.", YES), ("O'slo", NO), ("", NO), ("Oslo Norge", NO)],
)
def test_text_is_compared_without_case_blanks_and_punctuation(city, verdict):
    assert judged(asked({"weather.now": CITY}), f"[weather.now(city={city!r})]").outcome is verdict


FORMS = [
    ("[book(room=1)]", YES, "the whole answer is a list of calls"),
    ("book(room=1)", YES, "the whole answer is a list of calls"),
    ("`book(room=1)`", YES, "the whole answer is a list of calls"),
    ("'[book(room=1)]'", YES, "the whole answer is a list of calls"),
    ("[book(1)]", NO, "the whole answer is a list of calls"),
    ("[book(room=1), book(room=1)]", NO, "the whole answer is a list of calls"),
    ("[]", NO, "the whole answer is a list of calls"),
    ("```tool_code\nbook(room=1)\n```", YES, "the whole answer is a fenced block"),
    ("```python\nroom = 1\nbook(room=room)\n```", NONE, ""),
    ("```python\nprint(book(room=1))\n```", NONE, ""),
    ("Done:\n```\nbook(room=1)\n```", YES, "in the fenced block that ends the answer"),
    ("Done:\n```\nhelp(room=1)\n```", NONE, ""),
    ('{"name": "book", "parameters": {"room": 1}}', YES, "the whole answer is JSON"),
    ('{"name": "book", "arguments": "{\\"room\\": 1}"}', YES, "the whole answer is JSON"),
    ('{"name": "book", "arguments": {"room": 1, "room": 1}}', NONE, ""),
    ('{"name": "book", "arguments": [1]}', NONE, ""),
    ('<tool_call>{"name": "book", "arguments": {"room": 1}}</tool_call>', YES, "inside <tool_call>"),
    ('I look.<tool_call>{"name": "book", "arguments": {"room": 1}}</tool_call>', YES, "inside <tool_call>"),
    ("<tool_call>book(room=1)", NONE, ""),
    ("book(room=1) book(room=1)", NONE, ""),
    ("book(room=1, room=1)", NONE, ""),
    ("I would book(room=1)", NONE, ""),
    ("book(room=1) if True else book(room=2)", NONE, ""),
    ("[book(room=1) for _ in range(3)]", NONE, ""),
    ("(lambda: book)()(room=1)", NONE, ""),
    ("__import__('os').system(command='true')", NONE, ""),
    ("[book(room=1)]\x00", NONE, ""),
    ("(" * 5000 + "book(room=1)" + ")" * 5000, NONE, ""),
    ("book(room=" + "-" * 20000 + "1)", NONE, ""),
    ("book(room=" + "1+" * 20000 + "1)", NONE, ""),
    ("book(room=" + "9" * 5000 + ")", NONE, ""),
    ("[" * 90000, NONE, ""),
    ("", NONE, ""),
]


@pytest.mark.parametrize(("text", "verdict", "rule"), FORMS, ids=[form[0][:40] or "-" for form in FORMS])
def test_calls_are_read_whole_or_not_at_all(text, verdict, rule):
    score = judged(asked({"book": {"room": [1]}}), text)
    assert score.outcome is verdict, score
    if rule:
        [reading] = score.readings
        assert reading.rule == rule
        assert text[slice(*reading.span)].strip("`\n'").endswith(("]", ")", "}", ">"))


def test_a_reading_says_where_the_calls_stand_and_whether_they_were_given_as_such():
    text = "<think>hm</think>Here:\n```\nbook(room=1)\n```"
    [reading] = judged(asked({"book": {"room": [1]}}), text).readings
    assert (text[slice(*reading.span)], reading.sure, reading.answer) == ("book(room=1)", False, "[book(room=1)]")


def test_strict_counts_what_came_as_it_was_asked_for():
    sample = asked({"book": {"room": [1]}}, section="non_live")
    for text, strict in (("[book(room=1)]", 1.0), ("```python\nbook(room=1)\n```", 0.0)):
        assert judged(sample, text).values == {"strict": strict, "non_live": 1.0}
    records = (('[{"book": "{\\"room\\": 1}"}]', 1.0), ('[{"book": {"room": 1}}]', 0.0))
    for text, strict in records:
        assert judged(sample, text).values == {"strict": strict, "non_live": 1.0}
    nothing_fits = asked(calls="none")
    score = judged(nothing_fits, "```python\nbook(room=1)\n```")
    assert (score.value, score.values["strict"]) == (0.0, 1.0)


def test_native_calls_decide_and_bear_the_names_that_tools_were_given():
    sample = asked({"weather.now": CITY})
    for name, arguments, outcome in [
        ("weather_now", '{"city": "Oslo"}', YES),
        ("weather.now", '{"city": "Oslo"}', YES),
        ("weather_now", "", NO),
        ("weather_now", '{"city": "Oslo"', NO),
        ("weather_now", '["Oslo"]', NO),
        ("weather-now", '{"city": "Oslo"}', NO),
    ]:
        called = Completion("[weather.now(city='Oslo')]", "tool_calls", tool_calls=(ToolCall("1", name, arguments),))
        assert ToolCalls()(sample, called).outcome is outcome
    assert judged(sample, "[weather_now(city='Oslo')]").outcome is NO


def test_calls_in_parallel_are_paired_as_well_as_can_be():
    sample = asked({"book": {"room": [1, 2]}}, {"book": {"room": [1]}})
    assert judged(sample, "[book(room=1), book(room=2)]").outcome is YES
    score = judged(sample, "[book(room=2), book(room=3)]")
    [wrong] = score.evidence["wrong"]
    assert (wrong["kind"], wrong["expected"]) == ("unmatched", {"book": {"room": [1]}})
    assert [one["call"] for one in wrong["got"]] == ["book(room=3)"]


def test_evidence_names_the_argument_what_was_allowed_and_what_came():
    score = judged(asked({"weather.now": CITY | {"days": [3]}}), "[weather.now(city='Oslo', days=4)]")
    assert score.evidence == {
        "calls": [{"name": "weather.now", "arguments": {"city": "Oslo", "days": 4}}],
        "wrong": [{"kind": "value", "argument": "days", "expected": [3], "got": 4}],
    }


def test_where_any_call_is_right_words_are_not():
    sample = asked(calls="some")
    assert judged(sample, "[anything()]").outcome is YES
    assert judged(sample, "[]").outcome is NONE
    assert judged(sample, "I cannot.").outcome is NONE


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"functions": [], "language": "python"},
        {"functions": [WARM], "calls": [], "language": "python"},
        {"functions": [WARM], "calls": [{"weather.now": {"city": "Oslo"}}], "language": "python"},
        {"functions": [WARM], "calls": [{"weather.now": CITY}], "language": "cobol"},
        {"functions": [{"name": "f"}], "calls": [{"f": {}}], "language": "python"},
        {"functions": [BOOK], "calls": [{"weather.now": CITY}], "language": "python"},
        {
            "functions": [{"name": "f", "parameters": {"properties": {"a": {"type": "colour"}}}}],
            "calls": [{"f": {"a": [1]}}],
            "language": "python",
        },
    ],
)
def test_what_the_data_lack_is_a_failure_and_never_a_wrong_answer(metadata):
    score = ToolCalls()(Sample("1", "?", "", metadata=metadata), Completion("[f(a=1)]", "stop"))
    assert (score.value, score.outcome) == (None, Outcome.FAILED)
    assert score.explanation


def test_the_scorer_has_a_name():
    assert by_name("tool-calls") == by_name("tool_calls") == ToolCalls()


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="bok(rm=1),[]{}\"':`\n \\*.-+#<>/tol_caljnsey", max_size=60))
def test_nothing_that_a_model_may_write_raises(text):
    pytest.importorskip("tree_sitter")
    for language in ("python", "java", "javascript"):
        function = BOOK_IN[language]
        sample = asked({function["name"]: {"room": [1]}}, language=language, functions=[function])
        assert judged(sample, text).value in (0.0, 1.0)


literals = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}_", fullmatch=True), literals, max_size=4))
def test_literals_are_read_as_python_reads_them(arguments):
    written = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    [call] = python_calls(f"[a.b.c({written})]")
    assert (call.name, dict(call.arguments)) == ("a.b.c", arguments)


def test_a_list_that_holds_more_than_calls_is_none():
    for text in ("[f(a=1), 'x']", "[f]", "f", "1", "f.g", "{f(a=1)}", "x = f(a=1)", "[f(a=1)](b=2)"):
        with pytest.raises(Unreadable):
            python_calls(text)


BOOK_IN = {
    "python": BOOK,
    "java": {
        "name": "Desk.book",
        "description": "Books.",
        "parameters": {
            "type": "dict",
            "properties": {
                "room": {"type": "integer"},
                "id": {"type": "long"},
                "price": {"type": "float"},
                "share": {"type": "double"},
                "late": {"type": "boolean"},
                "guest": {"type": "String"},
                "key": {"type": "char"},
                "names": {"type": "Array", "items": {"type": "String"}},
                "floors": {"type": "ArrayList", "items": {"type": "long"}},
                "mixed": {"type": "ArrayList", "items": {"type": "any"}},
                "extras": {"type": "HashMap"},
                "how": {"type": "any"},
            },
            "required": [],
        },
    },
    "javascript": {
        "name": "desk.book",
        "description": "Books.",
        "parameters": {
            "type": "dict",
            "properties": {
                "room": {"type": "integer"},
                "id": {"type": "Bigint"},
                "price": {"type": "float"},
                "late": {"type": "Boolean"},
                "guest": {"type": "String"},
                "names": {"type": "array", "items": {"type": "String"}},
                "sizes": {"type": "array", "items": {"type": "float"}},
                "extras": {"type": "dict"},
                "how": {"type": "any"},
            },
            "required": [],
        },
    },
}
SOURCES = [
    ("java", "room", [5], "5", YES),
    ("java", "room", [5], "5L", NO),
    ("java", "id", [5], "5L", YES),
    ("java", "id", [5], "5", NO),
    ("java", "price", [2.5], "2.5f", YES),
    ("java", "price", [2.5], "2.5", NO),
    ("java", "share", [2.5], "2.5", YES),
    ("java", "share", [2.5], "2.5f", NO),
    ("java", "late", [True], "true", YES),
    ("java", "late", [True], "True", NO),
    ("java", "guest", ['Ann "A" Lee'], '"ann \\"a\\" lee"', YES),
    ("java", "guest", ["ann"], '"bob"', NO),
    ("java", "key", ["x"], "'x'", YES),
    ("java", "names", [["a, b", "c"]], 'new String[]{"a, b", "c"}', YES),
    ("java", "names", [["a", "b"]], 'new String[]{"b", "a"}', NO),
    ("java", "names", [["a"]], '"a"', NO),
    ("java", "names", ["guests"], "guests", YES),
    ("java", "floors", [[1, 2]], "new ArrayList<Long>(Arrays.asList(1L, 2L))", YES),
    ("java", "floors", [[1, 2]], "new ArrayList<>() {{ add(1L); add(2L); }}", YES),
    ("java", "floors", [[1, 2]], "new ArrayList<>(Arrays.asList(1, 2))", NO),
    ("java", "floors", [[1, 2]], "new LinkedList<>(Arrays.asList(1L, 2L))", NO),
    ("java", "mixed", [["a", 1, True]], 'new ArrayList<>(Arrays.asList("a", 1, true))', YES),
    ("java", "extras", [{"a": [1], "b": ["x y", ""]}], 'new HashMap<String, Object>() {{ put("a", 1); }}', YES),
    ("java", "extras", [{"a": [1]}], 'new HashMap<>() {{ put("a", 2); }}', NO),
    ("java", "extras", [{"a": [1]}], "new HashMap<>()", NO),
    ("java", "how", ["Mode.FAST"], "Mode.FAST", YES),
    ("java", "how", ["new Point(1, 2)"], "new Point(1,2)", YES),
    ("javascript", "room", [5], "5", YES),
    ("javascript", "room", [5], "5.0", NO),
    ("javascript", "id", [5], "5n", YES),
    ("javascript", "id", [5], "5", NO),
    ("javascript", "price", [2.0], "2", YES),
    ("javascript", "late", [False], "false", YES),
    ("javascript", "guest", ["ann"], "'ann'", YES),
    ("javascript", "names", [["a, b", "c"]], "['a, b', \"c\"]", YES),
    ("javascript", "names", [["a"]], "new Array('a')", YES),
    ("javascript", "names", [["a"]], "['a'].concat(x)", NO),
    ("javascript", "sizes", [[1, 2.5]], "[1, 2.5]", YES),
    ("javascript", "extras", [{"a": [1], "b": [["x"]]}], "{a: 1, 'b': ['x']}", YES),
    ("javascript", "extras", [{"a": [{"b": ["c"]}]}], "{a: {b: 'c'}}", YES),
    ("javascript", "extras", [{"a": [1]}], "{a: 2}", NO),
    ("javascript", "how", ["(a) => a + 1"], "(a) => a + 1", YES),
    ("javascript", "how", ["onDone"], "onFail", NO),
]


@pytest.mark.parametrize(("language", "name", "allowed", "written", "verdict"), SOURCES)
def test_java_and_javascript_are_read_by_their_own_syntax(language, name, allowed, written, verdict):
    pytest.importorskip("tree_sitter")
    function = BOOK_IN[language]
    sample = asked({function["name"]: {name: allowed}}, functions=[function], language=language)
    assert judged(sample, f"[{function['name']}({name}={written})]").outcome is verdict
    text = written[1:-1].replace('\\"', '"') if name in ("guest", "key") else written
    native = ToolCall("1", function["name"].replace(".", "_"), json.dumps({name: text}))
    assert ToolCalls()(sample, Completion("", "tool_calls", tool_calls=(native,))).outcome is verdict


SOURCE_TEXTS = [
    ("[Desk.book(room=1)]", YES),
    ("```java\nDesk.book(room=1)\n```", YES),
    ("[Desk.book(1)]", NO),
    ("[Desk.book(room=1, room=1)]", NONE),
    ("[Desk.book(room=1), Desk.book(room=1)]", NO),
    ("Desk.book(room=1); Desk.book(room=1)", NONE),
    ("[x)) + (Desk.book(room=1)]", NONE),
    ("I call Desk.book(room=1)", NONE),
    ("[Desk.book(room=1", NONE),
    ("[Desk.book(room=1).now()]", NO),
    ("(" * 5000, NONE),
]


@pytest.mark.parametrize(("text", "verdict"), SOURCE_TEXTS)
def test_java_calls_are_read_whole_or_not_at_all(text, verdict):
    pytest.importorskip("tree_sitter")
    sample = asked({"Desk.book": {"room": [1]}}, functions=[BOOK_IN["java"]], language="java")
    assert judged(sample, text).outcome is verdict


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    parser.cache_clear()
    sample = asked({"Desk.book": {"room": [1]}}, functions=[BOOK_IN["java"]], language="java")
    with pytest.raises(MissingExtra, match=r"the extra `tools`"):
        judged(sample, "[Desk.book(room=1)]")
    parser.cache_clear()


def test_tools_of_java_take_texts_and_say_what_is_written_in_them():
    made = tool(BOOK_IN["java"], "java")
    properties = made.parameters["properties"]
    assert made.name == "Desk_book"
    assert {one["type"] for one in properties.values()} == {"string"}
    assert "ArrayList of long in Java 8" in properties["floors"]["description"]


def test_tools_are_offered_to_a_chat_and_described_to_a_text():
    sample = asked({"book": {"room": [1]}}, messages=[{"role": "system", "content": "Be brief."}, *USER])
    offered = ToolsOffered()(sample, "chat", ())
    assert [one.name for one in offered.tools] == ["weather_now", "book"]
    assert offered.tools[0].parameters["properties"]["where"]["type"] == "object"
    assert [turn.role for turn in offered.messages] == ["system", "user"]
    told = ToolsAsText()(sample, "chat", ())
    assert [turn.role for turn in told.messages] == ["system", "user"]
    assert "weather.now" in told.messages[0].content
    assert told.messages[0].content.endswith("Be brief.")
    assert ToolsOffered()(sample, "base", ()).text.endswith("Request: Be brief.\n\nA room, please.\nCalls: ")


USER = [{"role": "user", "content": "A room, please."}]
