//! One RSA key with its certificate: what signs, and what of it is served.

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use serde::Deserialize;
use serde_json::{Value, json};
use x509_parser::pem::Pem;

use crate::entra::certificate::{Certificate, sha256};

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// What Entra signs with.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "RS384")]
    Rs384,
    #[serde(rename = "RS512")]
    Rs512,
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Rs256 => &RSA_PKCS1_SHA256,
            Self::Rs384 => &RSA_PKCS1_SHA384,
            Self::Rs512 => &RSA_PKCS1_SHA512,
            Self::Ps256 => &RSA_PSS_SHA256,
        }
    }
}

/// A private key, and the names it goes by.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    certificate: Certificate,
    /// SHA-256 of the public key, base64url: how Kubernetes names its keys.
    pub(crate) kubernetes_kid: String,
    certificate_der: Vec<u8>,
}

impl SigningKey {
    /// Reads a private key (PKCS#8) and its certificate, both PEM.
    pub(crate) fn from_pem(text: &str) -> Result<Self> {
        let blocks: Vec<Pem> =
            Pem::iter_from_buffer(text.as_bytes()).collect::<Result<_, _>>().context("not PEM")?;
        let block = |label: &str| {
            let block = blocks.iter().find(|block| block.label == label);
            block.with_context(|| format!("it has no block {label}"))
        };
        let pair = RsaKeyPair::from_pkcs8(&block("PRIVATE KEY")?.contents)
            .map_err(|why| anyhow!("its key is not a usable RSA key: {why}"))?;
        let der = &block("CERTIFICATE")?.contents;
        let certificate = Certificate::from_der(der)?;
        ensure!(certificate.rsa_key == pair.public().as_ref(), "its certificate is another key's");
        let kubernetes_kid = sha256(&certificate.public_der);
        Ok(Self { pair, kubernetes_kid, certificate, certificate_der: der.clone() })
    }

    /// Entra's name for it: the certificate's SHA-1 thumbprint.
    pub(crate) fn kid(&self) -> &str {
        &self.certificate.x5t
    }

    /// The RSA public key, PKCS#1 DER.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.certificate.rsa_key
    }

    /// The public key as everybody writes it: what a careless verifier takes for the key of an HMAC.
    pub(crate) fn public_pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate.public_der);
        let lines: Vec<String> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// It as Entra serves it, without what only one of its two endpoints says.
    pub(crate) fn jwk(&self) -> Value {
        let numbers = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid(),
            "x5t": self.kid(),
            "n": URL_SAFE_NO_PAD.encode(numbers.n),
            "e": URL_SAFE_NO_PAD.encode(numbers.e),
            "x5c": [STANDARD.encode(&self.certificate_der)],
        })
    }

    /// A token of this header and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> Result<String> {
        self.sign(&header.to_string(), &claims.to_string(), Algorithm::default())
    }

    /// A token of these two texts, whatever they say.
    pub(crate) fn sign(&self, header: &str, claims: &str, algorithm: Algorithm) -> Result<String> {
        let text = first_parts(header, claims);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(algorithm.encoding(), &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| anyhow!("ring does not sign"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A token signed with the public key, as if it were a secret.
    pub(crate) fn sign_with_public_pem(&self, header: &str, claims: &str) -> String {
        let text = first_parts(header, claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.public_pem().as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes())))
    }
}

/// A token's first two parts.
pub(crate) fn first_parts(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}
