"""Pages that stand open show what happens, without being loaded again."""

from playwright.sync_api import expect

from browser.place import Place
from browser.visit import Visit


def a_running_capture_is_seen_to_end_in_the_list_without_a_reload(place: Place) -> None:
    name = place.stack.alert()
    place.stack.wait_for(name, "running")
    visit = place.signed_in()
    line = visit.line(name)
    expect(line).to_contain_text("Running")
    expect(line).to_contain_text("left")
    _mark(visit)
    place.stack.over(name)
    expect(line).to_contain_text("Ended")
    expect(line.locator(".headline")).not_to_be_empty()
    expect(line).not_to_contain_text("left")
    # Who does not see it hears it.
    expect(visit.page.get_by_role("status").filter(has_text="web-01: Ended")).to_be_attached()
    _was_not_loaded_again(visit)


def a_captures_own_page_follows_it_to_what_was_on_the_wire_without_a_reload(place: Place) -> None:
    name = place.stack.alert()
    place.stack.wait_for(name, "running")
    visit = place.signed_in()
    visit.open_capture(name)
    page = visit.page
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    # What the reader does meanwhile is left alone.
    page.get_by_role("button", name="Stop").focus()
    _mark(visit)
    place.stack.over(name)
    expect(page.get_by_role("heading", name="What stands out")).to_be_visible()
    expect(page.get_by_role("link", name="Download").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    for step in ("accepted", "starting", "running", "ended", "reported"):
        expect(page.locator(".history")).to_contain_text(step, ignore_case=True)
    _was_not_loaded_again(visit)


def a_new_capture_appears_in_the_list_by_itself(place: Place) -> None:
    visit = place.signed_in()
    expect(visit.page.get_by_text("No alert has led to a capture yet.")).to_be_visible()
    _mark(visit)
    first = place.stack.alert()
    expect(visit.line(first)).to_be_visible()
    visit.page.get_by_role("link", name="web-01").focus()
    second = place.stack.alert("db-01")
    expect(visit.line(second)).to_be_visible()
    # The newest stands first, and who was somewhere is still there.
    assert visit.names() == [second, first]
    expect(visit.page.get_by_role("link", name="web-01")).to_be_focused()
    expect(visit.page.get_by_role("status").filter(has_text="New capture of db-01")).to_be_attached()
    _was_not_loaded_again(visit)


def a_page_that_gets_no_answer_says_so_and_goes_on_when_there_is_one(place: Place) -> None:
    visit = place.signed_in()
    visit.is_to_lose_its_way = True
    visit.context.set_offline(True)
    expect(visit.page.get_by_text("no answer")).to_be_visible()
    name = place.stack.alert()
    visit.context.set_offline(False)
    expect(visit.line(name)).to_be_visible(timeout=30_000)
    expect(visit.page.get_by_text("no answer")).not_to_be_visible()


def _mark(visit: Visit) -> None:
    visit.page.evaluate("() => { window.stillTheSame = true }")


def _was_not_loaded_again(visit: Visit) -> None:
    assert visit.page.evaluate("window.stillTheSame"), "the page was loaded again"
