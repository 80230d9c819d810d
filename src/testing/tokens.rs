//! Tokens as Entra issues them, and as it does not, signed with keys that everybody knows.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::{
    RsaPrivateKey, pkcs1v15,
    pkcs8::DecodePrivateKey,
    sha2::Sha256,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};

use crate::{
    azure::cloud::Cloud,
    caller::token::{ACTION_GROUPS, Terms},
    time::Timestamp,
};

pub(crate) const TENANT: &str = "7e57ab1e-0000-4000-8000-0000000000a1";
pub(crate) const AUDIENCE: &str = "api://alertcap";

/// The key that the tenant's tokens are signed with, and one that is a stranger's.
pub(crate) fn key(name: &str) -> RsaPrivateKey {
    let pem = match name {
        "tenant" => include_str!("../../tests/keys/client-certificate.pem"),
        _ => include_str!("../../tests/keys/other.key.pem"),
    };
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    RsaPrivateKey::from_pkcs8_der(key.secret_pkcs8_der()).unwrap()
}

pub(crate) fn terms() -> Terms {
    Terms {
        login: "https://login.example".parse().unwrap(),
        cloud: Cloud::Custom,
        audiences: vec![AUDIENCE.to_owned(), "c11e47ab-0000-4000-8000-0000000000b9".to_owned()],
        tenants: vec![TENANT.to_owned()],
        applications: vec![ACTION_GROUPS.to_owned()],
    }
}

pub(crate) fn header() -> Value {
    json!({"typ": "JWT", "alg": "RS256", "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "kid": "key-1"})
}

/// What an action group's token says, in version 1.0.
pub(crate) fn claims(now: Timestamp) -> Value {
    json!({
        "aud": AUDIENCE, "iss": format!("https://sts.windows.net/{TENANT}/"), "iat": now.unix(), "nbf": now.unix(),
        "exp": now.unix() + 3_600, "appid": ACTION_GROUPS, "appidacr": "2", "oid": "x", "sub": "x", "tid": TENANT,
        "roles": ["ActionGroupsSecureWebhook"], "uti": "x", "ver": "1.0",
    })
}

/// The same in version 2.0.
pub(crate) fn claims_v2(now: Timestamp) -> Value {
    let mut claims = claims(now);
    claims["iss"] = json!(format!("https://login.example/{TENANT}/v2.0"));
    claims["ver"] = json!("2.0");
    claims["azp"] = claims["appid"].take();
    claims
}

pub(crate) fn sign(key: &RsaPrivateKey, header: &str, claims: &str) -> String {
    let signed = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = pkcs1v15::SigningKey::<Sha256>::new(key.clone()).sign(signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// What the tenant's keys endpoint answers.
pub(crate) fn key_set(kid: &str) -> Value {
    let key = key("tenant");
    let [n, e] = [key.n(), key.e()].map(|number| BASE64_URL_SAFE_NO_PAD.encode(number.to_bytes_be()));
    json!({"keys": [
        {"kty": "EC", "kid": kid, "crv": "P-256", "x": "AQ", "y": "AQ"},
        {"kty": "RSA", "use": "enc", "kid": kid, "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": n, "e": e, "x5c": ["…"], "issuer": "…"},
    ]})
}
