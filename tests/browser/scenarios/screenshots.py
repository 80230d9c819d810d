"""Pictures for docs/page.md, made by `cargo xtask screenshots`. In every other run they only have to come about."""

from playwright.sync_api import expect

from browser import wire
from browser.place import Place
from browser.stack import Stack


def screenshots_for_the_documentation(place: Place) -> None:
    stack = place.stack
    # A picture shows the same day whenever it is made.
    stack.begin_at("2027-03-09T08:30:00Z")
    failed = stack.alert("bare-01", rule="outbound-flows-high", severity="Sev3")
    stack.wait_for(failed, "reported")
    several = stack.alert("vmss-api", rule="api-network-in-high")
    _an_hour_passes(stack, several)
    wire.record(stack.recording, stack.now())
    ended = stack.alert("web-01", rule="tcp-segments-sent-high")
    _an_hour_passes(stack, ended)
    running = stack.alert("db-01", rule="sql-connections-failed", severity="Sev1")
    stack.wait_for(running, "running")
    stack.advance(17 * 60)

    desk = place.signed_in(viewport={"width": 1000, "height": 560}, color_scheme="light")
    desk.page.clock.set_fixed_time(stack.now())
    desk.open("/")
    expect(desk.line(running)).to_contain_text("left")
    place.screenshot(desk, "page-list")
    desk.open_capture(ended)
    expect(desk.page.get_by_role("heading", name="What stands out")).to_be_visible()
    desk.page.set_viewport_size({"width": 1000, "height": 1090})
    place.screenshot(desk, "page-capture")

    phone = place.signed_in(
        viewport={"width": 390, "height": 720}, device_scale_factor=1.5, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    phone.page.clock.set_fixed_time(stack.now())
    phone.open_capture(ended)
    place.screenshot(phone, "page-phone-dark")


def _an_hour_passes(stack: Stack, name: str) -> None:
    """And somebody calls the sweep, as it should be."""
    stack.wait_for(name, "running")
    for _ in range(13):
        stack.sweep()
        stack.advance(300)
    stack.sweep()
    stack.read_and_told(name)
