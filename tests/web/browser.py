"""Somebody who reads the site in a real browser: Debian's chromium, driven by Playwright.

Whatever a page does that it must not is a fault, and fails the test that saw it: an error in the console (where a
browser tells what the policy forbids), an exception, a request that fails, a request to another host.
"""

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
SERIOUS = ("serious", "critical")


class Reader:
    """A browser of one's own on one site: its language, theme and width, and who is signed in."""

    def __init__(
        self,
        chromium: Any,
        address: str,
        *,
        lang: str = "en",
        theme: str = "light",
        size: dict[str, int] | None = None,
        session: str | None = None,
    ) -> None:
        self.address, self.faults = address, list[str]()
        self.context = chromium.new_context(
            base_url=address,
            viewport=size or DESK,
            color_scheme=theme,
            locale={"en": "en-US", "zh": "zh-CN"}[lang],
            reduced_motion="reduce",
        )
        if session:
            self.context.add_cookies([{"name": "sinan_session", "value": session, "url": address}])
        self.page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, path: str) -> Any:
        """Go there, until what the page needs is there."""
        answer = self.page.goto(path)
        assert answer is not None and answer.status == 200, (path, answer and answer.status)
        return self.page

    def sound(self) -> None:
        """Nothing went wrong so far."""
        assert not self.faults, "\n".join(self.faults)

    def fits(self) -> None:
        """The page is no wider than the window."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        inner = self.page.evaluate("document.documentElement.clientWidth")
        assert width <= inner, f"{self.page.url} is {width} px wide in a window of {inner}: {self._widest(inner)}"

    def accessible(self) -> None:
        """axe-core finds nothing serious."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        told = [
            f"{one['impact']} {one['id']} ({one['help']}): {node['html'][:200]} {node.get('failureSummary', '')[:200]}"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"][:4]
        ]
        assert not told, f"{self.page.url}\n" + "\n".join(told)

    def charts(self) -> int:
        """Every figure of the page is drawn; how many there are."""
        for figure in (figures := self.page.locator("figure[data-chart]:visible").all()):
            figure.scroll_into_view_if_needed()
            figure.locator("svg.marks").first.wait_for(timeout=20_000)
        return len(figures)

    def close(self) -> None:
        """Leave."""
        self.context.close()

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Any) -> None:
        there = urlsplit(request.url)
        if there.scheme in ("http", "https", "ws", "wss") and there.netloc != urlsplit(self.address).netloc:
            self.faults.append(f"asked another host: {request.url}")

    def _failed(self, request: Any) -> None:
        # A stream of events, or what was still loading, ends where one leaves a page.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def _widest(self, inner: int) -> Any:
        with contextlib.suppress(Exception):
            return self.page.evaluate(
                """inner => [...document.body.querySelectorAll("*")]
                    .filter(one => one.getBoundingClientRect().right > inner + 1 && !one.closest(".scroll, pre"))
                    .slice(0, 5).map(one => one.outerHTML.slice(0, 120))""",
                inner,
            )
