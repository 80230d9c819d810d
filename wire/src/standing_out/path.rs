//! What the network itself says of the way.

use super::{Facts, Sentence, facts::is_share};
use crate::icmp::TOO_BIG;

/// A few errors belong to every network.
pub(super) const ICMP_ERRORS: u64 = 10;
/// Tunnels and large DNS answers make a few.
pub(super) const FRAGMENTS: u64 = 10;
/// Of all packets.
pub(super) const FRAGMENTS_PERCENT: u64 = 1;

/// Packets are too large for a link on the way.
pub(super) fn mtu(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let count = too_big(facts);
    if count == 0 {
        return false;
    }
    sentence
        .say("Packets were too large for a link on the way, as ICMP says (")
        .say(TOO_BIG)
        .say(", ")
        .number(count);
    sentence.say("): where such messages are dropped, large transfers hang");
    true
}

/// ICMP says that packets do not arrive.
pub(super) fn icmp_errors(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let icmp = &facts.summary.icmp;
    let errors = icmp.errors.saturating_sub(too_big(facts));
    if errors < ICMP_ERRORS {
        return false;
    }
    sentence.count(errors, "ICMP error");
    let is_error = |words: &str| words != TOO_BIG && !words.starts_with("echo");
    if let Some(kind) = icmp.kinds.largest.iter().find(|it| is_error(&it.name)) {
        sentence.say(", most often ").wire(&kind.name).say(" (").number(kind.count).say(")");
    }
    true
}

fn too_big(facts: &Facts<'_>) -> u64 {
    let kinds = facts.summary.icmp.kinds.largest.iter();
    kinds.filter(|it| it.name == TOO_BIG).fold(0, |sum: u64, it| sum.saturating_add(it.count))
}

/// IP packets are broken up.
pub(super) fn fragments(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let (fragments, packets) = (facts.summary.fragments.packets, facts.summary.file.packets);
    if fragments < FRAGMENTS || !is_share(fragments, packets, FRAGMENTS_PERCENT) {
        return false;
    }
    sentence
        .percent(fragments, packets)
        .say(" of the packets (")
        .number(fragments)
        .say(") are IP fragments of ");
    sentence.count(facts.summary.fragments.datagrams, "datagram");
    sentence.say(": something sends more than a link takes at once, and where one is lost all are");
    true
}
