use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use super::*;

const KEY: &str = include_str!("../../../sample/alertcap-key.pem");
const CERTIFICATE: &str = include_str!("../../../sample/alertcap-cert.pem");
const AUDIENCE: &str = "https://localhost/t/oauth2/v2.0/token";
const CLIENT: &str = "c11e47ab-0000-4000-8000-0000000000b1";

fn app(certificates: &[&str]) -> AppRegistration {
    AppRegistration {
        name: "test".into(),
        client_id: CLIENT.into(),
        disabled: false,
        secrets: Vec::new(),
        certificates: certificates.iter().map(|pem| (*pem).to_owned()).collect(),
        federated: Vec::new(),
        rights: None,
        actions: Vec::new(),
        not_actions: Vec::new(),
        blob_reader: true,
        blob_delegator: true,
    }
}

fn sign(header: &Value, claims: &Value) -> String {
    let (_, pem) = x509_parser::pem::parse_x509_pem(KEY.as_bytes()).expect("PEM");
    let key = RsaKeyPair::from_pkcs8(&pem.contents).expect("an RSA key");
    let encoding: &dyn RsaEncoding =
        if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("signed");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn headers() -> (Value, Value) {
    let certificate = Certificate::from_pem(CERTIFICATE).expect("a certificate");
    (
        json!({ "alg": "RS256", "typ": "JWT", "x5t": certificate.x5t }),
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.x5t_s256 }),
    )
}

fn claims() -> Value {
    let now = Timestamp::now().as_duration().as_secs_f64();
    json!({ "aud": AUDIENCE, "iss": CLIENT, "sub": CLIENT, "jti": "1", "iat": now, "nbf": now, "exp": now + 599.5 })
}

fn code(jwt: &str) -> Option<u32> {
    code_of(jwt, &app(&[CERTIFICATE]), Timestamp::now())
}

fn code_of(jwt: &str, app: &AppRegistration, now: Timestamp) -> Option<u32> {
    let checked = Jwt::parse(jwt).and_then(|jwt| verify(&jwt, app, &[AUDIENCE.to_owned()], now));
    checked.err().map(|error| error.code())
}

#[test]
fn both_forms_that_microsofts_clients_send_are_taken() {
    let (rs256, ps256) = headers();
    assert_eq!(code(&sign(&rs256, &claims())), None, "RS256, x5t, fractional times");
    assert_eq!(code(&sign(&ps256, &claims())), None, "PS256, x5t#S256");
}

#[test]
fn every_claim_is_checked() {
    let (rs256, _) = headers();
    let now = Timestamp::now().as_second();
    for (claim, value, expected) in [
        ("aud", json!("https://elsewhere"), 700023),
        ("iss", json!("someone"), 700021),
        ("sub", json!("someone"), 700021),
        ("exp", json!(now - 400), 700024),
        ("nbf", json!(now + 400), 700024),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        assert_eq!(code(&sign(&rs256, &claims)), Some(expected), "{claim}");
    }
}

#[test]
fn a_foreign_certificate_a_wrong_signature_and_nonsense_are_refused() {
    let (rs256, ps256) = headers();
    let jwt = sign(&rs256, &claims());
    assert_eq!(
        code_of(&jwt, &app(&[]), Timestamp::now()),
        Some(700027),
        "a certificate the app does not have"
    );
    let before: Timestamp = "2023-12-31T00:00:00Z".parse().expect("a time");
    assert_eq!(code_of(&jwt, &app(&[CERTIFICATE]), before), Some(700027), "one whose time has not come");

    let tail = jwt.rsplit_once('.').expect("parts").1;
    let swapped = format!("{}.{tail}", sign(&ps256, &claims()).rsplit_once('.').expect("parts").0);
    assert_eq!(code(&swapped), Some(50012), "someone else's signature");
    let unnamed = sign(&json!({ "alg": "RS256" }), &claims());
    assert_eq!(code(&unnamed), Some(700027), "no thumbprint");
    let mut none = rs256.clone();
    none["alg"] = json!("none");
    assert_eq!(code(&sign(&none, &claims())), Some(5002738), "no algorithm");
    assert_eq!(code("not.a-jwt"), Some(50027));
}
