//! The two signatures of JSON Web Tokens that alertcap needs, for the `jwt-compact` crate over the `rsa` crate: RS256
//! verified, PS256 made. A key of the one fits nowhere else.
//!
//! Source: RFC 7518, sections 3.3 and 3.5.

use std::{borrow::Cow, convert::Infallible};

use jwt_compact::{Algorithm, AlgorithmSignature};
use rsa::{
    RsaPrivateKey, RsaPublicKey, pkcs1v15, pss,
    rand_core::{self, CryptoRng, RngCore, impls},
    sha2::Sha256,
    signature::{RandomizedSigner, SignatureEncoding, Verifier},
};

use crate::platform::Random;

/// The bytes of a signature; none where it could not be made.
pub struct Signature(Vec<u8>);

impl AlgorithmSignature for Signature {
    fn try_from_slice(bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(bytes.to_vec()))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256, to verify.
pub struct Rs256;

impl Algorithm for Rs256 {
    type SigningKey = Infallible;
    type VerifyingKey = RsaPublicKey;
    type Signature = Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("RS256")
    }

    fn sign(&self, key: &Infallible, _: &[u8]) -> Signature {
        match *key {}
    }

    fn verify_signature(&self, signature: &Signature, key: &RsaPublicKey, message: &[u8]) -> bool {
        let key = pkcs1v15::VerifyingKey::<Sha256>::new(key.clone());
        pkcs1v15::Signature::try_from(&*signature.0)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}

/// RSASSA-PSS with SHA-256, to sign. The key's work is blinded.
pub struct Ps256<'a>(pub &'a dyn Random);

impl Algorithm for Ps256<'_> {
    type SigningKey = RsaPrivateKey;
    type VerifyingKey = Infallible;
    type Signature = Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("PS256")
    }

    fn sign(&self, key: &RsaPrivateKey, message: &[u8]) -> Signature {
        let key = pss::BlindedSigningKey::<Sha256>::new(key.clone());
        let signature = key.try_sign_with_rng(&mut Chance(self.0), message);
        Signature(signature.map(|signature| signature.to_vec()).unwrap_or_default())
    }

    fn verify_signature(&self, _: &Signature, key: &Infallible, _: &[u8]) -> bool {
        match *key {}
    }
}

/// The platform's chance, as the `rsa` crate asks for it.
struct Chance<'a>(&'a dyn Random);

impl RngCore for Chance<'_> {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(16) {
            for (byte, chance) in chunk.iter_mut().zip(self.0.bytes16()) {
                *byte = chance;
            }
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Chance<'_> {}
