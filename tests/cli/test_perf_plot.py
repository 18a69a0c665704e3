"""The plot of a load test: which panels there are, what they say, and what is refused."""

from dataclasses import replace

import pytest

from sinan.cli.perf_plot import draw
from sinan.errors import MissingExtra, StoreError, UsageError
from sinan.load_test import target
from sinan.types.load import Client, Failures, Level, LoadSpec, LoadTest, Spread

pytest.importorskip("matplotlib")
CLIENT = Client(0.001, 0.002, 0.003, 0.1, True)


def spread(x):
    return Spread(50, x, x, 1.1 * x, 1.2 * x, 1.4 * x, 1.9 * x, 2 * x)


def level(at, x=0.1, failed=0, streamed=True, over="concurrency"):
    times = {"ttft": spread(x), "tpot": spread(x / 20), "itl": spread(x / 20)} if streamed else {}
    spreads = {"ttft": None, "tpot": None, "itl": None, "e2e": spread(4 * x)} | times
    failures = (Failures("429", failed, "429"),) if failed else ()
    tokens = {"tokens_in": spread(100), "tokens_out": spread(100)}
    return Level(
        over, at, 50 + failed, 50, failures, 0, 5.0, at, int(at), 5000, 6000, "server", 1.0, spreads | tokens, CLIENT
    )


def a_test(*levels, **fields):
    return LoadTest(
        LoadSpec("m", targets=fields.pop("targets", ())), "openai/模型", {}, True, "complete", levels, **fields
    )


def words(path, test):
    draw(test, path)
    return path.read_text("utf-8")


def test_plot_writes_png_and_svg_by_suffix(tmp_path):
    draw(a_test(level(1), level(8)), tmp_path / "p.PNG")
    assert (tmp_path / "p.PNG").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_plot_has_a_panel_for_each_thing_that_was_measured(tmp_path):
    svg = words(tmp_path / "p.svg", a_test(level(1), level(8), level(64)))
    for word in ("output tokens per second", "time to first token, ms", "time per output token, ms", "end to end, ms"):
        assert word in svg
    for word in ("requests in flight", ">64<", "p50", "p99", "模型", "1,200"):
        assert word in svg


def test_plot_of_whole_answers_has_no_first_token(tmp_path):
    svg = words(tmp_path / "p.svg", a_test(level(2.5, streamed=False, over="rate")))
    assert "first token" not in svg
    assert "end to end, ms" in svg and "arrivals per second" in svg and ">2.5<" in svg


def test_plot_without_a_count_of_tokens_shows_requests(tmp_path):
    svg = words(tmp_path / "p.svg", a_test(replace(level(1), tokens_out_total=None)))
    assert "answered requests per second" in svg


def test_plot_shows_targets_and_failures(tmp_path):
    test = a_test(level(1), level(8, failed=10), targets=(target("ttft_p95<0.15"),))
    svg = words(tmp_path / "p.svg", test)
    assert "target 150" in svg
    assert "17 % failed" in svg


def test_plot_of_many_close_levels_names_those_that_have_room(tmp_path):
    many = a_test(*(level(at) for at in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 384, 448, 480, 496)))
    svg = words(tmp_path / "p.svg", many)
    assert ">512<" in svg
    assert ">496<" not in svg


def test_plot_marks_levels_at_which_the_client_did_not_keep_up(tmp_path):
    slow = replace(level(8), client=replace(CLIENT, kept_up=False))
    assert "client did not keep up" in words(tmp_path / "slow.svg", a_test(level(1), slow))
    assert "client did not keep up" not in words(tmp_path / "p.svg", a_test(level(1), level(8)))


def test_plot_puts_no_figure_on_the_axis():
    from matplotlib.figure import Figure

    from sinan.cli.perf_plot import _latency

    figure = Figure()
    axes = figure.subplots()
    levels = [level(1, 0.0001), level(8, 0.5)]
    _latency(axes, levels, "ttft", "time", a_test(*levels))
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert set(boxes) == {"0.1", "500"}
    assert all(box.y0 >= axes.get_window_extent().y0 for box in boxes.values())


def test_plot_is_the_same_bytes_for_the_same_numbers(tmp_path):
    assert words(tmp_path / "1.svg", a_test(level(1))) == words(tmp_path / "2.svg", a_test(level(1)))


def test_plot_refuses_what_it_cannot_draw(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        draw(a_test(level(1)), tmp_path / "p.pdf")
    with pytest.raises(UsageError, match="nothing to plot"):
        draw(a_test(replace(level(1), ok=0)), tmp_path / "p.png")
    with pytest.raises(StoreError, match="cannot write"):
        draw(a_test(level(1)), tmp_path / "nowhere" / "p.png")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match="pip install matplotlib"):
        draw(a_test(level(1)), tmp_path / "p.png")
