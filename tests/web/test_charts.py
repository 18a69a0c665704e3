"""Charts: every specification compiles, tells the numbers it was given, and takes names as text."""

import itertools
import json
import re
from pathlib import Path

import pytest
import vl_convert

from sinan.web import words
from sinan.web.failures import Failure, NotYet
from sinan.web.service import chart_look, charts
from sinan.web.service.pictures import Pictures

HOSTILE = [
    "</script><script>alert(1)</script>",
    "');alert(1);//",
    'a"b\\c',
    "datum.value",
    "{expr}",
    "模型甲",
    "${x}",
]
STATIC = Path(chart_look.__file__).parent.parent / "static"


def compiled(spec):
    """What Vega draws of it, as SVG."""
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    if "/vega/" in spec["$schema"]:
        return vl_convert.vega_to_svg(spec, allowed_base_urls=[])
    vl_convert.vegalite_to_vega(spec)
    return vl_convert.vegalite_to_svg(charts.sized(spec, 500), allowed_base_urls=[])


def a_bar(name, value=0.5, **more):
    return charts.Bar(name, value, value and value - 0.1, value and value + 0.1, **more)


def every_chart(names, **how):
    """One of each kind."""
    first, second = names[0], names[-1]
    day = 86_400_000
    return {
        "bars": charts.bars([a_bar(one, ties="a") for one in names], first, chance=0.25, **how),
        "no bars": charts.bars([a_bar("x", None)], "board", **how),
        "one bar": charts.bars([a_bar(first)], "board", in_percent=False, **how),
        "pareto": charts.pareto(
            [charts.Priced(one, 0.5 + n / 50, 0.4, None, 0.01 * 4**n) for n, one in enumerate(names)], first, **how
        ),
        "free": charts.pareto([charts.Priced(first, 0.5, 0.4, 0.6, 0.0)], "b", unit="tokens", **how),
        "no prices": charts.pareto([], "b", **how),
        "history": charts.history(
            [charts.Moment(one, n * day, 0.5, 0.4, 0.6) for one in names for n in range(3)], first, **how
        ),
        "no history": charts.history([], first, **how),
        "radar": charts.radar(
            {one: [charts.Corner(0.5, 0.4, 0.6), charts.Corner(None), charts.Corner(0.7)] for one in names},
            [first, "b", second],
            **how,
        ),
        "no radar": charts.radar({}, [], **how),
        "forest": charts.forest(
            [charts.Difference(one, 0.02, -0.01, 0.05, "undecided") for one in names], first, second, margin=0.01, **how
        ),
        "no forest": charts.forest([], "a", "b", **how),
        "difficulty": charts.difficulty([charts.Bin(0, 0.5, 3), charts.Bin(0.5, 1, 4)], half=0.5, **how),
        "no difficulty": charts.difficulty([], **how),
        "latency": charts.latency([charts.Bin(0, 0.5, 3)], marks={first: 0.3}, **how),
        "reliability": charts.reliability([charts.Confidence(0.5, 0.4, 0.3, 0.5, 20)], **how),
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_chart_compiles_in_both_languages_and_themes(lang, theme):
    for name, spec in every_chart(["needle/s", "needle/m"], lang=lang, theme=theme).items():
        svg = compiled(spec)
        assert chart_look.PALETTE[theme]["paper"] in svg, name
        assert spec["description"], name


def test_hostile_names_are_text_in_every_chart():
    for name, spec in every_chart(HOSTILE).items():
        svg = compiled(spec)
        assert "<script" not in svg and "href" not in svg, name
        if name == "bars":
            assert "');alert(1);//" in svg and "模型甲" in svg and "datum.value" in svg


def test_bars_tell_the_numbers_of_the_board():
    spec = charts.bars([charts.Bar("needle/m", 0.7149, 0.644, 0.768, rank="1–2", ties="a b")], "arithmetic")
    row = spec["data"]["values"][0]
    assert (row["shown"], row["ci"], row["rank"]) == ("71.5", "[64.4, 76.8]", "1–2")
    assert row["value"] == pytest.approx(71.49)
    assert "needle/m 71.5 [64.4, 76.8]" in spec["description"]


def test_bars_begin_at_zero_and_reach_the_longest_interval():
    spec = charts.bars([charts.Bar("a", 0.93, 0.9, 0.96), charts.Bar("b", 0.91, 0.88, 0.94)], "b")
    low, high = next(one for one in spec["layer"] if one["mark"].get("opacity") == 0.75)["encoding"]["x"]["scale"][
        "domain"
    ]
    assert low == 0 and high >= 96


def test_who_is_tied_with_the_first_is_shaded_and_others_are_not():
    models = [a_bar("a", ties="a"), a_bar("b", ties="a b"), a_bar("c", ties="b"), a_bar("d", ties="c")]
    shaded, *_, strips, letters = charts.bars(models, "board")["layer"]
    assert [row["name"] for row in shaded["data"]["values"]] == ["a", "b"]
    told = {(row["name"], row["letter"]) for row in letters["data"]["values"]}
    assert told == {("a", "a"), ("b", "a"), ("b", "b"), ("c", "b")}
    assert strips["data"] == letters["data"]


def test_the_edge_holds_what_nothing_beats_in_both():
    def at(name, price, value):
        return charts.Priced(name, value, None, None, price)

    points = [at("dear", 9, 0.8), at("cheap", 1, 0.5), at("beaten", 2, 0.4), at("fair", 3, 0.7), at("same", 3, 0.7)]
    assert [one.model for one in charts.edge(points)] == ["cheap", "fair", "dear"]
    assert [one.model for one in charts.edge(points, less_is_better=True)] == ["cheap", "beaten"]


def test_labels_beside_marks_do_not_lie_on_another():
    moved = chart_look.apart([50, 50.1, 10], [0, 100], 280)
    places = sorted(280 * (100 - one) / 100 + by for one, by in zip([50, 50.1, 10], moved, strict=True))
    assert all(b - a >= 14 - 0.1 for a, b in itertools.pairwise(places))


def test_the_palette_is_the_style_sheet_s():
    text = (STATIC / "base.css").read_text()
    light, dark = text.split('[data-theme="dark"]')[:2]
    for theme, part in (("light", light), ("dark", dark)):
        for role, colour in chart_look.PALETTE[theme].items():
            assert f"--{role}: {colour};" in part


def test_every_word_of_charts_has_its_chinese():
    sources = [path.read_text() for path in Path(chart_look.__file__).parent.glob("chart_*.py")]
    keys = {key for text in sources for key in re.findall(r'\bt\(\s*"([^"]+)"', text)}
    keys |= {
        name
        for text in sources
        for name in re.findall(r"_told\(([^)]*)lang", text)
        for name in re.findall(r'"(\w+)"', name)
    }
    assert len(keys) > 15
    known = json.loads((Path(words.__file__).parent / "zh/charts.json").read_bytes())
    assert keys <= set(known)


@pytest.fixture
def pictures():
    made = Pictures(patience_s=0.05)
    yield made
    made.close()


def test_a_picture_is_drawn_once_and_beside_the_site(pictures):
    spec = charts.bars([a_bar("needle/m")], "arithmetic")
    svg, png = pictures.of(spec, "svg", 600), pictures.of(spec, "png", 600)
    assert svg.startswith(b"<svg") and b"needle/m" in svg
    assert png.startswith(b"\x89PNG")
    pictures.close()
    assert pictures.of(spec, "svg", 600) is svg


def test_a_chart_that_cannot_be_drawn_stops_no_other(pictures):
    spec = charts.bars([a_bar("needle/m")], "arithmetic")
    broken = spec | {"data": {"url": "http://127.0.0.1:9/data.json"}}
    with pytest.raises(Failure, match="cannot be drawn"):
        pictures.of(broken, "svg", 600)
    assert pictures.of(spec, "svg", 600)


def test_a_painter_that_died_is_begun_again(pictures):
    spec = charts.bars([a_bar("needle/m")], "arithmetic")
    pictures.of(spec, "svg", 600)
    pictures._painter.kill()
    pictures._painter.wait()
    assert pictures.of(spec, "svg", 601)


def test_who_would_wait_long_is_told_to_come_again(pictures):
    with pictures._turn, pytest.raises(NotYet):
        pictures.of(charts.bars([], "none"), "svg", 600)


def test_what_is_kept_is_bounded(pictures):
    pictures.kept_bytes = 20_000
    for width in range(600, 606):
        pictures.of(charts.bars([a_bar("needle/m")], "arithmetic"), "svg", width)
    assert 0 < sum(map(len, pictures._kept.values())) <= 20_000
