//! Who makes the traffic, and when.

use super::{Facts, Measured, Sentence, facts::is_share};
use crate::summary::{Conversation, Point};

/// Of fewer packets shares say little.
pub(super) const BUSY_PACKETS: u64 = 100;
/// Half of all: everything else together is not more.
pub(super) const BUSY_PERCENT: u64 = 50;
/// What is worth a mention beside: more than sound networks have.
const LOSS_PERCENT: u64 = 1;
/// Two of three: clearly one direction.
const ONE_WAY_PERCENT: u64 = 66;
/// With fewer points a median says little.
pub(super) const BURST_POINTS: u64 = 10;
/// So many packets in one point are traffic, and not one answer among silence.
pub(super) const BURST_PACKETS: u64 = 1000;
/// Ordinary traffic goes up and down by less.
pub(super) const BURST_FACTOR: u64 = 10;
/// ARP and broadcasts are a trickle in a sound network.
pub(super) const NOISE_PERCENT: u64 = 20;
/// Of fewer packets shares say little.
pub(super) const NOISE_PACKETS: u64 = 100;

/// One conversation is half of everything.
pub(super) fn busy_conversation(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some(it) = busiest(facts) else { return false };
    let bytes = bytes(it);
    let (client, server) = (&it.client.address, &it.server);
    sentence.percent(bytes, facts.summary.file.wire_bytes).say(" of the bytes (").bytes(bytes).say(")");
    if is_share(it.bytes_in, bytes, ONE_WAY_PERCENT) {
        sentence.say(" went from ").endpoint(server).say(" to ").wire(client);
    } else {
        let goes = is_share(it.bytes_out, bytes, ONE_WAY_PERCENT);
        sentence.say(if goes { " went from " } else { " were between " }).wire(client);
        sentence.say(if goes { " to " } else { " and " }).endpoint(server);
    }
    if let Some(name) = &it.server_name {
        sentence.say(" (").wire(name).say(")");
    }
    if let Some(tcp) = it.tcp.as_ref().filter(|it| is_share(it.retransmissions, it.segments, LOSS_PERCENT)) {
        sentence
            .say("; ")
            .percent(tcp.retransmissions, tcp.segments)
            .say(" of those segments were retransmissions");
    }
    true
}

/// One peer is half of everything, by more than one conversation.
pub(super) fn busy_peer(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let file = &facts.summary.file;
    let Some(peer) = facts.peer(|it| it.bytes_sent.saturating_add(it.bytes_received)) else { return false };
    let bytes = peer.bytes_sent.saturating_add(peer.bytes_received);
    let is_busy = file.packets >= BUSY_PACKETS && is_share(bytes, file.wire_bytes, BUSY_PERCENT);
    // Where the metric is of traffic, the rules of the alert say who it is.
    if !is_busy || busiest(facts).is_some() || facts.measured.has_any(Measured::TRAFFIC) {
        return false;
    }
    sentence.percent(bytes, file.wire_bytes).say(" of the bytes (").bytes(bytes).say(") were to or from ");
    sentence.wire(&peer.address).say(", by many conversations");
    true
}

/// The conversation that is half of everything.
fn busiest<'a>(facts: &Facts<'a>) -> Option<&'a Conversation> {
    let file = &facts.summary.file;
    let busiest = facts.summary.conversations.largest.iter().max_by_key(|it| bytes(it))?;
    (file.packets >= BUSY_PACKETS && is_share(bytes(busiest), file.wire_bytes, BUSY_PERCENT))
        .then_some(busiest)
}

fn bytes(it: &Conversation) -> u64 {
    it.bytes_in.saturating_add(it.bytes_out)
}

/// Most of the time there was far less than at one time.
pub(super) fn burst(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let timeline = &facts.summary.timeline;
    let counts: Vec<u64> = timeline.points.iter().map(packets).collect();
    let Some((place, count)) = counts.iter().copied().enumerate().max_by_key(|(_, it)| *it) else {
        return false;
    };
    let median = median(&counts);
    let is_long = counts.len() as u64 >= BURST_POINTS;
    if !is_long || count < BURST_PACKETS || count < median.saturating_mul(BURST_FACTOR) {
        return false;
    }
    let at = timeline.start.saturating_add(timeline.step.saturating_mul(place as u64));
    sentence.say("Traffic came in a burst: ").count(count, "packet").say(" in ").span(timeline.step);
    sentence.say(" from ").time_of_day(at).say(" on");
    if let Some(peak) = timeline.points.get(place) {
        if is_share(peak.packets_in, count, ONE_WAY_PERCENT) {
            sentence.say(", mostly to the machine");
        } else if is_share(peak.packets_out, count, ONE_WAY_PERCENT) {
            sentence.say(", mostly from the machine");
        }
    }
    sentence.say("; half of the time it was at most ").number(median);
    true
}

fn packets(point: &Point) -> u64 {
    point.packets_in.saturating_add(point.packets_out).saturating_add(point.packets_other)
}

/// The least that half of `counts` do not exceed. There are few, and a sort would be kilobytes of code.
fn median(counts: &[u64]) -> u64 {
    let mut median = u64::MAX;
    for most in counts {
        let not_above = counts.iter().filter(|it| *it <= most).count();
        if *most < median && not_above.saturating_mul(2) >= counts.len() {
            median = *most;
        }
    }
    median
}

/// Much of what there is asks for addresses.
pub(super) fn arp(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let rows = facts.summary.protocols.iter().filter(|it| it.path.ends_with(":arp"));
    let arp = rows.fold(0_u64, |sum, it| sum.saturating_add(it.packets));
    if !is_noise(facts, arp) {
        return false;
    }
    sentence.percent(arp, facts.summary.file.packets).say(" of the packets (").number(arp);
    sentence.say(") were ARP: a loop, or something that asks for many addresses");
    true
}

/// Much of what there is is for everybody.
pub(super) fn broadcast(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let groups = facts.summary.talkers.largest.iter().filter(|it| is_group(&it.address));
    let Some(group) = groups.max_by_key(|it| it.packets_received) else { return false };
    if !is_noise(facts, group.packets_received) {
        return false;
    }
    sentence.percent(group.packets_received, facts.summary.file.packets).say(" of the packets (");
    sentence.number(group.packets_received).say(") were for everybody, to ").wire(&group.address);
    true
}

fn is_noise(facts: &Facts<'_>, packets: u64) -> bool {
    packets >= NOISE_PACKETS && is_share(packets, facts.summary.file.packets, NOISE_PERCENT)
}

/// Broadcast and multicast of IP; a network's own broadcast address cannot be told from a host's.
fn is_group(address: &str) -> bool {
    match address.as_bytes() {
        // 224.0.0.0/4
        [b'2', b'2', b'4'..=b'9', b'.', ..] | [b'2', b'3', b'0'..=b'9', b'.', ..] => true,
        // ff00::/8; a MAC address has a colon there.
        [b'f', b'f', third, ..] => *third != b':',
        other => other == b"255.255.255.255",
    }
}
