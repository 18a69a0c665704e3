"""What `--dry-run` prints: bounds are shown as bounds, and what is not known as a question mark."""

import json

import pytest

from sinan.cli.estimate import Limits, duration, print_estimate
from sinan.cli.output import money
from sinan.engine.estimate import CellEstimate, RunEstimate

KNOWN = CellEstimate("toy", "fake/one", 8, 8, 1000, 400, "this model", 0.5, 0.5, 90.0, 0)
BOUNDED = CellEstimate("toy", "fake/two", 8, 8, 1000, 16384, "max_tokens", 3.25, 0.125, None, 2)
UNPRICED = CellEstimate("toy", "fake/three", 8, 8, 1000, None, "unknown", None, None, None, 0)


def lines(capsys, *cells, **limits):
    print_estimate(RunEstimate(cells), as_json=False, limits=Limits(**limits))
    return capsys.readouterr().out.splitlines()


def test_what_is_known_is_one_number(capsys):
    row, *notes = lines(capsys, KNOWN)[1:]
    assert row.split()[:7] == ["toy", "fake/one", "8", "1,000", "400", "$0.5000", "2"]
    assert any("Length of answers: as in earlier runs of this model." in note for note in notes)


def test_a_bound_is_shown_as_one_and_a_cost_as_a_range(capsys):
    shown = lines(capsys, KNOWN, BOUNDED)
    assert "≤ 16,384" in shown[2] and "$0.1250 - $3.25" in shown[2]
    assert "  Length of answers: at most: what max_tokens allows (toy fake/two)." in shown
    assert shown[3].split()[:4] == ["all", "16", "2,000", "≤"]
    assert "$0.6250 - $3.75" in shown[3] and "?" in shown[3]
    assert any("2 pictures" in line for line in shown)


def test_a_model_without_a_price_is_named_with_the_remedy(capsys):
    shown = lines(capsys, UNPRICED)
    assert shown[1].count("?") == 3
    assert any("fake/three" in line and "price_in" in line and "sinan.toml" in line for line in shown)


def test_json_is_one_document(capsys):
    print_estimate(RunEstimate((KNOWN, BOUNDED)), as_json=True)
    told = json.loads(capsys.readouterr().out)
    got, notes = told["estimate"], told["notes"]
    assert (got["requests"], got["tokens_out_at_most"], got["cost_usd"], got["seconds"]) == (16, True, 3.75, None)
    assert any("cache" in note for note in notes) and any("(toy fake/one)" in note for note in notes)
    assert [cell["model"] for cell in got["cells"]] == ["fake/one", "fake/two"]


@pytest.mark.parametrize(
    ("cell", "limits", "told"),
    [
        (KNOWN, {"max_cost": 0.4}, "exceeds --max-cost 0.4:"),
        (KNOWN, {"max_tokens_total": 1399}, "exceeds --max-tokens-total 1399:"),
        (KNOWN, {"max_time": 89.5}, "exceeds --max-time 89.5:"),
        (BOUNDED, {"max_cost": 0.1}, "exceeds --max-cost 0.1:"),
        (BOUNDED, {"max_cost": 2.0}, "may exceed --max-cost 2:"),
        (BOUNDED, {"max_tokens_total": 12345678}, None),
        (BOUNDED, {"max_tokens_total": 2000}, "may exceed --max-tokens-total 2000:"),
        (BOUNDED, {"max_time": 5.0}, "Whether --max-time 5 is enough is not known"),
        (UNPRICED, {"max_tokens_total": 999}, "exceeds --max-tokens-total 999:"),
        (KNOWN, {"max_cost": 0.5, "max_tokens_total": 1400, "max_time": 90.0}, None),
    ],
)
def test_limits_that_the_estimate_exceeds_are_named(capsys, cell, limits, told):
    found = [line for line in lines(capsys, cell, **limits) if "--max" in line]
    assert (len(found) == 1 and told in found[0]) if told else not found


def test_the_cache_is_spoken_of_where_it_is_used(capsys):
    assert any("response cache" in line for line in lines(capsys, KNOWN))
    assert not any("response cache" in line for line in lines(capsys, KNOWN, cache=False))


def test_a_narrow_terminal_breaks_names_and_cuts_no_number(capsys, monkeypatch):
    from rich.console import Console

    monkeypatch.setattr("sinan.cli.table.console", lambda: Console(width=80, highlight=False))
    numbers = (12345, 12345, 9876543, 50565120, "max_tokens", 1234.5, 98.76, 7200, 0)
    cell = CellEstimate("mmlu_pro/computer_science", "openai/long-name-2024-08", *numbers)
    shown = lines(capsys, cell)
    for whole in ("12,345", "9,876,543", "≤ 50,565,120", "$98.76 - $1,234.50", "2.0 h"):
        assert whole in shown[1]
    assert all(len(line) <= 80 for line in shown) and not any("…" in line for line in shown)


def test_money_and_time_are_as_exact_as_they_need_be():
    assert [money(usd) for usd in (0, 0.00412, 12.3, 1234.5)] == ["$0.00", "$0.0041", "$12.30", "$1,234.50"]
    assert [duration(s) for s in (0, 40, 89, 90, 720, 5400, 12600)] == [
        "0 s",
        "40 s",
        "89 s",
        "2 min",
        "12 min",
        "1.5 h",
        "3.5 h",
    ]
