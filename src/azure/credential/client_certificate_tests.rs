use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::{pss, signature::Verifier};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::*;
use crate::testing::Sim;

const PEM: &str = include_str!("../../../tests/keys/client-certificate.pem");
const OTHER_KEY: &str = include_str!("../../../tests/keys/other.key.pem");
const SMALL_KEY: &str = include_str!("../../../tests/keys/small.key.pem");
const ELLIPTIC_KEY: &str = include_str!("../../../tests/keys/elliptic.key.pem");

/// The private key and the certificate of [`PEM`].
fn parts() -> (&'static str, &'static str) {
    PEM.split_at(PEM.find("-----BEGIN CERTIFICATE-----").unwrap())
}

fn wrong(pem: &str) -> &'static str {
    let why = Certificate::parse(pem).unwrap_err();
    assert!(!why.contains("MII"), "{why}");
    why
}

fn decoded(part: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[test]
fn the_statement_is_what_entra_documents_and_its_signature_fits_the_certificate() {
    let sim = Sim::new();
    let credential = ClientCertificate {
        application: Application {
            login: "https://login.example".parse().unwrap(),
            tenant_id: "tenant-1".into(),
            client_id: "client-1".into(),
        },
        certificate: Certificate::parse(PEM).unwrap(),
    };
    let now = Timestamp::from_unix(1_790_000_000);
    let ask = Ask { resource: "https://arm.example", now, random: &sim };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let request = credential.request(&ask).unwrap();
        let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
        let field = |name: &str| form.iter().find(|(n, _)| n == name).unwrap().1.clone();
        assert_eq!(field("scope"), "https://arm.example/.default");
        assert_eq!(field("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let assertion = field("client_assertion");
        let parts: Vec<&str> = assertion.split('.').collect();
        let header: Value = serde_json::from_slice(&decoded(parts[0])).unwrap();
        let (_, certificate) = self::parts();
        let certificate = rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        assert_eq!(header, json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}));
        let mut claims: Value = serde_json::from_slice(&decoded(parts[1])).unwrap();
        let jti = claims["jti"].take();
        assert!(uuid::Uuid::try_parse(jti.as_str().unwrap()).is_ok(), "{jti}");
        assert_eq!(
            claims,
            json!({
                "aud": "https://login.example/tenant-1/oauth2/v2.0/token", "iss": "client-1", "sub": "client-1",
                "jti": null, "nbf": 1_790_000_000, "iat": 1_790_000_000, "exp": 1_790_000_600,
            })
        );
        let key = pss::VerifyingKey::<rsa::sha2::Sha256>::new(credential.certificate.key.to_public_key());
        let signature = pss::Signature::try_from(decoded(parts[2]).as_slice()).unwrap();
        key.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature).unwrap();
        seen.push((jti, parts[2].to_owned()));
    }
    assert_ne!(seen[0].0, seen[1].0, "each has an id of its own");
    assert_ne!(seen[0].1, seen[1].1, "and a salt of its own");
}

#[test]
fn key_and_certificate_stand_in_any_order_with_others_beside_them() {
    let (key, certificate) = parts();
    let whole = Certificate::parse(PEM).unwrap();
    assert_eq!(whole.ends_at.to_string(), "2051-07-15T03:05:19Z");
    for text in [
        format!("{certificate}{key}"),
        format!("Bag Attributes\n  friendlyName: x\n{certificate}\n{key}\n"),
        PEM.replace('\n', "\\n"),
        PEM.replace('\n', "\r\n"),
        format!("\u{feff}{}", PEM.replace('\n', "\n    ")),
    ] {
        assert_eq!(Certificate::parse(&text).unwrap().thumbprint, whole.thumbprint);
    }
    assert!(!format!("{whole:?}").contains("MII"));
}

#[test]
fn what_cannot_sign_is_told_without_showing_it() {
    let (key, certificate) = parts();
    let elliptic = "-----BEGIN EC PRIVATE KEY-----\nAQAB\n-----END EC PRIVATE KEY-----\n";
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQAB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_lock = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB\n\nAQAB\n-----END RSA PRIVATE KEY-----\n";
    for (pem, part) in [
        (format!("{old_lock}{certificate}"), "passphrase"),
        (String::new(), "no private key"),
        ("client-certificate.pem".to_owned(), "no private key"),
        (certificate.to_owned(), "no private key"),
        (key.to_owned(), "no certificate"),
        (format!("{OTHER_KEY}{certificate}"), "no certificate of its private key"),
        (format!("{SMALL_KEY}{certificate}"), "less than 2048"),
        (format!("{ELLIPTIC_KEY}{certificate}"), "not a plain RSA key"),
        (format!("{elliptic}{certificate}"), "not a plain RSA key"),
        (format!("{locked}{certificate}"), "passphrase"),
        (PEM[..PEM.len() - 40].to_owned(), "not whole"),
        (PEM.replace('\n', " "), "line breaks"),
    ] {
        assert!(wrong(&pem).contains(part), "{part}: {}", wrong(&pem));
    }
}

#[test]
fn no_byte_of_a_certificate_can_be_cut_or_changed_into_a_panic() {
    let (_, certificate) = parts();
    let der = rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    for end in 0..der.len() {
        assert!(read(&der[..end]).is_err(), "{end}");
    }
    for at in 0..der.len() {
        for value in [0x00, 0x30, 0x80, 0xff] {
            let mut changed = der.to_vec();
            changed[at] = value;
            _ = read(&changed);
        }
    }
}
