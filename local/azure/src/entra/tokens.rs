//! Access tokens. Opaque to clients; that they are signed with HMAC and not RSA is invented.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::keys::Keys;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Azure Resource Manager.
    Arm,
    /// Blob storage.
    Storage,
}

impl Audience {
    /// The audience a v1 access token names.
    fn as_str(self) -> &'static str {
        match self {
            Self::Arm => "https://management.azure.com/",
            Self::Storage => "https://storage.azure.com",
        }
    }
}

/// What a token says.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    /// The application's client id.
    pub(crate) appid: String,
    sub: String,
    /// The tenant's id.
    pub(crate) tid: String,
    uti: String,
    ver: String,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not a token of ours.
    Invalid,
    /// Past its time.
    Expired,
    /// For something else.
    WrongAudience,
}

/// Makes a token.
pub(crate) fn issue(
    keys: &Keys,
    audience: Audience,
    tenant: &str,
    client_id: &str,
    lifetime_s: i64,
    now: Timestamp,
) -> String {
    let now = now.as_second();
    let header = json!({ "typ": "JWT", "alg": "HS256", "kid": "azure-standin" }).to_string();
    let claims = json!({
        "aud": audience.as_str(),
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_s,
        "appid": client_id,
        "sub": client_id,
        "tid": tenant,
        "uti": crate::clock::guid(),
        "ver": "1.0",
    })
    .to_string();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = keys.sign_token(&signed);
    format!("{signed}.{signature}")
}

/// Reads a token that must be for this audience.
pub(crate) fn check(keys: &Keys, token: &str, audience: Audience, now: Timestamp) -> Result<Claims, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Invalid)?;
    if !keys.verify_token(signed, signature) {
        return Err(Refused::Invalid);
    }
    let claims = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Claims =
        claims.and_then(|claims| serde_json::from_slice(&claims).ok()).ok_or(Refused::Invalid)?;
    if claims.exp <= now.as_second() {
        return Err(Refused::Expired);
    }
    if claims.aud != audience.as_str() {
        return Err(Refused::WrongAudience);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_back_only_untouched_in_time_and_for_its_audience() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = Keys::open(folder.path()).expect("keys");
        let now = Timestamp::now();
        let token = issue(&keys, Audience::Arm, "t", "c", 60, now);
        assert_eq!(check(&keys, &token, Audience::Arm, now).map(|claims| claims.appid), Ok("c".to_owned()));
        assert_eq!(check(&keys, &token, Audience::Storage, now).err(), Some(Refused::WrongAudience));
        let late = issue(&keys, Audience::Arm, "t", "c", 0, now);
        assert_eq!(check(&keys, &late, Audience::Arm, now).err(), Some(Refused::Expired));
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let forged = format!("{}A.{signature}", &signed[..signed.len() - 1]);
        assert_eq!(check(&keys, &forged, Audience::Arm, now).err(), Some(Refused::Invalid));

        let reopened = Keys::open(folder.path()).expect("the same keys");
        assert!(
            check(&reopened, &token, Audience::Arm, now).is_ok(),
            "a token outlives a restart with the same state"
        );
    }
}
