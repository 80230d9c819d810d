//! The file of a capture.

use http::{HeaderMap, HeaderValue, header};

use super::*;
use crate::time::Timestamp;

pub(super) const PATH: &str = "https://stshopcaptures.blob.core.windows.net/network-watcher-logs/a/x.cap";

/// Azure names a file in the operator's own account; what else is there lies beside it.
pub(super) fn sim() -> Sim {
    let sim = Sim::new();
    // How files are read is another test's matter.
    sim.set("summary", "off");
    sim.0.azure.borrow_mut().storage_path = PATH;
    sim
}

fn lies(sim: &Sim, url: &str, length: usize) {
    let bytes = (0..length).map(|i| (i % 251) as u8).collect();
    sim.0.azure.borrow_mut().blobs.insert(url.to_owned(), (Timestamp::from_unix(0), bytes));
}

fn file(
    sim: &Sim,
    name: &str,
    query: &str,
    headers: &[(header::HeaderName, &'static str)],
) -> Response<Bytes> {
    asked(sim, Method::GET, name, query, headers)
}

fn asked(
    sim: &Sim,
    method: Method,
    name: &str,
    query: &str,
    headers: &[(header::HeaderName, &'static str)],
) -> Response<Bytes> {
    let uri = format!("/api/captures/{name}/file?code={OPERATOR_KEY}{query}");
    let mut request = request(method, &uri, b"");
    let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
    request.headers_mut().extend(headers.collect::<HeaderMap>());
    let app = sim.app();
    sim.run(async move { answer(&app, request).await })
}

fn detail(answer: &Response<Bytes>) -> String {
    let problem: Value = serde_json::from_slice(answer.body()).unwrap();
    problem["detail"].as_str().unwrap().to_owned()
}

/// A capture that has ended.
pub(super) fn captured(sim: &Sim) -> String {
    name(&send_all(sim, alert(METRIC)).1)
}

#[test]
fn the_file_comes_as_it_lies_in_storage_under_a_name_of_its_own() {
    let sim = sim();
    lies(&sim, PATH, 2_500);
    let name = captured(&sim);
    let whole = file(&sim, &name, "", &[]);
    assert_eq!((whole.status().as_u16(), whole.body().len()), (200, 2_500));
    for (header, value) in [
        (header::CONTENT_LENGTH, "2500"),
        (header::ETAG, "\"0x8D\""),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        assert_eq!(whole.headers()[header], value);
    }
    let saved_as = whole.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(saved_as.starts_with("attachment; filename=\"web-01-2026"), "{saved_as}");
    let head = asked(&sim, Method::HEAD, &name, "", &[]);
    assert_eq!((head.headers()[header::CONTENT_LENGTH].to_str().unwrap(), head.body().len()), ("2500", 0));
    assert!(!format!("{:?}{:?}", whole.headers(), sim.0.log.borrow()).contains("token-"));
}

#[test]
fn a_part_and_its_conditions_are_storages_matter() {
    let sim = sim();
    lies(&sim, PATH, 2_500);
    let name = captured(&sim);
    let status =
        |headers: &[(header::HeaderName, &'static str)]| file(&sim, &name, "", headers).status().as_u16();
    let part = file(&sim, &name, "", &[(header::RANGE, "bytes=1000-1099")]);
    assert_eq!((part.status().as_u16(), part.body().len()), (206, 100));
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 1000-1099/2500");
    assert_eq!(status(&[(header::IF_MATCH, "\"0x8E\"")]), 412);
    let range = (header::RANGE, "bytes=1000-");
    assert_eq!(status(&[range.clone(), (header::IF_RANGE, "\"0x8D\"")]), 206);
    assert_eq!(status(&[range, (header::IF_RANGE, "\"0x8E\"")]), 200, "it has changed: the whole");
    let beyond = file(&sim, &name, "", &[(header::RANGE, "bytes=2500-")]);
    assert_eq!(beyond.status().as_u16(), 416);
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], "bytes */2500");
}

#[test]
fn a_file_that_is_not_there_yet_is_asked_for_again_later() {
    let sim = sim();
    let name = name(&send(&sim, alert(METRIC)).1);
    sim.pass(5);
    send(&sim, sweep());
    let running = file(&sim, &name, "", &[]);
    assert_eq!(running.status().as_u16(), 404);
    let again: i64 = running.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((30..=75).contains(&again), "{again}");
    sim.pass(120);
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["state"], "reported");
    let uploading = file(&sim, &name, "", &[]);
    assert_eq!(uploading.headers()[header::RETRY_AFTER], "30");
    assert!(detail(&uploading).contains("uploading"));
    sim.pass(4_000);
    let gone = file(&sim, &name, "", &[]);
    assert!(gone.status().as_u16() == 404 && !gone.headers().contains_key(header::RETRY_AFTER));
}

#[test]
fn why_there_is_no_file_is_said() {
    let sim = sim();
    assert!(detail(&file(&sim, "no-such", "", &[])).contains("no capture"));
    sim.0.azure.borrow_mut().operation_error = Some(json!({"code": "AgentNotReady", "message": "not ready"}));
    let failed = captured(&sim);
    assert!(detail(&file(&sim, &failed, "", &[])).contains("AgentNotReady"));

    let sim = self::sim();
    sim.0.azure.borrow_mut().storage_path = "";
    sim.set("rules", "[[rules]]\nname = \"r\"\nlocal_path = \"/var/captures/x.cap\"");
    let local = captured(&sim);
    let local = file(&sim, &local, "", &[]);
    assert!(detail(&local).contains("/var/captures/x.cap"), "{}", detail(&local));
}

#[test]
fn storages_refusal_comes_with_advice_and_without_secrets() {
    let sim = sim();
    lies(&sim, PATH, 10);
    let name = captured(&sim);
    let answer = |status, code| Fault::Answer(status, json!({"Code": code}), None);
    fault(&sim, "blob", answer(403, "x"));
    let refused = file(&sim, &name, "", &[]);
    assert_eq!(refused.status().as_u16(), 409);
    assert!(detail(&refused).contains("HTTP 403"));
    fault(&sim, "blob", answer(503, "x"));
    let busy = file(&sim, &name, "", &[]);
    assert_eq!((busy.status().as_u16(), busy.headers().contains_key(header::RETRY_AFTER)), (503, true));
    fault(&sim, "blob", Fault::Error(SendError::NotAllowed));
    let closed = file(&sim, &name, "", &[]);
    assert!(detail(&closed).contains("storage_endpoint"), "{}", detail(&closed));
    let elsewhere = self::sim();
    elsewhere.0.azure.borrow_mut().storage_path = "https://evil.example/c/x.cap";
    let name = captured(&elsewhere);
    assert_eq!(file(&elsewhere, &name, "", &[]).status().as_u16(), 409);
    assert_eq!(elsewhere.count("blob"), 0);
    assert_eq!(request_without_key(&sim), 401);
}

fn request_without_key(sim: &Sim) -> u16 {
    let app = sim.app();
    let request = request(Method::GET, "/api/captures/a/file", b"");
    sim.run(async move { answer(&app, request).await }).status().as_u16()
}

#[test]
fn a_file_is_chosen_by_its_number() {
    let sim = sim();
    lies(&sim, PATH, 10);
    let name = captured(&sim);
    assert_eq!(file(&sim, &name, "&file=0", &[]).status().as_u16(), 200);
    assert!(detail(&file(&sim, &name, "&file=1", &[])).contains("1 files, counted from 0"));
    assert_eq!(file(&sim, &name, "&file=one", &[]).status().as_u16(), 400);
}
