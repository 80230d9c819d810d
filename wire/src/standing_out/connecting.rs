//! Who tries to connect to whom in vain.

use super::{
    Facts, Sentence,
    facts::{is_between, is_share},
};
use crate::summary::Attempts;

/// Hardly a program tries so many ports of one host.
pub(super) const SCAN_PORTS: u64 = 20;
/// More are estimated.
const EXACT_PORTS: u64 = 100;
/// Most tries fail: who knows where to go succeeds.
pub(super) const IN_VAIN_PERCENT: u64 = 80;
/// So many hosts in vain are searched for. (The table has the 20 pairs with most unanswered attempts.)
pub(super) const SWEEP_HOSTS: u64 = 10;
/// So many addresses in vain do not come by themselves.
pub(super) const FLOOD_SOURCES: u64 = 10;
/// A flood is many.
pub(super) const FLOOD_UNANSWERED: u64 = 100;
/// The same where the SYNs were answered.
pub(super) const HALF_OPEN: u64 = 100;
/// Half of all connections.
pub(super) const HALF_OPEN_PERCENT: u64 = 50;
/// One or two may be a restart.
pub(super) const FAILED: u64 = 3;
/// One of five: whoever uses it notices.
pub(super) const FAILED_PERCENT: u64 = 20;
/// Now and then a program ends with a reset.
pub(super) const RESETS: u64 = 10;
/// Of the connections seen opening; load balancers' probes and browsers make some.
pub(super) const RESETS_PERCENT: u64 = 20;

fn in_vain(row: &Attempts) -> u64 {
    row.unanswered.saturating_add(row.refused)
}

/// Rows whose attempts mostly fail, and that are no scan of ports.
fn single_tries<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Attempts> {
    let rows = facts.summary.attempts.largest.iter();
    rows.filter(|it| it.ports < SCAN_PORTS && is_share(in_vain(it), it.attempts, IN_VAIN_PERCENT))
}

/// The one who tries many hosts in vain, and how many.
fn sweeper<'a>(facts: &Facts<'a>) -> Option<(&'a str, u64)> {
    most_common(facts, |it| &it.client).filter(|(_, hosts)| *hosts >= SWEEP_HOSTS)
}

/// The one whom many try in vain, and how many.
fn flooded<'a>(facts: &Facts<'a>) -> Option<(&'a str, u64)> {
    let is_flood = facts.summary.tcp.unanswered >= FLOOD_UNANSWERED;
    most_common(facts, |it| &it.server).filter(|(_, sources)| is_flood && *sources >= FLOOD_SOURCES)
}

fn most_common<'a>(facts: &Facts<'a>, of: fn(&Attempts) -> &String) -> Option<(&'a str, u64)> {
    let count = |one: &str| single_tries(facts).filter(|it| of(it) == one).count() as u64;
    single_tries(facts).map(|it| (of(it).as_str(), count(of(it)))).max_by_key(|(_, count)| *count)
}

/// The row of somebody who tries many ports of one host in vain.
fn scan<'a>(facts: &Facts<'a>) -> Option<&'a Attempts> {
    let rows = facts.summary.attempts.largest.iter();
    let scans =
        rows.filter(|it| it.ports >= SCAN_PORTS && is_share(in_vain(it), it.attempts, IN_VAIN_PERCENT));
    scans.max_by_key(|it| in_vain(it))
}

/// Whether a scan, a sweep or a flood is told of.
pub(super) fn is_search(facts: &Facts<'_>) -> bool {
    scan(facts).is_some() || sweeper(facts).is_some() || flooded(facts).is_some()
}

/// One host tries many ports of another in vain.
pub(super) fn port_scan(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some(it) = scan(facts) else { return false };
    sentence.number(it.attempts).say(" SYNs from ").wire(&it.client).say(" to ");
    sentence
        .say(if it.ports > EXACT_PORTS { "about " } else { "" })
        .count(it.ports, "port")
        .say(" of ")
        .wire(&it.server);
    if it.refused == 0 && it.unanswered == it.attempts {
        sentence.say(" without answer");
    } else {
        sentence
            .say(", ")
            .number(it.unanswered)
            .say(" without answer and ")
            .number(it.refused)
            .say(" refused");
    }
    sentence.say(": looks like a port scan");
    true
}

/// One host tries many others in vain.
pub(super) fn network_sweep(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some((client, hosts)) = sweeper(facts) else { return false };
    sentence.wire(client).say(" tried to connect to ").or_more(facts, hosts).say(" hosts in vain");
    if let Some(it) = single_tries(facts).find(|it| it.client == client) {
        sentence.say(", such as ");
        target(facts, it, sentence);
    }
    sentence.say(": looks like a sweep of the network");
    true
}

/// Many hosts try one in vain.
pub(super) fn syn_flood(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some((server, sources)) = flooded(facts) else { return false };
    sentence.number(facts.summary.tcp.unanswered).say(" SYNs had no answer; ").or_more(facts, sources);
    sentence.say(" addresses tried in vain to connect to ");
    match single_tries(facts).find(|it| it.server == server) {
        Some(it) => target(facts, it, sentence),
        None => sentence.wire(server),
    };
    sentence.say(": a SYN flood, or a server that is down");
    true
}

/// SYNs are answered, and then nothing comes.
pub(super) fn half_open(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    let done = tcp.unanswered.saturating_add(tcp.refused).saturating_add(tcp.handshakes);
    let half_open = tcp.attempts.saturating_sub(done);
    // Of one side alone no handshake is seen whole.
    let is_both = facts.inward.packets > 0 && facts.outward.packets > 0;
    if !is_both || half_open < HALF_OPEN || !is_share(half_open, tcp.attempts, HALF_OPEN_PERCENT) {
        return false;
    }
    sentence.number(half_open).say(" of ").count(tcp.attempts, "TCP connection");
    sentence.say(" were answered and never completed: a SYN flood, or a scan");
    true
}

/// A host or port is silent.
pub(super) fn unanswered(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some(it) = failing(facts, |it| it.unanswered) else { return false };
    sentence
        .number(it.unanswered)
        .say(" of ")
        .count(it.attempts, "connection")
        .say(" that ")
        .wire(&it.client);
    sentence.say(" tried to ");
    target(facts, it, sentence).say(" had no answer: it is down, or a firewall drops them");
    true
}

/// A host or port refuses.
pub(super) fn refused(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let Some(it) = failing(facts, |it| it.refused) else { return false };
    sentence.number(it.refused).say(" of ").count(it.attempts, "connection").say(" that ").wire(&it.client);
    sentence.say(" tried to ");
    target(facts, it, sentence).say(" were refused: nothing listens there, or a firewall rejects them");
    true
}

/// The row that most fail of, and that is no part of a scan, a sweep or a flood.
fn failing<'a>(facts: &Facts<'a>, how: fn(&Attempts) -> u64) -> Option<&'a Attempts> {
    let [sweeper, flooded] = [sweeper(facts), flooded(facts)].map(|it| it.map(|(address, _)| address));
    let rows = facts.summary.attempts.largest.iter().filter(|it| {
        it.ports < SCAN_PORTS
            && how(it) >= FAILED
            && is_share(how(it), it.attempts, FAILED_PERCENT)
            && sweeper != Some(&it.client)
            && flooded != Some(&it.server)
    });
    rows.max_by_key(|it| how(it))
}

/// Whom `row` tried: with the port, where it is one and a conversation tells it.
fn target<'s>(facts: &Facts<'_>, row: &Attempts, sentence: &'s mut Sentence) -> &'s mut Sentence {
    let mut tries = facts.connections().filter(|(it, tcp)| {
        tcp.attempts > tcp.handshakes
            && it.server.address == row.server
            && is_between(it, &row.client, &row.server)
    });
    match tries.next() {
        Some((it, _)) if row.ports == 1 => sentence.endpoint(&it.server),
        _ => sentence.wire(&row.server),
    }
}

/// Connections end in a reset.
pub(super) fn resets(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tcp = &facts.summary.tcp;
    let resets = tcp.resets.saturating_sub(tcp.refused);
    if resets < RESETS || !is_share(resets, tcp.handshakes.max(1), RESETS_PERCENT) {
        return false;
    }
    sentence
        .count(resets, "reset")
        .say(" in the middle of connections, with ")
        .count(tcp.handshakes, "handshake");
    sentence.say(" and ").count(tcp.fins, "FIN").say(" seen: programs or something between break them off");
    true
}

impl Sentence {
    /// A number that is a lower bound where the table is cut.
    fn or_more(&mut self, facts: &Facts<'_>, number: u64) -> &mut Self {
        let attempts = &facts.summary.attempts;
        self.number(number).say(if attempts.count > attempts.largest.len() as u64 { " or more" } else { "" })
    }
}
