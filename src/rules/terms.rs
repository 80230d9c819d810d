//! What a rule can set, and how the terms of several rules become one.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{AccountRef, Filter, LocalPath, duration};
use crate::{azure::resource_id::Scope, report::Event};

/// Everything a rule may set; none = left open, for a later rule, the settings or Azure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The alert leads to no capture.
    pub ignore: Option<bool>,
    /// Explained and logged, nothing done.
    pub dry_run: Option<bool>,
    /// The capture is stopped when the alert is resolved.
    pub stop_on_resolve: Option<bool>,
    /// `timeLimitInSeconds`, 1 to 18000; never with `continuous`.
    pub time_limit_seconds: Option<u32>,
    /// `bytesToCapturePerPacket`, 0 (whole packets) to 4294967295.
    pub bytes_per_packet: Option<u32>,
    /// `totalBytesPerSession`, 1 to 4294967295.
    pub bytes_per_session: Option<u32>,
    /// Packets that fit any of them are kept; never empty.
    pub filters: Option<Vec<Filter>>,
    /// The first is used; the others may be chosen by an opened property. Never empty.
    pub storage_accounts: Option<Vec<AccountRef>>,
    /// A file on the machine: the only one, unless `storage_accounts` is set too.
    pub local_path: Option<LocalPath>,
    /// A ring buffer. Azure then wants `localPath` instead of `filePath`.
    pub continuous: Option<bool>,
    /// The ring buffer's size; only where `continuous` is true.
    pub ring: Option<Ring>,
    /// How the capture's name begins.
    pub name_prefix: Option<String>,
    /// The capture's whole name; excludes `name_prefix`.
    pub exact_name: Option<String>,
    /// What happens to a capture of that name; only with `exact_name`, where none means [`OnConflict::Keep`].
    pub on_conflict: Option<OnConflict>,
    /// How long the same machine rests under this rule.
    pub cool_down: Option<CoolDown>,
    /// How long this rule rests, whatever the machine.
    pub cool_down_rule: Option<Duration>,
    /// This rule's captures started in any 60 minutes, 1 to 500.
    pub captures_per_hour: Option<u32>,
    /// This rule's captures running at the same time, 1 to 500.
    pub captures_at_once: Option<u32>,
    /// Names of receivers; empty = nobody.
    pub tell: Option<Vec<String>>,
    /// What they are told; none = all but what is held back. Never empty.
    pub tell_events: Option<Vec<Event>>,
    /// Captures are taken within these only, which can narrow the settings' scopes and never widen them. Never empty.
    pub allowed_scopes: Option<Vec<Scope>>,
    /// What the alert's custom properties may set.
    pub open: Option<Vec<Parameter>>,
}

/// How long there is no further capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoolDown {
    /// So long after the last one was started.
    For(Duration),
    /// Until the alert that led to it is resolved.
    UntilResolved {
        /// But no longer than this: Azure does not promise to tell of every resolution.
        at_most: Duration,
    },
}

/// In words.
impl fmt::Display for CoolDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(time) => f.write_str(&duration::words(*time)),
            Self::UntilResolved { at_most } => {
                write!(f, "until the alert is resolved, at most {}", duration::words(*at_most))
            }
        }
    }
}

/// What happens when a capture of the exact name is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnConflict {
    /// It stays, and no new one is taken.
    #[default]
    Keep,
    /// It is deleted first if it has ended; its file stays.
    Replace,
}

/// `captureSettings` of a continuous capture; what is absent is not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ring {
    /// Files kept, 1 to 10000 (Azure: 10); then the oldest goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_count: Option<u32>,
    /// Bytes of each file, 1 to 4294967295 (Azure: 104857600).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size_in_bytes: Option<u32>,
    /// Seconds until it ends, 1 to 604800 (Azure: 86400).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_time_limit_in_seconds: Option<u32>,
}

/// What a rule can open to an alert's custom properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `time_limit_seconds`.
    TimeLimitSeconds,
    /// `name_prefix`.
    NamePrefix,
    /// `storage_account`, among those that the rule names.
    StorageAccount,
    /// `bytes_per_packet`.
    BytesPerPacket,
    /// `bytes_per_session`.
    BytesPerSession,
    /// `filters`.
    Filters,
}

impl Parameter {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TimeLimitSeconds,
        Self::NamePrefix,
        Self::StorageAccount,
        Self::BytesPerPacket,
        Self::BytesPerSession,
        Self::Filters,
    ];

    /// Its key in a rule, and the name of the property that sets it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeLimitSeconds => "time_limit_seconds",
            Self::NamePrefix => "name_prefix",
            Self::StorageAccount => "storage_account",
            Self::BytesPerPacket => "bytes_per_packet",
            Self::BytesPerSession => "bytes_per_session",
            Self::Filters => "filters",
        }
    }
}

impl Terms {
    /// Adds what `later` sets and these leave open. What excludes one another or belongs together counts as one: a
    /// later rule cannot make a capture with a time limit continuous, nor give a ring to one that is none.
    pub fn fill_from(&mut self, later: &Self) {
        // Taken apart, so that a new field cannot be forgotten here.
        let Self {
            ignore,
            dry_run,
            stop_on_resolve,
            time_limit_seconds,
            bytes_per_packet,
            bytes_per_session,
            filters,
            storage_accounts,
            local_path,
            continuous,
            ring,
            name_prefix,
            exact_name,
            on_conflict,
            cool_down,
            cool_down_rule,
            captures_per_hour,
            captures_at_once,
            tell,
            tell_events,
            allowed_scopes,
            open,
        } = later;
        if self.time_limit_seconds.is_none() && self.continuous.is_none() {
            self.time_limit_seconds = *time_limit_seconds;
            self.continuous = *continuous;
            self.ring = *ring;
        } else if self.continuous == Some(false) {
            fill(&mut self.time_limit_seconds, time_limit_seconds);
        }
        if self.name_prefix.is_none() && self.exact_name.is_none() {
            self.name_prefix.clone_from(name_prefix);
            self.exact_name.clone_from(exact_name);
            self.on_conflict = *on_conflict;
        }
        fill(&mut self.ignore, ignore);
        fill(&mut self.dry_run, dry_run);
        fill(&mut self.stop_on_resolve, stop_on_resolve);
        fill(&mut self.bytes_per_packet, bytes_per_packet);
        fill(&mut self.bytes_per_session, bytes_per_session);
        fill(&mut self.filters, filters);
        fill(&mut self.storage_accounts, storage_accounts);
        fill(&mut self.local_path, local_path);
        fill(&mut self.cool_down, cool_down);
        fill(&mut self.cool_down_rule, cool_down_rule);
        fill(&mut self.captures_per_hour, captures_per_hour);
        fill(&mut self.captures_at_once, captures_at_once);
        fill(&mut self.tell, tell);
        fill(&mut self.tell_events, tell_events);
        narrow(&mut self.allowed_scopes, allowed_scopes);
        fill(&mut self.open, open);
    }
}

/// Scopes are the one thing that rules narrow together: what lies in both stays, if only nothing.
fn narrow(own: &mut Option<Vec<Scope>>, later: &Option<Vec<Scope>>) {
    match (&mut *own, later) {
        (_, None) => {}
        (None, Some(later)) => *own = Some(later.clone()),
        (Some(own), Some(later)) => {
            let within = |inner: &[Scope], outer: &[Scope]| {
                let inside = inner.iter().filter(|scope| outer.iter().any(|outer| outer.holds(scope)));
                inside.cloned().collect::<Vec<_>>()
            };
            let mut both = within(own, later);
            both.extend(within(later, own));
            *own = both;
        }
    }
}

fn fill<T: Clone>(own: &mut Option<T>, later: &Option<T>) {
    if own.is_none() {
        own.clone_from(later);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_set_a_term_wins_and_later_ones_fill_gaps() {
        let mut terms = Terms { bytes_per_packet: Some(96), tell: Some(Vec::new()), ..Terms::default() };
        let later = Terms {
            bytes_per_packet: Some(0),
            stop_on_resolve: Some(true),
            tell: Some(vec!["webhook".to_owned()]),
            tell_events: Some(vec![Event::Failed]),
            ..Terms::default()
        };
        terms.fill_from(&later);
        assert_eq!((terms.bytes_per_packet, terms.stop_on_resolve), (Some(96), Some(true)));
        assert_eq!((terms.tell, terms.tell_events), (Some(Vec::new()), Some(vec![Event::Failed])));
    }

    #[test]
    fn scopes_of_rules_that_apply_together_only_narrow() {
        let of = |scopes: &[&str]| Terms {
            allowed_scopes: Some(scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect()),
            ..Terms::default()
        };
        let mut terms = of(&["/subscriptions/a"]);
        terms.fill_from(&of(&["/subscriptions/a/resourceGroups/g", "/subscriptions/b"]));
        assert_eq!(terms, of(&["/subscriptions/a/resourceGroups/g"]));
        terms.fill_from(&Terms::default());
        terms.fill_from(&of(&["/subscriptions/b"]));
        assert_eq!(terms, of(&[]), "nothing is left, which is not everything");
    }

    #[test]
    fn what_excludes_one_another_is_never_merged() {
        let ring = Terms { continuous: Some(true), ring: Some(Ring::default()), ..Terms::default() };
        let limit = Terms { time_limit_seconds: Some(60), ..Terms::default() };
        let mut terms = limit.clone();
        terms.fill_from(&ring);
        assert_eq!(terms, limit);
        let mut terms = ring.clone();
        terms.fill_from(&limit);
        assert_eq!(terms, ring);
        let mut terms = Terms { continuous: Some(false), ..Terms::default() };
        terms.fill_from(&ring);
        terms.fill_from(&limit);
        assert_eq!((terms.continuous, terms.ring, terms.time_limit_seconds), (Some(false), None, Some(60)));

        let exact = Terms {
            exact_name: Some("nightly".to_owned()),
            on_conflict: Some(OnConflict::Replace),
            ..Terms::default()
        };
        let prefix = Terms { name_prefix: Some("web".to_owned()), ..Terms::default() };
        let mut terms = prefix.clone();
        terms.fill_from(&exact);
        assert_eq!(terms, prefix);
    }

    #[test]
    fn a_ring_is_azures_capture_settings() {
        let ring =
            Ring { file_count: Some(10), file_size_in_bytes: None, session_time_limit_in_seconds: Some(5) };
        let json = serde_json::to_string(&ring).unwrap();
        assert_eq!(json, r#"{"fileCount":10,"sessionTimeLimitInSeconds":5}"#);
        assert_eq!(serde_json::from_str::<Ring>(&json).unwrap(), ring);
    }
}
