//! A reading that is broken off, in at most 400,000 bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    conversations::{ADDRESSES, ATTEMPTS, Conversation, Conversations, LIMIT, PORTS, Sums},
    counts::{Counts, Kept},
    distinct::Distinct,
    file::{Facts, File},
    lookups::{KeptLookups, Lookups, NAMES},
    protocols::Protocols,
    reading::{Ended, State},
    spread::Spans,
    summary::{Fragments, TcpHealth},
    table::Table,
    timeline::{Line, Mark},
    traffic::{ICMP_KINDS, IcmpCounts, TlsCounts, Totals, Traffic},
};

/// No checkpoint has more bytes.
const MOST: usize = 400_000;
/// What a checkpoint begins with. Its last letter is the version: another one for whatever changes below or in what is
/// kept there, so that nobody reads an older one as something else.
const MARK: &[u8; 4] = b"wir1";

/// Bytes that are no checkpoint, or one of another version: the file is to be read from its first byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACheckpoint;

impl fmt::Display for NotACheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no checkpoint of this version: read the file from its first byte on")
    }
}

impl std::error::Error for NotACheckpoint {}

/// [`State`], as it is kept.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    place: [u64; 3],
    file: File,
    facts: Facts,
    ended: Option<Ended>,
    totals: Totals,
    protocols: Protocols,
    line: Line,
    waiting: Vec<Mark>,
    machine: Option<Address>,
    is_machine_told: bool,
    conversations: Vec<Conversation>,
    hand: u16,
    ever: Distinct,
    gone: [u64; 2],
    sums: [Kept; 3],
    tcp: TcpHealth,
    round_trips: Spans,
    lookups: KeptLookups,
    tls: ([u64; 4], Kept),
    icmp: ([u64; 3], Kept),
    fragments: Fragments,
}

pub(crate) fn write(state: &State) -> Vec<u8> {
    let mut bytes = encode(state);
    // Only where numbers are as large as no real file's: the smallest conversations go, and the summary is an estimate.
    let mut smaller = None;
    while bytes.len() > MOST {
        let state = smaller.get_or_insert_with(|| state.clone());
        state.traffic.conversations.shrink(LIMIT / 16);
        bytes = encode(state);
        if state.traffic.conversations.table.rows().is_empty() {
            break;
        }
    }
    bytes
}

fn encode(state: &State) -> Vec<u8> {
    let traffic = &state.traffic;
    let conversations = &traffic.conversations;
    let Sums { addresses, ports, attempts } = &conversations.sums;
    let checkpoint = Checkpoint {
        place: [state.offset, state.skip, state.skip_from],
        file: state.file.clone(),
        facts: state.facts.clone(),
        ended: state.ended.clone(),
        totals: traffic.totals.clone(),
        protocols: traffic.protocols.clone(),
        line: traffic.line.clone(),
        waiting: traffic.waiting.clone(),
        machine: traffic.machine,
        is_machine_told: traffic.is_machine_told,
        conversations: conversations.table.rows().to_vec(),
        hand: conversations.table.hand() as u16,
        ever: conversations.ever.clone(),
        gone: [conversations.gone, conversations.gone_packets],
        sums: [addresses.keep(), ports.keep(), attempts.keep()],
        tcp: traffic.tcp,
        round_trips: traffic.round_trips.clone(),
        lookups: traffic.lookups.keep(),
        tls: (traffic.tls.sums, traffic.tls.names.keep()),
        icmp: (traffic.icmp.sums, traffic.icmp.kinds.keep()),
        fragments: traffic.fragments,
    };
    // Nothing in it can fail to be written; were it so, what is written would be refused.
    postcard::to_extend(&checkpoint, MARK.to_vec()).unwrap_or_default()
}

pub(crate) fn read(bytes: &[u8]) -> Result<State, NotACheckpoint> {
    let rest = bytes.strip_prefix(MARK).ok_or(NotACheckpoint)?;
    let kept: Checkpoint = postcard::from_bytes(rest).map_err(|_| NotACheckpoint)?;
    let [offset, skip, skip_from] = kept.place;
    let [gone, gone_packets] = kept.gone;
    let [addresses, ports, attempts] = kept.sums;
    let conversations = Conversations {
        table: Table::restore(LIMIT, kept.conversations, kept.hand.into()),
        ever: kept.ever,
        gone_packets,
        gone,
        sums: Sums {
            addresses: Counts::restore(ADDRESSES, addresses),
            ports: Counts::restore(PORTS, ports),
            attempts: Counts::restore(ATTEMPTS, attempts),
        },
        last: 0,
    };
    let traffic = Traffic {
        totals: kept.totals,
        protocols: kept.protocols,
        line: kept.line,
        waiting: kept.waiting,
        machine: kept.machine,
        is_machine_told: kept.is_machine_told,
        conversations,
        tcp: kept.tcp,
        round_trips: kept.round_trips,
        lookups: Lookups::restore(kept.lookups),
        tls: TlsCounts { sums: kept.tls.0, names: Counts::restore(NAMES, kept.tls.1) },
        icmp: IcmpCounts { sums: kept.icmp.0, kinds: Counts::restore(ICMP_KINDS, kept.icmp.1) },
        fragments: kept.fragments,
    };
    Ok(State { offset, skip, skip_from, file: kept.file, facts: kept.facts, ended: kept.ended, traffic })
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use crate::{
        About, AtEnd, Reading,
        conversations::LIMIT,
        testing::{BEGIN, Captured, KINDS, client_hello, dns, file, summary, udp},
    };

    /// A connection over IPv6 between addresses of its own: a handshake, data both ways, losses, duplicates, an end.
    fn connection(index: u64, packets: &mut Vec<Captured>) {
        let word = index.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let (seq, ack) = (u32::from_be_bytes([word[0], word[1], word[2], word[3]]), !(index as u32) << 3);
        let end = |last: u8| [[0x20, 1, 0xd, 0xb8, last, 6, 7, last], word].concat().try_into().unwrap();
        let (client, server): ([u8; 16], [u8; 16]) = (end(1), end(2));
        let mut at = BEGIN + index * 100_000;
        let mut push = |from_client: bool, flags: u8, offset: u32, acked: u32, body: &[u8]| {
            let (from, to, ports) =
                if from_client { (client, server, (50_000, 443)) } else { (server, client, (443, 50_000)) };
            let (seq, ack) = if from_client { (seq, ack) } else { (ack, seq) };
            let mut header = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6(from, to, 64).tcp(
                ports.0,
                ports.1,
                seq.wrapping_add(offset),
                64_000,
            );
            if flags & 2 != 0 {
                header = header.syn().options_raw(&[3, 3, 9, 1]).unwrap();
            }
            if flags & 16 != 0 {
                header = header.ack(ack.wrapping_add(acked));
            }
            if flags & 1 != 0 {
                header = header.fin();
            }
            let mut bytes = Vec::new();
            header.write(&mut bytes, body).unwrap();
            let wire = bytes.len() as u32 + 1_300;
            at += 30_000_000_000 / 40;
            packets.push(Captured { at, bytes, wire });
        };
        push(true, 2, 0, 0, b"");
        push(false, 18, 0, 1, b"");
        push(true, 16, 1, 1, b"");
        for round in 0..6 {
            push(true, 16, 1 + round * 60_000, 1, &[0; 100]);
            push(true, 16, 1 + round * 60_000, 1, &[0; 100]);
            push(false, 16, 1 + round * 60_000, 1 + round, &[0; 100]);
            push(true, 16, 50_000 + round * 60_000, 1, &[0; 100]);
            push(false, 16, 1 + round * 60_000, 1 + round, b"");
            push(false, 16, 1 + round * 60_000, 1 + round, b"");
        }
        let name = format!(
            "server-{index}-whose-name-is-longer-than-most.of-a-zone-in-an-internal-domain.example.internal"
        );
        push(true, 16, 1 + 399_000, 1, &client_hello(&name));
        push(true, 17, 1 + 400_000, 1, b"");
    }

    #[test]
    fn as_many_conversations_as_are_followed_fit_into_a_checkpoint() {
        let mut packets = Vec::new();
        (0..LIMIT as u64 - 1).for_each(|index| connection(index, &mut packets));
        let at = packets.last().unwrap().at;
        for id in 0..600_u16 {
            let name = format!(
                "a-name-of-{id}-that-is-longer-than-most.of-a-zone-in-an-internal-domain.example.internal"
            );
            packets.push(Captured::new(at, udp((1, 40_000), (53, 53), &dns(id, false, 0, &name))));
            packets.push(Captured::new(at, udp((53, 53), (1, 40_000), &dns(id + 20_000, true, 3, &name))));
        }
        let bytes = file(KINDS[0], &packets);
        let mut reading = Reading::new();
        reading.push(&bytes);
        let checkpoint = reading.checkpoint();
        eprintln!("{} bytes for {LIMIT} conversations", checkpoint.len());
        assert!(checkpoint.len() <= 400_000, "{}", checkpoint.len());
        let resumed = Reading::resume(&checkpoint).unwrap().finish(AtEnd::Whole, &About::default());
        assert_eq!(resumed, summary(&bytes));
        assert!(!resumed.exactness.is_estimate);
        assert_eq!(resumed.conversations.count, LIMIT as u64);
    }
}
