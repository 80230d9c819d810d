//! Enough is enough: which captures were taken of late, and whether another one may be. Pure.
//!
//! One value in the store holds what cool-downs, budgets and bounds need to know. It is kept only where a rule asks for
//! one of them, and bounded; a capture stands in it in the order in which it was written down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{name, note::HeldBack};
use crate::{
    alert::{Alert, identity::fingerprint},
    plan::{CaptureSpec, Restraint},
    rules::CoolDown,
    sort::sort_by,
    text::quoted,
    time::Timestamp,
};

/// Why a capture is held back that others have to end for.
pub const AT_ONCE: &str = "atOnce";
/// Budgets are per hour.
const HOUR: i64 = 3_600;
/// Provisioning takes so long, so a capture ends later by that.
const PROVISIONING: i64 = 60;
/// A start is tried for so long, and the capture ends later by that.
const STARTING: i64 = 15 * 60;
/// A capture that is late is looked at again after so many seconds.
const LOOK_AGAIN: i64 = 60;
/// More entries than this would outgrow a value of the smallest store.
const MOST: usize = 700;

/// The captures of late, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The capture's name.
    pub name: String,
    /// When its alert was written down.
    pub at: Timestamp,
    /// The deciding rule's fingerprint, as the machine's: a name of an operator's choice has no length to reckon with.
    rule: String,
    machine: String,
    series: String,
    /// When its alert fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired: Option<Timestamp>,
    /// The alert itself: its machines are captured together, and one does not make the rule rest for the next.
    #[serde(default)]
    alert: String,
    /// When it ends by itself if it starts at once.
    ends: Timestamp,
    /// Until then it is remembered.
    keep: Timestamp,
    /// When its alert resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved: Option<Timestamp>,
    /// Known to have ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
    /// Whether the alert's end stops it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
    /// No capture, but an alert whose machines are being asked for: it counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inquiry: bool,
}

impl Entry {
    /// What is remembered of a capture that is about to be written down.
    #[must_use]
    pub fn new(alert: &Alert, spec: &CaptureSpec, now: Timestamp) -> Self {
        let restraint = &spec.policy.restraint;
        let ends = now.after(i64::from(spec.parameters.longest())).after(PROVISIONING);
        let quiet = [restraint.cool_down, restraint.overall.cool_down].into_iter().flatten().map(longest);
        let keep = quiet.chain(restraint.cool_down_rule.map(Duration::from_secs)).map(|time| now.plus(time));
        Self {
            name: spec.name.clone(),
            at: now,
            rule: fingerprint(&[&restraint.rule]),
            machine: fingerprint(&[&spec.machine.id.canonical()]),
            series: alert.series.clone(),
            fired: alert.fired_at,
            alert: fingerprint(&[&alert.identity.key(), name::time_part(&spec.name)]),
            ends,
            keep: keep.chain([now.after(HOUR), ends.after(STARTING)]).max().unwrap_or(ends),
            resolved: None,
            over: false,
            stop: spec.policy.stop_on_resolve,
            inquiry: spec.inquiry.is_some(),
        }
    }
}

fn longest(cool_down: CoolDown) -> Duration {
    match cool_down {
        CoolDown::For(time) | CoolDown::UntilResolved { at_most: time } => time,
    }
}

impl Ledger {
    /// Whether `name` stands in it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Adds `entry` and drops what nobody needs any more.
    pub fn add(&mut self, entry: Entry, now: Timestamp) {
        self.entries.retain(|entry| entry.keep > now);
        self.entries.push(entry);
        self.entries.drain(..self.entries.len().saturating_sub(MOST));
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|entry| entry.name != name);
    }

    /// Captures that may be running: not known to have ended; those that should have ended, or will soonest, first.
    #[must_use]
    pub fn running(&self, now: Timestamp) -> Vec<Entry> {
        let mut running: Vec<Entry> =
            self.entries.iter().filter(|entry| entry.is_running(now) && !entry.inquiry).cloned().collect();
        sort_by(&mut running, |a, b| a.ends.cmp(&b.ends));
        running
    }

    /// Notes that the captures called `names` have ended.
    pub fn ended(&mut self, names: &[String]) {
        self.entries
            .iter_mut()
            .filter(|entry| names.contains(&entry.name))
            .for_each(|entry| entry.over = true);
    }

    /// Notes that `alert` has resolved; returns its captures, and whether that is news of any. What fired later is another
    /// alert of its series, and a `Resolved` that comes late or again is not about it.
    pub fn resolve(&mut self, alert: &Alert, now: Timestamp) -> (Vec<Entry>, bool) {
        let mut all = Vec::new();
        let mut is_news = false;
        let is_its = |entry: &&mut Entry| {
            let is_later = entry.fired.zip(alert.fired_at).is_some_and(|(entry, alert)| entry > alert);
            entry.series == alert.series && !is_later
        };
        for entry in self.entries.iter_mut().filter(is_its) {
            is_news |= entry.resolved.is_none();
            entry.resolved = entry.resolved.or(Some(now));
            all.push(entry.clone());
        }
        (all, is_news)
    }

    /// What holds `claim` back, the longest of all that do: seen from its place in the order, or from behind all if it
    /// has none yet.
    #[must_use]
    pub fn judge(&self, claim: &Entry, restraint: &Restraint, now: Timestamp) -> Option<HeldBack> {
        let place = self.entries.iter().position(|entry| entry.name == claim.name);
        let before = self.entries.iter().take(place.unwrap_or(self.entries.len()));
        let before: Vec<&Entry> = before.filter(|entry| !entry.inquiry).collect();
        let of_rule: Vec<&Entry> = before.iter().copied().filter(|entry| entry.rule == claim.rule).collect();
        let here = |entry: &&Entry| entry.machine == claim.machine;
        let rule = if restraint.rule.is_empty() {
            "this rule".to_owned()
        } else {
            ["the rule ", &quoted(&restraint.rule)].concat()
        };
        let overall = &restraint.overall;
        let mut found = Vec::new();
        if let Some(cool_down) = restraint.cool_down {
            let last = of_rule.iter().copied().rfind(here);
            found.push(quiet(last, cool_down, now, &format!("{rule} has captured this machine")));
        }
        if let Some(seconds) = restraint.cool_down_rule {
            let cool_down = CoolDown::For(Duration::from_secs(seconds));
            let last = of_rule.iter().copied().rfind(|entry| entry.alert != claim.alert);
            found.push(quiet(last, cool_down, now, &format!("{rule} has captured a machine")));
        }
        if let Some(cool_down) = overall.cool_down {
            let last = before.iter().copied().rfind(here);
            found.push(quiet(last, cool_down, now, "this machine has been captured"));
        }
        for (most, entries, whose) in [
            (restraint.captures_per_hour, &of_rule, rule.as_str()),
            (overall.captures_per_hour, &before, "all rules together"),
        ] {
            found.push(most.and_then(|most| spent(entries, most, now, whose)));
        }
        for (most, entries, whose) in [
            (restraint.captures_at_once, &of_rule, rule.as_str()),
            (overall.captures_at_once, &before, "all rules together"),
        ] {
            found.push(most.and_then(|most| busy(entries, most, now, whose)));
        }
        found.into_iter().flatten().max_by_key(|held_back| held_back.until)
    }
}

impl Entry {
    /// Late, it may have been tried for long; then its record says whether it runs.
    fn is_running(&self, now: Timestamp) -> bool {
        !self.over && now < self.ends.after(STARTING)
    }
}

fn quiet(last: Option<&Entry>, cool_down: CoolDown, now: Timestamp, what: &str) -> Option<HeldBack> {
    let last = last?;
    let (time, ends) = match cool_down {
        CoolDown::For(time) => (time, format!("cools down for {} s", time.as_secs())),
        CoolDown::UntilResolved { at_most } if last.resolved.is_none() => {
            (at_most, "cools down until the alert resolves".to_owned())
        }
        CoolDown::UntilResolved { .. } => return None,
    };
    let until = last.at.plus(time);
    let detail = format!("{what} at {} ({}) and {ends}", last.at, last.name);
    (now < until).then_some(HeldBack { reason: "coolDown".into(), detail, until })
}

fn spent(entries: &[&Entry], most: u32, now: Timestamp, whose: &str) -> Option<HeldBack> {
    let recent: Vec<Timestamp> =
        entries.iter().map(|entry| entry.at.after(HOUR)).filter(|free| *free > now).collect();
    let until = free_at(recent, most)?;
    let detail = format!("{whose} may take {most} captures per hour, and so many were taken");
    Some(HeldBack { reason: "budget".into(), detail, until })
}

fn busy(entries: &[&Entry], most: u32, now: Timestamp, whose: &str) -> Option<HeldBack> {
    let running = entries.iter().filter(|entry| entry.is_running(now));
    let running = running.map(|entry| if now < entry.ends { entry.ends } else { now.after(LOOK_AGAIN) });
    let until = free_at(running.collect(), most)?;
    let detail = format!("{whose} may take {most} captures at once, and so many are running");
    Some(HeldBack { reason: AT_ONCE.into(), detail, until })
}

/// When one of `most` places is free again, if each is freed at one of these times; none if one is free now.
fn free_at(mut times: Vec<Timestamp>, most: u32) -> Option<Timestamp> {
    sort_by(&mut times, Ord::cmp);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    times.len().checked_sub(most).and_then(|index| times.get(index).copied())
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
