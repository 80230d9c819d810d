use http::{HeaderMap, Method};

use super::*;
use crate::request::Scheme;

/// The example of the specification's own libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const STAMP: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn signed(signature: Option<&str>, body: &str) -> Req {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", ID.parse().expect("a value"));
    headers.insert("webhook-timestamp", STAMP.to_string().parse().expect("a value"));
    if let Some(signature) = signature {
        headers.insert("webhook-signature", signature.parse().expect("a value"));
    }
    let uri = "/notify/people".parse().expect("a URI");
    let body = body.to_owned().into();
    Req { method: Method::POST, scheme: Scheme::Http, uri, headers, body, outcome: None }
}

fn verified(secrets: &[&str], req: &Req, now: i64) -> Option<Signature> {
    let told = Secrets::default();
    told.tell(serde_json::json!({ "name": "people", "secrets": secrets }).to_string().as_bytes())
        .expect("told");
    told.verify("people", req, now)
}

#[test]
fn a_signature_is_valid_by_any_of_the_secrets_over_these_very_bytes_and_in_time() {
    let good = signed(Some(SIGNATURE), BODY);
    let other = "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA==";
    assert_eq!(verified(&[SECRET], &good, STAMP), Some(Signature::Valid));
    assert_eq!(verified(&[other, SECRET], &good, STAMP + 300), Some(Signature::Valid));
    assert_eq!(verified(&[other], &good, STAMP), Some(Signature::Invalid));
    assert_eq!(verified(&[SECRET], &good, STAMP + 301), Some(Signature::Invalid), "too old");
    assert_eq!(verified(&[SECRET], &signed(Some(SIGNATURE), "{}"), STAMP), Some(Signature::Invalid));
    let two = format!("v1,bm90aGluZw== {SIGNATURE}");
    assert_eq!(verified(&[SECRET], &signed(Some(&two), BODY), STAMP), Some(Signature::Valid));
    assert_eq!(verified(&[SECRET], &signed(None, BODY), STAMP), Some(Signature::None));
    assert_eq!(Secrets::default().verify("people", &good, STAMP), None, "it knows no secrets");
}
