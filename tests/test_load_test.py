"""A load test from a model's name to its numbers, against servers that know themselves what they did."""

import asyncio
import itertools
import time

import pytest

from sinan import load_test
from sinan.errors import ModelUnusable, UsageError
from sinan.load_test import Watch, checked, default_requests, instants, requests, run, target
from sinan.types.load import LoadSpec
from tests.streams import DONE, HANG, StreamServer, answer, delta, event, http, usage


@pytest.fixture
def unhurried(monkeypatch):
    """A busy machine is no slow client: how late the loop wakes up is not what the test is about."""
    monkeypatch.setattr(load_test, "LAG", 60.0)


class Ears(Watch):
    def __init__(self):
        self.test, self.levels = None, []

    def measured(self, level):
        self.levels.append(level)

    def ended(self, test):
        self.test = test


async def measured(server, **spec):
    return await run(LoadSpec(server.model, **{"requests": 6, "prompt_tokens": (5, 9), **spec}))


async def test_every_number_is_one_that_the_server_can_confirm():
    with StreamServer(lambda n, body: [0.02, *answer(4, 0.01)]) as server:
        test = await measured(server, concurrency=(1, 3), requests=9)
    assert [(level.over, level.at, level.sent, level.ok) for level in test.levels] == [
        ("concurrency", 1, 9, 9),
        ("concurrency", 3, 9, 9),
    ]
    first, second = server.measured[:9], server.measured[9:]
    for level, served in zip(test.levels, (first, second), strict=True):
        ttft, e2e, itl = level.spreads["ttft"], level.spreads["e2e"], level.spreads["itl"]
        # What the client saw contains what the server did; the whole level contains every request.
        assert ttft.max >= max(one.written[0] - one.came for one in served)
        assert e2e.mean >= sum(one.written[-1] - one.came for one in served) / 9
        assert e2e.p50 > ttft.p50
        assert e2e.max <= level.seconds
        assert level.seconds >= served[-1].written[-1] - served[0].came
        assert itl.n == 9 * 3
        assert (level.tokens_in_total, level.tokens_out_total, level.counted_by) == (63, 36, "server")
        assert level.spreads["tpot"].n == 9
        assert level.per_second(level.ok) == pytest.approx(9 / level.seconds)
    assert [level.in_flight_max for level in test.levels] == [1, 3] and server.most == 3
    assert test.levels[0].in_flight_mean <= 1.0 < test.levels[1].in_flight_mean <= 3.0
    assert all(a.ended <= b.came for a, b in itertools.pairwise(first))


async def test_prompts_differ_everywhere_and_are_the_same_for_the_same_seed():
    with StreamServer() as server:
        await measured(server, concurrency=(1, 2), seed=4)
        await measured(server, concurrency=(1, 2), seed=4)
    said = [one.body["messages"][0]["content"] for one in server.served]
    assert len(set(said[:13])) == 13
    assert sorted(said[:13]) == sorted(said[13:])
    assert all(one.body["max_tokens"] == 128 and "temperature" not in one.body for one in server.served)


async def test_parameters_travel_and_stay_where_they_belong():
    with StreamServer() as server:
        await measured(server, concurrency=(1,), parameters={"temperature": 0.5, "ignore_eos": True, "stop": "x"})
    assert {k: server.served[1].body[k] for k in ("temperature", "ignore_eos", "stop")} == {
        "temperature": 0.5,
        "ignore_eos": True,
        "stop": ["x"],
    }


async def test_an_open_loop_does_not_wait_for_answers():
    with StreamServer() as server:
        server.script = lambda n, body: [] if n == 0 else [lambda: len(server.served) == 13, *answer()]
        test = await measured(server, rates=(200.0,), requests=12)
    (level,) = test.levels
    assert (level.ok, level.in_flight_max) == (12, 12)
    assert level.arrivals.asked == 200
    assert level.arrivals.sent <= level.arrivals.scheduled * 1.2
    assert level.arrivals.late_max >= level.arrivals.late_p99 >= 0
    assert any("open loop" in note for note in test.notes)


async def test_an_open_loop_is_drawn_at_the_rate_that_was_asked():
    with StreamServer() as server:
        test = await measured(server, rates=(300.0,), requests=12)
    assert test.levels[0].arrivals.scheduled == pytest.approx(300)


@pytest.mark.parametrize("count", [2, 7, 400])
def test_arrivals_are_the_same_for_the_same_seed_and_take_the_time_that_they_should(count):
    first, again, other = (list(instants(40.0, seed, count)) for seed in "aab")
    assert first == again
    assert count == 2 or first != other
    assert len(first) == count and first[0] == 0.0 and first[-1] == pytest.approx((count - 1) / 40)
    assert first == sorted(first)


def test_arrivals_without_a_number_go_on():
    assert len([*itertools.islice(instants(40.0, "a", None), 1000)]) == 1000
    assert [*instants(40.0, "a", 1)] == [0.0]


async def test_a_client_that_stands_still_is_told_from_a_server_that_does():
    class Rude(Watch):
        def began(self, model, over, at, bounds, tally):
            tally.answered = lambda: time.sleep(0.05)

    with StreamServer() as server:
        test = await run(LoadSpec(server.model, concurrency=(2,), requests=12), Rude())
    (level,) = test.levels
    assert level.client.lag_max >= 0.03
    assert not level.client.kept_up
    assert any("client could not keep up at concurrency 2" in note for note in test.notes)


async def test_failures_are_counted_by_status_and_are_in_no_latency():
    def script(number, body):
        return http(429, {"error": f"no {number}"}) if number % 3 == 1 else answer(gap=0.005)

    with StreamServer(script) as server:
        test = await measured(server, concurrency=(1,), requests=9, targets=(target("failed<0.01"),))
    (level,) = test.levels
    assert (level.sent, level.ok, level.failed) == (9, 6, 3)
    assert [(one.reason, one.count) for one in level.failures] == [("429 Too Many Requests", 3)]
    assert level.spreads["e2e"].n == level.spreads["ttft"].n == 6
    assert [(v.value, v.kept) for v in level.verdicts] == [(pytest.approx(1 / 3), False)]


async def test_a_level_where_all_failed_has_no_numbers_and_keeps_nothing():
    with StreamServer(lambda n, body: http(500)) as server:
        test = await measured(server, concurrency=(2,), targets=(target("e2e_p99<9"),))
    (level,) = test.levels
    assert (level.ok, level.failed, test.ok) == (0, 6, 0)
    assert level.spreads["e2e"] is None and level.kept is False
    assert level.to_json()["output_tokens_per_s"] is None


async def test_chunks_are_counted_where_the_server_does_not_and_that_is_said():
    with StreamServer(lambda n, body: answer(4, counted=False)) as server:
        test = await measured(server, concurrency=(1,))
    (level,) = test.levels
    assert (level.counted_by, level.tokens_out_total, level.tokens_in_total) == ("chunks", 24, None)
    assert any("did not count" in note for note in test.notes)


async def test_a_server_that_refuses_stream_options_is_asked_without():
    def script(number, body):
        return http(400, {"error": "unknown field stream_options"}) if "stream_options" in body else answer()

    with StreamServer(script) as server:
        test = await measured(server, concurrency=(1,))
    assert test.levels[0].ok == 6
    assert any("refuses stream_options" in note for note in test.notes)


async def test_several_tokens_in_a_chunk_are_said():
    with StreamServer(lambda n, body: [*answer(2)[:-2], *answer(8)[-2:]]) as server:
        test = await measured(server, concurrency=(1,))
    assert test.levels[0].tokens_per_chunk == 4
    assert any("4.0 tokens" in note for note in test.notes)


async def test_a_model_without_chunks_has_whole_answers_alone():
    test = await run(LoadSpec("needle/xs", concurrency=(2,), requests=4, max_tokens=5, prompt_tokens=(5, 5)))
    (level,) = test.levels
    assert (level.ok, level.spreads["ttft"], level.spreads["itl"]) == (4, None, None)
    assert level.spreads["e2e"].n == 4
    assert level.tokens_out_total <= 20
    assert not test.streamed and any("not streamed" in note for note in test.notes)


async def test_the_first_request_and_the_warm_up_are_not_counted():
    with StreamServer() as server:
        test = await measured(server, concurrency=(2,), warmup=5)
    assert len(server.served) == 1 + 5 + 6
    assert test.levels[0].sent == 6


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_no_request_would_survive_stops_before_any_level(status):
    told = pytest.raises(ModelUnusable, match=rf"^openai/mock: .*{status}")
    with StreamServer(lambda n, body: http(status, {"error": "no such model"})) as server, told:
        await measured(server)
    assert len(server.served) == 1


async def test_a_search_finds_the_server_that_refuses_the_fifth(unhurried):
    def script(number, body):
        return http(429) if server.in_flight > 4 else [0.02, *answer()]

    with StreamServer(script) as server:
        test = await measured(server, search="concurrency", requests=24, targets=(target("e2e_p99<30"),))
    assert test.best == 4 and not test.at_end_of_range
    assert [level.at for level in test.levels] == [1, 2, 4, 8, 6, 5]
    assert [level.sent for level in test.levels] == [24, 24, 24, 32, 24, 24]
    assert [t.text for t in test.spec.targets] == ["e2e_p99<30", "failed<0.01"]
    assert test.to_json()["search"]["best"] == 4
    assert any("a search sends 4 x the level (32 at 8)" in note for note in test.notes)


async def test_a_search_that_ends_with_its_range_says_so(unhurried):
    with StreamServer(lambda n, body: [0.02, *answer()]) as server:
        test = await measured(server, search="concurrency", concurrency=(3, 6), targets=(target("e2e_p99<30"),))
    assert (test.best, test.at_end_of_range) == (6, True)
    assert server.most == 6
    assert test.to_json()["search"]["at_end_of_range"] is True


async def test_a_level_that_was_not_reached_is_no_answer(unhurried):
    with StreamServer() as server:
        server.script = lambda n, body: answer() if n < 9 else [0.5, *answer()]
        asked = {"search": "concurrency", "concurrency": (2, 8), "requests": 8, "duration": 60.0}
        test = await measured(server, **asked, targets=(target("e2e_p99<30"),))
    assert [(level.at, level.kept, level.reached) for level in test.levels] == [
        (2, True, True),
        (4, True, True),
        (8, True, False),
        (6, True, False),
        (5, True, False),
    ]
    assert (test.best, test.at_end_of_range) == (4, False)
    assert any("concurrency 8, 6, 5 was not reached" in note for note in test.notes)
    assert any("kept at concurrency 8, 6, 5, yet that is no answer" in note for note in test.notes)


async def test_a_client_that_does_not_keep_up_finds_nothing(monkeypatch):
    monkeypatch.setattr(load_test, "LAG", -1.0)
    monkeypatch.setattr(load_test, "LAG_SHARE", -1.0)
    with StreamServer() as server:
        test = await measured(server, search="concurrency", targets=(target("e2e_p99<30"),))
    (level,) = test.levels
    assert (test.best, level.kept, level.client.kept_up, level.answers) == (None, True, False, False)


def test_a_rate_that_was_not_sent_is_not_reached():
    from sinan.types.load import Arrivals, Client, Level

    def at(sent):
        client, arrivals = Client(0.0, 0.0, 0.0, 0.0, True), Arrivals(40.0, 40.0, sent, 0.0, 0.0)
        return Level("rate", 40.0, 99, 99, (), 0, 1.0, 1.0, 1, 1, 1, "server", 1.0, {}, client, arrivals)

    assert [at(sent).reached for sent in (31.0, 37.9, 38.1, 40.0)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ({"requests": 40}, 40),
        ({"requests": 40, "search": "concurrency"}, 256),
        ({"requests": 300, "search": "concurrency"}, 300),
        ({"requests": 40, "search": "concurrency", "duration": 5.0}, 40),
        ({"search": "concurrency"}, 256),
        ({"search": "concurrency", "duration": 5.0}, None),
    ],
)
def test_a_search_sends_enough_for_each_place(spec, count):
    assert requests(LoadSpec("m", **spec), "concurrency", 64) == count


async def test_answers_that_come_in_one_piece_have_no_first_token():
    whole = b"".join([delta(content="a"), delta(content="b"), delta(content="c"), usage(7, 3), DONE])
    with StreamServer(lambda n, body: [0.01, whole]) as server:
        test = await measured(server, concurrency=(2,), targets=(target("ttft_p50<9"),))
    (level,) = test.levels
    assert level.at_once and (level.ok, level.tokens_out_total) == (6, 18)
    assert [level.spreads[name] for name in ("ttft", "tpot", "itl")] == [None, None, None]
    assert level.spreads["e2e"].p50 >= 0.01
    assert level.kept is False
    told = level.to_json()
    assert (told["ttft"], told["tpot"], told["itl"], told["came_at_once"]) == (None, None, None, True)
    assert any("at concurrency 2 each stream came at once" in note for note in test.notes)


async def test_one_chunk_of_several_tokens_came_at_once_and_one_of_a_single_token_did_not():
    for tokens, at_once in ((5, True), (1, False)):
        whole = delta(content="a") + usage(7, tokens) + DONE
        with StreamServer(lambda n, body, whole=whole: [0.01, whole]) as server:
            (level,) = (await measured(server, concurrency=(2,))).levels
        assert level.at_once is at_once
        assert (level.spreads["ttft"] is None) is at_once


async def test_a_server_that_leaves_out_the_marker_is_measured():
    end = event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    with StreamServer(lambda n, body: [*answer(4, 0.005)[:-1], end]) as server:
        (level,) = (await measured(server, concurrency=(2,))).levels
    assert (level.ok, level.failed, level.at_once) == (6, 0, False)


async def test_a_search_that_nothing_satisfies_says_so():
    with StreamServer() as server:
        test = await measured(server, search="rate", rates=(640.0, 900.0), targets=(target("e2e_p50<0"),))
    assert test.best is None
    assert [level.at for level in test.levels] == [640, 320, 160, 80, 40]


async def test_a_cancelled_test_keeps_what_it_measured():
    with StreamServer() as server:
        server.script = lambda n, body: answer() if n <= 8 else [HANG]
        server.wanted, ears = 11, Ears()
        task = asyncio.create_task(run(LoadSpec(server.model, concurrency=(2, 3), requests=6), ears))
        await asyncio.to_thread(server.enough.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ears.test.status == "stopped"
    assert [level.ok for level in ears.test.levels] == [6, 2]
    assert ears.test.levels[1].unfinished == ears.test.levels[1].sent - 2 >= 2
    assert ears.levels == list(ears.test.levels)


@pytest.mark.parametrize(
    ("text", "metric", "statistic", "bound", "inclusive"),
    [
        ("ttft_p95<0.5", "ttft", "p95", 0.5, False),
        ("e2e_p99 <= 4", "e2e", "p99", 4.0, True),
        ("itl_max<1e-2", "itl", "max", 0.01, False),
        ("tpot_mean<0.05", "tpot", "mean", 0.05, False),
        ("failed<=0", "failed", "", 0.0, True),
    ],
)
def test_targets_are_read(text, metric, statistic, bound, inclusive):
    found = target(text)
    assert (found.metric, found.statistic, found.bound, found.inclusive) == (metric, statistic, bound, inclusive)
    assert found.kept_by(bound) is inclusive
    assert not found.kept_by(None)


@pytest.mark.parametrize(
    "text", ["ttft<1", "ttft_p42<1", "speed_p99<1", "e2e_p99>1", "e2e_p99<", "e2e_p99<nan", "", "<"]
)
def test_targets_that_mean_nothing_are_refused(text):
    with pytest.raises(UsageError, match="write METRIC_STATISTIC"):
        target(text)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"concurrency": (1,), "rates": (1.0,)}, "two kinds of test"),
        ({"search": "rate"}, "needs a target"),
        ({"search": "rate", "concurrency": (1,), "targets": (target("failed<1"),)}, "where to begin"),
        ({"search": "concurrency", "concurrency": (8, 4), "targets": (target("failed<1"),)}, "where to begin"),
        ({"parameters": {"max_tokens": 4}}, "--max-tokens"),
        ({"parameters": {"stream": True}}, "stream"),
        ({"prompts": "p.txt", "prefix_tokens": 3}, "--prefix-tokens"),
    ],
)
def test_what_does_not_go_together_is_refused(spec, said):
    with pytest.raises(UsageError, match=said):
        checked(LoadSpec("openai/m", **spec))


async def test_a_target_that_cannot_be_measured_is_refused_before_any_request():
    with StreamServer() as server, pytest.raises(UsageError, match="not streamed"):
        await measured(server, stream=False, targets=(target("ttft_p50<1"),))
    assert not server.served


async def test_written_prompts_are_sent_in_turn(tmp_path):
    (tmp_path / "p.txt").write_text("one\ntwo\n")
    with StreamServer() as server:
        test = await measured(server, concurrency=(1,), requests=3, prompts=str(tmp_path / "p.txt"))
    assert [one.body["messages"][0]["content"] for one in server.measured] == ["one", "two", "one"]
    assert any("again and again" in note for note in test.notes)


def test_levels_send_enough_where_nothing_is_said():
    assert [default_requests("concurrency", at) for at in (1, 8, 64)] == [20, 32, 256]
    assert [default_requests("rate", at) for at in (0.1, 2.0, 10.0)] == [20, 40, 200]
