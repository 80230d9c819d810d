//! The operator's rules: which alerts lead to which captures.
//!
//! Text in TOML → checked [`Rules`] → a [`Verdict`] for each alert and machine. Pure; `docs/rules.md` is the language's
//! page, and every example on it is a test.
//!
//! | what | file |
//! | --- | --- |
//! | text → rules, every problem at once | [`parse`] |
//! | alert and machine → verdict | [`judge`] |
//! | what the alert's own properties may set | [`properties`] |
//! | what a rule can set | [`terms`] |
//! | the values in it | [`pattern`], [`duration`], [`filter`], [`place`] |

pub mod duration;
pub mod filter;
pub mod judge;
pub mod parse;
pub mod pattern;
pub mod place;
pub mod properties;
pub mod terms;

use std::time::Duration;

pub use filter::Filter;
pub use judge::{Condition, Facts, Match, Miss, Subject, Verdict};
pub use parse::Problem;
pub use place::{AccountRef, LocalPath};
pub use properties::apply_properties;
pub use terms::{CoolDown, OnConflict, Parameter, Ring, Terms};

/// All rules, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What holds over all of them.
    pub limits: Limits,
    /// The first that matches wins.
    pub rules: Vec<Rule>,
}

/// What holds over all rules; none = no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Captures started in any 60 minutes, 1 to 500.
    pub captures_per_hour: Option<u32>,
    /// Captures running at the same time, 1 to 500.
    pub captures_at_once: Option<u32>,
    /// How long a machine rests after a capture, whatever the rule.
    pub cool_down: Option<CoolDown>,
    /// Alerts that fired longer ago lead to nothing, 1 s to 7 d.
    pub max_alert_age: Option<Duration>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique without case; 1 to 64 printable characters.
    pub name: String,
    /// What it is for.
    pub when: Match,
    /// `continue`: later rules are tried too, and add what this one leaves open.
    pub goes_on: bool,
    /// What it sets.
    pub terms: Terms,
}

impl Rules {
    /// Reads rules; `receivers` are the names that `tell` knows.
    ///
    /// # Errors
    /// Every problem of the text, in its order. A text with any problem gives no rule at all: half of what someone
    /// wanted could capture what the other half excepts.
    pub fn parse(text: &str, receivers: &[&str]) -> Result<Self, Vec<Problem>> {
        parse::parse(text, receivers)
    }

    /// Holds the rules against an alert and one of its machines.
    #[must_use]
    pub fn judge(&self, facts: &Facts<'_>) -> Verdict {
        judge::judge(&self.rules, facts)
    }
}

#[cfg(test)]
mod page_tests;
