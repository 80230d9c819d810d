//! What the alert's own metric measured, and who is behind it.

use super::{
    Facts, Measured, Sentence, connecting,
    facts::{Amount, is_between, is_share},
};
use crate::summary::Talker;

/// With less there is hardly anything that an alert could be about.
pub(super) const ALERT_PACKETS: u64 = 10;
/// The same for connections.
pub(super) const ALERT_CONNECTIONS: u64 = 10;

/// Who sent what the machine got.
pub(super) fn inward(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let sent = Amounts { packets: |it| it.packets_sent, bytes: |it| it.bytes_sent };
    tell(facts, sentence, Measured::IN, [" got ", " came from "], facts.inward, sent)
}

/// Who got what the machine sent.
pub(super) fn outward(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let received = Amounts { packets: |it| it.packets_received, bytes: |it| it.bytes_received };
    tell(facts, sentence, Measured::OUT, [" sent ", " went to "], facts.outward, received)
}

struct Amounts {
    packets: fn(&Talker) -> u64,
    bytes: fn(&Talker) -> u64,
}

/// A talker's sums are with everybody. Where they are far more than the machine's, the capture is of more than the machine.
const OF_ONE_MACHINE_PERCENT: u64 = 90;

/// As the metric counts, packets or bytes, so does the sentence.
fn tell(
    facts: &Facts<'_>,
    sentence: &mut Sentence,
    measures: Measured,
    verbs: [&str; 2],
    all: Amount,
    of: Amounts,
) -> bool {
    let counts_packets = facts.measured.has_any(Measured::PACKETS);
    let (of, whole) = if counts_packets { (of.packets, all.packets) } else { (of.bytes, all.bytes) };
    let is_measured = facts.measured.has_any(measures) && all.packets >= ALERT_PACKETS;
    let peer = facts.peer(of).filter(|it| is_measured && is_share(whole, of(it), OF_ONE_MACHINE_PERCENT));
    let Some(peer) = peer else { return false };
    sentence.wire(facts.machine).say(verbs[0]);
    match counts_packets {
        true => sentence.count(whole, "packet"),
        false => sentence.bytes(whole),
    };
    sentence.say("; ").percent(of(peer), whole).say(" of that").say(verbs[1]).wire(&peer.address);
    let mut between = facts.summary.conversations.largest.iter();
    if let Some(it) = between.find(|it| is_between(it, facts.machine, &peer.address))
        && let Some(port) = it.server.port
    {
        sentence.say(", mostly on ").wire(&it.protocol).say(" port ").plain(port.into());
    }
    true
}

/// Who made the connections.
pub(super) fn connections(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let all = facts.summary.tcp.attempts;
    let [inward, outward] =
        [Measured::CONNECTIONS_IN, Measured::CONNECTIONS_OUT].map(|it| facts.measured.has_any(it));
    let rows = facts.summary.attempts.largest.iter().filter(|it| match (inward, outward) {
        (true, true) => true,
        _ => inward && it.server == facts.machine || outward && it.client == facts.machine,
    });
    let Some(row) = rows.max_by_key(|it| it.attempts) else { return false };
    // A scan, a sweep or a flood says for itself who it is.
    if all < ALERT_CONNECTIONS || connecting::is_search(facts) {
        return false;
    }
    sentence.number(row.attempts).say(" of ").count(all, "new TCP connection").say(" were tried by ");
    sentence.wire(&row.client).say(" to ").count(row.ports, "port").say(" of ").wire(&row.server);
    true
}
