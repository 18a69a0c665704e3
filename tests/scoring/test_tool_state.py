"""Simulated APIs by what their functions do, and conversations judged by it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.scoring import ToolState
from sinan.scoring.tool_calls.call import Call
from sinan.scoring.tool_calls.python_calls import python_calls
from sinan.scoring.tool_state.simulated import APIS, World, functions
from sinan.types import Completion, Outcome, Sample

ROOT = {
    "root": {
        "top": {
            "type": "directory",
            "contents": {
                "notes.txt": {"type": "file", "content": "b two\na one\nb three"},
                "short.txt": {"type": "file", "content": "b two\na ten"},
                ".hidden": {"type": "file", "content": ""},
                "old": {"type": "directory", "contents": {"x.txt": {"type": "file", "content": "x"}}},
            },
        }
    }
}
SHOP = {"stocks": {"NVDA": {"price": 10.0, "percent_change": 5.0}, "AAPL": {"price": 20.0, "percent_change": -0.1}}}
SCENARIOS = {"GorillaFileSystem": ROOT, "TradingBot": SHOP | {"authenticated": True, "market_status": "Open"}}


def answers(api, *calls, scenario=None):
    world = World([api], {api: SCENARIOS.get(api, {}) if scenario is None else scenario})
    return [json.loads(world.run(call)) for text in calls for call in python_calls(text)]


FILES = [
    ("pwd()", {"current_working_directory": "/top"}),
    ("ls()", {"current_directory_content": ["notes.txt", "short.txt", "old"]}),
    ("ls(a=True)", {"current_directory_content": ["notes.txt", "short.txt", ".hidden", "old"]}),
    ("cd(folder='old'), pwd()", {"current_working_directory": "/top/old"}),
    ("cd('old'), cd('..'), pwd()", {"current_working_directory": "/top"}),
    ("cd('old/x')", "error"),
    ("cd('none')", "error"),
    ("cd('..')", "error"),
    ("cat('notes.txt')", {"file_content": "b two\na one\nb three"}),
    ("cat('old')", "error"),
    ("mkdir('new')", None),
    ("mkdir('old')", "error"),
    ("touch('a/b')", "error"),
    ("touch('new.txt'), cat('new.txt')", {"file_content": ""}),
    ("echo('hi')", {"terminal_output": "hi"}),
    ("echo('hi', 'none.txt')", "error"),
    ("echo(content='hi', file_name='notes.txt'), cat('notes.txt')", {"file_content": "hi"}),
    ("find('.', 'x')", {"matches": ["./notes.txt", "./short.txt", "./old/x.txt"]}),
    ("find('none')", "error"),
    ("wc('notes.txt')", {"count": 3, "type": "lines"}),
    ("wc('notes.txt', 'w')", {"count": 6, "type": "words"}),
    ("wc('notes.txt', 'c')", {"count": 19, "type": "characters"}),
    ("wc('notes.txt', 'z')", "error"),
    ("sort('notes.txt')", {"sorted_content": "a one\nb three\nb two"}),
    ("grep('notes.txt', 'b t')", {"matching_lines": ["b two", "b three"]}),
    ("du()", {"disk_usage": "31 bytes"}),
    ("du(human_readable=True)", {"disk_usage": "31.00 B"}),
    ("tail('notes.txt', 1)", {"last_lines": "b three"}),
    ("diff('notes.txt', 'short.txt')", {"diff_lines": "- a one\n+ a ten\n- b three\n+ "}),
    ("mv('notes.txt', 'old'), ls()", {"current_directory_content": ["short.txt", "old"]}),
    ("mv('notes.txt', 'n.txt'), cat('n.txt')", {"file_content": "b two\na one\nb three"}),
    ("mv('notes.txt', 'short.txt')", "error"),
    ("mv('old', 'old')", "error"),
    ("cp('old', 'copy'), cd('copy'), cat('x.txt')", {"file_content": "x"}),
    ("cp('notes.txt', 'old'), cd('old'), ls()", {"current_directory_content": ["x.txt", "notes.txt"]}),
    ("rm('old'), ls()", {"current_directory_content": ["notes.txt", "short.txt"]}),
    ("rm('none')", "error"),
    ("rmdir('old')", "error"),
    ("rmdir('notes.txt')", "error"),
    ("mkdir('e'), rmdir('e')", {"result": "e removed"}),
]


@pytest.mark.parametrize(("calls", "last"), FILES)
def test_the_file_system_does_what_its_functions_say(calls, last):
    found = answers("GorillaFileSystem", f"[{calls}]")[-1]
    assert ("error" in found) if last == "error" else (found == last)


OTHERS = [
    ("MathAPI", "mean([1, 2, 6])", {"result": 3.0}),
    ("MathAPI", "standard_deviation([1, 3])", {"result": 1.0}),
    ("MathAPI", "logarithm(8, 2, 10)", {"result": 3.0}),
    ("MathAPI", "logarithm(8, 2, 10**9)", "error"),
    ("MathAPI", "square_root(9, 5)", {"result": 3.0}),
    ("MathAPI", "divide(1, 0)", "error"),
    ("MathAPI", "round_number(5, -(10**9))", "error"),
    ("MathAPI", "round_number(2.345, 1)", {"result": 2.3}),
    ("MathAPI", "si_unit_conversion('xxxx', 'km', 'm')", "error"),
    ("MathAPI", "power(10, 10**9)", "error"),
    ("MathAPI", "multiply('a', 10**9)", "error"),
    ("MathAPI", "imperial_si_conversion(0, 'celsius', 'fahrenheit')", {"result": 32.0}),
    ("MathAPI", "si_unit_conversion(2, 'km', 'm')", {"result": 2000.0}),
    ("MathAPI", "sum_values([])", "error"),
    ("MessageAPI", "send_message('USR002', 'hi')", "error"),
    ("MessageAPI", "message_login('USR009')", {"login_status": False, "message": "there is no user USR009"}),
    ("MessageAPI", "message_login('USR001'), send_message('USR009', 'hi')", "error"),
    (
        "MessageAPI",
        "message_login('USR001'), send_message('USR001', 'hi'), search_messages('HI')",
        {"results": [{"receiver_id": "USR001", "message": "hi"}]},
    ),
    (
        "MessageAPI",
        "message_login('USR001'), delete_message('USR004'), get_message_stats()",
        {"stats": {"received_count": 2, "total_contacts": 2}},
    ),
    ("MessageAPI", "add_contact('Eve'), get_user_id('Eve')", {"user_id": "USR005"}),
    ("MessageAPI", "add_contact('Bob')", "error"),
    ("TicketAPI", "create_ticket('x')", "error"),
    ("TicketAPI", "ticket_login('a', 'b'), create_ticket('x', priority=6)", "error"),
    (
        "TicketAPI",
        "ticket_login('a', 'b'), create_ticket('x'), close_ticket(1), get_ticket(1)",
        {"id": 1, "title": "x", "description": "", "status": "Closed", "priority": 1, "created_by": "a"},
    ),
    (
        "TicketAPI",
        "ticket_login('a', 'b'), create_ticket('x'), resolve_ticket(1, 'y'), resolve_ticket(1, 'z')",
        "error",
    ),
    ("TicketAPI", "ticket_login('a', 'b'), create_ticket('x'), edit_ticket(1, {'colour': 'red'})", "error"),
    ("TicketAPI", "ticket_login('a', 'b'), get_user_tickets('open')", []),
    ("TicketAPI", "logout()", {"success": False}),
    ("TwitterAPI", "post_tweet('x')", "error"),
    ("TwitterAPI", "authenticate_twitter('john', 'no')", {"authentication_status": False}),
    (
        "TwitterAPI",
        "authenticate_twitter('john', 'john123'), post_tweet('x', ['#a']), mention(0, ['@b']), get_tweet(0)",
        {"id": 0, "username": "john", "content": "x", "tags": ["#a"], "mentions": ["@b"]},
    ),
    (
        "TwitterAPI",
        "authenticate_twitter('john', 'john123'), post_tweet('x'), retweet(0), comment(0, 'c'), get_user_stats('john')",
        {"tweet_count": 1, "following_count": 2, "retweet_count": 1},
    ),
    ("TwitterAPI", "get_tweet(7)", "error"),
    ("TwitterAPI", "authenticate_twitter('john', 'john123'), unfollow_user('eve')", {"unfollow_status": False}),
    ("TradingBot", "place_order('Buy', 'NVDA', 10.0, 5000)", "error"),
    (
        "TradingBot",
        "place_order('Buy', 'NVDA', 10, 5), get_order_details(12446)",
        {"id": 12446, "order_type": "Buy", "symbol": "NVDA", "price": 10.0, "amount": 5, "status": "Open"},
    ),
    ("TradingBot", "cancel_order(12345)", "error"),
    ("TradingBot", "cancel_order(12446)", {"order_id": 12446, "status": "Cancelled"}),
    ("TradingBot", "withdraw_funds(1.5)", {"status": "the withdrawal is done", "new_balance": 9998.5}),
    ("TradingBot", "add_to_watchlist('AAPL')", {"watchlist": ["NVDA", "AAPL"]}),
    ("TradingBot", "add_to_watchlist('NONE')", {"watchlist": ["NVDA"]}),
    ("TradingBot", "trading_logout(), get_watchlist()", "error"),
    ("TradingBot", "filter_stocks_by_price(['NVDA', 'AAPL'], 15, 25)", {"filtered_stocks": ["AAPL"]}),
    ("TradingBot", "notify_price_change(['NVDA', 'AAPL'], 1)", {"notification": "changed: NVDA"}),
]


@pytest.mark.parametrize(("api", "calls", "last"), OTHERS)
def test_the_other_apis_do_what_their_functions_say(api, calls, last):
    found = answers(api, f"[{calls}]")[-1]
    assert ("error" in found) if last == "error" else (found == last)


@pytest.mark.parametrize(
    "text",
    [
        "none()",
        "_now()",
        "state()",
        "__init__()",
        "cd()",
        "cd(1)",
        "cd(a='x')",
        "cd([1])",
        "cd(x.y)",
        "tail('notes.txt', 'x')",
    ],
)
def test_a_call_that_cannot_be_made_answers_with_why_and_changes_nothing(text):
    world = World(["GorillaFileSystem"], SCENARIOS)
    before = world.states
    [call] = python_calls(text)
    assert "error" in json.loads(world.run(call))
    assert world.states == before


def test_copies_of_copies_do_not_fill_the_memory():
    calls = "".join(f"cp('old', 'c{n}'), mv('c{n}', 'old')," for n in range(40))
    assert "error" in answers("GorillaFileSystem", f"[{calls}]")[-2]


def conversation(*turns, apis=("GorillaFileSystem",)):
    metadata = {"apis": list(apis), "scenarios": SCENARIOS, "calls": [list(turn) for turn in turns]}
    return Sample("1", "?", "", metadata=metadata)


def judged(sample, record):
    return ToolState()(sample, Completion(json.dumps(record), "stop"))


RIGHT = conversation(["mkdir(dir_name='new')", "mv('notes.txt', 'new')"], ["wc('short.txt')"])


@pytest.mark.parametrize(
    ("record", "verdict", "kind"),
    [
        ([["[mkdir('new'), mv('notes.txt', 'new')]"], ["[wc('short.txt')]"]], Outcome.CORRECT, ""),
        ([["mkdir('new')", "mv('notes.txt', 'new')", "Done."], ["wc('short.txt')"]], Outcome.CORRECT, ""),
        ([["[ls(), mkdir('new')]", "[mv('notes.txt', 'new'), pwd()]"], ["wc('short.txt')"]], Outcome.CORRECT, ""),
        ([["[wc('short.txt'), mkdir('new'), mv('notes.txt', 'new')]"], ["ls()"]], Outcome.CORRECT, ""),
        (
            [
                [[{"mkdir": '{"dir_name": "new"}'}], [{"mv": {"source": "notes.txt", "destination": "new"}}]],
                ["wc('short.txt')"],
            ],
            Outcome.CORRECT,
            "",
        ),
        ([["mkdir('new')"], ["wc('short.txt')"]], Outcome.WRONG, "state"),
        ([["[mkdir('new'), mv('notes.txt', 'new'), touch('x')]"], ["wc('short.txt')"]], Outcome.WRONG, "state"),
        ([["[mkdir('new'), mv('notes.txt', 'new')]"], ["ls()"]], Outcome.WRONG, "answers"),
        ([["[mkdir('new'), mv('notes.txt', 'new')]"], ["It has two lines."]], Outcome.WRONG, "silent"),
        ([["[mkdir('new'), mv('notes.txt', 'new')]"]], Outcome.WRONG, "turns"),
        ([["I call mkdir('new') and mv('notes.txt', 'new')."], ["wc('short.txt')"]], Outcome.WRONG, "silent"),
        ([["[__import__('os')]"], [None]], Outcome.WRONG, "state"),
        ("none", Outcome.UNPARSED, ""),
        ([1, 2], Outcome.UNPARSED, ""),
    ],
)
def test_a_conversation_is_judged_by_what_its_calls_did(record, verdict, kind):
    score = judged(RIGHT, record)
    assert score.outcome is verdict, score
    assert score.evidence.get("wrong", {}).get("kind", "") == kind


def test_a_difference_names_the_turn_and_the_field():
    wrong = judged(RIGHT, [["mkdir('new')"], ["wc('short.txt')"]]).evidence["wrong"]
    assert wrong["turn"] == 0
    assert "notes.txt" in wrong["got"]["GorillaFileSystem.root"]
    assert "notes.txt" not in wrong["expected"]["GorillaFileSystem.root"]


def test_a_turn_that_wants_no_call_compares_nothing():
    sample = conversation([], ["ls()"])
    assert judged(sample, [["I lack a name."], ["ls()"]]).outcome is Outcome.CORRECT
    assert judged(sample, [["pwd()"], ["ls()"]]).outcome is Outcome.CORRECT


def test_an_answer_in_several_turns_is_a_record():
    score = ToolState()(
        RIGHT, Completion("", "stop", turns=("[mkdir('new'), mv('notes.txt', 'new')]", "wc('short.txt')"))
    )
    assert score.outcome is Outcome.CORRECT


def test_an_api_that_is_not_simulated_is_a_failure_and_never_a_wrong_answer():
    score = judged(conversation(["book_flight()"], apis=["TravelAPI"]), [["book_flight()"]])
    assert (score.value, score.outcome) == (None, Outcome.FAILED)
    assert "TravelAPI" in score.explanation
    assert judged(Sample("1", "?", ""), []).outcome is Outcome.FAILED


names = st.sampled_from([name for make in APIS.values() for name in functions(make({}))])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["old", "notes.txt", "..", "USR001", "NVDA", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["title", "x"]), inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(names, st.lists(values, max_size=4)), max_size=12))
def test_no_call_raises_and_the_same_calls_do_the_same(calls):
    first, second = World(list(APIS), SCENARIOS), World(list(APIS), SCENARIOS)
    for name, arguments in calls:
        assert first.run(Call(name, {}, tuple(arguments))) == second.run(Call(name, {}, tuple(arguments)))
    assert first.states == second.states
