//! Public keys that others sign with: an app registration's certificate, or the key of an outside issuer.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

/// What an assertion is checked against.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// `x5t`: SHA-1 of the DER, base64url.
    pub(crate) x5t: String,
    /// `x5t#S256`: SHA-256 of the DER, base64url.
    pub(crate) x5t_s256: String,
    /// The RSA public key, PKCS#1 DER.
    pub(crate) rsa_key: Vec<u8>,
    /// The same as a `SubjectPublicKeyInfo`.
    pub(crate) public_der: Vec<u8>,
    /// When it is valid, in seconds since 1970.
    valid: (i64, i64),
}

impl Certificate {
    /// Reads one PEM block.
    pub(crate) fn from_pem(text: &str) -> Result<Self> {
        let (_, pem) = parse_x509_pem(text.trim().as_bytes()).context("not PEM")?;
        Self::from_der(&pem.contents)
    }

    /// Reads what is in such a block.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let (_, certificate) = parse_x509_certificate(der).context("not an X.509 certificate")?;
        let key = certificate.public_key();
        let validity = certificate.validity();
        Ok(Self {
            x5t: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der)),
            x5t_s256: sha256(der),
            rsa_key: rsa_key(key)?,
            public_der: key.raw.to_vec(),
            valid: (validity.not_before.timestamp(), validity.not_after.timestamp()),
        })
    }

    /// Whether it is valid then.
    pub(crate) fn is_valid(&self, time: Timestamp) -> bool {
        (self.valid.0..=self.valid.1).contains(&time.as_second())
    }
}

/// The key of an outside issuer.
#[derive(Debug)]
pub(crate) struct IssuerKey {
    /// The name that tokens give it.
    pub(crate) kid: String,
    /// The RSA public key, PKCS#1 DER.
    pub(crate) rsa_key: Vec<u8>,
}

impl IssuerKey {
    /// Reads one PEM block: a public key or a certificate. Its name is Kubernetes' unless another is given.
    pub(crate) fn from_pem(text: &str, kid: Option<&str>) -> Result<Self> {
        let (_, pem) = parse_x509_pem(text.trim().as_bytes()).context("not PEM")?;
        let (public_der, rsa_key) = if pem.label == "PUBLIC KEY" {
            let (_, key) = SubjectPublicKeyInfo::from_der(&pem.contents).context("not a public key")?;
            let rsa_key = rsa_key(&key)?;
            (pem.contents, rsa_key)
        } else {
            let certificate = Certificate::from_der(&pem.contents)?;
            (certificate.public_der, certificate.rsa_key)
        };
        Ok(Self { kid: kid.map_or_else(|| sha256(&public_der), str::to_owned), rsa_key })
    }
}

fn rsa_key(key: &SubjectPublicKeyInfo<'_>) -> Result<Vec<u8>> {
    ensure!(
        key.algorithm.algorithm == x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION,
        "its key is not RSA, the only kind Entra takes for client assertions"
    );
    Ok(key.subject_public_key.data.to_vec())
}

/// SHA-256, base64url: `x5t#S256` of a certificate, and how Kubernetes names a public key.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}
