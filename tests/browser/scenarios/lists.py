"""The list when there is nothing in it, and when there is more than one page."""

from playwright.sync_api import expect

from browser.place import Place


def an_empty_list_says_what_to_do(place: Place) -> None:
    visit = place.signed_in()
    expect(visit.page.get_by_text("No alert has led to a capture yet.")).to_be_visible()
    assert "dry_run=true" in visit.text()
    for link in visit.page.locator("main").get_by_role("link").all():
        answer = visit.context.request.get(place.stack.url + link.get_attribute("href"))
        assert answer.status < 400, f"{link}: {answer.status}"


def older_captures_are_a_link_away(place: Place) -> None:
    # More than a page has. Of a machine without an agent: they fail at once, and Azure has no session of them.
    names = [place.stack.alert("bare-01") for _ in range(53)]
    visit = place.signed_in()
    seen = visit.names()
    assert len(seen) < len(names), "all of them are on one page"
    while visit.page.get_by_role("link", name="Older").count():
        visit.page.get_by_role("link", name="Older").click()
        expect(visit.page.get_by_role("link", name="Newest")).to_be_visible()
        more = visit.names()
        assert more and not set(more) & set(seen), more
        seen += more
    assert sorted(seen) == sorted(names)
    visit.page.get_by_role("link", name="Newest").click()
    assert visit.names() == seen[: len(visit.names())]
