//! The stand-in's own secrets: what it signs tokens and operation URLs with.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Two HMAC keys. They are kept with the state, so that a token outlives a restart as it would at Azure.
pub(crate) struct Keys {
    tokens: hmac::Key,
    urls: hmac::Key,
}

impl Keys {
    /// Reads them from the state, or makes them.
    pub(crate) fn open(state_dir: &Path) -> Result<Self> {
        let path = state_dir.join("signing.key");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) if bytes.len() == 64 => bytes,
            _ => {
                let mut bytes = vec![0; 64];
                SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("the system has no randomness"))?;
                write_private(&path, &bytes)?;
                bytes
            }
        };
        let (tokens, urls) = bytes.split_at(32);
        Ok(Self {
            tokens: hmac::Key::new(hmac::HMAC_SHA256, tokens),
            urls: hmac::Key::new(hmac::HMAC_SHA256, urls),
        })
    }

    /// Signs a token's first two parts.
    pub(crate) fn sign_token(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.tokens, text.as_bytes()))
    }

    /// Whether the token is one of ours.
    pub(crate) fn verify_token(&self, text: &str, signature: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| hmac::verify(&self.tokens, text.as_bytes(), &signature).is_ok())
    }

    /// `length` characters that only we can make from this text.
    pub(crate) fn expand(&self, text: &str, length: usize) -> String {
        let mut expanded = String::with_capacity(length + 43);
        let mut block = 0_u32;
        while expanded.len() < length {
            expanded += &URL_SAFE_NO_PAD.encode(hmac::sign(&self.urls, format!("{block} {text}").as_bytes()));
            block += 1;
        }
        expanded.truncate(length);
        expanded
    }
}

/// Writes a file that only its owner reads.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    std::io::Write::write_all(&mut file, bytes).with_context(|| format!("cannot write {}", path.display()))
}
