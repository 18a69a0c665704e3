"""Pictures of the site's pages, for docs/pictures/web: python tools/screenshots.py [--folder demo-web] [NAME...]

Begins the site of `make demo-web` on a port of its own, signs in, lets a job run, and photographs each page as a reader
sees it. Look at what was made before committing it.
"""

import argparse
import json
import re
import secrets
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from demo_web import make_runs, sinan
from PIL import Image

DESK, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
OUT = Path(__file__).parents[1] / "docs" / "pictures" / "web"
NAME = "photographer"


def main() -> int:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("names", nargs="*", help="only these pictures")
    told.add_argument("--folder", type=Path, default=Path("demo-web"))
    told.add_argument("--out", type=Path, default=OUT)
    options = told.parse_args()
    from playwright.sync_api import sync_playwright

    make_runs(options.folder / "runs", 60)
    site, password = options.folder / f"site-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
    sinan("user", "add", NAME, "--role", "admin", "--site", str(site), given=password + "\n", captured=True)
    where = ["--runs", str(options.folder / "runs"), "--site", str(site), "--port", "0", "--publish"]
    process = subprocess.Popen([sys.executable, "-m", "sinan", "serve", *where], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            Photographer(browser, address, options.out, set(options.names)).all(password)
            browser.close()
    finally:
        process.terminate()
        process.wait(30)
    return 0


class Photographer:
    """Goes through the site with a camera."""

    def __init__(self, browser: Any, address: str, out: Path, only: set[str]) -> None:
        self.browser, self.address, self.out, self.only = browser, address, out, only
        self.state: Any = None

    def all(self, password: str) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        ids = [one["id"] for one in self._twin("/index.json")["lately"]]
        run, other = (
            next(one for one in ids if one.endswith("small")),
            next(one for one in ids if one.endswith("large")),
        )
        self._sign_in(password)
        job = self._job()
        for name, path in {
            "overview": "/",
            "rank": "/rank",
            "rank-benchmark": "/rank?board=arithmetic",
            "model": "/models/needle%2Fm",
            "hub": "/hub",
            "benchmark": "/hub/arithmetic",
            "questions": "/hub/arithmetic/samples",
            "runs": "/runs",
            "run": f"/runs/{run}",
            "samples": f"/runs/{run}/samples?outcome=wrong",
            "provenance": f"/runs/{run}/provenance",
            "compare": f"/compare?runs={run},{other}&a=needle/s&b=needle/m",
            "submit": "/submit",
            "job": job,
            "jobs": "/jobs",
            "arena": "/arena",
            "ratings": "/arena/ratings",
            "account": "/account",
            "admin": "/admin",
            "new-benchmark": "/hub/new",
        }.items():
            self._take(name, path)
        self._take("sample", self._first_link(f"/runs/{run}/samples?outcome=wrong&sample=1", "/sample?"))
        self._take("flip", self._first_link(f"/compare?runs={run},{other}&a=needle/s&b=needle/m", "/compare/flip"))
        self._take("battle", self._battle())
        for name, path in (("rank", "/rank"), ("run", f"/runs/{run}"), ("submit", "/submit"), ("hub", "/hub")):
            self._take(f"{name}-phone-zh", path, size=PHONE, lang="zh", theme="dark")
        self._take("compare-dark-zh", f"/compare?runs={run},{other}&a=needle/s&b=needle/m", lang="zh", theme="dark")

    def _twin(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path) as answer:
            return json.load(answer)

    def _page(self, size: dict[str, int] = DESK, lang: str = "en", theme: str = "light") -> Any:
        locale = {"en": "en-US", "zh": "zh-CN"}[lang]
        context = self.browser.new_context(
            base_url=self.address, viewport=size, locale=locale, color_scheme=theme, storage_state=self.state
        )
        return context.new_page()

    def _sign_in(self, password: str) -> None:
        page = self._page()
        page.goto("/sign-in")
        page.locator("input[name=name]").fill(NAME)
        page.locator("input[name=password]").fill(password)
        page.locator("form[data-send] button.main").click()
        page.wait_for_url(self.address + "/")
        self.state = page.context.storage_state()
        page.context.close()

    def _job(self) -> str:
        page = self._page()
        page.goto("/submit")
        page.locator("input[name=which][value='needle/m']").check()
        page.locator("input[name=limit]").fill("60")
        page.locator("#estimate").click()
        page.locator("#estimate-facts dd").first.wait_for(timeout=60_000)
        self._shoot("estimate", page)
        page.locator("#send").click()
        page.wait_for_url("**/jobs/*", timeout=60_000)
        page.wait_for_timeout(6_000)
        self._shoot("job-live", page)
        page.locator("#job[data-state=complete]").wait_for(timeout=180_000)
        found = page.url.removeprefix(self.address)
        page.context.close()
        return str(found)

    def _first_link(self, path: str, holds: str) -> str:
        page = self._page()
        self._go(page, path)
        found = page.locator(f"a[href*='{holds}']").first.get_attribute("href")
        page.context.close()
        return str(found)

    def _battle(self) -> str:
        page = self._page()
        page.goto("/arena")
        page.locator("button[data-begin]").click()
        page.wait_for_url(re.compile("/arena/battles/"))
        found = page.url.removeprefix(self.address)
        page.context.close()
        return str(found)

    def _go(self, page: Any, path: str) -> None:
        page.goto(path)
        ready = "() => document.readyState === 'complete' && !document.querySelector('[data-again], [data-making]')"
        page.wait_for_function(ready, timeout=120_000)

    def _take(self, name: str, path: str, **how: Any) -> None:
        if self.only and name not in self.only:
            return
        page = self._page(**how)
        self._go(page, path)
        self._shoot(name, page)
        page.context.close()

    def _shoot(self, name: str, page: Any) -> None:
        page.wait_for_load_state("networkidle") if "job" not in name else None
        for figure in page.locator("figure[data-chart]:visible").all():
            figure.scroll_into_view_if_needed()
            figure.locator("svg.marks").first.wait_for(timeout=20_000)
        page.evaluate("scrollTo(0, 0)")
        height = min(page.evaluate("document.documentElement.scrollHeight"), 1800)
        size = page.viewport_size
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        path = self.out / f"{name}.png"
        page.screenshot(path=str(path))
        Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
        print(name, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
