//! All that is counted of a file's packets.

use crate::{
    add,
    address::{Address, Pair},
    conversations::{Conversations, Said},
    counts::Counts,
    dns,
    file::Record,
    icmp,
    keep::kept,
    lookups::{self, Lookups, NAMES},
    packet::{Body, Fragment, Packet, dissect},
    protocols::{Layer, Protocols},
    spread::Spans,
    summary::{Fragments, TcpHealth},
    tcp::{Answer, Seen, Segment},
    timeline::{Line, Mark},
    tls::{self, Hello},
};

/// After so many packets, the address in most of them is taken for the machine's. Captures are of one machine, so it is
/// nearly always one end of every packet, and these are enough to tell. Until then they wait to be put on the timeline.
const PACKETS_TO_TELL: usize = 1_000;

/// Sums over all packets, and tables of what they have in common.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    pub(crate) totals: Totals,
    pub(crate) protocols: Protocols,
    pub(crate) line: Line,
    /// Packets that are not on the timeline yet.
    pub(crate) waiting: Vec<Mark>,
    pub(crate) machine: Option<Address>,
    pub(crate) is_machine_told: bool,
    pub(crate) conversations: Conversations,
    pub(crate) tcp: TcpHealth,
    pub(crate) round_trips: Spans,
    pub(crate) lookups: Lookups,
    pub(crate) tls: TlsCounts,
    pub(crate) icmp: IcmpCounts,
    pub(crate) fragments: Fragments,
}

/// Sums over all packets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) packets: u64,
    pub(crate) wire_bytes: u64,
    pub(crate) captured_bytes: u64,
    pub(crate) cut_packets: u64,
    pub(crate) first_at: Option<u64>,
    pub(crate) last_at: Option<u64>,
    /// The last packet's time, of those that have one.
    now: Option<u64>,
    pub(crate) goes_back: bool,
}

/// TLS over all conversations.
#[derive(Debug, Clone)]
pub(crate) struct TlsCounts {
    /// Client hellos, those without a name, server hellos, alerts.
    pub(crate) sums: [u64; 4],
    pub(crate) names: Counts,
}

/// ICMP of both versions.
#[derive(Debug, Clone)]
pub(crate) struct IcmpCounts {
    /// Echo requests, replies, errors.
    pub(crate) sums: [u64; 3],
    /// Errors by version, kind and code.
    pub(crate) kinds: Counts,
}

/// Kinds of ICMP errors that are counted; there are about thirty.
pub(crate) const ICMP_KINDS: usize = 64;

impl Default for Traffic {
    fn default() -> Traffic {
        Traffic {
            totals: Totals::default(),
            protocols: Protocols::default(),
            line: Line::default(),
            waiting: Vec::new(),
            machine: None,
            is_machine_told: false,
            conversations: Conversations::default(),
            tcp: TcpHealth::default(),
            round_trips: Spans::default(),
            lookups: Lookups::default(),
            tls: TlsCounts { sums: [0; 4], names: Counts::new(NAMES) },
            icmp: IcmpCounts { sums: [0; 3], kinds: Counts::new(ICMP_KINDS) },
            fragments: Fragments::default(),
        }
    }
}

kept! {
    Traffic {
        totals protocols line waiting machine is_machine_told conversations tcp round_trips lookups tls icmp fragments
    }
    Totals { packets wire_bytes captured_bytes cut_packets first_at last_at now goes_back }
    TlsCounts { sums names }
    IcmpCounts { sums kinds }
}

impl Traffic {
    /// Takes a packet in.
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        self.totals.add(record);
        let packet = dissect(record.link, record.bytes, record.wire);
        self.protocols.add(packet.path, record.wire.into());
        if let Some(fragment) = packet.fragment {
            add(&mut self.fragments.packets, 1);
            add(&mut self.fragments.datagrams, u64::from(fragment == Fragment::First));
        }
        let retransmission = self.converse(&packet, record.wire.into());
        // A packet without a time is at the one before it; where there is none either, it is on no timeline.
        if let Some(time) = self.totals.now {
            self.mark(Mark { time, ends: packet.ends, bytes: record.wire, retransmission });
        }
    }

    /// Counts a packet to its conversation; whether it is a retransmission.
    fn converse(&mut self, packet: &Packet<'_>, bytes: u64) -> bool {
        let time = self.totals.now.unwrap_or(0);
        if let Body::Icmp { is_v6, kind, code } = packet.body {
            self.icmp.add(is_v6, kind, code);
        }
        let Some(ends) = packet.ends else { return false };
        let (pair, from_first) = Pair::of(packet.protocol, ends, packet.ports);
        let segment = match &packet.body {
            Body::Tcp(segment, _) => Some(Segment { time, ..*segment }),
            _ => None,
        };
        let said = Said { pair, from_first, time, bytes, segment: segment.as_ref() };
        let Some((conversation, from_client)) = self.conversations.add(&said) else { return false };
        let mut seen = Seen::default();
        let is_fragment = packet.fragment.is_some();
        if let (Some(tcp), Some(segment), false) = (&mut conversation.tcp, &segment, is_fragment) {
            seen = tcp.observe(from_client, segment);
            count_segment(&mut self.tcp, &mut self.round_trips, segment, &seen);
        }
        match packet.body {
            Body::Tcp(segment, body) if !body.is_empty() && !seen.retransmission => {
                if packet.path.ends_in(Layer::Tls) {
                    let name = self.tls.add(body);
                    if name > 0 && conversation.name == 0 {
                        conversation.name = name;
                    }
                } else if packet.path.ends_in(Layer::Dns) {
                    // Over TCP its length stands before a message. What is longer than the segment is none, or its end
                    // is in the next one.
                    if let Some((length, message)) = body.split_first_chunk()
                        && (12..segment.length.saturating_sub(1))
                            .contains(&u16::from_be_bytes(*length).into())
                    {
                        self.look_up(packet, ends, message, time);
                    }
                }
            }
            Body::Udp(body) if packet.path.ends_in(Layer::Dns) || packet.path.ends_in(Layer::Mdns) => {
                self.look_up(packet, ends, body, time);
            }
            _ => {}
        }
        seen.retransmission
    }

    fn look_up(&mut self, packet: &Packet<'_>, (from, to): (Address, Address), bytes: &[u8], time: u64) {
        if let Some(message) = dns::message(bytes) {
            self.lookups.message(&message, (from, packet.ports.0), (to, packet.ports.1), time);
        }
    }

    fn mark(&mut self, mark: Mark) {
        if self.is_machine_told {
            self.line.add(&mark, self.machine);
            return;
        }
        self.waiting.push(mark);
        if self.waiting.len() >= PACKETS_TO_TELL {
            self.tell_machine();
        }
    }

    /// Says which address is the machine's, and puts on the timeline what waited for that.
    pub(crate) fn tell_machine(&mut self) {
        if !self.is_machine_told {
            self.is_machine_told = true;
            self.machine = self.conversations.most_common_address();
            for mark in std::mem::take(&mut self.waiting) {
                self.line.add(&mark, self.machine);
            }
        }
    }
}

impl Totals {
    fn add(&mut self, record: &Record<'_>) {
        let captured = record.bytes.len() as u64;
        add(&mut self.packets, 1);
        add(&mut self.wire_bytes, record.wire.into());
        add(&mut self.captured_bytes, captured);
        add(&mut self.cut_packets, u64::from(captured < record.wire.into()));
        if let Some(time) = record.time {
            self.goes_back |= self.now.is_some_and(|before| time < before);
            self.now = Some(time);
            self.first_at = Some(self.first_at.map_or(time, |first| first.min(time)));
            self.last_at = Some(self.last_at.map_or(time, |last| last.max(time)));
        }
    }
}

impl TlsCounts {
    /// Takes in what a segment carries; the mark of the server's name in it, or 0.
    fn add(&mut self, body: &[u8]) -> u32 {
        let [client_hellos, without_name, server_hellos, alerts] = &mut self.sums;
        match tls::hello(body) {
            Some(Hello::Client { server_name: Some(name) }) => {
                add(client_hellos, 1);
                let (place, _) = self.names.add(lookups::cut(&name).as_bytes(), [1, 0, 0, 0]);
                return self.names.mark(place);
            }
            Some(Hello::Client { server_name: None }) => {
                add(client_hellos, 1);
                add(without_name, 1);
            }
            Some(Hello::Server) => add(server_hellos, 1),
            Some(Hello::Alert) => add(alerts, 1),
            None => {}
        }
        0
    }
}

impl IcmpCounts {
    fn add(&mut self, is_v6: bool, kind: u8, code: u8) {
        let told = icmp::kind(is_v6, kind, code);
        let [requests, replies, errors] = &mut self.sums;
        add(requests, u64::from(told.is_echo_request));
        add(replies, u64::from(told.is_echo_reply));
        if told.is_error {
            add(errors, 1);
            self.kinds.add(&[u8::from(is_v6), kind, code], [1, 0, 0, 0]);
        }
    }
}

/// Adds a segment to the sums over all conversations.
fn count_segment(health: &mut TcpHealth, round_trips: &mut Spans, segment: &Segment, seen: &Seen) {
    add(&mut health.segments, 1);
    add(&mut health.payload_bytes, segment.length.into());
    add(&mut health.unanswered, u64::from(seen.attempt));
    if seen.answered.is_some() {
        health.unanswered = health.unanswered.saturating_sub(1);
    }
    if let Some(round_trip) = seen.handshake {
        round_trips.observe(round_trip);
    }
    for (count, is) in [
        (&mut health.data_segments, segment.length > 0),
        (&mut health.attempts, seen.attempt),
        (&mut health.refused, seen.answered == Some(Answer::Reset)),
        (&mut health.handshakes, seen.handshake.is_some()),
        (&mut health.resets, seen.reset),
        (&mut health.fins, seen.fin),
        (&mut health.retransmissions, seen.retransmission),
        (&mut health.fast_retransmissions, seen.fast),
        (&mut health.spurious_retransmissions, seen.spurious),
        (&mut health.out_of_order, seen.out_of_order),
        (&mut health.lost_segments, seen.lost),
        (&mut health.ack_lost_segments, seen.ack_lost),
        (&mut health.duplicate_acks, seen.duplicate_ack),
        (&mut health.zero_windows, seen.zero_window),
        (&mut health.full_windows, seen.full_window),
        (&mut health.keep_alives, seen.keep_alive),
    ] {
        add(count, u64::from(is));
    }
}
