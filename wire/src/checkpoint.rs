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
