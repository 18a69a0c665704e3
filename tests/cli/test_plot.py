"""The results plot: what is drawn, where it is written, and what is refused."""

import itertools
import re
from pathlib import Path

import pytest

from sinan.cli.plot import plot
from sinan.errors import MissingExtra, StoreError, UsageError
from sinan.types import CellResult, Estimate

pytest.importorskip("matplotlib")
PNG = b"\x89PNG\r\n\x1a\n"
NO_NUMBER = Estimate(None, None, None, "none", 0)


def result(benchmark: str, model: str, estimate: Estimate | None = None) -> CellResult:
    estimate = estimate or Estimate(0.5, 0.05, (0.4, 0.6), "wilson", 100)
    return CellResult(benchmark, "v", "default", model, "accuracy", estimate, 1, {}, (), 0, 0)


def drawn(path: Path, results: list[CellResult], chance: dict[str, float | None] | None = None) -> str:
    """The words of the SVG."""
    plot(results, path, "7f3a-test", chance or {})
    return path.read_text("utf-8")


def test_plot_writes_png_and_svg_by_suffix(tmp_path):
    plot([result("a", "needle/s")], tmp_path / "p.PNG", "run", {})
    assert (tmp_path / "p.PNG").read_bytes().startswith(PNG)
    assert "<svg" in drawn(tmp_path / "p.svg", [result("a", "needle/s")])


def test_plot_names_benchmarks_models_values_run_and_interval_method(tmp_path):
    svg = drawn(tmp_path / "p.svg", [result("gsm8k", "needle/s"), result("gsm8k", "needle/m")])
    for word in ("gsm8k", "needle/s", "needle/m", "50.0", "7f3a-test", "wilson", "n = 100", "accuracy in %"):
        assert word in svg


def test_plot_shows_chance_only_where_the_card_gives_one(tmp_path):
    rows = [result("a", "m"), result("b", "m")]
    assert ">chance<" in drawn(tmp_path / "p.svg", rows, {"a": 0.25, "b": None})
    assert ">chance<" not in drawn(tmp_path / "p.svg", rows, {"a": None})


def test_plot_shows_no_number_as_a_dash(tmp_path):
    svg = drawn(tmp_path / "p.svg", [result("a", "m", NO_NUMBER), result("b", "m")])
    assert ">–<" in svg
    assert "no sample scored" in svg


def test_plot_of_nothing_but_missing_numbers_is_still_a_plot(tmp_path):
    assert ">–<" in drawn(tmp_path / "p.svg", [result("a", "m", NO_NUMBER)])


def test_plot_keeps_chinese_as_text_in_svg(tmp_path):
    assert "问题集" in drawn(tmp_path / "p.svg", [result("问题集", "openai/模型")])


def test_plot_draws_chinese_and_odd_names_in_png_without_a_warning(tmp_path, recwarn):
    plot([result("问题集 $x$", "openai/模型\x1b[31m" + "x" * 300)], tmp_path / "p.png", "run", {})
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


@pytest.mark.parametrize(("benchmarks", "models"), [(1, 1), (60, 2), (3, 14)])
def test_plot_gives_every_mark_its_own_line(tmp_path, benchmarks, models):
    rows = [result(f"b{i}", f"m{j}") for i in range(benchmarks) for j in range(models)]
    svg = drawn(tmp_path / "p.svg", rows)
    places = re.findall(r'translate\(([\d.]+) ([\d.]+)\)">50\.0<', svg) or re.findall(
        r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>50\.0<', svg
    )
    lines = sorted(float(y) for _, y in places)
    assert len(lines) == benchmarks * models
    assert all(after - before > 7 for before, after in itertools.pairwise(lines))


def test_plot_is_the_same_bytes_for_the_same_results(tmp_path):
    rows = [result("a", "needle/s")]
    assert drawn(tmp_path / "1.svg", rows) == drawn(tmp_path / "2.svg", rows)


def test_plot_refuses_another_kind_of_file(tmp_path):
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        plot([result("a", "m")], tmp_path / "p.pdf", "run", {})


def test_plot_refuses_to_draw_nothing(tmp_path):
    with pytest.raises(UsageError, match="no results"):
        plot([], tmp_path / "p.png", "run", {})


def test_plot_names_the_place_it_cannot_write(tmp_path):
    with pytest.raises(StoreError, match=r"cannot write .*nowhere.*p\.png"):
        plot([result("a", "m")], tmp_path / "nowhere" / "p.png", "run", {})


def test_plot_names_the_extra_where_matplotlib_is_missing(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"pip install matplotlib"):
        plot([result("a", "m")], tmp_path / "p.png", "run", {})
