"""The whole way through the site, as one who is new to it goes: from the leaderboard to a vote, in a real browser."""

import re
import time

import pytest

from tests.web.browser import DESK, PHONE
from tests.web.conftest import PASSWORD

WAYS = {
    "at a desk, in English": ("otto", {"size": DESK, "lang": "en", "theme": "light"}),
    "on a phone, 中文": ("eva", {"size": PHONE, "lang": "zh", "theme": "dark"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_from_the_leaderboard_to_a_vote(walk, way):
    name, how = WAYS[way]
    reader = walk.reader(**how)
    page = reader.open("/")
    look(reader)

    # who is ahead, on what, in which run, on which questions
    reader.open("/rank")
    look(reader)
    page.locator("main table a[href^='/runs/']").first.click()
    page.wait_for_url(re.compile("/runs/"))
    reader.open("/hub/arithmetic")
    look(reader)
    reader.open(f"/runs/{walk.runs['run']}")
    look(reader)
    page.locator("a[href*='outcome=wrong']").first.click()
    page.wait_for_url(re.compile("outcome=wrong"))
    look(reader)
    told = page.request.get(page.url.replace("/samples?", "/samples.json?")).json()
    assert told["samples"] and {one["outcome"] for one in told["samples"]} == {"wrong"}
    assert page.locator("tr[data-row]").count() == len(told["samples"])

    # two runs beside each other
    reader.open(f"/compare?runs={walk.runs['run']},{walk.runs['other']}")
    look(reader)

    # sign in, submit, watch
    reader.open("/sign-in?next=/submit")
    look(reader)
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form[data-send] button.main").click()
    page.wait_for_url("**/submit")
    look(reader)
    page.locator("input[name=which][value='needle/m']").check()
    page.locator("input[name=suite][value='']").check()
    page.locator("input[name=targets]").fill("arithmetic ordering")
    page.locator("input[name=limit]").fill("20")
    page.locator("#estimate").click()
    page.locator("#estimate-facts dd").first.wait_for(timeout=60_000)
    assert "40" in page.locator("#estimate-facts dd").first.inner_text()
    look(reader)
    page.locator("#send").click()
    page.wait_for_url(re.compile("/jobs/[0-9a-f]+"), timeout=60_000)
    look(reader)
    page.locator("#job[data-state=complete]").wait_for(timeout=120_000)
    run = page.locator("a[href^='/runs/']").first.get_attribute("href")

    # publish: then it is on the board of who is not signed in
    reader.open(run)
    look(reader)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("button[data-body*='public']").click()
    page.locator("button[data-body*='private']").wait_for(timeout=30_000)
    nobody = walk.reader(**how)
    assert until(lambda: run.rsplit("/", 1)[1] in nobody.open("/rank").content())
    nobody.sound()
    nobody.close()

    # which answer is better?
    reader.open("/arena")
    look(reader)
    page.locator("button[data-begin]").click()
    page.wait_for_url(re.compile("/arena/battles/"))
    look(reader)
    assert "needle/" not in page.locator("main").inner_text()
    page.keyboard.press("1")
    page.locator("button[data-key=n]").wait_for(timeout=30_000)
    look(reader)
    reader.sound()
    reader.close()


def look(reader):
    reader.page.wait_for_load_state()
    reader.charts()
    reader.fits()
    reader.accessible()
    reader.sound()


def until(holds, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(1)
    return False
