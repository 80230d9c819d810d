"""What a scenario is given: the stacks that were started for it, and people with browsers who visit them."""

from pathlib import Path

from playwright.sync_api import Browser

from browser.stack import Stack
from browser.visit import Visit


class Place:
    def __init__(self, task: dict, browser: Browser, wait_ms: int):
        self.stacks = [Stack(stack) for stack in task["stacks"]]
        self.stack = self.stacks[0]
        self.screenshots = Path(task["screenshots"])
        self._axe = Path(task["axe"]).read_text(encoding="utf-8")
        self._browser = browser
        self._wait_ms = wait_ms
        self._visits: list[Visit] = []

    def visit(self, stack: Stack | None = None, **how) -> Visit:
        """Somebody new with a browser of their own. `how` is what Playwright's `new_context` takes."""
        context = self._browser.new_context(locale="en-GB", timezone_id="UTC", **how)
        context.set_default_timeout(self._wait_ms)
        visit = Visit(context, stack or self.stack, self._axe)
        self._visits.append(visit)
        return visit

    def signed_in(self, stack: Stack | None = None, **how) -> Visit:
        """Somebody who has signed in and sees the list."""
        visit = self.visit(stack, **how)
        visit.sign_in()
        return visit

    def screenshot(self, visit: Visit, name: str) -> None:
        """Keeps what somebody sees as NAME.png."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=self.screenshots / f"{name}.png", animations="disabled")

    def nobody_complained(self) -> None:
        for visit in self._visits:
            assert not visit.complaints, "the browser complained:\n" + "\n".join(visit.complaints)

    def tell(self, file: Path) -> None:
        """Says for a failure what each visitor saw, and keeps pictures of it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        for number, visit in enumerate(self._visits):
            visit.tell(file.with_name(f"{file.name}-{number}.png"))
