"""The tables of a load test on terminals of any width: columns are dropped, and none is cut."""

from dataclasses import replace

import pytest
from rich.console import Console

from sinan.cli import perf_table
from sinan.load_test import target
from sinan.types.load import Client, Level, LoadSpec, LoadTest, Spread

TARGET = target("ttft_p95<0.5")


def spread(x):
    return Spread(4096, x, x, 1.1 * x, 1.2 * x, 1.4 * x, 1.9 * x, 2 * x)


def level(at, over="concurrency", kept_up=True, **spreads):
    times = {"ttft": spread(0.2), "tpot": spread(0.0123), "itl": spread(0.0123), "e2e": spread(4.5)} | spreads
    client = Client(0.001, 0.002, 0.003, 0.1, kept_up)
    sizes = {"tokens_in": spread(1234.0), "tokens_out": spread(128.0)}
    numbers = (4096, 4096, (), 0, 61.0, 63.9, 64, 5_000_000, 524_288, "server", 1.0)
    return Level(over, at, *numbers, times | sizes, client).judged((TARGET,))


def a_test(*levels, **fields):
    return LoadTest(LoadSpec("m", targets=(TARGET,)), "openai/m", {}, True, "complete", levels, **fields)


@pytest.fixture
def printed(monkeypatch, capsys):
    def lines(width, show, *what):
        monkeypatch.setattr(perf_table, "console", lambda: Console(width=width, highlight=False))
        show(*what)
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize("width", [64, 80, 100, 120])
def test_the_summary_fits_and_cuts_nothing(printed, width):
    shown = printed(width, perf_table.print_test, a_test(level(1), level(64)))
    assert all(len(line.rstrip()) <= width for line in shown)
    text = "\n".join(shown)
    assert "…" not in text
    for word in ("67.1", "8,595", "380.0", "8,550", "kept"):  # requests/s, tokens/s, ttft p99, e2e p99, the verdict
        assert word in text
    assert ("concurrency" in text) is (width == 120) and ("flight" in text) is (width < 120)


def test_eighty_columns_hold_every_time(printed):
    row = printed(80, perf_table.print_test, a_test(level(1), level(64)))[-2].split()
    assert row == ["64", "67.1", "8,595", "200.0", "380.0", "12.3", "4,500", "8,550", "0", "kept"]


@pytest.mark.parametrize("width", [66, 80, 120])
def test_the_table_of_a_level_cuts_nothing(printed, width):
    shown = printed(width, perf_table.print_level, level(64))
    assert not any("…" in line for line in shown) and all(len(line.rstrip()) <= width for line in shown)
    assert any("p75" in line for line in shown) is (width > 66)


def test_a_level_that_keeps_its_targets_but_says_nothing_is_a_question(printed):
    slow = level(64, kept_up=False)
    assert printed(120, perf_table.print_test, a_test(level(1), slow))[-2].split()[-1] == "?"
    searched = replace(a_test(slow), spec=LoadSpec("m", targets=(TARGET,), search="concurrency"))
    assert "No concurrency is known to keep ttft_p95<0.5" in printed(120, perf_table.print_test, searched)[-1]


def test_what_was_not_measured_is_a_dash(printed):
    once = replace(level(64, ttft=None, tpot=None, itl=None), at_once=True)
    rows = {line.split()[0]: line.split() for line in printed(120, perf_table.print_level, once) if line.split()}
    assert rows["tpot"] == ["tpot", "per", "token", *["-"] * 8]
    summary = printed(120, perf_table.print_test, a_test(level(1), once))
    assert summary[-2].split()[3:6] == ["-", "-", "-"]
