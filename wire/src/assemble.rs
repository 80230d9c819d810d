//! What was counted becomes a [`Summary`].

use crate::{
    About,
    address::Address,
    conversations::{Conversation, Conversations, LIMIT, Sums},
    counts::{Counts, largest},
    file::Precision,
    icmp,
    lookups::names,
    protocols::Layer,
    reading::State,
    standing_out,
    summary::{
        self, Attempts, Endpoint, Exactness, FileFacts, Icmp, Outcome, Port, Summary, Talker, Tls, Top,
    },
};

/// Makes the summary. `seen` is how many bytes of the file there were.
pub(crate) fn summary(mut state: State, outcome: Outcome, seen: u64, about: &About) -> Summary {
    state.traffic.tell_machine();
    let file = file_facts(&state, seen);
    let traffic = state.traffic;
    let conversations = &traffic.conversations;
    let is_estimate = conversations.gone > 0;
    let exactness =
        Exactness { limit: LIMIT as u32, is_estimate, unattributed_packets: conversations.gone_packets };
    let sums = all_sums(conversations);
    let mut tcp = traffic.tcp;
    tcp.round_trip = traffic.round_trips.spread();
    let mut summary = Summary {
        v: 1,
        reading: outcome,
        file,
        findings: Vec::new(),
        machine: traffic.machine.as_ref().map(Address::text),
        exactness,
        timeline: traffic.line.timeline(),
        protocols: traffic.protocols.rows(),
        talkers: talkers(&sums.addresses),
        conversations: top_conversations(conversations, &traffic.tls.names),
        ports: ports(&sums.ports),
        tcp,
        attempts: attempts(&sums.attempts),
        dns: traffic.lookups.dns(),
        tls: tls(&traffic.tls.sums, &traffic.tls.names),
        icmp: icmp(&traffic.icmp.sums, &traffic.icmp.kinds),
        fragments: traffic.fragments,
    };
    summary.findings = standing_out::findings(&summary, about);
    summary
}

fn file_facts(state: &State, seen: u64) -> FileFacts {
    let (facts, totals) = (&state.facts, &state.traffic.totals);
    let is_known = !facts.interfaces.is_empty() || state.file.format() != "unknown";
    FileFacts {
        format: state.file.format().to_owned(),
        precision: match facts.precision {
            Precision::Unsaid => "",
            Precision::Microseconds => "microseconds",
            Precision::Nanoseconds => "nanoseconds",
        }
        .to_owned(),
        byte_order: match (is_known, facts.is_big_endian) {
            (false, _) => "",
            (true, true) => "big",
            (true, false) => "little",
        }
        .to_owned(),
        bytes: seen,
        packets: totals.packets,
        wire_bytes: totals.wire_bytes,
        captured_bytes: totals.captured_bytes,
        cut_packets: totals.cut_packets,
        first_packet_at: totals.first_at,
        last_packet_at: totals.last_at,
        in_time_order: !totals.goes_back,
        interfaces: facts.interfaces.clone(),
        dropped: facts.dropped,
    }
}

/// The sums of what had to go, and of all that did not.
fn all_sums(conversations: &Conversations) -> Sums {
    let Sums { addresses, ports, attempts } = conversations.sums.clone();
    let mut sums =
        Sums { addresses: addresses.unbounded(), ports: ports.unbounded(), attempts: attempts.unbounded() };
    conversations.table.rows().iter().for_each(|row| sums.add(row));
    sums
}

fn talkers(addresses: &Counts) -> Top<Talker> {
    top(
        addresses,
        |sums| sums[1].saturating_add(sums[3]),
        |key, sums| {
            let address = Address::read_from(key)?.0.text();
            let [packets_sent, bytes_sent, packets_received, bytes_received] = sums;
            Some(Talker { address, packets_sent, bytes_sent, packets_received, bytes_received })
        },
    )
}

fn ports(ports: &Counts) -> Top<Port> {
    top(
        ports,
        |sums| sums[1],
        |key, [packets, bytes, conversations, _]| {
            let [layer, low, high] = key else { return None };
            let protocol = if *layer == Layer::Udp as u8 { Layer::Udp } else { Layer::Tcp };
            let port = u16::from_be_bytes([*low, *high]);
            Some(Port { protocol: protocol.word().to_owned(), port, packets, bytes, conversations })
        },
    )
}

const MOST: u64 = u32::MAX as u64;

fn attempts(pairs: &Counts) -> Top<Attempts> {
    let sizes = pairs.rows().iter().map(|pair| pair.sums[1].min(MOST) << 32 | pair.sums[0].min(MOST));
    let rows = largest(sizes).into_iter().filter_map(|place| {
        let pair = pairs.rows().get(place)?;
        let (client, rest) = Address::read_from(&pair.key)?;
        let (server, _) = Address::read_from(rest)?;
        let [attempts, unanswered, refused, _] = pair.sums;
        let ports = pair.numbers.as_ref().map_or(0, |numbers| numbers.count());
        Some(Attempts { client: client.text(), server: server.text(), attempts, unanswered, refused, ports })
    });
    Top { count: pairs.count(), largest: rows.collect() }
}

/// The rows that are largest by one of their sums.
fn top<T>(
    counts: &Counts,
    size: impl Fn(&[u64; 4]) -> u64,
    make: impl Fn(&[u8], [u64; 4]) -> Option<T>,
) -> Top<T> {
    let rows = counts.rows();
    let places = largest(rows.iter().map(|count| size(&count.sums)));
    let made =
        places.into_iter().filter_map(|place| rows.get(place)).filter_map(|row| make(&row.key, row.sums));
    Top { count: counts.count(), largest: made.collect() }
}

fn top_conversations(conversations: &Conversations, names: &Counts) -> Top<summary::Conversation> {
    let rows = conversations.table.rows();
    let places = largest(rows.iter().map(|row| row.bytes[0].saturating_add(row.bytes[1])));
    let made = places.into_iter().filter_map(|place| rows.get(place)).map(|row| conversation(row, names));
    Top { count: conversations.count(), largest: made.collect() }
}

fn conversation(row: &Conversation, names: &Counts) -> summary::Conversation {
    let has_ports = row.pair.has_ports();
    let [client, server] = row
        .ends()
        .map(|(address, port)| Endpoint { address: address.text(), port: has_ports.then_some(port) });
    let (out, inwards) = if row.first_is_client { (0, 1) } else { (1, 0) };
    let at = |sums: &[u64; 2], end: usize| sums.get(end).copied().unwrap_or(0);
    summary::Conversation {
        protocol: row.pair.protocol.word().to_owned(),
        client,
        server,
        packets_out: at(&row.packets, out),
        bytes_out: at(&row.bytes, out),
        packets_in: at(&row.packets, inwards),
        bytes_in: at(&row.bytes, inwards),
        first_at: row.first_at,
        last_at: row.last_at,
        tcp: row.tcp.as_ref().map(crate::tcp::Tcp::health),
        server_name: names.by_mark(row.name).map(|name| String::from_utf8_lossy(name).into_owned()),
    }
}

fn tls(sums: &[u64; 4], servers: &Counts) -> Tls {
    let [client_hellos, without_name, server_hellos, alerts] = *sums;
    Tls { client_hellos, without_name, server_hellos, alerts, server_names: names(servers) }
}

fn icmp(sums: &[u64; 3], errors: &Counts) -> Icmp {
    // Several kinds and codes have the same words.
    let mut kinds = Counts::new(errors.rows().len());
    for row in errors.rows() {
        if let [is_v6, kind, code] = row.key[..] {
            kinds.add(icmp::kind(is_v6 == 1, kind, code).words.as_bytes(), row.sums);
        }
    }
    let [echo_requests, echo_replies, errors] = *sums;
    Icmp { echo_requests, echo_replies, errors, kinds: names(&kinds) }
}
