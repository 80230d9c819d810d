"""A capture's own page: its file, its buttons, and why it failed."""

from urllib.parse import urljoin

from playwright.sync_api import expect

from browser.place import Place
from browser.visit import Visit


def a_downloaded_file_is_byte_for_byte_the_blob(place: Place) -> None:
    name = place.stack.alert()
    record = place.stack.over(name)
    visit = place.signed_in()
    visit.page.get_by_role("link", name="web-01").click()
    file = _download(visit, "Download")
    [kept] = record["files"]
    blob = place.stack.blob(kept["url"])
    assert len(blob) > 10_000 and file["bytes"] == blob, f"{len(file['bytes'])} bytes of {len(blob)}"
    assert file["name"].endswith(".cap") and "web-01" in file["name"], file["name"]
    # In parts as well, as a download that broke off goes on.
    url = urljoin(visit.page.url, visit.page.get_by_role("link", name="Download").first.get_attribute("href"))
    part = visit.context.request.get(url, headers={"range": "bytes=1000-1999"})
    assert (part.status, part.body()) == (206, blob[1000:2000])


def each_file_of_a_scale_set_is_there_to_download(place: Place) -> None:
    name = place.stack.alert("vmss-api")
    record = place.stack.over(name)
    files = record["files"]
    assert len(files) == 2, files
    visit = place.signed_in()
    visit.open_capture(name)
    downloads = visit.page.locator(".file").get_by_role("link")
    expect(downloads).to_have_count(2)
    names = set()
    for number, kept in enumerate(files):
        with visit.page.expect_download() as begun:
            downloads.nth(number).click()
        download = begun.value
        assert download.path().read_bytes() == place.stack.blob(kept["url"]), kept
        names.add(download.suggested_filename)
    assert len(names) == 2, names
    # What each of them showed is one click away.
    for link in visit.page.get_by_role("navigation", name="Files").get_by_role("link").all():
        link.click()
        expect(visit.page.get_by_role("heading", name="What stands out")).to_be_visible()


def a_running_capture_is_stopped_by_its_button(place: Place) -> None:
    name = place.stack.alert()
    place.stack.wait_for(name, "running")
    visit = place.signed_in()
    visit.page.get_by_role("link", name="web-01").click()
    visit.page.get_by_role("button", name="Stop").click()
    expect(visit.page.get_by_role("status").filter(has_text="asked to stop")).to_be_visible()
    expect(visit.page.get_by_role("button", name="Stop")).to_have_count(0)
    record = place.stack.wait_for(name, "ended", "reported")
    assert len(place.stack.requests("packetCaptures.stop")) == 1
    assert record["stopReason"], record
    expect(visit.page.locator(".head")).to_contain_text("Ended")


def the_session_of_an_ended_capture_is_deleted_by_its_button(place: Place) -> None:
    name = place.stack.alert()
    record = place.stack.over(name)
    assert place.stack.sessions() == [name]
    visit = place.signed_in()
    visit.open_capture(name)
    # One click alone deletes nothing.
    visit.page.locator("summary", has_text="Delete the session").click()
    assert len(place.stack.sessions()) == 1
    visit.page.get_by_role("button", name="Delete the session", exact=True).click()
    expect(visit.page.get_by_role("status").filter(has_text="deleted")).to_be_visible()
    place.stack.wait_until_gone(name)
    # Its file stays.
    assert _download(visit, "Download")["bytes"] == place.stack.blob(record["files"][0]["url"])


def a_failed_capture_says_why_and_what_to_do(place: Place) -> None:
    name = place.stack.alert("bare-01")
    record = place.stack.wait_for(name, "reported")
    visit = place.signed_in()
    expect(visit.line(name)).to_contain_text("Failed")
    visit.open_capture(name)
    expect(visit.page.get_by_role("heading", name="What went wrong")).to_be_visible()
    text = visit.text()
    assert record["error"]["message"] in text, record["error"]
    assert "What to do" in text and "agent" in text.lower(), text


def _download(visit: Visit, link: str) -> dict:
    with visit.page.expect_download() as begun:
        visit.page.get_by_role("link", name=link).first.click()
    download = begun.value
    return {"name": download.suggested_filename, "bytes": download.path().read_bytes()}
