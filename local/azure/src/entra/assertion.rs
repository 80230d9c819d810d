//! Client assertions: a JWT signed with the key of one of the app's certificates, checked for real.
//!
//! Its `jti` is not: Microsoft's documents say that it identifies the assertion, nothing of one that comes twice, and MSAL
//! sends one again until its time is over.

use jiff::Timestamp;

use super::certificate::Certificate;
use super::errors::EntraError;
use super::jwt::{Header, Jwt};
use crate::inventory::AppRegistration;

/// Checks an assertion of this app for these audiences.
pub(super) fn verify(
    jwt: &Jwt<'_>,
    app: &AppRegistration,
    audiences: &[String],
    now: Timestamp,
) -> Result<(), EntraError> {
    let algorithm = jwt.algorithm(&["RS256", "PS256"])?;
    let certificate = app
        .certificates
        .iter()
        .filter_map(|pem| Certificate::from_pem(pem).ok())
        .find(|certificate| names(&jwt.header, certificate))
        .ok_or_else(|| unknown_certificate(app))?;
    if !certificate.is_valid(now) {
        // The words also for one whose time has not come.
        return Err(EntraError::invalid_client(
            700027,
            format!(
                "The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{}'.]",
                app.client_id
            ),
        ));
    }
    if !jwt.is_signed_by(algorithm, &certificate.rsa_key) {
        return Err(EntraError::invalid_client(50012, "Client assertion contains an invalid signature."));
    }

    let claims = &jwt.claims;
    if !claims.aud.any(|own| audiences.iter().any(|audience| audience.eq_ignore_ascii_case(own))) {
        return Err(EntraError::invalid_client(
            700023,
            format!(
                "Client assertion audience claim does not match Realm issuer. The audience is '{}', expected '{}'.",
                claims.aud.text(),
                audiences.join("' or '")
            ),
        ));
    }
    for (claim, value) in [("iss", &claims.iss), ("sub", &claims.sub)] {
        if !value.eq_ignore_ascii_case(&app.client_id) {
            return Err(EntraError::invalid_client(
                700021,
                format!(
                    "Client assertion application identifier doesn't match 'client_id' parameter: its {claim} is '{value}'."
                ),
            ));
        }
    }
    jwt.check_time(now)
}

/// A thumbprint that is given must be the certificate's, and one of them must be given.
fn names(header: &Header, certificate: &Certificate) -> bool {
    let given = [(&header.x5t, &certificate.x5t), (&header.x5t_s256, &certificate.x5t_s256)];
    given.iter().any(|(given, _)| given.is_some())
        && given.iter().all(|(given, own)| {
            given.as_ref().is_none_or(|given| given.trim_end_matches('=') == own.as_str())
        })
}

fn unknown_certificate(app: &AppRegistration) -> EntraError {
    EntraError::invalid_client(
        700027,
        format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{}'.]",
            app.client_id
        ),
    )
}

#[cfg(test)]
mod tests;
