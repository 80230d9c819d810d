"""For everybody: by keyboard, by ear, on a phone, in the dark."""

from collections.abc import Iterator

from playwright.sync_api import expect

from browser.place import Place
from browser.stack import OPERATOR_KEY
from browser.visit import Visit

_PHONE = {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


def the_keyboard_reaches_everything_and_shows_where_it_is(place: Place) -> None:
    states = _States(place)
    visit = place.visit()
    visit.expected.add(401)
    visit.open("/")
    # Who comes to sign in can type at once.
    expect(visit.page.get_by_label("Operator key")).to_be_focused()
    visit.page.keyboard.type(OPERATOR_KEY)
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="Captures", level=1)).to_be_visible()
    for what in states.open_each(visit):
        _reaches_everything(visit, what)
    # And by it something is done.
    visit.open_capture(states.running)
    visit.page.get_by_role("button", name="Stop").focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("status").filter(has_text="asked to stop")).to_be_visible()


def the_skip_link_leads_past_the_top(place: Place) -> None:
    place.stack.alert()
    visit = place.signed_in()
    visit.open("/")
    visit.page.keyboard.press("Tab")
    skip = visit.page.get_by_role("link", name="Skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="web-01")).to_be_focused()


def axe_finds_nothing_on_any_page_in_any_state(place: Place) -> None:
    stranger = place.visit()
    stranger.expected.add(401)
    stranger.open("/")
    stranger.keeps_nobody_out("the sign-in")
    visit = place.signed_in()
    visit.keeps_nobody_out("the empty list")
    for what in _States(place).open_each(visit):
        visit.keeps_nobody_out(what)


def nothing_has_to_be_scrolled_sideways_on_a_phone(place: Place) -> None:
    states = _States(place)
    visit = place.visit(**_PHONE)
    visit.expected.add(401)
    visit.open("/")
    visit.fits("the sign-in")
    visit.give(OPERATOR_KEY)
    for what in states.open_each(visit):
        visit.fits(what)
        # Fingers are wide: WCAG 2.2 wants 24 px.
        small = visit.page.evaluate(_SMALL)
        assert not small, f"{what}: {small}"


def the_page_is_dark_where_the_system_is(place: Place) -> None:
    name = place.stack.alert()
    visit = place.signed_in()
    for path in ("/", f"/captures/{name}"):
        visit.open(path)
        grounds = dict.fromkeys(visit.in_both_schemes())
        for scheme in visit.in_both_schemes():
            grounds[scheme] = visit.page.evaluate(_GROUND)
        assert grounds["light"] > 200 and grounds["dark"] < 60, grounds


class _States:
    """A capture in each state that a page has a face for."""

    def __init__(self, place: Place):
        stack = place.stack
        self.ended = stack.alert()
        self.several = stack.alert("vmss-api")
        self.failed = stack.alert("bare-01")
        stack.over(self.ended)
        stack.over(self.several)
        stack.wait_for(self.failed, "reported")
        self.running = stack.alert("db-01")
        stack.wait_for(self.running, "running")

    def open_each(self, visit: Visit) -> Iterator[str]:
        """Opens each page and says what it is."""
        visit.open("/")
        expect(visit.line(self.running)).to_contain_text("Running")
        yield "the list"
        for what, name in vars(self).items():
            visit.open_capture(name)
            expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
            yield f"the page of one that is {what}"
            closed = visit.page.locator("details:not([open]) > summary")
            if closed.count():
                while closed.count():
                    closed.first.click()
                yield f"the same, {what}, with all opened"
        visit.expected.add(404)
        visit.open_capture("there-is-none")
        yield "the page of none"


def _reaches_everything(visit: Visit, what: str) -> None:
    page = visit.page
    wanted = page.evaluate(_REACHABLE)
    seen: list[int] = []
    # Round once, from wherever the focus is: behind the last comes the browser itself, then the first.
    for _ in range(2 * len(wanted) + 2):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        if at is None:
            continue
        assert at["isShown"], f"on {what} the focus does not show on {at['html']}"
        if at["number"] in seen:
            break
        seen.append(at["number"])
    missing = [one["html"] for one in wanted if one["number"] not in seen]
    assert not missing, f"on {what} the keyboard does not reach {missing}"
    # In the order in which they stand.
    first = seen.index(min(seen))
    assert seen[first:] + seen[:first] == sorted(seen), f"on {what}: {seen}"


_EVERYTHING = """[...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]"""
_REACHABLE = f"""() => {_EVERYTHING}
    .map((one, number) => ({{ number, one, html: one.outerHTML.slice(0, 120) }}))
    .filter(({{ one }}) => one.checkVisibility({{ visibilityProperty: true }}))
    .map(({{ number, html }}) => ({{ number, html }}))"""
_FOCUSED = f"""() => {{
    const one = document.activeElement, number = {_EVERYTHING}.indexOf(one);
    if (one === document.body || number < 0 && !one.scrollWidth) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const hasRing = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const isThere = box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0;
    return {{ number, isShown: hasRing && isThere, html: one.outerHTML.slice(0, 120) }};
}}"""
_SMALL = """() => [...document.querySelectorAll('button, a.button, summary, input:not([type=hidden])')]
    .filter(one => one.checkVisibility())
    .filter(one => { const box = one.getBoundingClientRect(); return box.width < 24 || box.height < 24 })
    .map(one => one.outerHTML.slice(0, 120))"""
_GROUND = """() => {
    const [red, green, blue] = getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number);
    return (red + green + blue) / 3;
}"""
