"""Nothing needs JavaScript."""

from playwright.sync_api import expect

from browser.place import Place


def without_javascript_captures_are_read_stopped_and_deleted(place: Place) -> None:
    running = place.stack.alert()
    ended = place.stack.alert("db-01")
    place.stack.wait_for(running, "running")
    place.stack.wait_for(ended, "running")
    visit = place.signed_in(java_script_enabled=False)
    page = visit.page
    for machine in ("web-01", "db-01"):
        expect(page.get_by_role("link", name=machine)).to_be_visible()
    expect(page.get_by_role("link", name="load it again")).to_be_visible()

    page.get_by_role("link", name="web-01").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="asked to stop")).to_be_visible()
    place.stack.over(running)

    # As it says: loaded again it shows what has changed, and no more what was just done.
    page.get_by_role("link", name="load it again").click()
    expect(page.get_by_role("heading", name="What stands out")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="asked to stop")).to_have_count(0)
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").first.click()
    assert begun.value.path().stat().st_size > 1_000
    page.locator("summary", has_text="Delete the session").click()
    page.get_by_role("button", name="Delete the session", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="deleted")).to_be_visible()
    place.stack.wait_until_gone(running)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
