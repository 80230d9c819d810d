//! An app registration's certificate: its thumbprints and its public key.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use x509_parser::pem::parse_x509_pem;

/// What an assertion is checked against.
pub(crate) struct Certificate {
    /// `x5t`: SHA-1 of the DER, base64url.
    pub(crate) x5t: String,
    /// `x5t#S256`: SHA-256 of the DER, base64url.
    pub(crate) x5t_s256: String,
    /// The RSA public key, PKCS#1 DER.
    pub(crate) rsa_key: Vec<u8>,
}

impl Certificate {
    /// Reads one PEM block.
    pub(crate) fn from_pem(text: &str) -> Result<Self> {
        let (_, pem) = parse_x509_pem(text.trim().as_bytes()).context("not PEM")?;
        let certificate = pem.parse_x509().context("not an X.509 certificate")?;
        let key = certificate.public_key();
        ensure!(
            key.algorithm.algorithm == x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION,
            "its key is not RSA, the only kind Entra takes for client assertions"
        );
        Ok(Self {
            x5t: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &pem.contents)),
            x5t_s256: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &pem.contents)),
            rsa_key: key.subject_public_key.data.to_vec(),
        })
    }
}
