"""What `--dry-run` prints: bounds are shown as bounds, and what is not known as a question mark."""

import json

from sinan.cli.estimate import duration, money, print_estimate
from sinan.engine.estimate import CellEstimate, RunEstimate

KNOWN = CellEstimate("toy", "fake/one", 8, 8, 1000, 400, "this model", 0.5, 0.5, 90.0, 0)
BOUNDED = CellEstimate("toy", "fake/two", 8, 8, 1000, 16384, "max_tokens", 3.25, 0.125, None, 2)
UNPRICED = CellEstimate("toy", "fake/three", 8, 8, 1000, None, "unknown", None, None, None, 0)


def lines(capsys, *cells):
    print_estimate(RunEstimate(cells), as_json=False)
    return capsys.readouterr().out.splitlines()


def test_what_is_known_is_one_number(capsys):
    row = lines(capsys, KNOWN)[1]
    assert row.split()[:7] == ["toy", "fake/one", "8", "1,000", "400", "$0.5000", "2"]
    assert "earlier runs of this model" in row


def test_a_bound_is_shown_as_one_and_a_cost_as_a_range(capsys):
    shown = lines(capsys, KNOWN, BOUNDED)
    assert "≤ 16,384" in shown[2] and "$0.1250 - $3.25" in shown[2] and "at most" in shown[2]
    assert shown[3].split()[:4] == ["all", "16", "2,000", "≤"]
    assert "$0.6250 - $3.75" in shown[3] and "?" in shown[3]
    assert any("2 pictures" in line for line in shown)


def test_a_model_without_a_price_is_named_with_the_remedy(capsys):
    shown = lines(capsys, UNPRICED)
    assert shown[1].count("?") == 3
    assert any("fake/three" in line and "price_in" in line and "sinan.toml" in line for line in shown)


def test_json_is_one_document(capsys):
    print_estimate(RunEstimate((KNOWN, BOUNDED)), as_json=True)
    got = json.loads(capsys.readouterr().out)["estimate"]
    assert (got["requests"], got["tokens_out_at_most"], got["cost_usd"], got["seconds"]) == (16, True, 3.75, None)
    assert [cell["model"] for cell in got["cells"]] == ["fake/one", "fake/two"]


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
