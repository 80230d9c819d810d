//! An assertion taken apart: what both kinds, of a certificate and of an outside issuer, have in common.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

use super::errors::EntraError;
use crate::clock;

/// Entra allows for clocks that differ.
const CLOCK_SKEW_S: f64 = 300.0;

/// A JWT, not yet checked.
#[derive(Debug)]
pub(super) struct Jwt<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    pub(super) header: Header,
    pub(super) claims: Claims,
}

#[derive(Debug, Deserialize)]
pub(super) struct Header {
    alg: String,
    #[serde(default)]
    pub(super) kid: Option<String>,
    #[serde(default)]
    pub(super) x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    pub(super) x5t_s256: Option<String>,
}

/// Times are numbers with or without a fraction: Microsoft's Python clients send fractions.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: Audiences,
    pub(super) iss: String,
    pub(super) sub: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

/// One, or a list as Kubernetes writes it. That one that fits suffices is invented.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl Audiences {
    pub(super) fn any(&self, fits: impl FnMut(&String) -> bool) -> bool {
        match self {
            Self::One(one) => [one].into_iter().any(fits),
            Self::Many(many) => many.iter().any(fits),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::One(one) => one.clone(),
            Self::Many(many) => many.join(", "),
        }
    }
}

impl<'a> Jwt<'a> {
    /// Reads it.
    pub(super) fn parse(jwt: &'a str) -> Result<Self, EntraError> {
        let malformed = || EntraError::invalid_client(50027, "JWT token is invalid or malformed.");
        let (signed, signature) = jwt.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        Ok(Self {
            signed,
            signature: decode(signature).ok_or_else(malformed)?,
            header: part(header).ok_or_else(malformed)?,
            claims: part(claims).ok_or_else(malformed)?,
        })
    }

    /// What its header says it is signed with, if that is one of those that are taken.
    pub(super) fn algorithm(
        &self,
        taken: &[&'static str],
    ) -> Result<&'static dyn VerificationAlgorithm, EntraError> {
        match self.header.alg.as_str() {
            alg if !taken.contains(&alg) => Err(EntraError::invalid_client(
                5002738,
                format!(
                    "Invalid JWT token. '{alg}' is not a supported signature algorithm. Supported signing algorithms are: '{}'",
                    taken.join(",")
                ),
            )),
            "PS256" => Ok(&RSA_PSS_2048_8192_SHA256),
            _ => Ok(&RSA_PKCS1_2048_8192_SHA256),
        }
    }

    /// Whether this key signed it.
    pub(super) fn is_signed_by(&self, algorithm: &'static dyn VerificationAlgorithm, rsa_key: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm, rsa_key).verify(self.signed.as_bytes(), &self.signature).is_ok()
    }

    /// Its time must have come and not be over.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), EntraError> {
        let (nbf, exp) = (self.claims.nbf, self.claims.exp);
        let seconds = now.as_duration().as_secs_f64();
        if exp > seconds - CLOCK_SKEW_S && nbf.is_none_or(|nbf| nbf <= seconds + CLOCK_SKEW_S) {
            return Ok(());
        }
        Err(EntraError::invalid_client(
            700024,
            format!(
                "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
                clock::ticks(now),
                clock::ticks(at(nbf.unwrap_or_default())),
                clock::ticks(at(exp))
            ),
        ))
    }
}

fn at(seconds: f64) -> Timestamp {
    let duration = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    Timestamp::from_duration(duration).unwrap_or_default()
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&decode(text)?).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}
