//! What gets lost on the way, or comes in the wrong order.

use super::{Facts, Sentence, facts::is_share};

/// Of fewer segments with data shares say little; SYNs that nobody answers are another rule's.
pub(super) const LOSS_DATA_SEGMENTS: u64 = 100;
/// Sound networks lose far less; from here on throughput suffers.
pub(super) const LOSS_PERCENT: u64 = 1;
/// From here on people notice.
pub(super) const HEAVY_LOSS_PERCENT: u64 = 5;
/// Of fewer segments shares say little.
pub(super) const WORST_SEGMENTS: u64 = 100;
/// The same share that is heavy over all.
pub(super) const WORST_PERCENT: u64 = 5;
/// What is not so much worse than all of them is no exception.
pub(super) const WORST_FACTOR: u64 = 2;
/// Of fewer retransmissions it may be chance who sent them.
pub(super) const ONE_WAY_RETRANSMISSIONS: u64 = 20;
/// The other direction is as good as sound.
pub(super) const ONE_WAY_PERCENT: u64 = 90;
/// Where nearly all packets go one way, so do retransmissions.
pub(super) const ONE_WAY_OTHER_PERCENT: u64 = 20;
/// Now and then packets overtake each other.
pub(super) const DISORDER_PERCENT: u64 = 1;
/// Of fewer segments shares say little.
pub(super) const DISORDER: u64 = 50;

/// Many segments were sent again.
pub(super) fn heavy_retransmissions(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    tcp.data_segments >= LOSS_DATA_SEGMENTS
        && is_share(tcp.retransmissions, tcp.segments, HEAVY_LOSS_PERCENT)
        && tell(facts, sentence)
}

/// More segments were sent again than in a sound network.
pub(super) fn retransmissions(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    tcp.data_segments >= LOSS_DATA_SEGMENTS
        && is_share(tcp.retransmissions, tcp.segments, LOSS_PERCENT)
        && !is_share(tcp.retransmissions, tcp.segments, HEAVY_LOSS_PERCENT)
        && tell(facts, sentence)
}

fn tell(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    sentence
        .percent(tcp.retransmissions, tcp.segments)
        .say(" of the TCP segments (")
        .number(tcp.retransmissions);
    sentence.say(" of ").number(tcp.segments).say(") were sent again");
    if is_share(tcp.spurious_retransmissions, tcp.retransmissions, 50) {
        sentence.say(", ").percent(tcp.spurious_retransmissions, tcp.retransmissions);
        sentence.say(" of these after they had been acknowledged: acknowledgements come late or get lost");
    }
    true
}

/// One conversation is far worse than the others.
pub(super) fn worst_conversation(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let all = &facts.summary.tcp;
    let bad = facts.connections().filter(|(_, tcp)| {
        let [again, segments] = [tcp.retransmissions, tcp.segments];
        segments >= WORST_SEGMENTS
            && is_share(again, segments, WORST_PERCENT)
            && again.saturating_mul(all.segments)
                >= all.retransmissions.saturating_mul(WORST_FACTOR).saturating_mul(segments)
    });
    let Some((it, tcp)) = bad.max_by_key(|(_, tcp)| tcp.retransmissions) else { return false };
    sentence.say("Between ").wire(&it.client.address).say(" and ").endpoint(&it.server).say(" ");
    sentence.percent(tcp.retransmissions, tcp.segments).say(" of the segments (").number(tcp.retransmissions);
    sentence.say(" of ").number(tcp.segments).say(") were sent again; over all it was ");
    sentence.percent(all.retransmissions, all.segments);
    true
}

/// Segments are sent again in one direction only.
pub(super) fn one_way(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let [mut outward, mut inward] = [0_u64; 2];
    for (it, tcp) in facts.connections() {
        let by_server = tcp.server_retransmissions;
        let by_client = tcp.retransmissions.saturating_sub(by_server);
        let (by_machine, by_peer) = match facts.machine {
            machine if machine == it.client.address => (by_client, by_server),
            machine if machine == it.server.address => (by_server, by_client),
            _ => continue,
        };
        outward = outward.saturating_add(by_machine);
        inward = inward.saturating_add(by_peer);
    }
    let all = outward.saturating_add(inward);
    let packets = facts.inward.packets.saturating_add(facts.outward.packets);
    let is_spoken = |one: u64| is_share(one, packets, ONE_WAY_OTHER_PERCENT);
    if all < ONE_WAY_RETRANSMISSIONS || !is_spoken(facts.inward.packets) || !is_spoken(facts.outward.packets)
    {
        return false;
    }
    let (most, words) = if is_share(outward, all, ONE_WAY_PERCENT) {
        (outward, [" by the machine", "from"])
    } else if is_share(inward, all, ONE_WAY_PERCENT) {
        (inward, [" by its peers", "to"])
    } else {
        return false;
    };
    sentence.percent(most, all).say(" of the retransmissions in the largest conversations (");
    sentence.number(most).say(" of ").number(all);
    sentence.say(") were sent").say(words[0]).say(": data gets lost on the way ").say(words[1]);
    sentence.say(" the machine, or its acknowledgements on the way back");
    true
}

/// Segments come after those that follow them.
pub(super) fn out_of_order(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    if tcp.out_of_order < DISORDER || !is_share(tcp.out_of_order, tcp.segments, DISORDER_PERCENT) {
        return false;
    }
    sentence.percent(tcp.out_of_order, tcp.segments).say(" of the TCP segments (").number(tcp.out_of_order);
    sentence.say(") came out of order: something on the way takes several paths or reorders");
    true
}
