//! What a capture file showed: the shape that is kept, served as JSON, drawn on the page and told to people.
//!
//! Bytes are lengths on the wire (`orig_len`), not what was kept of them, unless said otherwise. Times are nanoseconds
//! since the Unix epoch, spans are nanoseconds. Lists hold the largest first and are cut; a count beside each says of how many.

use serde::{Deserialize, Serialize};

/// What a capture file showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// The version of this shape: 1.
    pub v: u32,
    /// Whether all of the file was read.
    pub reading: Outcome,
    /// The file itself, as `capinfos` tells it.
    pub file: FileFacts,
    /// What stands out, the weightiest first.
    pub findings: Vec<Finding>,
    /// The address that is taken for the machine's: the one in most packets. "In" and "out" are as it sees them.
    pub machine: Option<String>,
    /// Whether conversations, talkers, ports and names are exact.
    pub exactness: Exactness,
    /// Packets and bytes over time.
    pub timeline: Timeline,
    /// By protocol, as a tree in order: each row has the path from the link on.
    pub protocols: Vec<Protocol>,
    /// By address.
    pub talkers: Top<Talker>,
    /// By pair of endpoints.
    pub conversations: Top<Conversation>,
    /// By the server's port.
    pub ports: Top<Port>,
    /// TCP over all conversations.
    pub tcp: TcpHealth,
    /// Who tried to connect to whom, most unanswered attempts first.
    pub attempts: Top<Attempts>,
    /// DNS.
    pub dns: Dns,
    /// TLS.
    pub tls: Tls,
    /// ICMP and `ICMPv6`.
    pub icmp: Icmp,
    /// IP fragments.
    pub fragments: Fragments,
}

/// How the reading of a file ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// All of it was read.
    #[default]
    Whole,
    /// Only what stands before `at` was.
    Partial {
        /// The first byte of the file that was not understood, or is missing.
        at: u64,
        /// Why, in a sentence.
        why: String,
    },
    /// Nothing was: no file of a kind that is read here.
    Declined {
        /// What it is, and how to read it, in a sentence or two.
        why: String,
    },
}

/// The file itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileFacts {
    /// `pcap`, `pcapng`, `netmon` or `unknown`.
    pub format: String,
    /// `microseconds` or `nanoseconds` in `pcap`; empty for others.
    pub precision: String,
    /// `little` or `big`; of the first section.
    pub byte_order: String,
    /// The file's length as far as it was read, in bytes.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Their bytes in the file.
    pub captured_bytes: u64,
    /// Packets of which the file holds less than was on the wire.
    pub cut_packets: u64,
    /// The earliest packet's time.
    pub first_packet_at: Option<u64>,
    /// The latest packet's time.
    pub last_packet_at: Option<u64>,
    /// Whether times never go back.
    pub in_time_order: bool,
    /// Where packets were captured; pcap has one.
    pub interfaces: Vec<Interface>,
    /// Packets that the capturing side says it dropped, where it says so (pcapng's interface statistics).
    pub dropped: Option<u64>,
}

/// An interface of a capture file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Interface {
    /// Its name, where the file says it.
    pub name: Option<String>,
    /// `ethernet`, `linux-sll`, … or `link type 147`.
    pub link_type: String,
    /// The most bytes kept of a packet; 0 is no bound.
    pub snap_length: u32,
    /// Its packets.
    pub packets: u64,
}

/// One thing that stands out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Finding {
    /// The rule's name, as docs/summary.md has it.
    pub rule: String,
    /// A plain sentence with its numbers.
    pub sentence: String,
    /// 0 to 100: how much it stands out.
    pub weight: u32,
    /// Whether it speaks of what the alert's own metric measures.
    pub explains_alert: bool,
}

/// Whether tables are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Exactness {
    /// Conversations that are followed at once; with more, tables and TCP health are estimates.
    pub limit: u32,
    /// Whether there were more.
    pub is_estimate: bool,
    /// Packets whose conversation was no longer, or not yet, followed.
    pub unattributed_packets: u64,
}

/// Packets and bytes over time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Timeline {
    /// When the first point begins.
    pub start: u64,
    /// How long each point is.
    pub step: u64,
    /// At most 120 of them, none left out.
    pub points: Vec<Point>,
}

/// What was on the wire in one span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Point {
    /// Packets to the machine.
    pub packets_in: u64,
    /// Packets from the machine.
    pub packets_out: u64,
    /// Packets of others.
    pub packets_other: u64,
    /// Bytes to the machine.
    pub bytes_in: u64,
    /// Bytes from the machine.
    pub bytes_out: u64,
    /// Bytes of others.
    pub bytes_other: u64,
    /// TCP segments that were sent again.
    pub retransmissions: u64,
}

/// A protocol and what it carried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Protocol {
    /// From the link on, as `tshark -z io,phs` has it: `eth:ip:tcp:tls`.
    pub path: String,
    /// Packets with it.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The largest of many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Top<T> {
    /// How many there were; at least that, where tables are estimates.
    #[serde(default)]
    pub count: u64,
    /// The largest, at most 20.
    #[serde(default = "Vec::new")]
    pub largest: Vec<T>,
}

/// An address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Talker {
    /// IP, or MAC where there is none.
    pub address: String,
    /// Packets that it sent.
    pub packets_sent: u64,
    /// Bytes that it sent.
    pub bytes_sent: u64,
    /// Packets sent to it.
    pub packets_received: u64,
    /// Bytes sent to it.
    pub bytes_received: u64,
}

/// A pair of endpoints that spoke with each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conversation {
    /// `tcp`, `udp`, `icmp`, … as in [`Protocol::path`].
    pub protocol: String,
    /// Who began, as far as seen: the client.
    pub client: Endpoint,
    /// Whom it spoke to.
    pub server: Endpoint,
    /// Packets from the client.
    pub packets_out: u64,
    /// Bytes from the client.
    pub bytes_out: u64,
    /// Packets from the server.
    pub packets_in: u64,
    /// Bytes from the server.
    pub bytes_in: u64,
    /// Its first packet's time.
    pub first_at: u64,
    /// Its last packet's time.
    pub last_at: u64,
    /// TCP's health, of a TCP conversation.
    pub tcp: Option<TcpHealth>,
    /// The name that its client asked for by TLS.
    pub server_name: Option<String>,
}

/// One end of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Its address.
    pub address: String,
    /// Its port, where the protocol has any.
    pub port: Option<u16>,
}

/// A server's port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The port.
    pub port: u16,
    /// Packets in both directions.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Conversations.
    pub conversations: u64,
}

/// How TCP fared. The words are Wireshark's (`tcp.analysis.…`), and so are their meanings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpHealth {
    /// Segments.
    pub segments: u64,
    /// Of them, those with data.
    pub data_segments: u64,
    /// Their payload, in bytes.
    pub payload_bytes: u64,
    /// Connections that a SYN was seen of.
    pub attempts: u64,
    /// Of these, those that neither SYN-ACK nor RST answered.
    pub unanswered: u64,
    /// Of these, those that a RST answered.
    pub refused: u64,
    /// Connections whose handshake was seen whole.
    pub handshakes: u64,
    /// Segments with RST.
    pub resets: u64,
    /// Segments with FIN.
    pub fins: u64,
    /// Segments sent again, of all three kinds.
    pub retransmissions: u64,
    /// Of these: after duplicate acknowledgements.
    pub fast_retransmissions: u64,
    /// Of these: of what had been acknowledged.
    pub spurious_retransmissions: u64,
    /// Of these: those that the server sent; filled for a conversation.
    pub server_retransmissions: u64,
    /// Segments out of order.
    pub out_of_order: u64,
    /// Segments before which others were not captured.
    pub lost_segments: u64,
    /// Acknowledgements of what was not captured.
    pub ack_lost_segments: u64,
    /// Duplicate acknowledgements.
    pub duplicate_acks: u64,
    /// Segments that announce no room.
    pub zero_windows: u64,
    /// Of these: those that the server sent; filled for a conversation.
    pub server_zero_windows: u64,
    /// Segments that filled the other side's room.
    pub full_windows: u64,
    /// Keep-alives.
    pub keep_alives: u64,
    /// The handshakes' round-trip time, SYN to ACK.
    pub round_trip: Spread,
}

/// Some spans of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spread {
    /// How many.
    pub count: u64,
    /// The shortest.
    pub shortest: u64,
    /// Half are no longer; within a sixteenth of it.
    pub median: u64,
    /// The longest.
    pub longest: u64,
}

/// TCP connections that one address tried to make to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attempts {
    /// Who tried.
    pub client: String,
    /// Whom it tried.
    pub server: String,
    /// SYNs that began a connection.
    pub attempts: u64,
    /// Of these, those that nothing answered.
    pub unanswered: u64,
    /// Of these, those that a RST answered.
    pub refused: u64,
    /// How many ports were tried; an estimate within a few percent above 100.
    pub ports: u64,
}

/// DNS, over UDP and TCP, ports 53 and 5353.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Dns {
    /// Questions.
    pub queries: u64,
    /// Answers.
    pub responses: u64,
    /// Questions that nobody answered.
    pub unanswered: u64,
    /// Answers with another code than `NOERROR`.
    pub failed: u64,
    /// The names most asked for.
    pub names: Top<Name>,
    /// The names and codes of failures.
    pub failures: Top<NameFailure>,
    /// How long answers took.
    pub response_time: Spread,
}

/// A name that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Name {
    /// It, with what is not printable escaped.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A name that could not be resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NameFailure {
    /// It, with what is not printable escaped.
    pub name: String,
    /// `NXDOMAIN`, `SERVFAIL`, …
    pub code: String,
    /// How often.
    pub count: u64,
}

/// TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// Client hellos.
    pub client_hellos: u64,
    /// Of them, those without a server's name.
    pub without_name: u64,
    /// Server hellos.
    pub server_hellos: u64,
    /// Alerts that could be read (those before encryption begins).
    pub alerts: u64,
    /// The names of servers.
    pub server_names: Top<Name>,
}

/// ICMP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Icmp {
    /// Echo requests.
    pub echo_requests: u64,
    /// Echo replies.
    pub echo_replies: u64,
    /// Errors.
    pub errors: u64,
    /// Their kinds, in words: `port unreachable`, `fragmentation needed`, `time exceeded`.
    pub kinds: Top<Name>,
}

/// IP fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fragments {
    /// Packets that are a fragment.
    pub packets: u64,
    /// Of them, the first ones of a datagram.
    pub datagrams: u64,
}
