"""Alerts whose text wants to be more than text."""

import re

from playwright.sync_api import expect

from browser.place import Place

_RULE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202eevil\u2066\u2069\u200b</bdi></main><h1>x'
_DESCRIPTION = "<svg onload=alert(3)> {{7*7}} ${7*7} javascript:alert(4) \x1b[31m \x00 \ufeff " + "W" * 10_000


def hostile_alert_text_is_text_and_nothing_else(place: Place) -> None:
    name = place.stack.alert(rule=_RULE, description=_DESCRIPTION, severity="Sev1")
    context = {"properties": {"<b>key</b>": "</script><script>alert(5)</script>", "k" * 3_000: ["v" * 3_000]}}
    other = place.stack.alert("db-01", rule="W" * 10_000, context=context)
    for one in (name, other):
        place.stack.wait_for(one, "running")
    visit = place.signed_in(viewport={"width": 320, "height": 640})
    _is_text(visit, "the list")
    visit.open_capture(name)
    expect(visit.page.get_by_text("<svg onload=alert(3)>").first).to_be_visible()
    _is_text(visit, "its own page")
    assert "49" not in visit.page.locator("main").inner_text().split("WWW")[0].split("{{")[-1]
    visit.open_capture(other)
    _is_text(visit, "the page of another")


def _is_text(visit, what: str) -> None:
    page = visit.page
    # The page's own elements and no others: what an alert says makes none.
    assert page.locator("script").count() == 1, what
    for selector in ("img", "h1 ~ h1", "svg[onload]", "[onerror]", "main main", "b"):
        assert page.locator(selector).count() == 0, f"{selector} on {what}"
    # What turns the direction of the text around it is gone or kept within what isolates it.
    content = page.content()
    assert not re.search("[\u202a-\u202e\u200b\u2066-\u2069\ufeff\x00\x1b]", content), what
    assert page.get_by_role("heading", level=1).count() == 1
    visit.fits(what)
    visit.keeps_nobody_out(what)
