"""A person with a browser: what they do, and what the browser complained of meanwhile."""

import json
import re
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.stack import OPERATOR_KEY, Stack

# Chromium says this of any answer that is an error, also of one that is wanted.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


class Visit:
    def __init__(self, context: BrowserContext, stack: Stack, axe: str):
        self.context = context
        self.stack = stack
        self.page: Page = context.new_page()
        #: Errors and warnings on the console, violations of the Content-Security-Policy among them; dialogs; failed loads.
        self.complaints: list[str] = []
        #: Statuses of answers that this visit is there to see.
        self.expected: set[int] = set()
        #: Whether requests may get no answer.
        self.is_to_lose_its_way = False
        self._console: list[str] = []
        self._axe = axe
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._complain(f"error in a script: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("requestfailed", self._failed)

    def open(self, path: str) -> None:
        self.page.goto(self.stack.url + path)

    def sign_in(self, key: str = OPERATOR_KEY) -> None:
        self.expected.add(401)
        self.open("/")
        self.give(key)
        expect(self.page.get_by_role("heading", name="Captures", level=1)).to_be_visible()

    def give(self, key: str) -> None:
        self.page.get_by_label("Operator key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()

    def open_capture(self, name: str) -> None:
        self.open(f"/captures/{name}")

    def line(self, name: str) -> Locator:
        """The capture of this name in the list."""
        return self.page.locator(f"#c-{name}")

    def names(self) -> list[str]:
        """The captures in the list, as they stand."""
        lines = self.page.locator("ol.captures > li")
        return [line.get_attribute("id").removeprefix("c-") for line in lines.all()]

    def text(self) -> str:
        """All that can be read."""
        return self.page.locator("body").inner_text()

    def in_both_schemes(self):
        """In the light and in the dark, one after the other."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            yield scheme

    def keeps_nobody_out(self, what: str) -> None:
        """axe finds nothing, in both schemes."""
        self.page.evaluate(self._axe)
        for scheme in self.in_both_schemes():
            # In the dark only the colours are others.
            rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
            found = self.page.evaluate("async rules => (await axe.run(document, rules)).violations", rules)
            told = [
                f"{one['id']}: {one['help']}\n" + "\n".join(f"    {node['html']}\n    {node['failureSummary']}" for node in one["nodes"])
                for one in found
            ]
            assert not told, f"axe on {what}, {scheme}:\n" + "\n".join(told)

    def fits(self, what: str) -> None:
        """Nothing has to be scrolled to from left to right, but what scrolls for itself."""
        wide, narrow = self.page.evaluate(
            "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        too_wide = self.page.evaluate(_TOO_WIDE) if wide > narrow else []
        assert wide <= narrow, f"{what} is {wide} px wide on {narrow}: {json.dumps(too_wide, indent=1)}"

    def _heard(self, message) -> None:
        self._console.append(f"{message.type}: {message.text}")
        status = _STATUS.match(message.text)
        if status and int(status[1]) in self.expected:
            return
        if self.is_to_lose_its_way and ("net::ERR_" in message.text or "frame-ancestors" in message.text):
            return
        if message.type in ("error", "warning"):
            self._complain(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _asked(self, dialog) -> None:
        self._complain(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request) -> None:
        # What was under way when its page was left is given up, and so is what becomes a download.
        if request.failure != "net::ERR_ABORTED" and not self.is_to_lose_its_way:
            self._complain(f"{request.method} {request.url}: {request.failure}")

    def _complain(self, what: str) -> None:
        self.complaints.append(what)

    def tell(self, picture: Path) -> None:
        print(f"--- {self.page.url}")
        for line in self._console + self.complaints:
            print(f"    {line}")
        try:
            self.page.screenshot(path=picture, full_page=True, timeout=5_000)
            print(f"    picture: {picture}")
        except Exception as error:
            print(f"    no picture: {error}")


_TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .slice(0, 8).map(one => one.outerHTML.slice(0, 160))"""
