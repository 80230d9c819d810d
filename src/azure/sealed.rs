//! Secrets at rest: tokens and signed operation URLs are kept in the store only sealed.
//!
//! XChaCha20-Poly1305 under a key that HKDF-SHA256 derives from a secret that only alertcap's settings hold: whoever can
//! read the store learns nothing, and a value sealed for another purpose, credential or cloud does not open.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::{app::App, json, log::Level, platform::Platform, settings::Azure};

const NONCE_BYTES: usize = 24;

/// A sealed value, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// The key that seals under one credential; without a cipher it seals and opens nothing.
pub struct SealingKey {
    cipher: Option<XChaCha20Poly1305>,
    name: String,
}

impl SealingKey {
    /// The key for this credential at this cloud; one that seals nothing where no lasting secret is set.
    #[must_use]
    pub fn new(azure: &Azure) -> Self {
        let Some(secret) = &azure.sealing_secret else {
            return Self { cipher: None, name: String::new() };
        };
        let salt = [azure.login.as_str(), azure.arm.as_str(), &azure.credential.identity()].join("\n");
        let derived = Hkdf::<Sha256>::new(Some(salt.as_bytes()), secret.expose_secret());
        let (mut key, mut name) = ([0_u8; 32], [0_u8; 12]);
        let expanded = derived.expand(b"alertcap sealed values v1", &mut key);
        let named = derived.expand(b"alertcap name of the key v1", &mut name);
        let cipher = expanded.and(named).ok().map(|()| XChaCha20Poly1305::new(&Key::from(key)));
        Self { cipher, name: STANDARD_NO_PAD.encode(name) }
    }

    /// Another one for each secret; says nothing of it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seals `secret` for `purpose`; `nonce` must be random. `None` if the cipher refuses (it does not at our sizes).
    #[must_use]
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], purpose: &str, secret: &str) -> Option<Sealed> {
        let payload = Payload { msg: secret.as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.cipher.as_ref()?.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(Sealed(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens what was sealed for `purpose` under this key; `None` for anything else, however it is wrong.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Option<String> {
        let bytes = STANDARD_NO_PAD.decode(&sealed.0).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let secret = self.cipher.as_ref()?.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(secret).ok()
    }

    /// What is kept sealed under `key` of the store; none if nothing stands there that opens and can be read.
    pub async fn load<P: Platform, T: DeserializeOwned>(&self, app: &App<P>, key: &str) -> Option<T> {
        let sealed = app.platform.get(key).await.ok()??;
        let json = self.open(key, &Sealed(String::from_utf8(sealed).ok()?))?;
        json::parse(json.as_bytes()).ok()
    }

    /// Keeps `value` sealed under `key` of the store. Where that fails the next instance has to ask for it again, and
    /// `failed` is logged.
    pub async fn keep<P: Platform>(&self, app: &App<P>, key: &str, value: &impl Serialize, failed: &str) {
        if let Ok(json) = serde_json::to_value(value)
            && let Some(sealed) = self.seal(app.platform.bytes24(), key, &json.to_string())
            && let Err(error) = app.platform.set(key, sealed.0.as_bytes()).await
        {
            app.log(Level::Warn, failed, &[("error", error.0.into())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn what_was_sealed_opens_for_its_purpose_and_credential_only() {
        let azure = testing::azure();
        let key = SealingKey::new(&azure);
        let sealed = key.seal([7; 24], "token", "eyJ0eXAi").unwrap();
        assert!(!sealed.0.contains("eyJ0"));
        assert_eq!(key.open("token", &sealed).as_deref(), Some("eyJ0eXAi"));
        assert_eq!(key.open("operation", &sealed), None);

        let other_login = Azure { login: "https://login.chinacloudapi.cn".parse().unwrap(), ..azure.clone() };
        let other_arm = Azure { arm: "https://management.chinacloudapi.cn".parse().unwrap(), ..azure };
        let others = [
            other_login,
            other_arm,
            testing::azure_with("client_secret", "another-secret"),
            testing::azure_with("client_id", "client-2"),
            testing::azure_with("tenant_id", "tenant-2"),
        ];
        for azure in others {
            let other = SealingKey::new(&azure);
            assert_eq!(other.open("token", &sealed), None);
            assert_ne!(other.name(), key.name());
        }
    }

    #[test]
    fn without_a_secret_nothing_is_sealed_and_nothing_opens() {
        let azure = testing::azure();
        let sealed = SealingKey::new(&azure).seal([7; 24], "token", "eyJ0eXAi").unwrap();
        let key = SealingKey::new(&Azure { sealing_secret: None, ..azure });
        assert_eq!(key.open("token", &sealed), None);
        assert_eq!(key.seal([7; 24], "token", "eyJ0eXAi"), None);
    }

    #[test]
    fn a_changed_truncated_or_foreign_value_does_not_open() {
        let key = SealingKey::new(&testing::azure());
        let sealed = key.seal([7; 24], "token", "secret").unwrap();
        for end in 0..sealed.0.len() {
            assert_eq!(key.open("token", &Sealed(sealed.0[..end].to_owned())), None);
        }
        for at in 0..sealed.0.len() {
            let mut changed = sealed.0.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open("token", &Sealed(String::from_utf8(changed).unwrap())), None);
        }
        assert_eq!(key.open("token", &Sealed("not base64 !".into())), None);
    }
}
