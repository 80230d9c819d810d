"""Plays one scenario: `python3 -m browser`, which is told on its input, as JSON, which one and where everything is."""

import faulthandler
import json
import os
import sys
import traceback
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from browser import scenarios
from browser.place import Place

# No scenario takes as long; what hangs says where.
LIMIT_SECONDS = 120
# Nothing on a page does.
WAIT_MS = 20_000


def main() -> int:
    task = json.load(sys.stdin)
    scenario = scenarios.find(task["scenario"])
    expect.set_options(timeout=WAIT_MS)
    faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True)
    environment = dict(os.environ)
    if task["fonts"]:
        environment["FONTCONFIG_FILE"] = task["fonts"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=task["chromium"],
            # Its sandbox is refused to root, and in most containers.
            args=["--no-sandbox"],
            env=environment,
        )
        place = Place(task, browser, WAIT_MS)
        try:
            scenario(place)
            place.nobody_complained()
            return 0
        except Exception:
            traceback.print_exc(file=sys.stdout)
            place.tell(Path(task["artefacts"]) / task["scenario"])
            return 1
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
