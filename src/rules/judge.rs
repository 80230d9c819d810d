//! Rules against one alert and one machine: which ones match, what they set together, and why the others do not.

use std::{collections::BTreeMap, fmt};

use super::{Rule, Terms, pattern::Pattern};
use serde::Serialize;

use crate::{
    azure::resource_id::ResourceId,
    text::{clean, lower},
};

/// What a rule is for: all conditions must hold; without any it is for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Match {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub subject: Subject,
    /// One of them must match; never empty.
    pub any_of: Vec<Pattern>,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The alert rule's name.
    AlertRule,
    /// `Sev0` to `Sev4`.
    Severity,
    /// Azure's service that raised it, e.g. `Platform`.
    MonitoringService,
    /// `Metric`, `Log` or `Activity Log`.
    SignalType,
    /// The machine's whole ARM id.
    Target,
    /// The machine's own type, e.g. `Microsoft.Compute/virtualMachines`.
    TargetType,
    /// The machine's resource group.
    ResourceGroup,
    /// The machine's subscription, by id.
    Subscription,
    /// A tag of the machine; its name without case.
    Tag(String),
    /// A custom property of the alert; its name without case.
    Property(String),
}

/// What a rule is held against.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The alert rule's name.
    pub alert_rule: Option<&'a str>,
    /// `Sev0` to `Sev4`.
    pub severity: Option<&'a str>,
    /// Azure's service that raised it.
    pub monitoring_service: Option<&'a str>,
    /// `Metric`, `Log` or `Activity Log`.
    pub signal_type: Option<&'a str>,
    /// The machine.
    pub target: &'a ResourceId,
    /// The machine's tags; none = not asked for yet.
    pub tags: Option<&'a BTreeMap<String, String>>,
    /// The alert's custom properties.
    pub properties: &'a BTreeMap<String, String>,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and almost always as Decided")]
pub enum Verdict {
    /// It depends on the machine's tags: ask for them and judge again.
    NeedsTags,
    /// Decided.
    Decided {
        /// Names of the rules that matched; the first is the one that is counted. Empty = none matched.
        rules: Vec<String>,
        /// What they set; the first to set a term wins.
        terms: Terms,
        /// The rules that were tried and did not match.
        why_not: Vec<Miss>,
    },
}

/// A rule that did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// Its name.
    pub rule: String,
    /// The first condition that does not hold, in words.
    pub because: String,
}

/// How one rule stands to the facts.
enum Outcome {
    Matches,
    Misses(String),
    NeedsTags,
}

pub(super) fn judge(all: &[Rule], facts: &Facts<'_>) -> Verdict {
    let (mut rules, mut terms, mut why_not) = (Vec::new(), Terms::default(), Vec::new());
    for rule in all {
        match rule.when.outcome(facts) {
            Outcome::NeedsTags => return Verdict::NeedsTags,
            Outcome::Misses(because) => why_not.push(Miss { rule: rule.name.clone(), because }),
            Outcome::Matches => {
                rules.push(rule.name.clone());
                terms.fill_from(&rule.terms);
                if !rule.goes_on {
                    break;
                }
            }
        }
    }
    Verdict::Decided { rules, terms, why_not }
}

impl Match {
    /// Whether every alert on every machine fulfils it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        let always_there = |subject: &Subject| {
            use Subject::{ResourceGroup, Subscription, Target, TargetType};
            matches!(subject, Target | TargetType | ResourceGroup | Subscription)
        };
        self.conditions
            .iter()
            .all(|c| always_there(&c.subject) && c.any_of.iter().any(Pattern::is_everything))
    }

    fn outcome(&self, facts: &Facts<'_>) -> Outcome {
        let is_tag = |condition: &&Condition| matches!(condition.subject, Subject::Tag(_));
        // Tags last: they cost a request, which a rule that fails anyway is not worth.
        let others = self.conditions.iter().filter(|c| !is_tag(c));
        let tags = self.conditions.iter().filter(is_tag);
        for condition in others {
            if let Some(because) = condition.miss(facts) {
                return Outcome::Misses(because);
            }
        }
        for condition in tags {
            if facts.tags.is_none() {
                return Outcome::NeedsTags;
            }
            if let Some(because) = condition.miss(facts) {
                return Outcome::Misses(because);
            }
        }
        Outcome::Matches
    }
}

impl Condition {
    /// Why it does not hold, if so. What is not there matches no pattern.
    fn miss(&self, facts: &Facts<'_>) -> Option<String> {
        let values = self.subject.values(facts);
        if values.iter().any(|value| self.any_of.iter().any(|pattern| pattern.matches(value))) {
            return None;
        }
        let wanted = list(&self.any_of, ", ");
        let not = if self.any_of.len() > 1 { "not one of" } else { "not" };
        Some(match values.first() {
            Some(value) => format!("{} is {}, {not} {wanted}", self.subject, clean(value)),
            None => format!("{} is not there; the rule wants {wanted}", self.subject),
        })
    }
}

impl Subject {
    /// Names may differ in case only, so there can be several.
    fn values(&self, facts: &Facts<'_>) -> Vec<String> {
        let one = |text: Option<&str>| text.map(str::to_owned).into_iter().collect();
        let named = |texts: &BTreeMap<String, String>, name: &str| {
            let same = texts.iter().filter(|(key, _)| lower(key) == lower(name));
            same.map(|(_, value)| value.clone()).collect()
        };
        match self {
            Self::AlertRule => one(facts.alert_rule),
            Self::Severity => one(facts.severity),
            Self::MonitoringService => one(facts.monitoring_service),
            Self::SignalType => one(facts.signal_type),
            Self::Target => vec![facts.target.to_string()],
            Self::TargetType => vec![facts.target.kind()],
            Self::ResourceGroup => one(Some(facts.target.resource_group())),
            Self::Subscription => one(Some(facts.target.subscription())),
            Self::Tag(name) => facts.tags.map(|tags| named(tags, name)).unwrap_or_default(),
            Self::Property(name) => named(facts.properties, name),
        }
    }
}

/// As it is written in a rule, under `match`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlertRule => "alert_rule",
            Self::Severity => "severity",
            Self::MonitoringService => "monitoring_service",
            Self::SignalType => "signal_type",
            Self::Target => "target",
            Self::TargetType => "target_type",
            Self::ResourceGroup => "resource_group",
            Self::Subscription => "subscription",
            Self::Tag(name) => return write!(f, "tags.{name}"),
            Self::Property(name) => return write!(f, "properties.{name}"),
        })
    }
}

/// In words: `severity Sev0 or Sev1, tags.tier web`; `every alert` without conditions.
impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.conditions.is_empty() {
            return f.write_str("every alert");
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{} {}", condition.subject, list(&condition.any_of, " or "))?;
        }
        Ok(())
    }
}

fn list(patterns: &[Pattern], between: &str) -> String {
    patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
