//! What stands out in a capture: plain sentences with their numbers, each by a rule that docs/summary.md has in its table.
//!
//! A rule is a function that looks at the facts and writes its sentence, or finds nothing. Those of one subject stand in
//! one file, with their thresholds and why these. A rule that speaks of what the alert's metric measures weighs more.

mod alert;
mod capture;
mod connecting;
mod facts;
mod headlines;
mod loss;
mod metric;
mod names;
mod path;
mod sentence;
mod traffic;
mod waiting;

use crate::summary::{Finding, Summary};
use facts::Facts;
use metric::Measured;
use sentence::Sentence;

/// What a capture was made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The alert's metric, such as `Network In Total`, or the name of its log query.
    pub metric: Option<String>,
}

/// A rule: its name in docs/summary.md, how much it weighs (0 to 100), which metrics it explains, and what it looks for:
/// it writes its sentence if it finds that.
struct Rule {
    name: &'static str,
    weight: u32,
    explains: Measured,
    find: fn(&Facts<'_>, &mut Sentence) -> bool,
}

const RULES: &[Rule] = &[
    Rule { name: "partial", weight: 60, explains: Measured::NOTHING, find: capture::partial },
    Rule { name: "empty", weight: 90, explains: Measured::NOTHING, find: capture::empty },
    Rule { name: "no-reply", weight: 75, explains: Measured::TRAFFIC, find: capture::no_reply },
    Rule { name: "dropped", weight: 45, explains: Measured::NOTHING, find: capture::dropped },
    Rule { name: "missed", weight: 40, explains: Measured::NOTHING, find: capture::missed },
    Rule { name: "cut", weight: 10, explains: Measured::NOTHING, find: capture::cut },
    Rule { name: "estimates", weight: 15, explains: Measured::NOTHING, find: capture::estimates },
    Rule { name: "alert-in", weight: 60, explains: Measured::IN, find: alert::inward },
    Rule { name: "alert-out", weight: 60, explains: Measured::OUT, find: alert::outward },
    Rule { name: "alert-connections", weight: 60, explains: Measured::CONNECTIONS, find: alert::connections },
    Rule { name: "port-scan", weight: 90, explains: Measured::CONNECTIONS, find: connecting::port_scan },
    Rule {
        name: "network-sweep",
        weight: 85,
        explains: Measured::CONNECTIONS,
        find: connecting::network_sweep,
    },
    Rule { name: "syn-flood", weight: 85, explains: Measured::CONNECTIONS, find: connecting::syn_flood },
    Rule { name: "half-open", weight: 80, explains: Measured::CONNECTIONS, find: connecting::half_open },
    Rule { name: "unanswered", weight: 70, explains: Measured::CONNECTIONS, find: connecting::unanswered },
    Rule {
        name: "refused",
        weight: 60,
        explains: Measured::CONNECTIONS.and(Measured::RESETS),
        find: connecting::refused,
    },
    Rule {
        name: "resets",
        weight: 45,
        explains: Measured::CONNECTIONS.and(Measured::RESETS),
        find: connecting::resets,
    },
    Rule {
        name: "heavy-retransmissions",
        weight: 75,
        explains: Measured::LOSS,
        find: loss::heavy_retransmissions,
    },
    Rule { name: "retransmissions", weight: 50, explains: Measured::LOSS, find: loss::retransmissions },
    Rule { name: "worst-conversation", weight: 60, explains: Measured::LOSS, find: loss::worst_conversation },
    Rule { name: "one-way-loss", weight: 55, explains: Measured::LOSS, find: loss::one_way },
    Rule { name: "out-of-order", weight: 35, explains: Measured::LOSS, find: loss::out_of_order },
    Rule { name: "zero-window", weight: 60, explains: Measured::DELAY, find: waiting::zero_window },
    Rule { name: "slow-handshakes", weight: 50, explains: Measured::DELAY, find: waiting::slow_handshakes },
    Rule { name: "dns-unanswered", weight: 65, explains: Measured::DNS, find: names::unanswered },
    Rule { name: "dns-failures", weight: 55, explains: Measured::DNS, find: names::failures },
    Rule { name: "dns-slow", weight: 45, explains: Measured::DNS.and(Measured::DELAY), find: names::slow },
    Rule { name: "tls-alerts", weight: 45, explains: Measured::NOTHING, find: names::tls_alerts },
    Rule { name: "mtu", weight: 65, explains: Measured::LOSS.and(Measured::ICMP), find: path::mtu },
    Rule { name: "icmp-errors", weight: 45, explains: Measured::ICMP, find: path::icmp_errors },
    Rule { name: "fragments", weight: 30, explains: Measured::NOTHING, find: path::fragments },
    Rule {
        name: "busy-conversation",
        weight: 45,
        explains: Measured::TRAFFIC,
        find: traffic::busy_conversation,
    },
    Rule { name: "busy-peer", weight: 40, explains: Measured::TRAFFIC, find: traffic::busy_peer },
    Rule { name: "burst", weight: 40, explains: Measured::TRAFFIC, find: traffic::burst },
    Rule { name: "arp", weight: 50, explains: Measured::TRAFFIC, find: traffic::arp },
    Rule { name: "broadcast", weight: 45, explains: Measured::TRAFFIC, find: traffic::broadcast },
];

/// What a finding weighs more if it explains the alert: as much as lies between a hint and a diagnosis.
const EXPLAINS: u32 = 20;
const HEAVIEST: u32 = 100;

/// What stands out in `summary`, the weightiest first. Its own `findings` are not looked at.
pub fn findings(summary: &Summary, about: &About) -> Vec<Finding> {
    let facts = Facts::of(summary, about);
    let mut found: Vec<Finding> = Vec::new();
    for rule in RULES {
        let mut sentence = Sentence::default();
        if !(rule.find)(&facts, &mut sentence) {
            continue;
        }
        let explains_alert = facts.measured.has_any(rule.explains);
        let weight = rule.weight.saturating_add(if explains_alert { EXPLAINS } else { 0 }).min(HEAVIEST);
        let place = found.iter().position(|other| other.weight < weight).unwrap_or(found.len());
        found.insert(
            place,
            Finding { rule: rule.name.to_owned(), sentence: sentence.end(), weight, explains_alert },
        );
    }
    found
}

#[cfg(test)]
mod tests;
