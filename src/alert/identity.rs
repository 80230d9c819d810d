//! What makes an alert this alert and no other. Deliveries with one identity lead to one capture per machine.
//!
//! | schema | what identifies it |
//! | --- | --- |
//! | common: metric, web test, log (both versions), smart detection | `alertId` and `firedDateTime` |
//! | common: Prometheus | `originAlertId` (or `alertId`) for as long as it stays fired, for it is sent anew on every evaluation |
//! | common: activity log, service and resource health | `alertId`, `firedDateTime`, `alertContext.eventDataId` |
//! | common, without an id | rule, targets and `firedDateTime` |
//! | metric, classic metric | `context.id` (or `context.name`), `context.resourceId` and `context.timestamp` |
//! | activity log | `eventDataId`; or else `correlationId`, `operationName`, `resourceId` and `eventTimestamp` |
//! | log, version 1 | `AlertRuleName`, `SubscriptionId`, `SearchIntervalEndtimeUtc` and `Dimensions` |
//! | the tutorial's body; any but the common one that lacks its time or all of its ids | the bytes of the body, for as long as the dedupe window |
//!
//! An id alone never is enough: Azure's "Test action group" gives one `alertId` to its metric, log and smart detection
//! alerts, and an activity log's is the rule's. Letters' case counts for nothing, for Azure writes ids in any. What an
//! Automation runbook wraps is identified as if it had come alone.
//!
//! The machine is always part of a capture's name, so it needs no place in the identity itself.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    text::{clean, lower},
    time::Timestamp,
};

/// What identifies an alert. Two are the same alert if their [`key`](Self::key)s are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// 64 hexadecimal digits.
    digest: String,
    span: Span,
    words: Vec<String>,
}

/// How far an identity reaches in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Span {
    /// It fired at this time; every delivery says so.
    FiredAt(Timestamp),
    /// Deliveries carry no time: equal ones within the dedupe window are one alert.
    Window,
    /// It fires anew on each evaluation, this one at this time: all until it resolves are one alert.
    WhileFired(Timestamp),
}

impl Identity {
    /// An alert that fired at a time: `parts` are what else identifies it, each with its field's name.
    pub(super) fn fired(parts: &[(&str, &str)], at: Timestamp) -> Self {
        Self::new(parts, Some(&at.to_string()), Span::FiredAt(at))
    }

    /// An alert that `parts` identify until it resolves.
    pub(super) fn while_fired(parts: &[(&str, &str)], at: Timestamp) -> Self {
        let mut identity = Self::new(parts, None, Span::WhileFired(at));
        identity.words.push("until it resolves".to_owned());
        identity
    }

    /// An alert that only its bytes identify, and only for a while.
    pub(super) fn body(bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"body\n");
        hash.update(bytes);
        let digest = hex(&hash.finalize());
        let words = vec![format!("body with SHA-256 {digest} within the dedupe window")];
        Self { digest, span: Span::Window, words }
    }

    fn new(parts: &[(&str, &str)], fired_at: Option<&str>, span: Span) -> Self {
        let parts = || parts.iter().copied().chain(fired_at.map(|at| ("fired at", at)));
        let mut hash = Sha256::new();
        for (field, value) in parts() {
            add(&mut hash, field);
            add(&mut hash, &lower(value));
        }
        let digest = hex(&hash.finalize());
        let words = parts().map(|(field, value)| clean(&format!("{field} {value}"))).collect();
        Self { digest, span, words }
    }

    /// How far it reaches in time.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The same for every delivery of the alert, different for any other: 32 hexadecimal digits.
    #[must_use]
    pub fn key(&self) -> String {
        self.digest.chars().take(32).collect()
    }

    /// What identifies it, for people: `alertId /subscriptions/…/alerts/1`, `fired at 2026-11-22T02:00:13Z`.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// A digest of the identity together with a machine and the time the name is for, as hexadecimal digits.
    #[must_use]
    pub fn with_machine(&self, machine: &str, time: Timestamp) -> String {
        digest(&[&self.digest, &lower(machine), &time.to_string()])
    }
}

/// What the Fired and the Resolved of one alert have in common: 32 hexadecimal digits, in any case of the letters.
pub(super) fn series(parts: &[(&str, &str)]) -> String {
    Identity::new(parts, None, Span::Window).key()
}

/// SHA-256 over parts that cannot run into each other, as hexadecimal digits.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| add(&mut hash, part));
    hex(&hash.finalize())
}

fn add(hash: &mut Sha256, part: &str) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part.as_bytes());
}

/// A short stable name for `parts`, for keys in the store: 32 hexadecimal digits.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> String {
    digest(parts).chars().take(32).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
