//! What Azure's action groups send with a secure webhook: an app-only token of the first-party application behind them.
//!
//! Entra's layout of app-only access tokens, versions 1.0 and 2.0. No recorded token of this application was found: that it
//! has a credential of kind 2 (a certificate) is invented, and so are its object ids.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::signing::key::SigningKey;

/// `AzNS AAD Webhook`, the same in every tenant of the public cloud.
const APPLICATION: &str = "461e8683-5575-4561-ac7f-899cc907d62a";
const ROLE: &str = "ActionGroupsSecureWebhook";

/// Entra dates a token back, for clocks that differ.
const DATED_BACK_S: i64 = 300;
const LIFETIME_S: i64 = 3_600;

/// The version of an access token, which the application it is for chooses.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum Version {
    /// What an app registration gets that says nothing.
    #[default]
    #[serde(rename = "1.0")]
    One,
    #[serde(rename = "2.0")]
    Two,
}

/// A token for this audience, of this tenant, whose Entra is reached at `base`.
pub(crate) fn token(
    key: &SigningKey,
    audience: &str,
    (base, tenant): (&str, &str),
    version: Version,
    now: Timestamp,
) -> Result<String> {
    let now = now.as_second();
    let object = object_id(tenant);
    let mut claims = json!({
        "aud": audience,
        "iss": "",
        "iat": now - DATED_BACK_S,
        "nbf": now - DATED_BACK_S,
        "exp": now + LIFETIME_S,
        "aio": short_id(2),
        "oid": object,
        "rh": format!("1.{}.", short_id(2)),
        "roles": [ROLE],
        "sub": object,
        "tid": tenant,
        "uti": short_id(1),
    });
    let kid = key.kid();
    let header = match version {
        Version::One => {
            let issuer = format!("https://sts.windows.net/{tenant}/");
            add(
                &mut claims,
                &[
                    ("iss", &issuer),
                    ("idp", &issuer),
                    ("appid", APPLICATION),
                    ("appidacr", "2"),
                    ("ver", "1.0"),
                ],
            );
            json!({ "typ": "JWT", "alg": "RS256", "x5t": kid, "kid": kid })
        }
        Version::Two => {
            let issuer = format!("{base}/{tenant}/v2.0");
            add(&mut claims, &[("iss", &issuer), ("azp", APPLICATION), ("azpacr", "2"), ("ver", "2.0")]);
            json!({ "typ": "JWT", "alg": "RS256", "kid": kid })
        }
    };
    key.token(&header, &claims)
}

fn add(claims: &mut Value, added: &[(&str, &str)]) {
    for (name, value) in added {
        claims[*name] = json!(value);
    }
}

/// The application's service principal has an id of its own in each tenant, and keeps it.
fn object_id(tenant: &str) -> String {
    let digest = ring::digest::digest(
        &ring::digest::SHA256,
        format!("{APPLICATION} {}", tenant.to_lowercase()).as_bytes(),
    );
    let bytes: [u8; 16] = digest.as_ref()[..16].try_into().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The short ids in tokens: 16 bytes, or more of them, base64url.
fn short_id(times: usize) -> String {
    let bytes: Vec<u8> = (0..times).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}
