//! Who is told what: the receivers, the events, and what a rule chooses of both.

use serde::{Deserialize, Serialize};

/// Who can be told, by the names that rules use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    /// A `CloudEvents` webhook.
    Webhook,
    /// A channel or chat of Microsoft Teams, by a workflow.
    Teams,
    /// A channel of Slack, by an incoming webhook.
    Slack,
}

impl Receiver {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Teams, Self::Slack];
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["webhook", "teams", "slack"];

    /// As it stands in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Teams => "teams",
            Self::Slack => "slack",
        }
    }

    /// The variables that hold its URL, and the scheme, host and port of it.
    #[must_use]
    pub fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Webhook => ("notify_url", "notify_host"),
            Self::Teams => ("teams_url", "teams_host"),
            Self::Slack => ("slack_url", "slack_host"),
        }
    }
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A capture runs.
    Started,
    /// It is over, as it should be.
    Ended,
    /// It could not be started or did not end well.
    Failed,
    /// A cool-down or a budget keeps it from being taken.
    HeldBack,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Started, Self::Ended, Self::Failed, Self::HeldBack];
    /// What is told unless a rule says otherwise: a cool-down is there to have quiet.
    pub const USUAL: [Self; 3] = [Self::Started, Self::Ended, Self::Failed];

    /// As it stands in rules, ids and types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::HeldBack => "heldBack",
        }
    }
}

/// Who is told what of a capture: settled when its alert is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Who.
    pub receivers: Vec<Receiver>,
    /// Of what.
    pub events: Vec<Event>,
}

impl Default for Audience {
    fn default() -> Self {
        Self { receivers: vec![Receiver::Webhook], events: Event::USUAL.to_vec() }
    }
}

impl Audience {
    /// Those of `set_up` whom a rule names, all of them if it names none; the events that it names, or the usual ones.
    #[must_use]
    pub fn of(named: Option<&[String]>, events: Option<&[Event]>, set_up: &[Receiver]) -> Self {
        let is_told = |to: &Receiver| named.is_none_or(|names| names.iter().any(|name| name == to.name()));
        Self {
            receivers: set_up.iter().copied().filter(is_told).collect(),
            events: events.unwrap_or(&Event::USUAL).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_in_rules_are_those_in_records() {
        for (receiver, name) in Receiver::ALL.into_iter().zip(Receiver::NAMES) {
            assert_eq!(receiver.name(), name);
            assert_eq!(serde_json::to_value(receiver).unwrap(), name);
        }
        for event in Event::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.word());
        }
    }

    #[test]
    fn a_rule_chooses_among_those_who_are_set_up_and_keeps_quiet_about_what_is_held_back() {
        let set_up = [Receiver::Webhook, Receiver::Slack];
        assert_eq!(Audience::of(None, None, &set_up).receivers, set_up);
        assert_eq!(Audience::of(None, None, &set_up).events, Event::USUAL);
        let named = ["slack".to_owned(), "teams".to_owned()];
        let chosen = Audience::of(Some(&named), Some(&[Event::HeldBack]), &set_up);
        assert_eq!((chosen.receivers, chosen.events), (vec![Receiver::Slack], vec![Event::HeldBack]));
        assert!(Audience::of(Some(&[]), None, &set_up).receivers.is_empty());
    }
}
