//! Client assertions: a JWT signed with the key of one of the app's certificates, checked for real.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

use super::certificate::Certificate;
use super::errors::EntraError;
use crate::inventory::AppRegistration;

/// Entra allows for clocks that differ.
const CLOCK_SKEW_S: f64 = 300.0;

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

/// Times are numbers with or without a fraction: Microsoft's Python clients send fractions.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

/// Checks an assertion of this app for these audiences.
pub(super) fn verify(
    jwt: &str,
    app: &AppRegistration,
    audiences: &[String],
    now: Timestamp,
) -> Result<(), EntraError> {
    let malformed = || EntraError::invalid_client(50027, "JWT token is invalid or malformed.");
    let (signed, signature) = jwt.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = decode(signature).ok_or_else(malformed)?;
    let header: Header = part(header).ok_or_else(malformed)?;
    let claims: Claims = part(claims).ok_or_else(malformed)?;

    let algorithm: &'static dyn VerificationAlgorithm = match header.alg.as_str() {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        // Which code Entra gives here is not known: invented.
        alg => {
            return Err(EntraError::invalid_client(
                5002738,
                format!("Invalid JWT token. '{alg}' is not a supported signature algorithm."),
            ));
        }
    };
    let certificate = app
        .certificates
        .iter()
        .filter_map(|pem| Certificate::from_pem(pem).ok())
        .find(|certificate| names(&header, certificate))
        .ok_or_else(|| unknown_certificate(app))?;
    UnparsedPublicKey::new(algorithm, &certificate.rsa_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| EntraError::invalid_client(50012, "Client assertion contains an invalid signature."))?;

    if !audiences.iter().any(|audience| audience.eq_ignore_ascii_case(&claims.aud)) {
        return Err(EntraError::invalid_client(
            700023,
            format!(
                "Client assertion audience claim does not match Realm issuer. The audience is '{}', expected '{}'.",
                claims.aud,
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
    let now = now.as_duration().as_secs_f64();
    if claims.exp <= now - CLOCK_SKEW_S || claims.nbf.is_some_and(|nbf| nbf > now + CLOCK_SKEW_S) {
        return Err(EntraError::invalid_client(
            700024,
            "Client assertion is not within its valid time range. Current time, assertion valid from and expiry time do not fit.",
        ));
    }
    Ok(())
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

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&decode(text)?).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests;
