"""The site in a real browser: every page in both languages and themes, on a phone and at a desk."""

import pytest

from tests.web.browser import DESK, PHONE
from tests.web.places import PLACES

WAYS = {
    "desk, light, English": {"size": DESK, "theme": "light", "lang": "en"},
    "phone, dark, 中文": {"size": PHONE, "theme": "dark", "lang": "zh"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES, ids=[one.name for one in PLACES])
def test_every_page_fits_is_accessible_and_asks_nobody_else(walk, place, way):
    reader = walk.reader(place.who, **WAYS[way])
    try:
        page = reader.open(place.address.format(**walk.runs))
        reader.charts()
        page.wait_for_load_state("networkidle")
        assert page.locator("html").get_attribute("lang") == ("zh-Hans" if "中文" in way else "en")
        assert page.locator("h1").count() == 1
        reader.fits()
        reader.accessible()
        reader.sound()
    finally:
        reader.close()


@pytest.fixture
def reader(walk):
    found = walk.reader()
    yield found
    found.close()
    found.sound()


def test_the_theme_is_switched_and_kept(reader):
    page = reader.open("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("[data-theme-switch]").click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    reader.open("/rank")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_the_language_is_switched_and_kept(reader):
    page = reader.open("/")
    page.locator("[data-language=zh]").click()
    page.wait_for_url("**lang=zh")
    reader.open("/rank")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_charts_follow_the_theme_and_what_is_chosen(reader):
    page = reader.open("/rank")
    reader.charts()
    figure = page.locator("#plot")
    said = figure.locator(".chart-place").get_attribute("aria-label")
    ink = figure.locator("svg.marks text[fill]").last.get_attribute("fill")
    page.locator("[data-theme-switch]").click()
    page.wait_for_function(
        "ink => [...document.querySelectorAll('#plot svg.marks text[fill]')].at(-1).getAttribute('fill') !== ink",
        arg=ink,
    )
    page.get_by_role("button", name="History").click()
    page.wait_for_function(
        "said => document.querySelector('#plot .chart-place').getAttribute('aria-label') !== said", arg=said
    )


def test_a_chart_can_be_chosen_with_the_keyboard(reader):
    page = reader.open("/rank")
    reader.charts()
    button = page.get_by_role("button", name="Bars")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"


def test_what_a_page_needs_at_first_is_below_300_kb(walk):
    reader = walk.reader()
    try:
        sizes = []
        reader.page.on("requestfinished", lambda one: sizes.append((one.url, one.sizes()["responseBodySize"])))
        page = reader.open("/rank")
        page.wait_for_load_state("load")
        before_load = sum(size for url, size in sizes if not url.endswith("/vega.js"))
        assert before_load < 100_000, sizes
    finally:
        reader.close()


def test_on_a_phone_a_run_shows_its_numbers_with_their_intervals_before_anything_is_scrolled(walk):
    place = next(one for one in PLACES if one.address.startswith("/runs/{") and one.address.endswith("}"))
    reader = walk.reader(place.who, size=PHONE)
    try:
        page = reader.open(place.address.format(**walk.runs))
        hidden = page.evaluate(
            """() => {
                const shown = document.querySelector('table.results').closest('.scroll').getBoundingClientRect();
                const found = [...document.querySelectorAll('table.results .ci')];
                const beyond = found.filter(one => one.getBoundingClientRect().right > shown.right);
                return found.length ? beyond.length : null;
            }"""
        )
        assert hidden == 0
        assert page.locator("table.results tbody th a[href^='/models/']").first.is_visible()
    finally:
        reader.close()
