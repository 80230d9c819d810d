//! What a host makes of a request and of its answer.

use alertcap_tests::{OPERATOR_KEY, SWEEP_KEY, WEBHOOK_KEY, delete, get, post, raw};

use crate::site::{Site, name, reported};

const KEY_IN_QUERY: &str = "code=webhook%2Fkey%2Bfor%3Dtests";

pub(crate) fn every_route(site: &Site) -> String {
    let stack = site.shared();
    let url = stack.url();
    let operator = [("x-functions-key", OPERATOR_KEY)];
    let alert = site.fresh_alert();

    assert_eq!(get(&format!("{url}/healthz"), &[]).json["status"], "alive");
    assert_eq!(get(&format!("{url}/readyz"), &[]).json["status"], "ready");
    let dry = post(&format!("{url}/api/alerts?dry_run=true&{KEY_IN_QUERY}"), &[], alert.as_bytes());
    assert_eq!(dry.status, 200, "{dry:?}");
    let probed = post(&format!("{url}/api/alerts?dry_run=probe"), &operator, alert.as_bytes());
    assert_eq!(probed.status, 200, "{probed:?}");
    let swept = get(&format!("{url}/api/sweep?code={SWEEP_KEY}"), &[]);
    assert_eq!((swept.status, stack.sweep().status), (200, 200), "{swept:?}");
    assert_eq!(stack.read("/api/captures").status, 200);
    if !stack.kind().is_durable() {
        return "yes, of what its instance knows".to_owned();
    }
    let name = name(&stack.alert(&alert));
    let stopped = post(&format!("{url}/api/captures/{name}/stop"), &operator, b"");
    assert_eq!(stopped.status, 202, "{stopped:?}");
    reported(stack, &name);
    let listed = stack.read("/api/captures?limit=100").json;
    let listed = listed["captures"].as_array().expect("a list");
    assert!(listed.iter().any(|one| one["name"] == *name), "{listed:?}");
    let deleted = delete(&format!("{url}/api/captures/{name}"), &operator);
    assert_eq!(deleted.status, 202, "{deleted:?}");
    "yes".to_owned()
}

pub(crate) fn refused(site: &Site) -> String {
    let url = site.shared().url();
    let alerts = format!("{url}/api/alerts");
    let key = [("x-functions-key", WEBHOOK_KEY)];
    let alert = site.fresh_alert();
    let large = vec![b'x'; 300 * 1024];
    for (what, answer, status) in [
        ("no key", post(&alerts, &[], alert.as_bytes()), 401),
        ("a wrong key", post(&format!("{alerts}?code=wrong"), &[], alert.as_bytes()), 401),
        ("300 KB", post(&alerts, &key, &large), 413),
        ("300 KB without a length", post(&alerts, &[key[0], ("transfer-encoding", "chunked")], &large), 413),
        ("not JSON", post(&alerts, &key, b"alert!"), 400),
        ("no body", post(&alerts, &key, b""), 400),
        ("an unknown path", get(&format!("{url}/api/nothing"), &[]), 404),
        ("an unknown capture", site.shared().read("/api/captures/nothing"), 404),
        ("GET of alerts", get(&alerts, &[]), 405),
    ] {
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(answer.json["status"], status, "{what}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{what}");
    }
    "yes".to_owned()
}

pub(crate) fn unusual_forms(site: &Site) -> String {
    let stack = site.shared();
    let url = stack.url();
    let host = url.trim_start_matches("http://");
    let key: (&str, &[u8]) = ("X-Functions-Key", WEBHOOK_KEY.as_bytes());
    let alert = site.fresh_alert();
    let length = alert.len().to_string();
    let length: (&str, &[u8]) = ("content-length", length.as_bytes());
    let chunked: (&str, &[u8]) = ("transfer-encoding", b"chunked");
    let (front, back) = alert.split_at(700);
    let in_chunks = format!("{:x}\r\n{front}\r\n{:x}\r\n{back}\r\n0\r\n\r\n", front.len(), back.len());
    for (what, line, headers, body) in [
        ("in absolute form", format!("POST http://{host}/api/alerts HTTP/1.1"), vec![key, length], &alert),
        ("over HTTP/1.0", "POST /api/alerts HTTP/1.0".to_owned(), vec![key, length], &alert),
        ("in chunks", "POST /api/alerts HTTP/1.1".to_owned(), vec![key, chunked], &in_chunks),
        (
            "with a key in the query",
            format!("POST /api/alerts?a=b&{KEY_IN_QUERY} HTTP/1.1"),
            vec![length],
            &alert,
        ),
        ("with a slash at its end", "POST /api/alerts/ HTTP/1.1".to_owned(), vec![key, length], &alert),
    ] {
        let answer = raw(&url, &line, &headers, body.as_bytes());
        assert_eq!(answer.status, 202, "an alert {what}: {answer:?}");
    }
    let head = raw(&url, "HEAD /readyz HTTP/1.1", &[], b"");
    assert_eq!((head.status, head.bytes.len()), (200, 0), "{head:?}");
    "yes".to_owned()
}

/// Some hosts log the request's URL: whoever runs those should give keys in the header.
pub(crate) fn nothing_secret_is_logged(site: &Site) -> String {
    let stack = site.shared();
    let url = format!("{}/api/alerts?{KEY_IN_QUERY}", stack.url());
    let name = name(&post(&url, &[], site.fresh_alert().as_bytes()));
    _ = get(&format!("{}/api/captures?code={OPERATOR_KEY}", stack.url()), &[]);
    _ = get(&format!("{}/nothing?code={SWEEP_KEY}", stack.url()), &[]);
    reported(stack, &name);
    let log = stack.logs();
    assert!(log.contains("alert accepted"), "the component's own lines are in the host's output: {log}");
    let secret = stack.sample("client_secret");
    let words =
        [WEBHOOK_KEY, KEY_IN_QUERY, OPERATOR_KEY, SWEEP_KEY, &secret, "eyJ", "canary-of-the-receiver"];
    for word in words {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word} stands in the log");
    }
    "yes".to_owned()
}
