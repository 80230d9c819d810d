//! A certificate: the application signs a statement with its key, and Entra knows the certificate.
//!
//! Source: "Microsoft identity platform application authentication certificate credentials"; PS256 and `x5t#S256`, as it
//! recommends.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::Request;
use jwt_compact::{AlgorithmExt, Claims, Header};
use rsa::{
    RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey,
    pkcs8::{
        DecodePrivateKey, EncodePublicKey,
        der::{
            self, AnyRef, Decode, Reader, SliceReader, Tag, TagNumber, Tagged,
            asn1::{GeneralizedTime, UtcTime},
        },
    },
    traits::PublicKeyParts,
};
use rustls_pki_types::pem::{PemObject, SectionKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Ask, Credential, entra::Application};
use crate::{azure::arm::ArmError, jwt::Ps256, time::Timestamp};

/// A statement is good for so many seconds; Microsoft's own clients say the same.
const LIFE: i64 = 600;
/// Entra takes no smaller keys, in bits.
const LEAST_BITS: usize = 2_048;

/// A private key and its certificate.
#[derive(Clone)]
pub struct Certificate {
    pem: SecretString,
    key: Arc<RsaPrivateKey>,
    /// SHA-256 of the certificate's DER.
    thumbprint: [u8; 32],
    ends_at: Timestamp,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the text of a `.pem` file that holds both, in any order, other certificates beside them.
    ///
    /// # Errors
    /// What is wrong, in words that show nothing of it.
    pub fn parse(pem: &str) -> Result<Self, &'static str> {
        // Where variables cannot hold line breaks they are often written like this; editors indent, and mark the beginning.
        let lines = pem.replace("\\n", "\n");
        let text: Vec<&str> = lines.trim_start_matches('\u{FEFF}').lines().map(str::trim).collect();
        let text = text.join("\n");
        if text.contains("ENCRYPTED") {
            return Err("holds a private key under a passphrase; take that off with `openssl pkey`");
        }
        let mut key = None;
        let mut certificates = Vec::new();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            let (kind, bytes) =
                section.map_err(|_| "is not whole: a PEM block in it is cut off; its line breaks, or \\n for each, belong to it")?;
            match kind {
                SectionKind::PrivateKey => key = Some(RsaPrivateKey::from_pkcs8_der(&bytes).ok()),
                SectionKind::RsaPrivateKey => key = Some(RsaPrivateKey::from_pkcs1_der(&bytes).ok()),
                SectionKind::EcPrivateKey => key = Some(None),
                SectionKind::Certificate => certificates.push(bytes),
                _ => {}
            }
        }
        let key = match key {
            Some(Some(key)) if key.n().bits() >= LEAST_BITS => key,
            Some(Some(_)) => return Err("holds an RSA key of less than 2048 bits"),
            Some(None) => {
                return Err("holds a private key that is not a plain RSA key; Entra takes no other here");
            }
            None => {
                return Err(
                    "holds no private key; set it to the text of a .pem file with key and certificate",
                );
            }
        };
        if certificates.is_empty() {
            return Err("holds no certificate; set it to the text of a .pem file with key and certificate");
        }
        let public =
            key.to_public_key().to_public_key_der().map_err(|_| "holds a key that cannot be used")?;
        let own = certificates.iter().find_map(|certificate| {
            let (public_key, ends_at) = read(certificate).ok()?;
            (public_key == public.as_bytes()).then_some((certificate, ends_at))
        });
        let (certificate, ends_at) = own.ok_or("holds no certificate of its private key")?;
        let thumbprint = Sha256::digest(certificate).into();
        Ok(Self { pem: SecretString::from(text.as_str()), key: Arc::new(key), thumbprint, ends_at })
    }
}

/// A certificate's public key, as DER, and its end. Whether anybody trusts it is for Entra to say.
pub(crate) fn read(certificate: &[u8]) -> der::Result<(&[u8], Timestamp)> {
    let mut reader = SliceReader::new(certificate)?;
    reader.sequence(|certificate| {
        let read = certificate.sequence(|signed| {
            let version = Tag::ContextSpecific { constructed: true, number: TagNumber::N0 };
            if signed.peek_tag()? == version {
                signed.tlv_bytes()?;
            }
            let (_serial, _algorithm, _issuer) =
                (signed.tlv_bytes()?, signed.tlv_bytes()?, signed.tlv_bytes()?);
            let ends_at = signed.sequence(|validity| {
                validity.tlv_bytes()?;
                time(AnyRef::decode(validity)?)
            })?;
            let _subject = signed.tlv_bytes()?;
            let public_key = signed.tlv_bytes()?;
            signed.read_slice(signed.remaining_len())?;
            Ok((public_key, ends_at))
        })?;
        certificate.read_slice(certificate.remaining_len())?;
        Ok(read)
    })
}

fn time(value: AnyRef<'_>) -> der::Result<Timestamp> {
    let since_1970 = match value.tag() {
        Tag::UtcTime => value.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => value.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(Timestamp::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)))
}

/// An application that signs with its certificate's key.
#[derive(Debug)]
pub struct ClientCertificate {
    /// Which one.
    pub application: Application,
    /// Key and certificate.
    pub certificate: Certificate,
}

/// What it states of itself; the times are claims of the library's own.
#[derive(Serialize)]
struct Statement<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    exp: i64,
    nbf: i64,
    iat: i64,
}

impl Credential for ClientCertificate {
    fn kind(&self) -> &'static str {
        "certificate"
    }

    fn identity(&self) -> String {
        self.application.identity(self.kind())
    }

    fn secret(&self) -> Option<&[u8]> {
        Some(self.certificate.pem.expose_secret().as_bytes())
    }

    fn ends_at(&self) -> Option<Timestamp> {
        Some(self.certificate.ends_at)
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Bytes>, ArmError> {
        let (client_id, now) = (&self.application.client_id, ask.now.unix());
        let endpoint = self.application.endpoint();
        let claims = Claims::new(Statement {
            aud: endpoint.as_str(),
            iss: client_id,
            sub: client_id,
            jti: uuid::Builder::from_random_bytes(ask.random.bytes16()).into_uuid().to_string(),
            exp: now.saturating_add(LIFE),
            nbf: now,
            iat: now,
        });
        let header =
            Header::empty().with_token_type("JWT").with_certificate_thumbprint(self.certificate.thumbprint);
        let assertion = Ps256(ask.random).token(&header, &claims, &self.certificate.key);
        match assertion {
            Ok(assertion) if !assertion.ends_with('.') => {
                self.application.request_with_assertion(ask, &assertion)
            }
            _ => Err(ArmError::unable("notSigned", "the private key in client_certificate could not sign")),
        }
    }
}

#[cfg(test)]
#[path = "client_certificate_tests.rs"]
mod tests;
