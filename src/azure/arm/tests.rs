use serde_json::json;

use super::*;
use crate::{
    platform::SendError,
    testing::{self, Sim},
};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn error(status: u16, body: &str) -> ArmError {
    let headers = headers(&[("x-ms-request-id", "id-1"), ("retry-after", "9")]);
    refused(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes(), Timestamp::from_unix(0))
}

#[test]
fn an_envelope_or_a_bare_error_gives_its_code_message_details_and_request_id() {
    let envelope =
        json!({"error": {"code": "A", "message": "top", "details": [{"code": "B", "message": "deep"}]}});
    let failure = error(403, &envelope.to_string()).failure;
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("A", "top (deep)"));
    assert_eq!((failure.status, failure.request_id.as_deref()), (Some(403), Some("id-1")));
    assert_eq!(error(400, r#"{"code":"C","message":"bare"}"#).failure.code, "C");
    for odd in ["", "<html>", "[]", "null", r#"{"error":"text"}"#, r#"{"error":{"code":7}}"#] {
        assert_eq!(error(502, odd).failure.code, "HTTP 502", "{odd}");
    }
}

#[test]
fn only_what_time_can_heal_is_tried_again() {
    for status in [408, 429, 500, 501, 502, 503, 504, 507, 529] {
        assert_eq!((error(status, "").kind, error(status, "").retry_after), (ErrorKind::Passing, Some(9)));
    }
    for status in [400, 401, 403, 404, 409] {
        assert!(matches!(error(status, "").kind, ErrorKind::Refused(_)), "{status}");
    }
    assert_eq!(ArmError::unanswered("ARM", &SendError::NotAllowed).kind, ErrorKind::Unable);
    for lost in [SendError::TimedOut, SendError::Lost("x"), SendError::NotConnected("x")] {
        assert_eq!(ArmError::unanswered("ARM", &lost).kind, ErrorKind::Passing);
    }
}

#[test]
fn a_token_goes_nowhere_but_to_arm() {
    let sim = Sim::new();
    let app = sim.app();
    for url in [
        "https://evil.example/x",
        "http://arm.example/x",
        "https://arm.example:444/x",
        "https://arm.example@evil.example/",
        "x",
    ] {
        let app = app.clone();
        let outcome = sim
            .run(async move { Arm::new(&app, &testing::azure()).send(Method::GET, url, None).await.err() });
        assert_eq!(outcome.unwrap().failure.code, "foreignAddress", "{url}");
    }
    assert!(sim.operations().is_empty(), "not even a token was asked for");
}
