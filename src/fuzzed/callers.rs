//! What holds for whatever a caller shows, an operator pastes and a refusal says.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use rsa::{BigUint, RsaPublicKey};
use serde_json::Value;

use crate::{
    azure::{cloud::Cloud, credential::client_certificate},
    caller::{
        Refusal,
        key_set::KeySet,
        signature::Claim,
        token::{self, ACTION_GROUPS, Terms},
    },
    problem::Problem,
    standard_webhooks::Secret,
    time::Timestamp,
};

const TENANT: &str = "7e57ab1e-0000-4000-8000-0000000000a1";
const NOW: i64 = 1_795_312_820;

/// Header, claims and signature, each after a NUL: as they are, and as the parts of a JWT. None of it is ever let in,
/// for nobody has the private key of this public one.
pub fn token(bytes: &[u8]) -> bool {
    let terms = Terms {
        login: "https://login.microsoftonline.com".parse().expect("a URL"),
        cloud: Cloud::Public,
        audiences: vec!["api://alertcap".to_owned()],
        tenants: vec![TENANT.to_owned()],
        applications: vec![ACTION_GROUPS.to_owned()],
    };
    let modulus = [0xd5; 256];
    let key = RsaPublicKey::new(BigUint::from_bytes_be(&modulus), BigUint::from(65_537_u32)).expect("a key");
    let as_parts: Vec<String> =
        bytes.splitn(3, |byte| *byte == 0).map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).collect();
    let texts = [String::from_utf8_lossy(bytes).into_owned(), as_parts.join(".")];
    let mut is_candidate = false;
    for text in &texts {
        let mut headers = HeaderMap::new();
        if let (true, Ok(value)) = (text.is_ascii(), HeaderValue::from_str(&format!("Bearer {text}"))) {
            headers.insert("authorization", value);
            assert_eq!(token::given(&headers), Ok(Some(text.trim())));
        }
        match token::read(text, &terms, Timestamp::from_unix(NOW)) {
            Ok(candidate) => {
                assert_eq!(candidate.tenant, TENANT);
                assert!(candidate.verify(&key, &terms).is_err(), "nobody can have signed this");
                is_candidate = true;
            }
            Err(flaw) => refusal(Refusal::Token(flaw)),
        }
    }
    is_candidate
}

/// A tenant's keys: read or not; what was read is read again as the same.
pub fn key_set(bytes: &[u8]) -> bool {
    let Some(set) = KeySet::parse(bytes, Timestamp::from_unix(NOW)) else { return false };
    let kept = serde_json::to_vec(&set).expect("a set can be kept");
    let again: KeySet = serde_json::from_slice(&kept).expect("and read again");
    assert_eq!(serde_json::to_vec(&again).expect("as the same"), kept);
    true
}

/// Id, time stamp, signature and body, each after a NUL: let in only if they are what the secret signs.
pub fn signature(bytes: &[u8]) -> bool {
    let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
    let mut parts = bytes.splitn(4, |byte| *byte == 0);
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        if let Some(value) = parts.next().and_then(|part| HeaderValue::from_bytes(part).ok()) {
            headers.insert(name, value);
        }
    }
    let body = parts.next().unwrap_or_default();
    match Claim::read(&headers, Timestamp::from_unix(NOW)) {
        Ok(None) => false,
        Ok(Some(claim)) => {
            let secrets = [secret];
            let is_let_in = claim.verify(&secrets, body).is_ok();
            let text = |name: &str| headers[name].to_str().expect("it was read").to_owned();
            let (id, time) = (text("webhook-id"), text("webhook-timestamp").parse().expect("it was read"));
            let at = Timestamp::from_unix(time);
            let own = crate::standard_webhooks::headers(&secrets, &id, at, body);
            let own = own.iter().find(|(name, _)| *name == "webhook-signature").expect("one").1.clone();
            let own = own.to_str().expect("text").to_owned();
            assert_eq!(is_let_in, text("webhook-signature").split(' ').any(|one| one == own));
            is_let_in
        }
        Err(flaw) => {
            refusal(Refusal::Signature(flaw));
            false
        }
    }
}

/// The text of a `.pem` file, and the same bytes as a certificate: read or refused, without showing it.
pub fn pem(bytes: &[u8]) -> bool {
    _ = client_certificate::read(bytes);
    let text = String::from_utf8_lossy(bytes);
    match client_certificate::Certificate::parse(&text) {
        Ok(certificate) => {
            assert!(!format!("{certificate:?}").contains("BEGIN"));
            true
        }
        Err(why) => {
            assert!(!why.is_empty());
            false
        }
    }
}

/// Any detail of a problem: the answer is JSON that holds it, whole, and its headers are as they should be.
pub fn problem(text: &str) {
    let response = Problem::bad_request("bad-dry-run", "Bad dry_run", text).into_response();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["content-length"], response.body().len().to_string());
    assert!(response.body().is_ascii() || std::str::from_utf8(response.body()).is_ok());
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    assert_eq!(body["detail"], text);
    assert_eq!((&body["status"], &body["title"]), (&400.into(), &"Bad dry_run".into()));
    assert!(!response.body().contains(&b'\n'), "a line of its own could be another answer's");
}

fn refusal(refusal: Refusal) {
    assert!(!refusal.detail().is_empty() && !refusal.to_string().is_empty());
    let status = Problem::refused(refusal).into_response().status();
    assert!([401, 403].contains(&status.as_u16()), "{refusal}");
}
