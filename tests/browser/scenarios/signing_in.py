"""Who is let in, for how long, and how one leaves."""

from playwright.sync_api import expect

from browser.place import Place
from browser.stack import OPERATOR_KEY
from browser.visit import Visit

_TWELVE_HOURS = 12 * 3600


def without_a_sign_in_no_capture_is_seen(place: Place) -> None:
    name = place.stack.alert(rule="a-rule-of-ours")
    visit = place.visit()
    visit.expected.add(401)
    for path in ("/", f"/captures/{name}", "/?after=x"):
        answer = visit.page.goto(place.stack.url + path)
        assert answer.status == 401, f"{path}: {answer.status}"
        _is_asked_to_sign_in(visit)
        # The name is in the address already, and in the form so that the sign-in leads there.
        content = visit.page.content().replace(name, "")
        for secret in ("web-01", "a-rule-of-ours"):
            assert secret not in content, f"{path} shows {secret}"
    # Nor is there a file or a summary for a browser that brings nothing.
    for path in ("file", "summary"):
        answer = visit.context.request.get(f"{place.stack.url}/api/captures/{name}/{path}")
        assert answer.status == 401, f"{path}: {answer.status}"


def the_operator_key_signs_in_by_a_cookie_for_this_page_alone(place: Place) -> None:
    place.stack.alert()
    visit = place.signed_in()
    expect(visit.page.get_by_role("link", name="web-01")).to_be_visible()
    [cookie] = visit.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/", cookie
    # A script, ours or not, cannot read it, and nothing else was kept.
    kept = visit.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")
    assert kept == ["", 0, 0], kept
    for place_of_it in (visit.page.url, visit.page.content(), cookie["value"]):
        assert OPERATOR_KEY not in place_of_it, place_of_it


def a_wrong_key_is_told_and_lets_nobody_in(place: Place) -> None:
    visit = place.visit()
    visit.expected.add(401)
    for key in ("not-the-key", OPERATOR_KEY + "x", "' OR 1=1 --", "<script>alert(1)</script>"):
        visit.open("/")
        visit.give(key)
        expect(visit.page.get_by_role("alert")).to_have_text("That is not the operator key.")
        # Whoever listens hears it with the field, which is empty again and where one is.
        field = visit.page.get_by_label("Operator key")
        expect(field).to_be_focused()
        expect(field).to_have_value("")
        expect(field).to_have_accessible_description("That is not the operator key.")
        assert visit.context.cookies() == [] and key not in visit.page.content()
    visit.keeps_nobody_out("a wrong key")
    visit.give(OPERATOR_KEY)
    _is_let_in(visit)


def a_sign_in_is_over_after_twelve_hours(place: Place) -> None:
    visit = place.signed_in()
    place.stack.advance(_TWELVE_HOURS - 120)
    visit.open("/")
    _is_let_in(visit)
    # The page that stands open notices by itself, and says so once.
    place.stack.advance(240)
    expect(visit.page.get_by_role("status").filter(has_text="signed out")).to_be_visible()
    visit.open("/")
    _is_asked_to_sign_in(visit)
    visit.give(OPERATOR_KEY)
    _is_let_in(visit)


def a_cookie_made_under_another_operator_key_lets_nobody_in(place: Place) -> None:
    ours, theirs = place.stacks
    visit = place.signed_in(ours)
    answer = visit.page.goto(theirs.url)
    assert answer.status == 401
    assert "cookie" in answer.request.all_headers(), "the browser brought none"
    _is_asked_to_sign_in(visit)
    visit.open("/")
    _is_let_in(visit)


def who_signs_out_sees_nothing_any_more_not_even_by_going_back(place: Place) -> None:
    name = place.stack.alert()
    visit = place.signed_in()
    visit.open_capture(name)
    visit.page.get_by_role("button", name="Sign out").click()
    _is_asked_to_sign_in(visit)
    assert visit.context.cookies() == []
    visit.page.go_back()
    _is_asked_to_sign_in(visit)
    assert "web-01" not in visit.page.content().replace(name, "")


def who_asked_for_a_capture_is_led_there_by_the_sign_in(place: Place) -> None:
    name = place.stack.alert()
    visit = place.visit()
    visit.expected.add(401)
    visit.open_capture(name)
    visit.give(OPERATOR_KEY)
    expect(visit.page.get_by_role("heading", name="web-01", level=1)).to_be_visible()
    # And to nowhere else: what comes with the form leads to this page or to none.
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        stranger = place.visit()
        stranger.expected.add(401)
        stranger.open("/")
        stranger.page.locator("input[name=to]").evaluate("(field, to) => { field.value = to }", elsewhere)
        stranger.give(OPERATOR_KEY)
        _is_let_in(stranger)
        assert stranger.page.url.startswith(place.stack.url + "/"), stranger.page.url


def _is_let_in(visit: Visit) -> None:
    expect(visit.page.get_by_role("heading", name="Captures", level=1)).to_be_visible()


def _is_asked_to_sign_in(visit: Visit) -> None:
    expect(visit.page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
