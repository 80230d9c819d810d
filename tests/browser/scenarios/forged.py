"""Pages of others that want a signed-in operator's browser to do something."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect

from browser.place import Place


def a_form_of_another_site_changes_nothing(place: Place) -> None:
    # For a browser `localhost` and `127.0.0.1` are two sites: it does not bring the cookie along.
    _changes_nothing(place, "localhost")


def a_form_of_another_port_changes_nothing(place: Place) -> None:
    # For a browser this is the same site, whatever the port: it does bring the cookie along.
    _changes_nothing(place, "127.0.0.1")


def _changes_nothing(place: Place, host: str) -> None:
    name = place.stack.alert()
    place.stack.wait_for(name, "running")
    visit = place.signed_in()
    visit.expected.add(403)
    [cookie] = visit.context.cookies()
    for path in (f"/captures/{name}/stop", f"/captures/{name}/delete", "/sign-out", "/sign-in"):
        form = f"""<form method="post" action="{place.stack.url}{path}">
            <input name="token" value="x"><input name="key" value="operator-key-for-tests">
            <button>Go</button></form>"""
        with _page_of_others(form, host) as url:
            visit.page.goto(url)
            with visit.page.expect_response(place.stack.url + path) as answered:
                visit.page.get_by_role("button", name="Go").click()
            assert answered.value.status in (401, 403), f"{path}: {answered.value.status}"
    assert place.stack.requests("packetCaptures.stop") == []
    assert len(place.stack.sessions()) == 1
    assert place.stack.record(name)["state"] == "running"
    # Nobody was signed out or in either.
    assert visit.context.cookies() == [cookie]
    visit.open("/")
    expect(visit.line(name)).to_contain_text("Running")


def no_other_page_can_frame_this_one(place: Place) -> None:
    name = place.stack.alert()
    visit = place.signed_in()
    frames = "".join(
        f'<iframe title="{path}" src="{place.stack.url}{path}"></iframe>' for path in ("/", f"/captures/{name}")
    )
    with _page_of_others(frames, "127.0.0.1") as url:
        visit.is_to_lose_its_way = True
        visit.page.goto(url)
        framed = visit.page.frames[1:]
        assert len(framed) == 2
        for frame in framed:
            assert "alertcap" not in frame.title() and "web-01" not in frame.content(), frame.url


@contextmanager
def _page_of_others(body: str, host: str):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Others</title><link rel=icon href=data:,>{body}".encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{host}:{server.server_address[1]}/"
        server.shutdown()
