//! What makes an alert this alert and no other. Deliveries with one identity lead to one capture per machine.
//!
//! | schema | what identifies it |
//! | --- | --- |
//! | common, metric | the alert instance's id, and when it fired (Azure's "Test action group" reuses one id for all) |
//! | common, metric, without an id | rule, machine, and when it fired |
//! | the tutorial's body | the bytes of the body, for as long as the dedupe window |
//!
//! The machine is always part of a capture's name, so it needs no place in the identity itself.

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// What identifies an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    digest: [u8; 32],
    span: Span,
}

/// How far an identity reaches in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// It fired at this time; every delivery says so.
    FiredAt(Timestamp),
    /// Deliveries carry no time: equal ones within the dedupe window are one alert.
    Window,
}

impl Identity {
    pub(super) fn instance(alert_id: &str, fired_at: Timestamp) -> Self {
        Self::new(&["instance", &alert_id.to_lowercase(), &fired_at.to_string()], Span::FiredAt(fired_at))
    }

    pub(super) fn rule(rule: &str, fired_at: Timestamp) -> Self {
        Self::new(&["rule", &rule.to_lowercase(), &fired_at.to_string()], Span::FiredAt(fired_at))
    }

    pub(super) fn body(bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"body\n");
        hash.update(bytes);
        Self { digest: hash.finalize().into(), span: Span::Window }
    }

    fn new(parts: &[&str], span: Span) -> Self {
        Self { digest: digest(parts), span }
    }

    /// How far it reaches in time.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// A digest of the identity together with a machine and the time the name is for, as hexadecimal digits.
    #[must_use]
    pub fn with_machine(&self, machine: &str, time: Timestamp) -> String {
        hex(&digest(&[&hex(&self.digest), &machine.to_lowercase(), &time.to_string()]))
    }
}

/// SHA-256 over parts that cannot run into each other.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// A short stable name for `parts`, for keys in the store: 32 hexadecimal digits.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> String {
    hex(&digest(parts)).chars().take(32).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
