//! Tokens of Azure's *secure webhook*: what an action group gets from Entra for the application that stands for this
//! webhook.
//!
//! Sources: "Action groups" (the role and the application that has it), Microsoft identity platform "Access token claims
//! reference" (v1.0 and v2.0), RFC 7515, 7519 and 8725. A token is looked at in this order: its size and form, `alg`,
//! `kid`, what it says of itself; only then are keys looked up, so that whoever does not know tenant and audience costs no
//! request.

use std::fmt;

use http::{HeaderMap, header};
use jwt_compact::{AlgorithmExt, UntrustedToken};
use rsa::RsaPublicKey;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{azure::cloud::Cloud, jwt::Rs256, time::Timestamp};

/// "`AzNS` AAD Webhook": as whom Azure's action groups call.
pub const ACTION_GROUPS: &str = "461e8683-5575-4561-ac7f-899cc907d62a";
/// The role that it must have been given.
const ROLE: &str = "ActionGroupsSecureWebhook";
/// Entra's are 1 to 3 KB long.
const MOST_BYTES: usize = 16 * 1024;
/// So many seconds clocks may differ.
const SKEW: i64 = 60;

/// Whose tokens are taken.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Entra's endpoint, which has the tenants' keys.
    pub login: Url,
    /// The cloud it is of.
    pub cloud: Cloud,
    /// The webhook's application, by client id or identifier URI.
    pub audiences: Vec<String>,
    /// The tenants, by id, in small letters.
    pub tenants: Vec<String>,
    /// The applications that may call, by client id, in small letters.
    pub applications: Vec<String>,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Too large, not three parts, not base64url, not JSON, claims missing, twice or of other types.
    Malformed,
    /// Another `alg` than RS256.
    Algorithm,
    /// A header that asks to be understood and is not, or no `kid`.
    Header,
    /// Another issuer, or a tenant that is not taken.
    Issuer,
    /// For something else.
    Audience,
    /// Past its end.
    Expired,
    /// Before its beginning.
    NotYet,
    /// Its issuer has no key of that id.
    UnknownKey,
    /// Not made with that key.
    Signature,
    /// It is real, but its application is not one that may call.
    Application,
    /// It is real, but its application has not been given the role.
    Role,
}

impl Flaw {
    /// Whether the caller is who it says: then it is known and not allowed.
    #[must_use]
    pub const fn is_of_a_known_caller(self) -> bool {
        matches!(self, Self::Application | Self::Role)
    }

    /// What the caller is told. Which of its issuer, audience, key or signature is wrong is for the log only.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "The bearer token is not a JWT such as Entra issues.",
            Self::Algorithm => "The bearer token is not signed with RS256.",
            Self::Header => "The bearer token's header has no kid, or a part that is not understood.",
            Self::Issuer | Self::Audience | Self::UnknownKey | Self::Signature => {
                "The bearer token is not one for this webhook from a tenant that is trusted here."
            }
            Self::Expired => "The bearer token has expired.",
            Self::NotYet => "The bearer token is not valid yet.",
            Self::Application => "The bearer token's application is not the one that may call.",
            Self::Role => "The bearer token's application lacks the role ActionGroupsSecureWebhook.",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => "its issuer or tenant is not one that is taken",
            Self::Audience => "it is for another audience",
            Self::UnknownKey => "its issuer has no such key",
            Self::Signature => "its signature is wrong",
            other => other.detail(),
        })
    }
}

/// The token that a request carries.
///
/// # Errors
/// [`Flaw::Malformed`] if it carries two.
pub fn given(headers: &HeaderMap) -> Result<Option<&str>, Flaw> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Flaw::Malformed);
    }
    // Another scheme, such as the Basic of a URL with a user, is no token; that is not its caller's fault.
    let value = value.to_str().map_err(|_| Flaw::Malformed)?;
    Ok(match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        _ => None,
    })
}

/// A token of which only the signature is not yet known to be right.
pub struct Candidate<'a> {
    token: UntrustedToken<'a, Extension>,
    /// The key that has to have signed it.
    pub key_id: String,
    /// The tenant whose key that is; one of those that are taken.
    pub tenant: String,
}

/// What a header may ask to be understood.
#[derive(Debug, Clone, Deserialize)]
struct Extension {
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    tid: String,
    ver: String,
    /// The calling application in a v1.0 token.
    appid: Option<String>,
    /// The same in a v2.0 token.
    azp: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// Reads a token, and says what is wrong with it as far as that can be said without keys.
///
/// # Errors
/// [`Flaw`].
pub fn read<'a>(text: &'a str, terms: &Terms, now: Timestamp) -> Result<Candidate<'a>, Flaw> {
    if text.len() > MOST_BYTES {
        return Err(Flaw::Malformed);
    }
    let token = UntrustedToken::<Extension>::try_from(text).map_err(|_| Flaw::Malformed)?;
    if token.algorithm() != "RS256" {
        return Err(Flaw::Algorithm);
    }
    let header = token.header();
    let is_jwt = header.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("JWT"));
    let (true, None, Some(key_id)) = (is_jwt, &header.other_fields.crit, header.key_id.clone()) else {
        return Err(Flaw::Header);
    };
    let claims = token.deserialize_claims_unchecked::<Claims>().map_err(|_| Flaw::Malformed)?;
    // The times first: what has other words must not tell a guesser that the rest is right.
    let ends = claims.expiration.ok_or(Flaw::Malformed)?.timestamp();
    if now.unix() >= ends.saturating_add(SKEW) {
        return Err(Flaw::Expired);
    }
    let begins = claims.not_before.map(|time| time.timestamp());
    if begins.is_some_and(|begins| begins > now.unix().saturating_add(SKEW)) {
        return Err(Flaw::NotYet);
    }
    let said = &claims.custom;
    let tenant = terms.tenant_of(said).ok_or(Flaw::Issuer)?.to_owned();
    if !terms.audiences.contains(&said.aud) {
        return Err(Flaw::Audience);
    }
    Ok(Candidate { token, key_id, tenant })
}

impl Terms {
    /// The tenant that a token says it is of, if it is taken: its issuer, its version and its `tid` must agree.
    fn tenant_of(&self, said: &Claims) -> Option<&str> {
        let is_issuer = |tenant: &&String| {
            let issuers = self.cloud.issuers(&self.login, tenant);
            issuers.contains(&said.iss) && said.tid.eq_ignore_ascii_case(tenant)
        };
        let is_of_its_version = said.ver == if is_v2(said) { "2.0" } else { "1.0" };
        self.tenants.iter().find(is_issuer).filter(|_| is_of_its_version).map(String::as_str)
    }
}

fn is_v2(said: &Claims) -> bool {
    said.iss.ends_with("/v2.0")
}

impl Candidate<'_> {
    /// Whether it was signed with this key, for an application that may call.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn verify(&self, key: &RsaPublicKey, terms: &Terms) -> Result<(), Flaw> {
        let token = Rs256.validator::<Claims>(key).validate(&self.token).map_err(|_| Flaw::Signature)?;
        let said = &token.claims().custom;
        let application = if is_v2(said) { &said.azp } else { &said.appid };
        let application = application.as_deref().unwrap_or_default().to_ascii_lowercase();
        if !terms.applications.contains(&application) {
            return Err(Flaw::Application);
        }
        if said.roles.iter().any(|role| role == ROLE) { Ok(()) } else { Err(Flaw::Role) }
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
