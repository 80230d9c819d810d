//! What to know of the file before its figures are believed.

use super::{Facts, Sentence, facts::is_share};
use crate::summary::Outcome;

/// So many packets one way without any the other way are no chance.
pub(super) const SILENCE_PACKETS: u64 = 10;
/// Below that, what a capture misses hardly changes a figure.
pub(super) const MISSED_PERCENT: u64 = 1;
/// The first acknowledgements of a capture are often of what was before it.
pub(super) const MISSED: u64 = 10;
/// A few cut packets cost hardly a name.
pub(super) const CUT_PERCENT: u64 = 1;

/// Only a part of the file could be read.
pub(super) fn partial(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Outcome::Partial { at, why } = &facts.summary.reading else { return false };
    sentence.say("Only the first ").bytes(*at).say(" of the file are in these figures: ").prose(why);
    true
}

/// There is nothing in it.
pub(super) fn empty(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    if facts.summary.reading != Outcome::Whole || facts.summary.file.packets > 0 {
        return false;
    }
    sentence.say(
        "The file holds no packet: nothing was on the wire, or the capture's filters let nothing through",
    );
    true
}

/// The machine speaks and nobody answers, or the other way round.
pub(super) fn no_reply(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let (count, verbs) = match (facts.inward.packets, facts.outward.packets) {
        (0, count) => (count, [" sent ", " and got nothing back"]),
        (count, 0) => (count, [" got ", " and sent nothing back"]),
        _ => return false,
    };
    if count < SILENCE_PACKETS {
        return false;
    }
    sentence.wire(facts.machine).say(verbs[0]).count(count, "packet").say(verbs[1]);
    true
}

/// The capturing side says that it could not keep up.
pub(super) fn dropped(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let file = &facts.summary.file;
    let Some(dropped) = file.dropped.filter(|it| *it > 0) else { return false };
    sentence.say("The capture itself dropped ").count(dropped, "packet").say(" (");
    sentence.percent(dropped, dropped.saturating_add(file.packets)).say(" of all): every figure is too low");
    true
}

/// Acknowledgements tell that there was more than the file holds.
pub(super) fn missed(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    let missed = tcp.ack_lost_segments;
    if missed < MISSED || !is_share(missed, tcp.segments, MISSED_PERCENT) {
        return false;
    }
    sentence.number(missed).say(" times TCP data was acknowledged that the file does not hold: ");
    sentence.say("the capture missed packets, and the figures are too low");
    true
}

/// Packets are not in the file as a whole.
pub(super) fn cut(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let file = &facts.summary.file;
    if !is_share(file.cut_packets, file.packets, CUT_PERCENT) {
        return false;
    }
    sentence.percent(file.cut_packets, file.packets).say(" of the packets are cut in the file: ");
    sentence.say("bytes are counted as they were on the wire, but names of DNS and TLS may be missing");
    true
}

/// There were more conversations than can be followed.
pub(super) fn estimates(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let exactness = &facts.summary.exactness;
    if !exactness.is_estimate {
        return false;
    }
    sentence.say("There were more conversations than the ").number(exactness.limit.into());
    sentence.say(" that are followed at once: the tables and TCP's figures are estimates");
    true
}
