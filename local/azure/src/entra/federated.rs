//! Federated identity credentials: a token of an outside issuer in place of a secret.
//!
//! The codes are those that users of Entra report, and so are the words of all but the signature's; in which order Entra
//! checks is invented.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificate::IssuerKey;
use super::errors::EntraError;
use super::jwt::Jwt;
use super::signing::{SigningKeys, TEST_CLUSTER};
use crate::inventory::{AppRegistration, Federated, Inventory};

const DOCUMENTATION: &str = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation";

/// Whether the assertion says it is of an outside issuer: those are URLs, an app's own has its client id there.
pub(super) fn is_meant(jwt: &Jwt<'_>) -> bool {
    jwt.claims.iss.contains("://")
}

/// Checks the token of an outside issuer that this app trusts.
pub(super) fn verify(
    jwt: &Jwt<'_>,
    app: &AppRegistration,
    keys: &SigningKeys,
    now: Timestamp,
) -> Result<(), EntraError> {
    if app.federated.is_empty() {
        let message = format!(
            "The client '{}'({}) has no configured federated identity credentials.",
            app.client_id, app.name
        );
        return Err(EntraError::invalid_client(70025, message));
    }
    let trusted = matching(jwt, &app.federated)?;
    jwt.check_time(now)?;
    let algorithm = jwt.algorithm(&["RS256"])?;
    // The inventory was checked: its keys can be read.
    let key = issuer_key(trusted, keys).ok().filter(|key| jwt.header.kid.as_deref() == Some(&key.kid));
    let Some(key) = key else {
        let message = format!(
            "The certificate with identifier {} used to sign the federated credential could not be found in the metadata of identity provider {}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
            jwt.header.kid.as_deref().unwrap_or_default(),
            trusted.issuer
        );
        return Err(EntraError::invalid_client(7000272, message));
    };
    if jwt.is_signed_by(algorithm, &key.rsa_key) {
        return Ok(());
    }
    // Reported of users' assertions; that it is this one here too is invented.
    let message = "Assertion failed signature validation. [Reason - The provided signature value did not match the expected signature value.]";
    Err(EntraError::invalid_client(50013, message))
}

/// The credential with this issuer, subject and audience, exactly; or which of them nobody has.
fn matching<'a>(jwt: &Jwt<'_>, federated: &'a [Federated]) -> Result<&'a Federated, EntraError> {
    let claims = &jwt.claims;
    let refused = |code, what: &str, value: &str, hint: &str| {
        let message = format!(
            "No matching federated identity record found for presented assertion {what} '{value}'.{hint} Check your federated identity credential Subject, Audience and Issuer against the presented assertion. {DOCUMENTATION}"
        );
        EntraError::invalid_client(code, message)
    };
    let of_issuer: Vec<_> = federated.iter().filter(|one| one.issuer == claims.iss).collect();
    if of_issuer.is_empty() {
        return Err(refused(700211, "issuer", &claims.iss, ""));
    }
    let of_subject: Vec<_> = of_issuer.iter().filter(|one| one.subject == claims.sub).collect();
    if of_subject.is_empty() {
        if of_issuer.iter().any(|one| one.subject.eq_ignore_ascii_case(&claims.sub)) {
            let hint = " The subject matches with case-insensitive comparison, but not with case-sensitive comparison.";
            return Err(refused(7002138, "subject", &claims.sub, hint));
        }
        return Err(refused(700213, "subject", &claims.sub, ""));
    }
    let fits = |one: &&&&Federated| claims.aud.any(|audience| one.audiences.contains(audience));
    of_subject
        .iter()
        .find(fits)
        .map(|one| **one)
        .ok_or_else(|| refused(700212, "audience", &claims.aud.text(), ""))
}

/// The key of a trusted issuer.
pub(crate) fn issuer_key(trusted: &Federated, keys: &SigningKeys) -> Result<IssuerKey> {
    if trusted.key != TEST_CLUSTER {
        return IssuerKey::from_pem(&trusted.key, trusted.kid.as_deref());
    }
    let kid = trusted.kid.clone().unwrap_or_else(|| keys.cluster.kubernetes_kid.clone());
    Ok(IssuerKey { kid, rsa_key: keys.cluster.public_key().to_vec() })
}

/// What a Kubernetes cluster hands a workload, signed by the test cluster's key, whose issuer the inventory must know.
pub(crate) fn token(
    inventory: &Inventory,
    keys: &SigningKeys,
    (issuer, subject, audience): (&str, &str, &str),
    lifetime_s: i64,
    now: Timestamp,
) -> Result<String> {
    let known = || inventory.tenants.iter().flat_map(|tenant| &tenant.apps).flat_map(|app| &app.federated);
    let trusted = known().find(|one| one.issuer == issuer && one.key == TEST_CLUSTER).with_context(|| {
        let issuers: Vec<&str> =
            known().filter(|one| one.key == TEST_CLUSTER).map(|one| one.issuer.as_str()).collect();
        format!("the test cluster is not known as {issuer:?}. Its issuers: {}.", issuers.join(", "))
    })?;
    let now = now.as_second();
    let mut claims = json!({
        "aud": [audience],
        "exp": now + lifetime_s,
        "iat": now,
        "iss": issuer,
        "jti": crate::clock::guid(),
        "nbf": now,
        "sub": subject,
    });
    if let Some(account) = service_account(subject) {
        claims["kubernetes.io"] = account;
    }
    let kid = issuer_key(trusted, keys)?.kid;
    keys.cluster.token(&json!({ "alg": "RS256", "kid": kid }), &claims)
}

/// What Kubernetes adds for `system:serviceaccount:NAMESPACE:NAME`.
fn service_account(subject: &str) -> Option<Value> {
    let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    Some(json!({
        "namespace": namespace,
        "serviceaccount": { "name": name, "uid": crate::clock::guid() },
    }))
}

#[cfg(test)]
mod tests;
