use futures_util::FutureExt;

use super::*;
use crate::{
    azure::arm::ErrorKind,
    settings::Settings,
    testing::{Sim, azure::Fault},
};

const FILE: &str = "https://stshopcaptures.blob.core.windows.net/network-watcher-logs/a/x%20y.cap";

fn settings(endpoint: Option<&str>) -> Settings {
    let sim = Sim::new();
    if let Some(endpoint) = endpoint {
        sim.set("storage_endpoint", endpoint);
    }
    // Nothing in it waits; an executor inside an executor would be refused.
    Settings::load(&sim).now_or_never().unwrap().unwrap()
}

fn parse(path: &str, endpoint: Option<&str>) -> Option<Blob> {
    Blob::parse(path, settings(endpoint).files.storage.as_ref()?, ["other", "stshopcaptures"].into_iter())
}

#[test]
fn a_file_is_a_blob_of_an_account_that_files_may_go_to() {
    let blob = parse(FILE, None).unwrap();
    assert_eq!((blob.account.as_str(), blob.container.as_str()), ("stshopcaptures", "network-watcher-logs"));
    assert_eq!((blob.name.as_str(), blob.url().as_str()), ("a/x y.cap", FILE));
    assert_eq!(blob.in_folder(), ("a/", "x y.cap"));
    let local =
        parse("http://127.0.0.1:10000/stshopcaptures/logs/x.cap?sv=1", Some("http://127.0.0.1:10000"));
    let local = local.unwrap();
    assert_eq!((local.container.as_str(), local.name.as_str()), ("logs", "x.cap"));
    assert_eq!(local.url(), "http://127.0.0.1:10000/stshopcaptures/logs/x.cap");
    assert_eq!(local.in_folder(), ("", "x.cap"));
}

#[test]
fn no_token_goes_anywhere_else() {
    for path in [
        "https://somebodyelses.blob.core.windows.net/c/x.cap",
        "https://stshopcaptures.blob.core.windows.net.evil.example/c/x.cap",
        "https://evil.example/stshopcaptures.blob.core.windows.net/c/x.cap",
        "https://stshopcaptures.blob.core.windows.net@evil.example/c/x.cap",
        "http://stshopcaptures.blob.core.windows.net/c/x.cap",
        "https://stshopcaptures.blob.core.windows.net:8443/c/x.cap",
        "https://stshopcaptures.blob.core.windows.net/x.cap",
        "https://stshopcaptures.blob.core.windows.net/c/",
        "https://stshopcaptures.blob.core.windows.net/c//x.cap",
        "https://stshopcaptures.blob.core.windows.net/c/%2e%2e%2fx.cap",
        "https://stshopcaptures.blob.core.windows.net/a%3fb/x.cap",
        "https://stshopcaptures.blob.core.windows.net/c/x%0a.cap",
        "https://stshopcaptures.blob.core.windows.net",
        "stshopcaptures/c/x.cap",
        "",
    ] {
        assert_eq!(parse(path, None), None, "{path}");
    }
    for path in
        ["http://127.0.0.1:10000/somebodyelses/c/x.cap", "http://127.0.0.1:10001/stshopcaptures/c/x.cap"]
    {
        assert_eq!(parse(path, Some("http://127.0.0.1:10000")), None, "{path}");
    }
}

/// What GET comes to, and what its body does.
fn get(sim: &Sim, wanted: HeaderMap) -> Result<(u16, Result<Bytes, crate::platform::SendError>), ArmError> {
    let app = sim.app();
    sim.run(async move {
        let azure = app.settings().await.unwrap().azure.clone().unwrap();
        let storage = Storage::new(&app, &azure);
        let answer = storage.get(&parse(FILE, None).unwrap(), &Method::GET, &wanted).await?;
        let status = answer.status().as_u16();
        Ok((status, read_whole(&mut answer.into_body(), usize::MAX).await))
    })
}

fn with_file(length: usize) -> Sim {
    let sim = Sim::new();
    let bytes = (0..length).map(|i| (i % 251) as u8).collect();
    sim.0.azure.borrow_mut().blobs.insert(FILE.to_owned(), (crate::time::Timestamp::from_unix(0), bytes));
    sim
}

#[test]
fn a_blob_comes_piece_by_piece_and_from_where_it_is_wanted() {
    let sim = with_file(2_500);
    let (status, body) = get(&sim, HeaderMap::new()).unwrap();
    assert_eq!((status, body.unwrap().len()), (200, 2_500));
    let (status, body) = get(&sim, rest_of(2_400, Some("\"0x8D\""))).unwrap();
    assert_eq!((status, body.unwrap().len()), (206, 100));
    assert_eq!(get(&sim, rest_of(2_400, Some("\"0x8E\""))).unwrap().0, 412, "it is another by now");
    assert_eq!(get(&sim, rest_of(2_500, None)).unwrap().0, 416, "nothing is left");
    let sent = sim.0.sent.borrow();
    let asked = sent.iter().find(|sent| sent.operation == "blob").unwrap();
    assert_eq!(asked.headers["x-ms-version"], VERSION);
    let token = sent.iter().find(|sent| sent.operation == "token").unwrap();
    assert!(token.body.to_string().contains("storage.azure.com"), "{token:?}");
}

#[test]
fn a_body_that_breaks_off_is_not_taken_for_the_whole() {
    let sim = with_file(2_500);
    sim.0.breaks_off_after.set(Some(2));
    assert!(get(&sim, HeaderMap::new()).unwrap().1.is_err());
}

#[test]
fn a_token_that_storage_refuses_is_replaced_once() {
    let sim = with_file(10);
    get(&sim, HeaderMap::new()).unwrap().1.unwrap();
    sim.0.azure.borrow_mut().valid_token = 2;
    get(&sim, HeaderMap::new()).unwrap().1.unwrap();
    assert_eq!((sim.count("token"), sim.count("blob")), (2, 3));
    for _ in 0..2 {
        sim.0.azure.borrow_mut().fault("blob", Fault::Answer(401, serde_json::Value::Null, None));
    }
    let error = get(&sim, HeaderMap::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(StatusCode::UNAUTHORIZED));
    assert_eq!(sim.count("blob"), 5);
}

#[test]
fn storages_words_come_with_advice() {
    let sim = Sim::new();
    let error = get(&sim, HeaderMap::new()).unwrap_err();
    assert!(error.is_not_found());
    assert_eq!((error.failure.code.as_str(), error.failure.message.as_str()), ("BlobNotFound", "Not so."));
    assert!(error.failure.advice.unwrap().contains("not yet uploaded"));
    sim.0.azure.borrow_mut().fault("blob", Fault::Error(crate::platform::SendError::NotAllowed));
    assert_eq!(get(&sim, HeaderMap::new()).unwrap_err().failure.code, "addressNotAllowed");
    let body = b"<Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>";
    let headers = [(header::RETRY_AFTER, HeaderValue::from_static("7"))].into_iter().collect();
    let now = crate::time::Timestamp::from_unix(0);
    let busy = refusal::read(StatusCode::SERVICE_UNAVAILABLE, &headers, body, now);
    assert_eq!((busy.kind, busy.retry_after), (ErrorKind::Passing, Some(7)));
    assert_eq!(busy.failure.code, "ServerBusy");
    let odd = refusal::read(StatusCode::FORBIDDEN, &HeaderMap::new(), b"<html>no", now);
    assert_eq!(odd.failure.code, "HTTP 403");
}

#[test]
fn a_list_is_read_page_by_page() {
    let sim = Sim::new();
    let base = "https://stshopcaptures.blob.core.windows.net/network-watcher-logs/";
    for name in ["a/0_x.cap", "a/1_x.cap", "a/2_x.cap", "b/1_x.cap"] {
        let at = crate::time::Timestamp::from_unix(0);
        sim.0.azure.borrow_mut().blobs.insert(format!("{base}{name}"), (at, vec![0; 7]));
    }
    let app = sim.app();
    let listed = sim.run(async move {
        let azure = app.settings().await.unwrap().azure.clone().unwrap();
        Storage::new(&app, &azure).list(&parse(FILE, None).unwrap(), "a/").await.unwrap()
    });
    let names: Vec<&str> = listed.iter().map(|blob| blob.name.as_str()).collect();
    assert_eq!(names, ["a/0_x.cap", "a/1_x.cap", "a/2_x.cap"]);
    assert_eq!((listed[0].size, listed[0].etag.as_str()), (7, "\"0x8D\""));
    assert_eq!(sim.count("blobs"), 2);
}
